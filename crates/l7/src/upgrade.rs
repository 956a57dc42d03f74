//! Protocols that are not read, and that may go on as TLS after some words in the clear (STARTTLS): of these, the TLS is named.

use crate::{Direction, Segment, tls};

/// Segments of the client's in the clear; mail clients need three or four.
const SEGMENTS_MAX: u8 = 16;
/// What the server may say in the clear before.
const ANSWERS_MAX: u64 = 64 * 1024;
/// Longer segments hold content. A client that means to encrypt sends none before.
const SEGMENT_MAX: u32 = 1_024;

/// A connection that may turn into TLS.
#[derive(Debug, Default)]
pub(crate) struct Clear {
    segments: u8,
    /// How long what the server sent is, as far as it was seen.
    answered: u64,
}

/// What a segment tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Clear,
    /// TLS begins behind these offsets of the two streams.
    Tls([u64; 2]),
    /// It will not turn into TLS any more.
    Over,
}

/// Whether the first bytes are those of a protocol that knows STARTTLS: SMTP, LMTP and FTP, IMAP, POP3, NNTP, ManageSieve, XMPP,
/// LDAP.
pub(crate) fn may_come(request: &[u8], response: &[u8]) -> bool {
    const GREETINGS: [&[u8]; 7] = [b"220 ", b"220-", b"* OK", b"+OK", b"200 ", b"201 ", b"\"IMPLEMENTATION\""];
    const OPENINGS: [&[u8]; 2] = [b"<?xml", b"<stream:"];
    let is_greeting = GREETINGS.iter().any(|greeting| response.starts_with(greeting));
    is_greeting || OPENINGS.iter().any(|opening| request.starts_with(opening)) || is_ldap(request)
}

/// A message of one byte of length and a small number, with a request by name in it.
fn is_ldap(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0..=0x7f, 0x02, 0x01, _, 0x77, ..])
}

impl Clear {
    pub(crate) fn segment(&mut self, direction: Direction, segment: &Segment<'_>) -> Step {
        if direction == Direction::Response {
            self.answered = self.answered.max(segment.end());
            return if self.answered > ANSWERS_MAX { Step::Over } else { Step::Clear };
        }
        // The client waits for the server's consent, so that its hello begins a segment.
        if tls::client_random(segment.prefix).is_some() {
            return Step::Tls([segment.offset, self.answered]);
        }
        self.segments += 1;
        if self.segments > SEGMENTS_MAX || segment.length > SEGMENT_MAX { Step::Over } else { Step::Clear }
    }
}
