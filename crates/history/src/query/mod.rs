//! Execution: a query on what history holds, as a mergeable answer.
//!
//! Under the lock only shared chunks and copies are taken ([`gather`](groups::gather)); everything else happens outside
//! of it. Filters and keys are settled once for each distinct value of a chunk's dictionaries, or for each series of a
//! rollup; rows then only look codes up and add.

mod dense;
mod execute;
mod fold;
mod gauge;
mod groups;
mod growth;
pub(crate) mod keys;
pub(crate) mod mask;
mod network_time;
pub(crate) mod plan;
mod raw;
mod reports;
mod rolled;
mod room;
pub(crate) mod rows;
mod shares;
mod slots;
pub(crate) mod space;
mod spread;
mod states;
mod table;
mod take;
pub(crate) mod tier;
mod values;

pub use execute::{Execute, ExecuteError, Executed};
pub(crate) use execute::{execute, lock};
