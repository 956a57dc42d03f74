//! Which record is the client's Finished in TLS 1.3, where all but the hellos is sealed: told by its size.
//!
//! Before it the client sends nothing sealed, or, where it was asked for a certificate, that and a proof of having its key
//! (RFC 8446 section 4.4). A sealed record is as long as what is in it, a byte for its type, and a tag (section 5.2).

use crate::Nanos;

use super::side::Sealed;

/// Type and length of a handshake message.
const MESSAGE_HEADER: u16 = 4;
/// The byte of the record's own type.
const RECORD_TYPE: u16 = 1;
const AES_256_GCM_SHA384: u16 = 0x1302;
const AES_128_CCM_8_SHA256: u16 = 0x1305;
/// An empty list of certificates: a byte and three of lengths.
const NO_CERTIFICATES: u16 = 4;
/// The shortest proof: an algorithm, and an Ed25519 signature with its length.
const PROOF_MIN: u16 = 4 + 64;
const ALERT: u16 = 2;

/// What the sealed records so far say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// It may still come.
    Open,
    /// It is there, and ended then.
    At(Nanos),
    /// It cannot be told.
    Never,
}

/// Lengths of sealed records under a cipher suite.
struct Lengths {
    finished: u16,
    no_certificates: u16,
    proof_min: u16,
    alert: u16,
}

impl Lengths {
    fn under(suite: u16) -> Self {
        let tag = if suite == AES_128_CCM_8_SHA256 { 8 } else { 16 };
        let hash = if suite == AES_256_GCM_SHA384 { 48 } else { 32 };
        let message = |length| MESSAGE_HEADER + length + RECORD_TYPE + tag;
        Self {
            finished: message(hash),
            no_certificates: message(NO_CERTIFICATES),
            proof_min: message(PROOF_MIN),
            alert: ALERT + RECORD_TYPE + tag,
        }
    }

    /// What the last record says, given those before it.
    fn judge(&self, records: &[Sealed]) -> Finish {
        match records {
            [.., last] if last.length == self.alert => Finish::Never,
            [last] if last.length == self.finished => Finish::At(last.time),
            [first, last] if first.length == self.no_certificates && last.length == self.finished => {
                Finish::At(last.time)
            }
            [_, _, last] if last.length == self.finished => Finish::At(last.time),
            [] | [_] => Finish::Open,
            [_, second] if second.length >= self.proof_min => Finish::Open,
            _ => Finish::Never,
        }
    }
}

/// Looks for it in the client's first sealed records.
pub(super) fn find(sealed: &[Sealed], suite: u16) -> Finish {
    let lengths = Lengths::under(suite);
    let judged = (1..=sealed.len()).map(|count| lengths.judge(&sealed[..count]));
    judged.into_iter().find(|finish| *finish != Finish::Open).unwrap_or(Finish::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(lengths: &[u16], suite: u16) -> Finish {
        let sealed: Vec<Sealed> = (0..).zip(lengths).map(|(time, length)| Sealed { length: *length, time }).collect();
        find(&sealed, suite)
    }

    #[test]
    fn it_is_told_by_its_size() {
        assert_eq!(finish(&[53], 0x1301), Finish::At(0));
        assert_eq!(finish(&[69, 900, 19], 0x1302), Finish::At(0));
        assert_eq!(finish(&[45], 0x1305), Finish::At(0));
        assert_eq!(finish(&[53], 0x1302), Finish::Open);
        assert_eq!(finish(&[], 0x1301), Finish::Open);
    }

    #[test]
    fn certificates_may_come_before_it() {
        assert_eq!(finish(&[25], 0x1301), Finish::Open);
        assert_eq!(finish(&[25, 53], 0x1301), Finish::At(1));
        assert_eq!(finish(&[900, 97], 0x1301), Finish::Open);
        assert_eq!(finish(&[900, 97, 53], 0x1301), Finish::At(2));
    }

    #[test]
    fn anything_else_is_not_guessed_at() {
        assert_eq!(finish(&[900, 53], 0x1301), Finish::Never);
        assert_eq!(finish(&[900, 97, 54], 0x1301), Finish::Never);
        assert_eq!(finish(&[19], 0x1301), Finish::Never);
        assert_eq!(finish(&[900, 19], 0x1301), Finish::Never);
    }
}
