//! Dropping packets on purpose with nftables: netem is in few small kernels, `numgen` in all that have nftables.

use super::{
    command::{CommandError, run},
    namespace::Namespace,
};

const TABLE: &str = "goldwire_demo";

/// Loses a share (1 to 100) of the TCP segments that arrive on a device of the namespace, as a bad cable would: neither
/// end is told. Segments from one port are spared.
pub fn lossy_link(namespace: &Namespace, device: &str, percent: u8, spared_port: u16) -> Result<(), CommandError> {
    let hook = format!("{{ type filter hook ingress device \"{device}\" priority 0; }}");
    nft(namespace, &["add", "table", "netdev", TABLE])?;
    nft(namespace, &["add", "chain", "netdev", TABLE, device, &hook])?;
    let (spared, bound) = (spared_port.to_string(), 100u8.saturating_sub(percent).to_string());
    let unlucky = ["tcp", "sport", "!=", &spared, "numgen", "random", "mod", "100", ">=", &bound];
    nft(namespace, &[&["add", "rule", "netdev", TABLE, device], &unlucky[..], &["counter", "drop"]].concat())
}

/// Has the namespace's firewall drop what arrives for a TCP port, and count it.
pub fn firewall_port(namespace: &Namespace, port: u16) -> Result<(), CommandError> {
    nft(namespace, &["add", "table", "inet", TABLE])?;
    nft(namespace, &["add", "chain", "inet", TABLE, "input", "{ type filter hook input priority 0; }"])?;
    let port = port.to_string();
    nft(namespace, &["add", "rule", "inet", TABLE, "input", "tcp", "dport", &port, "counter", "drop"])
}

/// Packets that the rules above dropped in the namespace since they were made.
pub fn packets_dropped(namespace: &Namespace) -> Result<u64, CommandError> {
    Ok(sum_of_counters(&namespace.run("nft", &["list", "ruleset"])?))
}

fn nft(namespace: &Namespace, arguments: &[&str]) -> Result<(), CommandError> {
    let inside = [&["netns", "exec", namespace.name(), "nft"], arguments].concat();
    run("ip", &inside).map(drop)
}

fn sum_of_counters(ruleset: &str) -> u64 {
    let words: Vec<&str> = ruleset.split_ascii_whitespace().collect();
    words
        .windows(3)
        .filter(|three| three[0] == "counter" && three[1] == "packets")
        .filter_map(|three| three[2].parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_all_rules_are_summed() {
        let ruleset = "table inet t {\n chain input {\n  tcp dport 9 counter packets 12 bytes 720 drop\n \
                       tcp dport 10 counter packets 3 bytes 180 drop\n }\n}";
        assert_eq!(sum_of_counters(ruleset), 15);
        assert_eq!(sum_of_counters(""), 0);
    }
}
