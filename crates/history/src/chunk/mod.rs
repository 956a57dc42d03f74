//! Chunks: rows of one table by column, with their own dictionaries, so that a chunk's memory goes as a whole.

pub(crate) mod drops;
pub(crate) mod endpoints;
pub(crate) mod ends;
pub(crate) mod flows;
mod interner;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod open;
mod pairings;
pub(crate) mod pool;
pub(crate) mod processes;
pub(crate) mod requests;
pub(crate) mod resolve;
pub(crate) mod saturation;
pub(crate) mod sealed;
pub(crate) mod value;

pub(crate) use interner::Interner;
