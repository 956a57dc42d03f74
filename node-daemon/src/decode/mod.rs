//! From bytes of the rings to typed events.

mod event;
mod parts;
#[cfg(test)]
mod tests;
mod wire;

pub use event::*;
pub use parts::*;
pub use wire::{decode, released_socket, socket_address, time_of};
