//! The one question every protocol over a byte stream answers.

use std::fmt;

use goldwire_model::record::{ExchangeError, Protocol};

use crate::{Direction, Exchange, Nanos, Relay, Segment, Sink};

/// Whether bytes are of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detection {
    /// Certainly another one.
    No,
    /// Certainly this one.
    Yes,
    /// Too little was seen to tell.
    NeedMore,
}

/// What is needed of a buffer that is longer than what is captured of every one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Its beginning and its end.
    #[default]
    Ends,
    /// The same as long as the other direction asks for one thing at a time, which it did in segments of at most so many bytes;
    /// behind a longer one, all of it.
    EndsOfOne(u32),
    /// All of it: messages may begin anywhere in it.
    Whole,
    /// All of it, but of HTTP/2's DATA frames their beginning and their end.
    Frames,
}

/// How a connection ended, as far as a protocol over it cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// FIN: what was sent before is complete.
    Clean {
        /// Who left first: [`Direction::Request`] is the client. A client that has only ended its requests, and goes on reading,
        /// has not left. Absent where it is not known.
        by: Option<Direction>,
    },
    /// A reset, or a failure: what was under way was cut off.
    Cut {
        /// Whose direction it was that reset the connection: [`Direction::Request`] is the client. Absent where nobody did.
        by: Option<Direction>,
    },
}

impl Closing {
    /// FIN, and nobody knows whose came first.
    pub const CLEAN: Self = Self::Clean { by: None };

    /// The same end without a reset.
    #[must_use]
    pub const fn cleanly(self) -> Self {
        let (Self::Clean { by } | Self::Cut { by }) = self;
        Self::Clean { by }
    }

    /// Whether an answer that lasts until its server closes is whole: the server closed, and the client still read.
    pub(crate) const fn completes_answer(self) -> bool {
        matches!(self, Self::Clean { by: None | Some(Direction::Response) })
    }

    /// What became of an exchange that was under way, which is `error` where the server has ended it.
    const fn error(self, error: ExchangeError) -> ExchangeError {
        match self {
            Self::Clean { by: Some(Direction::Request) } => ExchangeError::ClosedByClient,
            Self::Cut { by: Some(by) } => reset_by(by),
            Self::Clean { by: None | Some(Direction::Response) } | Self::Cut { by: None } => error,
        }
    }
}

/// Takes the exchanges of a connection that is over: those that were under way say whose fault that was.
pub(crate) struct Closed<'a> {
    pub(crate) closing: Closing,
    pub(crate) sink: &'a mut dyn Sink,
}

impl Relay for Closed<'_> {
    fn sink(&mut self) -> &mut dyn Sink {
        self.sink
    }

    fn relay(&mut self, mut exchange: Exchange) {
        if let Some(error @ (ExchangeError::NoAnswer | ExchangeError::Truncated)) = exchange.error {
            exchange.error = Some(self.closing.error(error));
        }
        self.sink.exchange(exchange);
    }
}

/// An end that a side made.
pub(crate) const fn reset_by(side: Direction) -> ExchangeError {
    match side {
        Direction::Request => ExchangeError::ResetByClient,
        Direction::Response => ExchangeError::ResetByServer,
    }
}

/// How sure it is that a protocol runs on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What was seen fits, and might be another's just as well.
    Candidate,
    /// Certainly this one.
    Confirmed,
    /// Certainly another one.
    Refuted,
}

/// Who reads what comes next on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This protocol goes on.
    Same,
    /// Nothing behind this can be read: the rest need not be captured.
    Nobody,
    /// Another protocol begins, behind these offsets of the two streams: a tunnel, an upgrade.
    Another {
        /// In what the client sends.
        request: u64,
        /// In what the server sends.
        response: u64,
    },
}

/// A protocol over one connection's two byte streams.
pub trait StreamProtocol: fmt::Debug + Send {
    /// Which it is, as far as it is known: HTTP/2 may turn out to be gRPC.
    fn protocol(&self) -> Protocol;

    /// How sure it is. What is handed out is withheld as long as this is a candidate.
    fn standing(&self) -> Standing {
        Standing::Confirmed
    }

