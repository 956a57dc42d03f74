//! From 32-bit sequence numbers that wrap to 64-bit offsets that do not.

use crate::decode::SequenceNumber;

/// One direction of a TCP connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamOffset {
    /// Sequence number of offset 0, once it is known.
    base: Option<SequenceNumber>,
    /// Furthest offset seen.
    furthest: u64,
}

impl StreamOffset {
    /// Of a stream whose first byte has this number.
    pub(super) const fn from(first: SequenceNumber) -> Self {
        Self { base: Some(first), furthest: 0 }
    }

    /// Where bytes with this number are. Without a known start the first number asked for is offset 0. Absent for what
    /// lies before that.
    pub(super) fn offset(&mut self, sequence: SequenceNumber) -> Option<u64> {
        let base = *self.base.get_or_insert(sequence);
        let distance = sequence.distance(base.plus(self.furthest as u32));
        let offset = self.furthest.checked_add_signed(i64::from(distance))?;
        self.furthest = self.furthest.max(offset);
        Some(offset)
    }

    /// The number of the byte at offset 0.
    pub(super) const fn base(&self) -> Option<SequenceNumber> {
        self.base
    }

    /// The number of the byte at an offset.
    pub(super) fn sequence(&self, offset: u64) -> Option<SequenceNumber> {
        self.base.map(|base| base.plus(offset as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_goes_on() {
        let mut stream = StreamOffset::from(SequenceNumber(u32::MAX - 10));
        assert_eq!(stream.offset(SequenceNumber(u32::MAX - 10)), Some(0));
        assert_eq!(stream.offset(SequenceNumber(5)), Some(16));
        assert_eq!(stream.offset(SequenceNumber(u32::MAX)), Some(10));
        let mut offset = 16_u64;
        for _ in 0..100 {
            offset += 1 << 30;
            let sequence = stream.sequence(offset).expect("known");
            assert_eq!(stream.offset(sequence), Some(offset));
        }
        assert!(offset > 1 << 36);
    }

    #[test]
    fn what_lies_before_the_start_has_no_offset() {
        let mut stream = StreamOffset::default();
        assert_eq!(stream.offset(SequenceNumber(1_000)), Some(0));
        assert_eq!(stream.offset(SequenceNumber(900)), None);
        assert_eq!(stream.offset(SequenceNumber(1_100)), Some(100));
    }
}
