//! What databases that speak SQL have in common: statements without their values, messages with a length in front, and
//! answers in the order of what was asked.

mod connection;
mod frames;
mod keywords;
mod lexer;
mod memory;
mod rounds;
mod statement;
mod subject;
mod text;

pub(crate) use connection::{Connection, Gap, Wire};
pub(crate) use frames::{After, Measure, Message};
pub(crate) use keywords::begins_statement;
pub(crate) use lexer::Quoting;
pub(crate) use memory::Memory;
pub(crate) use rounds::{Rounds, Step};
pub(crate) use statement::Statement;
