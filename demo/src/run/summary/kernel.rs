//! What the kernel itself counted on the nodes.

use anyhow::Context;

use crate::nodes::{Cluster, Namespace, loss};

/// Counters of all nodes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::run) struct KernelCounts {
    /// TCP segments sent again.
    pub(super) retransmitted: u64,
    /// Packets that the nodes' firewalls dropped.
    pub(super) firewall: u64,
}

impl KernelCounts {
    /// As they stand.
    pub(in crate::run) fn read(cluster: &Cluster) -> anyhow::Result<Self> {
        let mut counts = Self::default();
        for node in cluster.nodes() {
            counts.retransmitted += retransmitted(node.namespace())?;
            counts.firewall += loss::packets_dropped(node.namespace())?;
        }
        Ok(counts)
    }

    /// What was added since.
    pub(in crate::run) fn since(self, earlier: Self) -> Self {
        Self {
            retransmitted: self.retransmitted.saturating_sub(earlier.retransmitted),
            firewall: self.firewall.saturating_sub(earlier.firewall),
        }
    }
}

fn retransmitted(namespace: &Namespace) -> anyhow::Result<u64> {
    let counters = namespace.run("cat", &["/proc/net/snmp"])?;
    counter(&counters, "Tcp:", "RetransSegs").context("the kernel shows no RetransSegs in /proc/net/snmp")
}

/// The file has a line of names and a line of values for each protocol.
fn counter(file: &str, protocol: &str, name: &str) -> Option<u64> {
    let mut lines = file.lines().filter(|line| line.starts_with(protocol)).map(str::split_ascii_whitespace);
    let (names, mut values) = (lines.next()?, lines.next()?);
    let column = names.into_iter().position(|candidate| candidate == name)?;
    values.nth(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_name() {
        let file = "Ip: Forwarding\nIp: 1\nTcp: ActiveOpens RetransSegs InErrs\nTcp: 12 34 56\n";
        assert_eq!(counter(file, "Tcp:", "RetransSegs"), Some(34));
        assert_eq!(counter(file, "Tcp:", "NoSuch"), None);
        assert_eq!(counter(file, "Udp:", "RetransSegs"), None);
    }
}
