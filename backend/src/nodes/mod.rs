//! Which nodes there are, and how they are reached.

mod discovery;
mod instances;
mod pool;

pub use discovery::{Addresses, discover};
pub use instances::{Instance, InstanceKey, Instances};
pub use pool::Pool;
