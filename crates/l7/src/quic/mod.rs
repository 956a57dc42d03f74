//! The beginning of QUIC: which version (RFC 9000, RFC 9369), and what the client's hello asks for. The hello is protected
//! with keys that everybody can derive (RFC 9001 section 5.2). Everything behind it is opaque.
//!
//! See `docs/protocols/tls.md` for what is seen and what is not.

mod conversation;
mod frames;
mod gathered;
mod packet;
mod protection;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod sealed;
mod version;

pub use conversation::{Conversation, looks_like_initial};
