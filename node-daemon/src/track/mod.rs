//! From the kernel's events to records: which socket is which connection, who its two ends are, what was exchanged on it.
//!
//! A [`Tracker`] takes events in the order in which the receiver hands them out, asks an
//! [`IdentityLookup`](crate::identity::IdentityLookup) for names, and gives records to a [`RecordSink`]. It reads no
//! clock: time comes with the events and with [`Tracker::sweep`].
//!
//! Every table in here is bounded. What does not fit is told as a loss, never silently left out.

mod anchor;
mod beginning;
mod conversations;
mod dns_names;
mod drops;
mod ending;
mod endpoints;
mod ends;
mod exchanges;
mod flow;
mod held;
mod inner;
mod join;
mod late_answers;
mod leaving;
mod lingering;
mod listeners;
mod missing;
mod outlets;
mod pairing;
mod payload;
mod plaintext;
mod processes;
mod questions;
mod report;
mod sessions;
mod stream_offset;
mod sweep;
mod tcp;
mod texts;
mod tracker;
mod traffic;

#[cfg(test)]
mod tests;

pub use anchor::Anchor;
pub use outlets::{CaptureControl, Outlets, RecordSink};
pub use sweep::Complete;
pub use tracker::{Options, Tracker};