    /// Takes a segment, in whatever order segments are seen.
    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink);

    /// Time goes on: gives up on segments that have been missing for longer than [`MISSING`](crate::stream::MISSING), and on
    /// answers that will not come any more.
    fn expire(&mut self, now: Nanos, sink: &mut dyn Sink);

    /// The direction's stream is known to be `length` bytes long, so what was not seen of it by now never will be. Called
    /// before [`Self::close`] where the kernel's counters say so; keeps lost events from looking like cut-off messages.
    fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink);

    /// The connection is over: hands out what was pending, as [`ExchangeError::NoAnswer`] or [`ExchangeError::Truncated`]. Whoever
    /// calls says whose fault that was.
    fn close(&mut self, time: Nanos, closing: Closing, sink: &mut dyn Sink);

    /// This direction's bytes before this stream offset need not be captured. It is the offset of a body's last byte, which
    /// is needed for its time. 0 where everything is needed. Worth saying of bodies of [`SKIP_MIN`] and more; at most
    /// [`SKIP_MAX`] ahead. Of HTTP/2 also the last byte of a DATA frame that ends no stream, as often as one was read: from there on
    /// the headers of such frames are enough.
    fn body_until(&self, direction: Direction) -> u64;

    /// What of this direction's long buffers is needed.
    fn wanted(&self, direction: Direction) -> Wanted;

    /// Whether something is held or waited for that time may end.
    fn waits(&self) -> bool;

    /// Who reads what comes next.
    fn next(&self) -> Next {
        Next::Same
    }

    /// What was agreed on in front of the TLS that comes next.
    fn upgraded(&self) -> Option<Upgraded> {
        None
    }
}

/// A connection that goes on inside of TLS in the middle of its protocol, and what was agreed on before. Other protocols begin
/// anew there, as PostgreSQL does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgraded {
    /// The client logs in next.
    Mysql {
        /// What the server's greeting said that it can do.
        server_flags: u32,
    },
}

impl Upgraded {
    pub(crate) fn go_on(self) -> Box<dyn StreamProtocol> {
        match self {
            Self::Mysql { server_flags } => crate::mysql::inside_tls(server_flags),
        }
    }
}

/// What is wanted of answers where one thing is asked at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Singles {
    longest: u32,
}

impl Singles {
    /// A longer segment holds a body, and its answer is rarely long.
    const LONGEST: u32 = 8 * 1024;

    /// A segment asked for one thing.
    pub(crate) fn asked(&mut self, length: u32) {
        self.longest = self.longest.max(length.min(Self::LONGEST));
    }

    /// Of the answers.
    pub(crate) const fn wanted(self) -> Wanted {
        Wanted::EndsOfOne(self.longest)
    }
}

/// Telling the kernel to skip a body costs a call, so it must be worth some segments.
pub const SKIP_MIN: u64 = 64 * 1024;
/// The kernel tells offsets by 32-bit sequence numbers, so no more is skipped at once.
pub const SKIP_MAX: u64 = 1 << 30;

/// What [`StreamProtocol::body_until`] says of a direction that was read up to `position`, and whose bytes before `until` tell
/// nothing. Where nothing of a stream is needed any more, `until` is `u64::MAX`; that is said otherwise.
pub(crate) fn worth_skipping(position: u64, until: u64) -> u64 {
    let is_worth_it = until != u64::MAX && until.saturating_sub(position) >= SKIP_MIN;
    if is_worth_it { until.min(position + SKIP_MAX) } else { 0 }
}

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Known").finish_non_exhaustive()
    }
}

/// How a protocol is found, by content and never by port, and how it is read from there on.
pub struct Known {
    /// Looks at the first bytes of a direction's stream. A protocol that few bytes suffice for is a candidate at first, see
    /// [`StreamProtocol::standing`].
    pub detect: fn(Direction, &[u8]) -> Detection,
    /// Looks at a segment in the middle of a stream. True only where its beginning can hardly be anything but the beginning of
    /// a message of this protocol.
    pub is_message: fn(Direction, &Segment<'_>) -> bool,
    /// Reads a connection from its first byte on; stream offsets begin at 0.
    pub from_start: fn() -> Box<dyn StreamProtocol>,
    /// Reads a connection that was joined in its middle.
    pub adopted: fn() -> Box<dyn StreamProtocol>,
}

/// All that are known, the surest first.
pub static PROTOCOLS: &[Known] = &[
    crate::tls::KNOWN,
    crate::http2::KNOWN,
    crate::http1::KNOWN,
    crate::redis::KNOWN,
    crate::postgresql::KNOWN,
    crate::mysql::KNOWN,
    crate::dns::tcp::KNOWN,
    crate::kafka::KNOWN,
];
