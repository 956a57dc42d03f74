//! gRPC's messages in one direction of a stream: each behind a flag byte and four bytes of length, whatever DATA frames they
//! are cut into.

/// Flag and length.
const PREFIX: u8 = 5;
/// Set where a message is compressed.
const COMPRESSED: u8 = 0x01;
/// Set on what gRPC-Web sends in place of trailers: no message.
const WEB_TRAILERS: u8 = 0x80;

/// Counts messages that are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Messages {
    count: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// So many bytes of the next prefix were read.
    Prefix { read: u8, flag: u8, length: u32 },
    /// So many bytes of a message are left; at least one.
    Message { flag: u8, left: u32 },
    /// Nobody knows where the next message begins.
    Lost,
    /// This is not how gRPC frames messages.
    Other,
}

impl Place {
    const START: Self = Self::Prefix { read: 0, flag: 0, length: 0 };
}

impl Default for Messages {
    fn default() -> Self {
        Self { count: 0, place: Place::START }
    }
}

impl Messages {
    /// Where the beginning was not seen.
    pub(super) const UNSEEN: Self = Self { count: 0, place: Place::Lost };

    /// Messages that passed whole; absent where the place was lost.
    pub(super) fn count(&self) -> Option<u64> {
        (!matches!(self.place, Place::Lost | Place::Other)).then_some(self.count)
    }

    /// At least one message passed, and nothing but messages did.
    pub(super) fn is_evidence(&self) -> bool {
        self.count > 0 && self.place == Place::START
    }

    /// These bytes are certainly no messages.
    pub(super) fn is_other(&self) -> bool {
        self.place == Place::Other
    }

    pub(super) fn lose(&mut self) {
        if self.place != Place::Other {
            self.place = Place::Lost;
        }
    }

    /// Bytes ahead that tell nothing.
    pub(super) fn needless(&self) -> u64 {
        match self.place {
            Place::Prefix { .. } => 0,
            Place::Message { left, .. } => u64::from(left),
            Place::Lost | Place::Other => u64::MAX,
        }
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            match self.place {
                Place::Prefix { read, flag, length } => {
                    self.prefix_byte(read, flag, length, *byte);
                    rest = behind;
                }
                Place::Message { left, .. } => {
                    let used = rest.len().min(left as usize);
                    self.skip(used as u64);
                    rest = &rest[used..];
                }
                Place::Lost | Place::Other => return,
            }
        }
    }

    /// Passes over bytes that were not captured.
    pub(super) fn skip(&mut self, length: u64) {
        match self.place {
            _ if length == 0 => {}
            Place::Message { flag, left } if u64::from(left) > length => {
                self.place = Place::Message { flag, left: left - length as u32 };
            }
            Place::Message { flag, left } if u64::from(left) == length => self.end(flag),
            _ => self.lose(),
        }
    }

    fn prefix_byte(&mut self, read: u8, flag: u8, length: u32, byte: u8) {
        let (flag, length) = if read == 0 { (byte, 0) } else { (flag, length << 8 | u32::from(byte)) };
        self.place = match read + 1 {
            _ if flag & !(COMPRESSED | WEB_TRAILERS) != 0 => Place::Other,
            PREFIX if length > 0 => Place::Message { flag, left: length },
            PREFIX => return self.end(flag),
            read => Place::Prefix { read, flag, length },
        };
    }

    fn end(&mut self, flag: u8) {
        self.count += u64::from(flag & WEB_TRAILERS == 0);
        self.place = Place::START;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &[u8] = b"\0\0\0\0\x03abc\0\0\0\0\0\x01\0\0\0\x02de";

    #[test]
    fn messages_are_counted_at_any_split() {
        for split in 0..=THREE.len() {
            let mut messages = Messages::default();
            messages.read(&THREE[..split]);
            messages.read(&THREE[split..]);
            assert_eq!((messages.count(), messages.is_evidence()), (Some(3), true));
        }
    }

    #[test]
    fn what_was_not_captured_is_followed_within_a_message() {
        let mut messages = Messages::default();
        messages.read(&THREE[..6]);
        messages.skip(2);
        messages.read(&THREE[8..]);
        assert_eq!(messages.count(), Some(3));
        messages.read(&THREE[..6]);
        messages.skip(3);
        assert_eq!(messages.count(), None);
    }

    #[test]
    fn other_bodies_are_no_messages() {
        let mut messages = Messages::default();
        messages.read(b"{\"a\": 1}");
        assert!(messages.is_other() && messages.count().is_none());
        let mut web = Messages::default();
        web.read(b"\0\0\0\0\x01a\x80\0\0\0\x02bc");
        assert_eq!(web.count(), Some(1));
    }
}
