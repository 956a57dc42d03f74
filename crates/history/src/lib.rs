//! Bounded columnar history and the execution of queries on it.

mod chunk;
mod connections;
mod losses;
mod options;
mod ring;
mod rollup;
mod store;

pub use options::Options;
