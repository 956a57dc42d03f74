//! The two primitives of a header block: integers and strings (RFC 7541 section 5).

use super::huffman;

/// A block cannot be read on from here: it is wrong, or cut.
#[derive(Debug)]
pub(super) struct Unreadable;

/// Bytes of an integer behind its prefix: enough for 32 bits.
const INTEGER_MAX: u32 = 5;

/// A header block, read from the front.
#[derive(Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn first(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Unreadable)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Section 5.1: an integer whose first byte has so many bits for it.
    pub(super) fn integer(&mut self, prefix: u32) -> Result<u32, Unreadable> {
        let most = (1_u32 << prefix) - 1;
        let first = u32::from(self.take(1)?[0]) & most;
        if first < most {
            return Ok(first);
        }
        let mut value = u64::from(most);
        for index in 0..INTEGER_MAX {
            let byte = self.take(1)?[0];
            value += u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| Unreadable);
            }
        }
        Err(Unreadable)
    }

    /// Section 5.2.
    pub(super) fn string(&mut self) -> Result<Coded<'a>, Unreadable> {
        let is_huffman = self.first().ok_or(Unreadable)? & 0x80 != 0;
        let length = self.integer(7)?;
        Ok(Coded { bytes: self.take(length as usize)?, is_huffman })
    }
}

/// A string as it is in the block.
#[derive(Clone, Copy)]
pub(super) struct Coded<'a> {
    bytes: &'a [u8],
    is_huffman: bool,
}

impl<'a> Coded<'a> {
    /// Bytes of the string itself. Where they need decoding they go to `scratch`, at most `most` of them.
    pub(super) fn read<'b>(self, scratch: &'b mut Vec<u8>, most: usize) -> Result<(&'b [u8], usize), Unreadable>
    where
        'a: 'b,
    {
        if !self.is_huffman {
            return Ok((&self.bytes[..self.bytes.len().min(most)], self.bytes.len()));
        }
        scratch.clear();
        let length = huffman::decode(self.bytes, |byte| {
            if scratch.len() < most {
                scratch.push(byte);
            }
        });
        Ok((scratch, length.ok_or(Unreadable)?))
    }

    /// How long the string is, without keeping any of it.
    pub(super) fn length(self) -> Result<usize, Unreadable> {
        if self.is_huffman { huffman::decode(self.bytes, |_| {}).ok_or(Unreadable) } else { Ok(self.bytes.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix C.1.
    #[test]
    fn integers() {
        for (bytes, prefix, value) in
            [(&[0x0a][..], 5, 10), (&[0x1f, 0x9a, 0x0a], 5, 1337), (&[0x2a], 8, 42), (&[0x7f, 0x80, 0x01], 7, 255)]
        {
            assert_eq!(Input(bytes).integer(prefix).ok(), Some(value));
        }
        for wrong in [&[][..], &[0x1f], &[0x1f, 0x80], &[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]] {
            assert!(Input(wrong).integer(5).is_err());
        }
        assert!(Input(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0x7f]).integer(5).is_err(), "more than 32 bits");
    }

    #[test]
    fn strings_are_no_longer_than_the_block() {
        assert!(Input(&[0x03, b'a', b'b']).string().is_err());
        assert!(Input(&[]).string().is_err());
        assert_eq!(Input(&[0x01, b'a']).string().ok().and_then(|text| text.length().ok()), Some(1));
    }
}
