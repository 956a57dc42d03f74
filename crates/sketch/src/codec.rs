//! A sketch as bytes: small on the wire and in files, checked when read.
//!
//! ```text
//! version      1 byte, 1
//! zeros        varint
//! buckets      varint: how many follow
//! sum min max  f64 little endian, only where there are values
//! bucket       varint: the first index as zigzag, then each index less the one before it; varint: its count
//! ```

use crate::{
    bucket::{LARGEST, SMALLEST, index_of},
    sketch::{MAX_BUCKETS, Sketch},
};

const VERSION: u8 = 1;

/// Why bytes are no sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the sketch does.
    #[error("sketch ends too early")]
    Truncated,
    /// More bytes than the sketch has.
    #[error("{0} bytes follow the sketch")]
    Trailing(usize),
    /// Written by another version.
    #[error("sketch has version {0}, expected {VERSION}")]
    Version(u8),
    /// A number does not fit into 64 bits.
    #[error("sketch has a number of more than 64 bits")]
    Overlong,
    /// More buckets than a sketch may have.
    #[error("sketch has {0} buckets, more than {MAX_BUCKETS}")]
    TooManyBuckets(u64),
    /// A bucket is out of range, out of order or empty.
    #[error("sketch has a bucket that is out of range, out of order or empty")]
    Bucket,
    /// Sum, smallest and largest contradict each other or the counts.
    #[error("sketch has a sum, smallest or largest value that cannot be")]
    Summary,
}

impl Sketch {
    /// As bytes that [`Sketch::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(36 + 3 * self.indexes.len());
        bytes.push(VERSION);
        write_varint(&mut bytes, self.zeros);
        write_varint(&mut bytes, self.indexes.len() as u64);
        if self.count > 0 {
            for number in [self.sum, self.min, self.max] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        let mut previous = None;
        for (index, count) in self.indexes.iter().zip(&self.counts) {
            write_varint(&mut bytes, step_from(previous, *index));
            write_varint(&mut bytes, *count);
            previous = Some(*index);
        }
        bytes
    }

    /// Reads what [`Sketch::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where the bytes are anything else. Never panics, and never reserves more than a sketch may hold.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader(bytes);
        let version = reader.byte()?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let sketch = reader.sketch()?;
        match reader.0.len() {
            0 => Ok(sketch),
            more => Err(DecodeError::Trailing(more)),
        }
    }
}

fn step_from(previous: Option<i16>, index: i16) -> u64 {
    match previous {
        None => zigzag(index),
        Some(previous) => u64::from(index.abs_diff(previous)),
    }
}

fn zigzag(index: i16) -> u64 {
    u64::from(((index << 1) ^ (index >> 15)).cast_unsigned())
}

fn unzigzag(number: u64) -> Result<i16, DecodeError> {
    let number = u16::try_from(number).map_err(|_| DecodeError::Bucket)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn sketch(&mut self) -> Result<Sketch, DecodeError> {
        let zeros = self.varint()?;
        let buckets = self.varint()?;
        let buckets = usize::try_from(buckets)
            .ok()
            .filter(|buckets| *buckets <= MAX_BUCKETS)
            .ok_or(DecodeError::TooManyBuckets(buckets))?;
        let mut sketch = Sketch { zeros, count: zeros, ..Sketch::default() };
        if zeros > 0 || buckets > 0 {
            (sketch.sum, sketch.min, sketch.max) = (self.float()?, self.float()?, self.float()?);
        }
        self.buckets(&mut sketch, buckets)?;
        check_summary(&sketch)?;
        Ok(sketch)
    }

    fn buckets(&mut self, sketch: &mut Sketch, buckets: usize) -> Result<(), DecodeError> {
        let mut previous = None;
        for _ in 0..buckets {
            let index = self.index(previous)?;
            let count = self.varint()?;
            if count == 0 {
                return Err(DecodeError::Bucket);
            }
            sketch.count = sketch.count.checked_add(count).ok_or(DecodeError::Summary)?;
            sketch.indexes.push(index);
            sketch.counts.push(count);
            previous = Some(index);
        }
        Ok(())
    }

    fn index(&mut self, previous: Option<i16>) -> Result<i16, DecodeError> {
        let number = self.varint()?;
        let index = match previous {
            None => unzigzag(number)?,
            Some(_) if number == 0 => return Err(DecodeError::Bucket),
            Some(previous) => {
                let step = i16::try_from(number).map_err(|_| DecodeError::Bucket)?;
                previous.checked_add(step).ok_or(DecodeError::Bucket)?
            }
        };
        let possible = index_of(SMALLEST)..=index_of(LARGEST);
        if possible.contains(&index) { Ok(index) } else { Err(DecodeError::Bucket) }
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.0.split_first().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    fn float(&mut self) -> Result<f64, DecodeError> {
        let (number, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(f64::from_le_bytes(*number))
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(DecodeError::Overlong);
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError::Overlong)
    }
}

/// What is read must be what inserting could have made, as far as that shows.
fn check_summary(sketch: &Sketch) -> Result<(), DecodeError> {
    let possible = sketch.count == 0
        || (sketch.sum.is_finite() && sketch.min <= sketch.max && sketch.min >= -LARGEST && sketch.max <= LARGEST);
    if possible { Ok(()) } else { Err(DecodeError::Summary) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small() {
        let sketch: Sketch = (1..=1_000).map(|n| f64::from(n) / 1_000.0).collect();
        let bytes = sketch.to_bytes();
        assert!(bytes.len() < 2 * sketch.indexes.len() + 40, "{} bytes", bytes.len());
        assert_eq!(Sketch::default().to_bytes(), [1, 0, 0]);
    }

    #[test]
    fn says_what_is_wrong() {
        let good: Sketch = [0.0, 0.1, 0.2].into_iter().collect();
        let bytes = good.to_bytes();
        assert_eq!(Sketch::from_bytes(&[]), Err(DecodeError::Truncated));
        assert_eq!(Sketch::from_bytes(&[9, 0, 0]), Err(DecodeError::Version(9)));
        assert_eq!(Sketch::from_bytes(&bytes[..bytes.len() - 1]), Err(DecodeError::Truncated));
        assert_eq!(Sketch::from_bytes(&[&bytes[..], &[0]].concat()), Err(DecodeError::Trailing(1)));
        assert_eq!(Sketch::from_bytes(&[1, 0, 0x81, 0x10]), Err(DecodeError::TooManyBuckets(2_049)));
        assert_eq!(Sketch::from_bytes(&[&[1][..], &[0xff; 10]].concat()), Err(DecodeError::Overlong));
        let mut empty_bucket = bytes.clone();
        *empty_bucket.last_mut().unwrap() = 0;
        assert_eq!(Sketch::from_bytes(&empty_bucket), Err(DecodeError::Bucket));
        let mut wrong_sum = bytes;
        wrong_sum[3..11].copy_from_slice(&f64::NAN.to_le_bytes());
        assert_eq!(Sketch::from_bytes(&wrong_sum), Err(DecodeError::Summary));
    }

    #[test]
    fn zigzag_turns_back() {
        for index in [i16::MIN, -1_036, -1, 0, 1, 2_073, i16::MAX] {
            assert_eq!(unzigzag(zigzag(index)), Ok(index));
        }
    }
}
