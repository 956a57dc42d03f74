//! The one question every protocol over a byte stream answers.

use crate::{Direction, Nanos, Segment, Sink};

/// What the bytes of a connection turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detection {
    /// Certainly another protocol: nothing more needs to be captured for this one.
    NotHttp,
    /// Certainly this protocol.
    Http,
    /// Too little was seen to tell.
    NeedMore,
}

/// How a connection ended, as far as a protocol over it cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// FIN: what was sent before is complete.
    Clean,
    /// A reset or a failure: what was under way was cut off.
    Cut,
}

/// A protocol over one connection's two byte streams.
pub trait StreamProtocol {
    /// Takes a segment, in whatever order segments are seen.
    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink);

    /// Gives up on segments that have been missing since before `before`.
    fn expire(&mut self, before: Nanos, sink: &mut dyn Sink);

    /// The direction's stream is known to be `length` bytes long, so what was not seen of it by now never will be. Called
    /// before [`Self::close`] where the kernel's counters say so; keeps lost events from looking like cut-off messages.
    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink);

    /// The connection is over: hands out what was pending.
    fn close(&mut self, time: Nanos, closing: Closing, sink: &mut dyn Sink);

    /// This direction's bytes before this stream offset need not be captured. It is the offset of a body's last byte, which
    /// is needed for its time. 0 where everything is needed.
    fn body_until(&self, direction: Direction) -> u64;

    /// Whether it is worth capturing segments of this connection as a whole: a message began where nothing was captured.
    fn wants_whole(&self) -> bool;

    /// Whether the connection went over to another protocol (a tunnel, an upgrade), so that nothing more is read.
    fn is_over(&self) -> bool;
}
