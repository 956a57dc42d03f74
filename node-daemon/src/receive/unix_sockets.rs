//! UNIX stream sockets that are connected: what passes them is not observed, so they are counted.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use super::socket_sweep::now;
use crate::decode::{KernelTime, UnixSockets};

/// Nanoseconds between two counts: the kernel writes a line for each socket.
const PERIOD: u64 = 60_000_000_000;
/// Bytes that are read of a namespace's list.
const LIST_MAX: u64 = 16 << 20;
/// Of `enum sock_type`, and of `socket_state`, as the list writes them.
const STREAM: &str = "0001";
const CONNECTED: &str = "03";

/// Counts those of all namespaces now and then.
#[derive(Debug, Default)]
pub(super) struct UnixSweep {
    ends: u64,
    last: Option<KernelTime>,
    /// This sweep does not count.
    rests: bool,
}

impl UnixSweep {
    /// Reads the namespace that the calling thread is in, if it is time.
    pub(super) fn read(&mut self) {
        if !self.rests
            && let Ok(list) = File::open("/proc/thread-self/net/unix")
        {
            self.ends += connected_ends(BufReader::new(list.take(LIST_MAX)));
        }
    }

    /// All namespaces were read.
    pub(super) fn finish(&mut self) -> Option<UnixSockets> {
        let time = now();
        if self.rests {
            self.rests = self.last.is_some_and(|last| time.0.saturating_sub(last.0) < PERIOD);
            return None;
        }
        (self.last, self.rests) = (Some(time), true);
        Some(UnixSockets { time, connections: std::mem::take(&mut self.ends) / 2 })
    }
}

/// `Num RefCount Protocol Flags Type St Inode Path`, behind a line of these names.
fn connected_ends(list: impl BufRead) -> u64 {
    let is_connected = |line: &String| {
        let mut words = line.split_ascii_whitespace().skip(4);
        (words.next(), words.next()) == (Some(STREAM), Some(CONNECTED))
    };
    list.lines().map_while(Result::ok).filter(is_connected).count() as u64
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn connected_ends_are_those_of_connected_streams() {
        let list = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0: 00000002 00000000 00010000 0001 01 100 /run/listens\n\
            0: 00000003 00000000 00000000 0001 03 101\n\
            0: 00000003 00000000 00000000 0001 03 102 /run/accepted by it\n\
            0: 00000003 00000000 00000000 0002 03 103\n";
        assert_eq!(connected_ends(&list[..]), 2);
    }

    #[test]
    fn this_kernel_lists_a_pair() {
        let count = || connected_ends(BufReader::new(File::open("/proc/thread-self/net/unix").expect("a list")));
        let pairs: Vec<_> = (0..20).map(|_| UnixStream::pair().expect("a pair")).collect();
        assert!(count() >= 2 * pairs.len() as u64);
    }
}
