//! What HTTP means, whatever its version on the wire (RFC 9110).

mod route;
mod target;
mod trace;
mod user_agent;

pub use route::route;
pub(crate) use target::{host_name, plain_path, split_target};
pub use trace::TraceContext;
pub use user_agent::UserAgents;
