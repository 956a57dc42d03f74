//! Events in, records out, in a small language of its own.

mod conversations;
mod drops;
mod endings;
mod exchanges;
mod joining;
mod leaving;
mod plaintext;
mod properties;
mod reverse;
mod roles;
mod scenario;
mod translated;
