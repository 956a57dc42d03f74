//! What runs on a flow, as far as it is known.

use goldwire_l7::{Closing, Connection, Datagram, Datagrams, Direction, Nanos, Segment, Sink, Turn, Upgraded, Wanted};

/// The protocol on a flow.
#[derive(Debug, Default)]
pub(super) enum Traffic {
    /// Nothing was seen yet.
    #[default]
    Unseen,
    Stream(Box<Connection>),
    Datagrams(Datagrams),
    /// Nothing that is followed.
    Other,
}

/// How much of a flow's payload is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// It is not known yet what runs there.
    Undecided,
    None,
    /// Every buffer, and of long ones, by direction, so much.
    All([Wanted; 2]),
}

impl Traffic {
    /// What runs inside of a TLS that is seen from its beginning.
    pub(super) fn inside(upgraded: Option<Upgraded>) -> Self {
        Self::Stream(Box::new(Connection::inside(upgraded)))
    }

    /// What an upgrade to TLS left behind.
    pub(super) fn upgraded(&self) -> Option<Upgraded> {
        if let Self::Stream(connection) = self { connection.upgraded() } else { None }
    }

    /// Takes a segment of a stream; `adopted` where the stream is older than the daemon.
    pub(super) fn segment(
        &mut self,
        direction: Direction,
        segment: Segment<'_>,
        adopted: bool,
        sink: &mut dyn Sink,
    ) -> Turn {
        if let Self::Unseen = self {
            let connection = if adopted { Connection::adopted() } else { Connection::from_start() };
            *self = Self::Stream(Box::new(connection));
        }
        let Self::Stream(connection) = self else { return Turn::None };
        let turn = connection.segment(direction, segment, sink);
        if matches!(turn, Turn::Ignored(_)) {
            *self = Self::Other;
        }
        turn
    }

    pub(super) fn interest(&self) -> Interest {
        match self {
            Self::Stream(connection) if connection.is_read() => {
                Interest::All([Direction::Request, Direction::Response].map(|way| connection.wanted(way)))
            }
            Self::Stream(_) | Self::Unseen | Self::Datagrams(_) => Interest::Undecided,
            Self::Other => Interest::None,
        }
    }

    pub(super) fn body_until(&self, direction: Direction) -> u64 {
        if let Self::Stream(connection) = self { connection.body_until(direction) } else { 0 }
    }

    /// Takes a datagram to or from a server at `server_port`.
    pub(super) fn datagram(&mut self, datagram: Datagram<'_>, server_port: u16, sink: &mut dyn Sink) -> Turn {
        if let Self::Unseen = self {
            *self = Self::Datagrams(Datagrams::default());
        }
        let Self::Datagrams(datagrams) = self else { return Turn::None };
        let turn = datagrams.datagram(datagram, server_port, sink);
        if matches!(turn, Turn::Ignored(_)) {
            *self = Self::Other;
        }
        turn
    }

    /// Whether something is held or waited for that time may end.
    pub(super) fn waits(&self) -> bool {
        match self {
            Self::Stream(connection) => connection.waits(),
            Self::Datagrams(datagrams) => datagrams.waits(),
            Self::Unseen | Self::Other => false,
        }
    }

    /// Time goes on: gives up on what has been missing for too long.
    pub(super) fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) -> Turn {
        match self {
            Self::Datagrams(datagrams) => datagrams.expire(now, sink),
            Self::Stream(connection) => return connection.expire(now, sink),
            Self::Unseen | Self::Other => {}
        }
        Turn::None
    }

    /// A stream is known to be so long.
    pub(super) fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        if let Self::Stream(connection) = self {
            connection.ended_at(direction, length, time, sink);
        }
    }

    pub(super) fn close(&mut self, time: Nanos, closing: Closing, sink: &mut dyn Sink) {
        match self {
            Self::Datagrams(datagrams) => datagrams.close(time, sink),
            Self::Stream(connection) => connection.close(time, closing, sink),
            Self::Unseen | Self::Other => {}
        }
        *self = Self::Other;
    }
}
