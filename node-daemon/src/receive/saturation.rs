//! Saturation of network namespaces, from the kernel's counters.

use std::collections::HashMap;

use super::{net_counters, socket_sweep::now};
use crate::decode::Saturation;

/// Follows the `net/netstat` of each namespace, from the moment on in which it is first read: what it counted before may be
/// older than the daemon.
#[derive(Debug, Default)]
pub(super) struct SaturationSweep {
    /// By the namespace's inode. One that cannot be read for a while is kept, and so is one that is gone, until its inode is
    /// given away again: they are never more than there were at a time.
    last: HashMap<u32, Counters>,
    /// Since the last [`Self::finish`].
    added: Counters,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    listen_overflows: u64,
    zero_windows: u64,
}

impl SaturationSweep {
    /// Reads the namespace that the calling thread is in.
    pub(super) fn read(&mut self, namespace: u32) {
        if let Some(counters) = net_counters::read("netstat").and_then(|text| read(&text)) {
            self.add(namespace, counters);
        }
    }

    /// Where a counter is less than before, another namespace has got the inode, and is first read now.
    fn add(&mut self, namespace: u32, current: Counters) {
        let Some(last) = self.last.insert(namespace, current) else { return };
        if let (Some(overflows), Some(windows)) = (
            current.listen_overflows.checked_sub(last.listen_overflows),
            current.zero_windows.checked_sub(last.zero_windows),
        ) {
            self.added.listen_overflows += overflows;
            self.added.zero_windows += windows;
        }
    }

    /// What all namespaces added since the last sweep, if they added anything.
    pub(super) fn finish(&mut self) -> Option<Saturation> {
        let added = std::mem::take(&mut self.added);
        (added != Counters::default()).then(|| Saturation {
            time: now(),
            accept_queue_overflows: added.listen_overflows,
            zero_windows: added.zero_windows,
        })
    }
}

fn read(text: &str) -> Option<Counters> {
    let counters = net_counters::of_group(text, "TcpExt")?;
    let value = |wanted: &str| counters.clone().find(|(name, _)| *name == wanted)?.1.parse().ok();
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
    fn namespaces_are_summed_from_when_they_are_first_read_on() {
        let mut sweep = SaturationSweep::default();
        let mut turn = |namespaces: &[(u32, u64, u64)]| {
            for (inode, listen_overflows, zero_windows) in namespaces {
                let counters = Counters { listen_overflows: *listen_overflows, zero_windows: *zero_windows };
                sweep.add(*inode, counters);
            }
            sweep.finish().map(|added| (added.accept_queue_overflows, added.zero_windows))
        };
        assert_eq!(turn(&[(1, 100, 7), (2, 5, 5)]), None);
        assert_eq!(
            turn(&[(1, 103, 7), (2, 5, 6), (3, 2, 0)]),
            Some((3, 1)),
            "the third is new, or was not seen before"
        );
        assert_eq!(turn(&[(1, 103, 7)]), None, "the others could not be read");
        assert_eq!(turn(&[(1, 103, 7), (2, 6, 6), (3, 4, 0)]), Some((3, 0)), "and nothing of theirs is told twice");
        assert_eq!(turn(&[(3, 1, 9)]), None, "another one has got the inode");
        assert_eq!(turn(&[(3, 2, 9)]), Some((1, 0)));
    }

    #[test]
    fn this_kernel_has_both() {
        assert!(net_counters::read("netstat").and_then(|text| read(&text)).is_some());
    }
}
