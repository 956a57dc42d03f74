//! The chunked transfer coding, RFC 9112 section 7.1, read to find its end. Nothing of it is kept.

/// Where in the coding the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    /// In the digits of a chunk's size.
    Size { size: u64, digits: u8 },
    /// Behind the digits: an extension, up to the end of the line.
    Extension { size: u64 },
    /// In a chunk's bytes and the line end behind them.
    Chunk { left: u64 },
    /// In the trailer section; the line so far holds this many bytes (CR not counted).
    Trailer { line: u32 },
}

/// What came of reading some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All was read, and the coding goes on.
    More,
    /// It ended after so many bytes.
    Ended(usize),
    /// It is not the chunked coding.
    Broken,
}

impl Chunked {
    pub(super) const START: Self = Self::Size { size: 0, digits: 0 };

    /// Reads captured bytes.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Progress {
        let mut at = 0;
        while at < bytes.len() {
            if let Self::Chunk { left } = self {
                let step = (*left).min((bytes.len() - at) as u64);
                *left -= step;
                at += step as usize;
                if *left == 0 {
                    *self = Self::START;
                }
                continue;
            }
            match self.step(bytes[at]) {
                Some(true) => return Progress::Ended(at + 1),
                Some(false) => at += 1,
                None => return Progress::Broken,
            }
        }
        Progress::More
    }

    /// Passes over bytes that were not captured. False where the place is lost by that.
    pub(super) fn skip(&mut self, length: u64) -> bool {
        match self {
            Self::Chunk { left } if *left > length => {
                *left -= length;
                true
            }
            Self::Chunk { left } if *left == length => {
                *self = Self::START;
                true
            }
            _ => false,
        }
    }

    /// Bytes that certainly belong to the present chunk.
    pub(super) fn needless(&self) -> u64 {
        match self {
            Self::Chunk { left } => *left,
            _ => 0,
        }
    }

    /// One byte outside a chunk's own bytes. True: the coding ended with it. Absent: it is wrong there.
    fn step(&mut self, byte: u8) -> Option<bool> {
        match self {
            Self::Size { size, digits } => return Self::size_byte(*size, *digits, byte).map(|next| self.go(next)),
            Self::Extension { size } if byte == b'\n' => *self = Self::after_line(*size),
            Self::Trailer { line: 0 } if byte == b'\n' => return Some(true),
            Self::Trailer { line } if byte == b'\n' => *line = 0,
            Self::Trailer { line } if byte != b'\r' => *line = line.saturating_add(1),
            Self::Extension { .. } | Self::Trailer { .. } | Self::Chunk { .. } => {}
        }
        Some(false)
    }

    fn go(&mut self, next: Self) -> bool {
        *self = next;
        false
    }

    fn size_byte(size: u64, digits: u8, byte: u8) -> Option<Self> {
        match (byte as char).to_digit(16) {
            Some(_) if digits == 16 => None,
            Some(digit) => Some(Self::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }),
            None if digits == 0 => None,
            None if byte == b'\n' => Some(Self::after_line(size)),
            None if matches!(byte, b'\r' | b';' | b' ' | b'\t') => Some(Self::Extension { size }),
            None => None,
        }
    }

    /// The CRLF behind a chunk's bytes counts as part of the chunk.
    fn after_line(size: u64) -> Self {
        match size {
            0 => Self::Trailer { line: 0 },
            size => Self::Chunk { left: size.saturating_add(2) },
        }
    }
}

/// Whether bytes at the end of a segment look like the end of the coding: the last chunk, then trailer lines, then an
/// empty line. Used only where the bytes before were not captured.
pub(super) fn ends_like_chunked(end_of_segment: &[u8], whole_segment: bool) -> bool {
    const LAST: &[u8] = b"\r\n0\r\n";
    if !end_of_segment.ends_with(b"\r\n\r\n") {
        return false;
    }
    let from_start = whole_segment && end_of_segment.starts_with(&LAST[2..]);
    from_start || end_of_segment.windows(LAST.len()).any(|window| window == LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_at_any_split() {
        let body = b"4\r\nWiki\r\n6;name=\"v\"\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nA: b\r\nC: d\r\n\r\nHTTP";
        let end = body.len() - 4;
        for split in 0..=end {
            let mut chunked = Chunked::START;
            match chunked.read(&body[..split]) {
                Progress::Ended(at) => assert_eq!(at, end),
                Progress::More => assert_eq!(chunked.read(&body[split..]), Progress::Ended(end - split)),
                Progress::Broken => panic!("broken at {split}"),
            }
        }
    }

    #[test]
    fn skipping_stays_within_a_chunk() {
        let mut chunked = Chunked::START;
        assert_eq!(chunked.read(b"400\r\nab"), Progress::More);
        assert!(chunked.skip(0x400 - 2));
        assert_eq!(chunked.read(b"\r\n0\r\n\r\n"), Progress::Ended(7));
        let mut lost = Chunked::Chunk { left: 10 };
        assert!(!lost.skip(11));
    }

    #[test]
    fn wrong_sizes_are_broken() {
        for wrong in [&b"\r\n"[..], b"xyz\r\n", b"11112222333344445\r\n", b"-1\r\n"] {
            assert_eq!(Chunked::START.clone().read(wrong), Progress::Broken);
        }
        assert_eq!({ Chunked::START }.read(b"ffffffffffffffff\r\nab"), Progress::More);
    }

    #[test]
    fn ends_are_recognised_in_tails() {
        assert!(ends_like_chunked(b"data\r\n0\r\n\r\n", false));
        assert!(ends_like_chunked(b"0\r\n\r\n", true));
        assert!(ends_like_chunked(b"data\r\n0\r\nX: y\r\n\r\n", false));
        assert!(!ends_like_chunked(b"0\r\n\r\n", false));
        assert!(!ends_like_chunked(b"10\r\n\r\n", true));
    }
}
