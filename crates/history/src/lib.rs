//! Bounded columnar history and the execution of queries on it.
//!
//! Records come in through [`History::append`], are coded into open chunks (`chunk`) and counted into open steps
//! (`rollup`). Full chunks are sealed into Arrow arrays and kept in a ring a table; steps that are over become blocks of
//! the tiers of 1, 10 and 60 s. One budget covers all of it (`store`): what holds most beyond its share gives its oldest
//! piece. [`History::execute`] takes what a query needs out of the lock and answers with mergeable state (`query`).

mod allowance;
mod blind;
mod cancel;
mod chunk;
mod complete;
mod connections;
mod history;
mod interval;
mod links;
mod live;
mod losses;
mod options;
mod query;
mod report;
mod ring;
mod rollup;
mod snapshot;
mod spans;
mod store;
mod unread;

pub use allowance::{Allowance, QueryMemory};
pub use cancel::Cancel;
pub use history::History;
pub use live::{Follow, LiveRows};
pub use options::Options;
pub use query::{Execute, ExecuteError, Executed};
pub use report::{RetentionReport, TierReport};
