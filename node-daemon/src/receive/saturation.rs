//! Saturation of network namespaces, from the kernel's counters.

use std::{collections::HashMap, fs};

use super::socket_sweep::now;
use crate::decode::Saturation;

/// Follows the `net/netstat` of each namespace.
#[derive(Debug, Default)]
pub(super) struct SaturationSweep {
    /// By the namespace's inode.
    last: HashMap<u32, Counters>,
    /// By those that were seen since the last [`Self::finish`].
    current: HashMap<u32, Counters>,
    /// What was there before the daemon is none of its business; namespaces that come later begin with nothing.
    has_begun: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    listen_overflows: u64,
    zero_windows: u64,
}

impl SaturationSweep {
    /// Reads the namespace that the calling thread is in.
    pub(super) fn read(&mut self, namespace: u32) {
        let text = fs::read_to_string("/proc/thread-self/net/netstat");
        if let Some(counters) = text.ok().and_then(|text| read(&text)) {
            self.current.insert(namespace, counters);
        }
    }

    /// What all namespaces added since the last sweep, if they added anything.
    pub(super) fn finish(&mut self) -> Option<Saturation> {
        let before = std::mem::replace(&mut self.last, std::mem::take(&mut self.current));
        if !std::mem::replace(&mut self.has_begun, true) {
            return None;
        }
        let mut added = Counters::default();
        for (namespace, current) in &self.last {
            let more = current.since(before.get(namespace).copied().unwrap_or_default());
            added.listen_overflows += more.listen_overflows;
            added.zero_windows += more.zero_windows;
        }
        (added != Counters::default()).then(|| Saturation {
            time: now(),
            accept_queue_overflows: added.listen_overflows,
            zero_windows: added.zero_windows,
        })
    }
}

impl Counters {
    /// Counters only grow: where they did not, another namespace has got the inode.
    fn since(self, before: Self) -> Self {
        if self.listen_overflows < before.listen_overflows || self.zero_windows < before.zero_windows {
            return self;
        }
        Self {
            listen_overflows: self.listen_overflows - before.listen_overflows,
            zero_windows: self.zero_windows - before.zero_windows,
        }
    }
}

/// The file has pairs of lines: names, then values, both beginning with the group.
fn read(text: &str) -> Option<Counters> {
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let value = |wanted: &str| {
        names
            .split(' ')
            .zip(values.split(' '))
            .find(|(name, _)| *name == wanted)
            .and_then(|(_, value)| value.parse().ok())
    };
    Some(Counters {
        listen_overflows: value("ListenOverflows")?,
        zero_windows: value("TCPToZeroWindowAdv").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_values_by_pairs() {
        let text = "TcpExt: SyncookiesSent ListenOverflows TCPToZeroWindowAdv\nTcpExt: 1 22 333\nIpExt: A\nIpExt: 1\n";
        assert_eq!(read(text), Some(Counters { listen_overflows: 22, zero_windows: 333 }));
        assert_eq!(read("IpExt: A\nIpExt: 1\n"), None);
    }

    #[test]
    fn namespaces_are_summed_from_the_first_sweep_or_their_own_beginning_on() {
        let mut sweep = SaturationSweep::default();
        let mut turn = |namespaces: &[(u32, u64, u64)]| {
            for (inode, listen_overflows, zero_windows) in namespaces {
                let counters = Counters { listen_overflows: *listen_overflows, zero_windows: *zero_windows };
                sweep.current.insert(*inode, counters);
            }
            sweep.finish().map(|added| (added.accept_queue_overflows, added.zero_windows))
        };
        assert_eq!(turn(&[(1, 100, 7), (2, 5, 5)]), None);
        assert_eq!(turn(&[(1, 100, 7), (2, 5, 5)]), None);
        assert_eq!(turn(&[(1, 103, 7), (2, 5, 6), (3, 2, 0)]), Some((5, 1)));
        // The second is gone, and another one has got the third one's inode.
        assert_eq!(turn(&[(1, 103, 7), (3, 1, 0)]), Some((1, 0)));
        assert_eq!(turn(&[(1, 103, 7), (3, 1, 0)]), None);
    }

    #[test]
    fn this_kernel_has_both() {
        assert!(read(&fs::read_to_string("/proc/net/netstat").unwrap()).is_some());
    }
}
