//! The client's hello out of CRYPTO frames, which come in any order: browsers shuffle them.

use crate::tls::HELLO_MAX;

/// Type and length of a handshake message.
const MESSAGE_HEADER: usize = 4;
const CLIENT_HELLO: u8 = 1;
/// Pieces that are kept apart.
const PIECES_MAX: usize = 64;

/// What is there so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    /// Where there are bytes: begin and end, in order, with gaps between them.
    pieces: Vec<(usize, usize)>,
}

impl Gathered {
    pub(super) fn add(&mut self, offset: u64, bytes: &[u8]) {
        let Some(begin) = usize::try_from(offset).ok().filter(|begin| *begin < HELLO_MAX) else { return };
        let bytes = &bytes[..bytes.len().min(HELLO_MAX - begin)];
        let end = begin + bytes.len();
        if bytes.is_empty() || self.pieces.len() >= PIECES_MAX {
            return;
        }
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[begin..end].copy_from_slice(bytes);
        self.join(begin, end);
    }

    fn join(&mut self, begin: usize, end: usize) {
        let from = self.pieces.partition_point(|(_, piece_end)| *piece_end < begin);
        let to = self.pieces.partition_point(|(piece_begin, _)| *piece_begin <= end);
        let joined = match (self.pieces.get(from), to.checked_sub(1).and_then(|last| self.pieces.get(last))) {
            (Some(first), Some(last)) if from < to => (begin.min(first.0), end.max(last.1)),
            _ => (begin, end),
        };
        self.pieces.splice(from..to, [joined]);
    }

    /// What is there of the stream's beginning.
    fn start(&self) -> &[u8] {
        match self.pieces.first() {
            Some((0, end)) => &self.bytes[..*end],
            _ => &[],
        }
    }

    /// The hello without type and length, as far as it is there; absent where it is none.
    pub(super) fn hello(&self) -> Option<&[u8]> {
        let start = self.start();
        let length = message_length(start)?;
        start.get(MESSAGE_HEADER..start.len().min(MESSAGE_HEADER + length))
    }

    /// All of the hello is there, or it will never be.
    pub(super) fn is_complete(&self) -> bool {
        let start = self.start();
        match message_length(start) {
            Some(length) => start.len() >= (MESSAGE_HEADER + length).min(HELLO_MAX),
            None => start.len() >= MESSAGE_HEADER,
        }
    }
}

fn message_length(start: &[u8]) -> Option<usize> {
    let [kind, length @ ..] = start.first_chunk::<MESSAGE_HEADER>()?;
    (*kind == CLIENT_HELLO).then(|| length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = &[1, 0, 0, 6, 1, 2, 3, 4, 5, 6];

    #[test]
    fn pieces_in_any_order() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let mut gathered = Gathered::default();
            for piece in order {
                assert!(!gathered.is_complete());
                let (begin, end) = [(0, 4), (3, 6), (6, 10)][piece];
                gathered.add(begin as u64, &WHOLE[begin..end]);
            }
            assert!(gathered.is_complete());
            assert_eq!((gathered.hello(), gathered.pieces.len()), (Some(&WHOLE[4..]), 1));
        }
    }

    #[test]
    fn what_is_there_is_the_beginning() {
        let mut gathered = Gathered::default();
        gathered.add(6, &WHOLE[6..]);
        assert_eq!(gathered.hello(), None);
        gathered.add(0, &WHOLE[..5]);
        assert_eq!((gathered.hello(), gathered.is_complete()), (Some(&WHOLE[4..5]), false));
    }

    #[test]
    fn it_is_bounded() {
        let mut gathered = Gathered::default();
        for offset in (0..100_000).step_by(2) {
            gathered.add(offset, &[1]);
        }
        gathered.add(u64::MAX, &[1; 100]);
        assert!(gathered.bytes.len() <= HELLO_MAX && gathered.pieces.len() <= PIECES_MAX);
        let mut other = Gathered::default();
        other.add(0, &[2, 0, 0, 6]);
        assert!(other.is_complete() && other.hello().is_none());
    }
}
