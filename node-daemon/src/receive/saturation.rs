//! Saturation of the daemon's network namespace, from the kernel's counters.

use std::fs;

use super::socket_sweep::now;
use crate::decode::{Event, Saturation};

/// Follows `/proc/net/netstat`.
#[derive(Debug, Default)]
pub(super) struct SaturationSweep {
    last: Option<Counters>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counters {
    listen_overflows: u64,
    zero_windows: u64,
}

impl SaturationSweep {
    /// Tells what was added since the last sweep, if anything was.
    pub(super) fn sweep(&mut self, visit: &mut impl FnMut(Event<'_>)) -> usize {
        let Some(current) = fs::read_to_string("/proc/thread-self/net/netstat").ok().and_then(|text| read(&text))
        else {
            return 0;
        };
        let Some(last) = self.last.replace(current) else { return 0 };
        let added = Saturation {
            time: now(),
            accept_queue_overflows: current.listen_overflows.saturating_sub(last.listen_overflows),
            zero_windows: current.zero_windows.saturating_sub(last.zero_windows),
        };
        if added.accept_queue_overflows == 0 && added.zero_windows == 0 {
            return 0;
        }
        visit(Event::Saturation(added));
        1
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
    fn this_kernel_has_both() {
        assert!(read(&fs::read_to_string("/proc/net/netstat").unwrap()).is_some());
    }
}
