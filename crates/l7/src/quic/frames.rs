//! The frames of a client's first packets that matter: CRYPTO, RFC 9000 section 19.6.

use crate::tls::Fields;

use super::packet::varint;

const PADDING: u8 = 0;
const PING: u8 = 1;
const ACK: u8 = 2;
const ACK_WITH_ECN: u8 = 3;
const CRYPTO: u8 = 6;

/// Visits the offset and the bytes of each CRYPTO frame, up to a frame that has no place here.
pub(super) fn each_crypto<'a>(payload: &'a [u8], mut visit: impl FnMut(u64, &'a [u8])) {
    let mut frames = Fields(payload);
    while let Some(kind) = frames.byte() {
        let is_read = match kind {
            PADDING | PING => Some(()),
            ACK | ACK_WITH_ECN => pass_ack(&mut frames, kind == ACK_WITH_ECN),
            CRYPTO => crypto(&mut frames).map(|(offset, bytes)| visit(offset, bytes)),
            _ => None,
        };
        if is_read.is_none() {
            return;
        }
    }
}

fn crypto<'a>(frames: &mut Fields<'a>) -> Option<(u64, &'a [u8])> {
    let (offset, length) = (varint(frames)?, varint(frames)?);
    Some((offset, frames.take(usize::try_from(length).ok()?)?))
}

/// RFC 9000 section 19.3.
fn pass_ack(frames: &mut Fields<'_>, has_ecn: bool) -> Option<()> {
    let _largest = varint(frames)?;
    let _delay = varint(frames)?;
    let ranges = varint(frames)?;
    let numbers = ranges.checked_mul(2)?.checked_add(if has_ecn { 4 } else { 1 })?;
    (0..numbers).try_for_each(|_| varint(frames).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: &[u8]) -> Vec<(u64, &[u8])> {
        let mut seen = Vec::new();
        each_crypto(payload, |offset, bytes| seen.push((offset, bytes)));
        seen
    }

    #[test]
    fn crypto_frames_are_found_among_others() {
        let payload =
            [&[0, 1, 2, 9, 0, 1, 0, 1, 0][..], &[6, 0x40, 100, 2, 8, 9], &[3, 9, 0, 0, 0, 1, 1, 1], &[6, 0, 0]];
        assert_eq!(read(&payload.concat()), [(100, &[8, 9][..]), (0, &[])]);
    }

    #[test]
    fn wrong_frames_end_it() {
        assert_eq!(read(&[0x1c, 6, 0, 1, 9]), []);
        assert_eq!(read(&[6, 0, 5, 9]), []);
        assert_eq!(read(&[2, 9, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]), []);
    }
}
