//! What runs on a flow, as far as it is known.

use goldwire_l7::{Closing, Detection, Direction, Nanos, Segment, Sink, StreamProtocol, dns, http1, tls};
use goldwire_model::record::Protocol;

const DNS_PORT: u16 = 53;

/// The protocol on a flow.
#[derive(Debug, Default)]
pub(super) enum Traffic {
    /// Nothing was seen yet.
    #[default]
    Unseen,
    /// HTTP, or not decided yet.
    Http {
        connection: Box<http1::Connection>,
        decided: bool,
        whole: bool,
    },
    DnsStream(Box<dns::tcp::Connection>),
    DnsDatagrams(Box<dns::udp::Conversation>),
    /// Nothing that is followed.
    Other,
}

/// How much of a flow's payload is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// It is not known yet what runs there.
    Undecided,
    None,
    /// The starts of buffers.
    Starts,
    /// As much of every buffer as there is.
    Whole,
}

/// What a segment changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    None,
    /// It is this protocol: every buffer is wanted.
    Follow(Protocol),
    /// Buffers are wanted as a whole.
    FollowWhole(Protocol),
    /// It is nothing that is followed, or not any more.
    Ignore,
    /// TLS, with the server name that the client asked for.
    Tls(Option<String>),
}

impl Traffic {
    /// Takes a segment of a stream to `server_port`.
    pub(super) fn segment(
        &mut self,
        direction: Direction,
        segment: Segment<'_>,
        opening: Opening,
        sink: &mut dyn Sink,
    ) -> Turn {
        let first = if self.is_unseen() { self.begin(direction, &segment, opening) } else { Turn::None };
        match self {
            Self::Http { connection, .. } => connection.segment(direction, segment, sink),
            Self::DnsStream(connection) => connection.segment(direction, segment, sink),
            Self::Unseen | Self::DnsDatagrams(_) | Self::Other => {}
        }
        if first == Turn::None { self.turn() } else { first }
    }

    /// The first bytes choose who reads them.
    fn begin(&mut self, direction: Direction, segment: &Segment<'_>, opening: Opening) -> Turn {
        if direction == Direction::Request && tls::is_client_hello(segment.prefix) {
            *self = Self::Other;
            return Turn::Tls(tls::server_name(segment.prefix).map(str::to_owned));
        }
        *self = match (opening.server_port, opening.adopted) {
            (DNS_PORT, true) => Self::DnsStream(Box::new(dns::tcp::Connection::adopted())),
            (DNS_PORT, false) => Self::DnsStream(Box::new(dns::tcp::Connection::from_start())),
            (_, true) => Self::http(http1::Connection::adopted()),
            (_, false) => Self::http(http1::Connection::from_start()),
        };
        if let Self::DnsStream(_) = self { Turn::FollowWhole(Protocol::Dns) } else { Turn::None }
    }

    fn http(connection: http1::Connection) -> Self {
        Self::Http { connection: Box::new(connection), decided: false, whole: false }
    }

    fn turn(&mut self) -> Turn {
        let Self::Http { connection, decided, whole } = self else { return Turn::None };
        let turn = match connection.detection() {
            Detection::NotHttp => Turn::Ignore,
            Detection::Http if connection.is_over() => Turn::Ignore,
            Detection::Http if connection.wants_whole() && !*whole => Turn::FollowWhole(Protocol::Http),
            Detection::Http if !*decided => Turn::Follow(Protocol::Http),
            Detection::Http | Detection::NeedMore => return Turn::None,
        };
        *whole |= matches!(turn, Turn::FollowWhole(_));
        *decided = true;
        if turn == Turn::Ignore {
            *self = Self::Other;
        }
        turn
    }

    pub(super) fn interest(&self) -> Interest {
        match self {
            Self::Http { whole: true, .. } | Self::DnsStream(_) => Interest::Whole,
            Self::Http { decided: true, .. } => Interest::Starts,
            Self::Http { .. } | Self::Unseen | Self::DnsDatagrams(_) => Interest::Undecided,
            Self::Other => Interest::None,
        }
    }

    pub(super) fn is_unseen(&self) -> bool {
        matches!(self, Self::Unseen)
    }

    /// A stream that is read whatever it holds.
    pub(super) fn stream(&mut self) -> Option<&mut dyn StreamProtocol> {
        match self {
            Self::Http { connection, .. } => Some(connection.as_mut()),
            Self::DnsStream(connection) => Some(connection.as_mut()),
            Self::Unseen | Self::DnsDatagrams(_) | Self::Other => None,
        }
    }

    pub(super) fn datagram(&mut self, datagram: dns::udp::Datagram<'_>, server_port: u16, sink: &mut dyn Sink) {
        if let Self::Unseen = self {
            let is_dns = server_port == DNS_PORT || dns::looks_like_query(datagram.payload);
            let fresh = || Self::DnsDatagrams(Box::default());
            *self = if is_dns { fresh() } else { Self::Other };
        }
        if let Self::DnsDatagrams(conversation) = self {
            conversation.datagram(datagram, sink);
        }
    }

    /// Whether something is held or waited for that time may end.
    pub(super) fn waits(&self) -> bool {
        match self {
            Self::Http { connection, .. } => connection.waits(),
            Self::DnsStream(connection) => connection.waits(),
            Self::DnsDatagrams(conversation) => !conversation.is_idle(),
            Self::Unseen | Self::Other => false,
        }
    }

    /// Time goes on: gives up on what was missing since before `before`.
    pub(super) fn expire(&mut self, before: Nanos, now: Nanos, sink: &mut dyn Sink) {
        match self {
            Self::DnsDatagrams(conversation) => conversation.expire(now, sink),
            Self::DnsStream(connection) => {
                connection.expire(before, sink);
                connection.expire_queries(now, sink);
            }
            Self::Http { connection, .. } => connection.expire(before, sink),
            Self::Unseen | Self::Other => {}
        }
    }

    pub(super) fn close(&mut self, time: Nanos, closing: Closing, sink: &mut dyn Sink) {
        if let Self::DnsDatagrams(conversation) = self {
            conversation.close(time, sink);
        } else if let Some(stream) = self.stream() {
            stream.close(time, closing, sink);
        }
        *self = Self::Other;
    }
}

/// How a stream was opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) server_port: u16,
    pub(super) adopted: bool,
}
