//! What HTTP means, whatever its version on the wire (RFC 9110).

mod route;
mod trace;
mod user_agent;

pub use route::route;
pub use trace::TraceContext;
pub use user_agent::UserAgents;
