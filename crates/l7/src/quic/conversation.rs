//! One QUIC connection's first datagrams.

use crate::{Datagram, Direction, Sink, TlsHandshake, tls::ClientHello};

use super::{
    frames::each_crypto,
    gathered::Gathered,
    packet::{Kind, Packet, packets},
    protection::Keys,
    version::Version,
};

/// A client's first datagram is at least so long, RFC 9000 section 14.1.
const FIRST_MIN: u32 = 1_200;
/// Datagrams of the client that are looked at in search of its hello.
const DATAGRAMS_MAX: u8 = 16;

/// Whether a datagram can hardly be anything but a QUIC client's first one: an Initial packet of a known version in a datagram
/// that is as long as it must be.
#[must_use]
pub fn looks_like_initial(datagram: &Datagram<'_>) -> bool {
    let is_long = datagram.direction == Direction::Request && datagram.length >= FIRST_MIN;
    is_long && packets(datagram.payload).any(|packet| packet.kind == Kind::Initial)
}

/// The beginning of a QUIC connection, until the client's hello is known.
#[derive(Debug, Default)]
pub struct Conversation {
    version: Option<Version>,
    keys: Option<Keys>,
    gathered: Gathered,
    datagrams: u8,
    is_over: bool,
}

impl Conversation {
    /// Takes a datagram.
    pub fn datagram(&mut self, datagram: &Datagram<'_>, sink: &mut dyn Sink) {
        if self.is_over || datagram.direction == Direction::Response {
            return;
        }
        let was_known = self.version.is_some();
        let is_past_hello = !self.read(datagram.payload);
        self.datagrams += 1;
        if self.gathered.is_complete() || is_past_hello || self.datagrams >= DATAGRAMS_MAX {
            self.close(sink);
        } else if !was_known {
            self.tell(sink);
        }
    }

    /// Whether nothing more is wanted.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Nothing more will come: tells what is known.
    pub fn close(&mut self, sink: &mut dyn Sink) {
        if !self.is_over {
            self.tell(sink);
            *self = Self { is_over: true, ..Self::default() };
        }
    }

    /// Reads a datagram's packets. False where none of them may come before the end of the hello.
    fn read(&mut self, payload: &[u8]) -> bool {
        let mut may_hold_hello = false;
        for packet in packets(payload) {
            may_hold_hello |= matches!(packet.kind, Kind::Initial | Kind::ZeroRtt);
            if packet.kind == Kind::Initial {
                self.version = Some(packet.version);
                self.open(&packet);
            }
        }
        may_hold_hello
    }

    fn open(&mut self, packet: &Packet<'_>) {
        let mut room = Vec::new();
        if let Some(payload) = self.keys.as_ref().and_then(|keys| keys.open(packet, &mut room)) {
            each_crypto(payload, |offset, bytes| self.gathered.add(offset, bytes));
        } else if !self.keys.as_ref().is_some_and(|keys| keys.are_of(packet)) {
            self.begin(packet, &mut room);
        }
    }

    /// The first packet, or the first after the server asked the client to begin anew (RFC 9000 sections 6 and 8.1.2).
    fn begin(&mut self, packet: &Packet<'_>, room: &mut Vec<u8>) {
        let Some(keys) = Keys::of(packet) else { return };
        if let Some(payload) = keys.open(packet, room) {
            self.gathered = Gathered::default();
            each_crypto(payload, |offset, bytes| self.gathered.add(offset, bytes));
            self.keys = Some(keys);
        }
    }

    fn tell(&self, sink: &mut dyn Sink) {
        let hello = self.gathered.hello().map(ClientHello::read).unwrap_or_default();
        let handshake = TlsHandshake {
            server_name: hello.server_name.map(|name| sink.text(&name.to_ascii_lowercase())),
            alpn: hello.alpn.map(|alpn| sink.text(alpn)),
            version: self.version.map(|version| sink.text(&version.text())),
            latency: None,
        };
        sink.tls(handshake);
    }
}

#[cfg(test)]
mod tests {
    use goldwire_model::record::Text;

    use super::*;
    use crate::{Exchange, Proxied, quic::sealed::initial};

    #[derive(Default)]
    struct Told(Vec<TlsHandshake>);

    impl Sink for Told {
        fn text(&mut self, text: &str) -> Text {
            text.into()
        }
        fn route(&mut self, path: &Text) -> Text {
            path.clone()
        }
        fn key_pattern(&mut self, pattern: &str) -> Text {
            pattern.into()
        }
        fn tls(&mut self, handshake: TlsHandshake) {
            self.0.push(handshake);
        }
        fn proxied(&mut self, _: Proxied) {}

        fn compressed(&mut self) {}

        fn resolved(&mut self, _: &Text, _: std::net::IpAddr, _: u32) {}
        fn exchange(&mut self, _: Exchange) {}
        fn lost(&mut self, _: u64) {}
        fn missed(&mut self, _: u64) {}
    }

    /// A hello that asks for `a.example`.
    fn hello() -> Vec<u8> {
        let name = b"\x00\x00\x00\x0e\x00\x0c\x00\x00\x09a.example";
        let body = [&[3, 3][..], &[7; 32], &[0], &[0, 2, 0x13, 1], &[1, 0], &[0, name.len() as u8], name].concat();
        [&[1, 0, 0, body.len() as u8][..], &body].concat()
    }

    fn crypto(offset: usize, bytes: &[u8]) -> Vec<u8> {
        [&[6, offset as u8, 0x40, bytes.len() as u8][..], bytes].concat()
    }

    fn told(datagrams: &[Vec<u8>]) -> Vec<(Option<String>, bool)> {
        let (mut conversation, mut told) = (Conversation::default(), Told::default());
        for payload in datagrams {
            let length = payload.len() as u32;
            let datagram = Datagram { direction: Direction::Request, payload, length, time: 0 };
            assert!(looks_like_initial(&datagram));
            conversation.datagram(&datagram, &mut told);
        }
        let is_over = conversation.is_over();
        told.0.into_iter().map(|told| (told.server_name.map(|name| name.to_string()), is_over)).collect()
    }

    #[test]
    fn a_hello_in_shuffled_frames_of_several_packets() {
        let hello = hello();
        let (head, tail) = hello.split_at(40);
        let first = [&[1][..], &crypto(40, &tail[..9]), &[0, 0], &crypto(0, &head[..9])].concat();
        let second = [crypto(9, &head[9..]), crypto(49, &tail[9..])].concat();
        let datagrams = [initial([1; 8], 0, &first), initial([1; 8], 1, &second)];
        assert_eq!(told(&datagrams), [(None, true), (Some("a.example".to_owned()), true)]);
        let coalesced = [datagrams.concat()];
        assert_eq!(told(&coalesced), [(Some("a.example".to_owned()), true)]);
    }

    #[test]
    fn a_new_beginning_has_new_keys() {
        let hello = hello();
        let datagrams = [initial([1; 8], 0, &crypto(0, &hello[..30])), initial([2; 8], 1, &crypto(0, &hello))];
        assert_eq!(told(&datagrams), [(None, true), (Some("a.example".to_owned()), true)]);
    }

    #[test]
    fn it_ends_without_a_name() {
        let nothing = initial([1; 8], 0, &[1]);
        assert_eq!(told(&vec![nothing.clone(); 15]), [(None, false)]);
        assert_eq!(told(&vec![nothing; 16]), [(None, true), (None, true)]);
        let mut forged = initial([1; 8], 0, &crypto(0, &hello()));
        *forged.last_mut().expect("some bytes") ^= 1;
        assert_eq!(told(&[forged]), [(None, false)]);
    }
}
