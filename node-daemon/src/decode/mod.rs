//! From bytes of the rings to typed events.

mod event;
mod parts;

pub use event::*;
pub use parts::*;
