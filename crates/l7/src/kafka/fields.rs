//! Reads the fields of a message as far as they were captured. Everything is absent behind the end.

/// The rest of a message, and how its lengths are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// Lengths are variable integers, and each structure ends with tagged fields (KIP-482).
    is_flexible: bool,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest, is_flexible: false }
    }

    /// From here on the lengths are flexible, or not.
    pub(super) const fn flexible(self, is_flexible: bool) -> Self {
        Self { is_flexible, ..self }
    }

    /// What was not read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(super) fn skip(&mut self, length: usize) -> Option<()> {
        self.rest = self.rest.get(length..)?;
        Some(())
    }

    pub(super) fn i8(&mut self) -> Option<i8> {
        self.take().map(i8::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    pub(super) fn uuid(&mut self) -> Option<[u8; 16]> {
        self.take()
    }

    /// At most five bytes, seven bits in each, the lowest first.
    fn varint(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            value |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A length, `Some(None)` for null.
    fn length(&mut self, fixed: impl FnOnce(&mut Self) -> Option<i32>) -> Option<Option<usize>> {
        if self.is_flexible {
            return Some(self.varint()?.checked_sub(1).map(|length| length as usize));
        }
        match fixed(self)? {
            -1 => Some(None),
            length => usize::try_from(length).ok().map(Some),
        }
    }

    /// Elements of an array that begins; 0 for null.
    pub(super) fn count(&mut self) -> Option<usize> {
        Some(self.length(Self::i32)?.unwrap_or(0))
    }

    /// A string; empty for null.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.length(|fields| fields.i16().map(i32::from))?.unwrap_or(0);
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(text)
    }

    /// Tagged fields, where there are such.
    pub(super) fn tags(&mut self) -> Option<()> {
        if !self.is_flexible {
            return Some(());
        }
        let count = self.varint()?;
        for _ in 0..count {
            self.varint()?;
            let size = self.varint()?;
            self.skip(size as usize)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_both_kinds() {
        let mut fixed = Fields::new(b"\x00\x02ab\xff\xff\x00\x00\x00\x03\xff\xff\xff\xff\x00\x05ab");
        assert_eq!((fixed.text(), fixed.text()), (Some(&b"ab"[..]), Some(&b""[..])));
        assert_eq!((fixed.count(), fixed.count(), fixed.text()), (Some(3), Some(0), None));
        let mut flexible = Fields::new(b"\x03ab\x00\x04\x00\x81\x01").flexible(true);
        assert_eq!((flexible.text(), flexible.text()), (Some(&b"ab"[..]), Some(&b""[..])));
        assert_eq!((flexible.count(), flexible.count(), flexible.count()), (Some(3), Some(0), Some(128)));
    }

    #[test]
    fn tags_are_passed_over() {
        let mut fields = Fields::new(b"\x02\x00\x01x\x05\x02yz\x00\x07").flexible(true);
        assert_eq!((fields.tags(), fields.i16()), (Some(()), Some(7)));
        assert_eq!(Fields::new(b"\x02\x00\x01x").flexible(true).tags(), None);
        assert_eq!(Fields::new(b"\xff\xff\xff\xff\xff\xff").flexible(true).tags(), None);
    }
}
