//! A connection that begins with TLS: its handshake is read, and nothing behind it.

use goldwire_model::record::Protocol;

use crate::{Closing, Detection, Direction, Nanos, Next, Segment, Sink, StreamProtocol, TlsHandshake, protocol::Known};

use super::{is_client_hello, server_name};

/// TLS among the protocols.
pub(crate) const KNOWN: Known = Known {
    detect,
    is_message: |_, _| false,
    from_start: || Box::new(Connection::default()),
    adopted: || Box::new(Connection::default()),
};

fn detect(direction: Direction, bytes: &[u8]) -> Detection {
    match direction {
        Direction::Request if bytes.len() < 6 && is_client_hello(bytes) => Detection::NeedMore,
        Direction::Request if is_client_hello(bytes) => Detection::Yes,
        Direction::Request => Detection::No,
        Direction::Response => Detection::NeedMore,
    }
}

/// One connection.
#[derive(Debug, Default)]
pub struct Connection {
    is_told: bool,
}

impl StreamProtocol for Connection {
    fn protocol(&self) -> Protocol {
        Protocol::Tls
    }

    fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) {
        if direction == Direction::Request && !self.is_told {
            let server_name = server_name(segment.prefix).map(|name| sink.text(name));
            sink.tls(TlsHandshake { server_name, ..TlsHandshake::default() });
            self.is_told = true;
        }
    }

    fn expire(&mut self, _: Nanos, _: &mut dyn Sink) {}

    fn ended_at(&mut self, _: Direction, _: u64, _: Nanos, _: &mut dyn Sink) {}

    fn close(&mut self, _: Nanos, _: Closing, _: &mut dyn Sink) {}

    fn body_until(&self, _: Direction) -> u64 {
        0
    }

    fn waits(&self) -> bool {
        false
    }

    fn next(&self) -> Next {
        if self.is_told { Next::Nobody } else { Next::Same }
    }
}
