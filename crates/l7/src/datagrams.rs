//! One UDP conversation: finds out by content what runs on it, and has it read.

use goldwire_model::record::Protocol;

use crate::{Direction, Nanos, Sink, Turn, dns, quic};

/// Whatever goes to it is taken for DNS.
const DNS_PORT: u16 = 53;

/// A datagram, captured from its start.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// From the client, or to it.
    pub direction: Direction,
    /// Payload as far as it was captured.
    pub payload: &'a [u8],
    /// Payload bytes on the wire.
    pub length: u32,
    /// When it was seen.
    pub time: Nanos,
}

/// Datagrams between one client socket and one server, whatever they are.
#[derive(Debug, Default)]
pub struct Datagrams {
    reading: Reading,
}

#[derive(Debug, Default)]
enum Reading {
    /// Nothing was seen yet.
    #[default]
    Unseen,
    Dns(Box<dns::udp::Conversation>),
    Quic(Box<quic::Conversation>),
    Ignored,
}

impl Datagrams {
    /// Takes a datagram to or from a server at `server_port`. The first one decides who reads them.
    pub fn datagram(&mut self, datagram: Datagram<'_>, server_port: u16, sink: &mut dyn Sink) -> Turn {
        let is_first = matches!(self.reading, Reading::Unseen);
        if is_first {
            self.reading = Reading::of(&datagram, server_port);
        }
        let protocol = match &mut self.reading {
            Reading::Dns(conversation) => {
                conversation.datagram(datagram, sink);
                Protocol::Dns
            }
            Reading::Quic(conversation) => {
                conversation.datagram(&datagram, sink);
                if conversation.is_over() {
                    self.reading = Reading::Ignored;
                    return Turn::Ignored(Some(Protocol::Quic));
                }
                Protocol::Quic
            }
            Reading::Ignored if is_first => return Turn::Ignored(None),
            Reading::Ignored | Reading::Unseen => return Turn::None,
        };
        if is_first { Turn::Protocol(protocol) } else { Turn::None }
    }

    /// Whether nothing on it will be read any more.
    #[must_use]
    pub const fn is_ignored(&self) -> bool {
        matches!(self.reading, Reading::Ignored)
    }

    /// Whether something is waited for that time may end.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(&self.reading, Reading::Dns(conversation) if !conversation.is_idle())
    }

    /// Time goes on: gives up on what has been waited for too long.
    pub fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        if let Reading::Dns(conversation) = &mut self.reading {
            conversation.expire(now, sink);
        }
    }

    /// The conversation is over: hands out what was pending.
    pub fn close(&mut self, time: Nanos, sink: &mut dyn Sink) {
        match &mut self.reading {
            Reading::Dns(conversation) => conversation.close(time, sink),
            Reading::Quic(conversation) => conversation.close(sink),
            Reading::Unseen | Reading::Ignored => {}
        }
        self.reading = Reading::Ignored;
    }
}

impl Reading {
    fn of(first: &Datagram<'_>, server_port: u16) -> Self {
        if server_port == DNS_PORT || dns::looks_like_query(first.payload) {
            Self::Dns(Box::default())
        } else if quic::looks_like_initial(first) {
            Self::Quic(Box::default())
        } else {
            Self::Ignored
        }
    }
}
