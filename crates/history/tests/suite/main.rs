//! History as others use it.

mod common;
mod ends;
mod gauge;
mod groups;
mod readers;
mod retention;
mod rows;
mod spreading;
mod translated;
