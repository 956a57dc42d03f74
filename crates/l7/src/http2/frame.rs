//! Frames: nine bytes of header, then as many bytes as they say (RFC 9113 sections 4.1 and 6).

use crate::Direction;

/// Bytes of a frame's header.
pub(super) const HEADER: usize = 9;
/// Frames are no longer than this unless the other side allowed it (section 4.2); few do.
const USUAL_LENGTH: u32 = 16_384;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Priority,
    Reset,
    Settings,
    Promise,
    Ping,
    GoAway,
    Window,
    Continuation,
    /// An extension: followed by its length, and nothing else.
    Other,
}

pub(super) const END_STREAM: u8 = 0x01;
pub(super) const ACK: u8 = 0x01;
pub(super) const END_HEADERS: u8 = 0x04;
pub(super) const PADDED: u8 = 0x08;
pub(super) const PRIORITY: u8 = 0x20;

/// Names of error codes, by number (RFC 9113 section 7).
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// Unknown codes are all alike (section 7).
pub(super) fn code_name(code: u32) -> &'static str {
    usize::try_from(code).ok().and_then(|code| CODES.get(code)).copied().unwrap_or("other")
}

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) length: u32,
    pub(super) kind: Kind,
    pub(super) flags: u8,
    /// 0 is the connection.
    pub(super) stream: u32,
    /// The bit that senders leave unset.
    reserved: bool,
}

impl Frame {
    pub(super) fn parse(header: &[u8; HEADER]) -> Self {
        let [a, b, c, kind, flags, id @ ..] = *header;
        let id = u32::from_be_bytes(id);
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Headers,
            2 => Kind::Priority,
            3 => Kind::Reset,
            4 => Kind::Settings,
            5 => Kind::Promise,
            6 => Kind::Ping,
            7 => Kind::GoAway,
            8 => Kind::Window,
            9 => Kind::Continuation,
            _ => Kind::Other,
        };
        let length = u32::from_be_bytes([0, a, b, c]);
        Self { length, kind, flags, stream: id & 0x7fff_ffff, reserved: id >> 31 == 1 }
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn ends_stream(&self) -> bool {
        matches!(self.kind, Kind::Data | Kind::Headers) && self.has(END_STREAM)
    }

    /// It holds a header block, or a part of one.
    pub(super) fn has_block(&self) -> bool {
        matches!(self.kind, Kind::Headers | Kind::Promise | Kind::Continuation)
    }

    /// Header and payload.
    pub(super) fn size(&self) -> u64 {
        HEADER as u64 + u64::from(self.length)
    }

    /// Whether length and stream are what the RFC demands. Anything else ends a connection, so it is no frame.
    pub(super) fn is_valid(&self) -> bool {
        let on_stream = self.stream > 0;
        match self.kind {
            Kind::Data | Kind::Headers | Kind::Continuation | Kind::Promise => on_stream,
            Kind::Priority => on_stream && self.length == 5,
            Kind::Reset => on_stream && self.length == 4,
            Kind::Settings => !on_stream && self.length.is_multiple_of(6),
            Kind::Ping => !on_stream && self.length == 8,
            Kind::GoAway => !on_stream && self.length >= 8,
            Kind::Window => self.length == 4,
            Kind::Other => true,
        }
    }

    /// Whether a sender that does nothing strange would send this: what is asked of bytes that may be no frame at all.
    pub(super) fn is_usual(&self, direction: Direction) -> bool {
        let flags = match self.kind {
            Kind::Data => END_STREAM | PADDED,
            Kind::Headers => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            Kind::Settings | Kind::Ping => ACK,
            Kind::Promise => END_HEADERS | PADDED,
            Kind::Continuation => END_HEADERS,
            Kind::Priority | Kind::Reset | Kind::GoAway | Kind::Window => 0,
            Kind::Other => return false,
        };
        let from_who_may = match self.kind {
            Kind::Promise => direction == Direction::Response,
            Kind::Data | Kind::Headers => direction == Direction::Response || is_of_client(self.stream),
            Kind::Settings => self.has(ACK) == (self.length == 0),
            _ => true,
        };
        let lengths = self.shortest()..=USUAL_LENGTH;
        self.is_valid() && from_who_may && self.flags & !flags == 0 && !self.reserved && lengths.contains(&self.length)
    }

    /// What flags put in front of the content (sections 6.1, 6.2 and 6.6), and some content: DATA without any is sent only
    /// to end a stream.
    fn shortest(&self) -> u32 {
        let padding = u32::from(self.has(PADDED));
        match self.kind {
            Kind::Headers => padding + 1 + if self.has(PRIORITY) { 5 } else { 0 },
            Kind::Promise => padding + 4,
            Kind::Data => padding + u32::from(!self.has(END_STREAM)),
            _ => 0,
        }
    }
}

/// Clients open streams with odd numbers, servers with even ones (section 5.1.1).
pub(super) fn is_of_client(stream: u32) -> bool {
    stream % 2 == 1
}

/// The header block in a HEADERS, PUSH_PROMISE or CONTINUATION frame's payload: without padding, priority and the promised
/// stream. `is_cut` says that the payload's end is not there.
pub(super) fn block_fragment<'a>(frame: &Frame, payload: &'a [u8], is_cut: bool) -> &'a [u8] {
    let mut rest = payload;
    let mut padding = 0;
    if frame.kind != Kind::Continuation && frame.has(PADDED) {
        let Some((length, behind)) = rest.split_first() else { return &[] };
        (padding, rest) = (usize::from(*length), behind);
    }
    let before = match frame.kind {
        Kind::Headers if frame.has(PRIORITY) => 5,
        Kind::Promise => 4,
        _ => 0,
    };
    rest = rest.get(before..).unwrap_or_default();
    if is_cut { rest } else { &rest[..rest.len().saturating_sub(padding)] }
}
