//! Packets by the count of nftables.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Counts packets of one port's connections that a socket sends to another one on this machine. Ends with its owner.
#[derive(Debug)]
pub struct PacketCounter {
    table: String,
}

impl PacketCounter {
    /// Counts those with payload and those with FIN, where they leave and where they arrive. Payload is what is longer than the headers
    /// of IPv4 and TCP with its timestamps.
    pub fn of_port(port: u16) -> Result<Self> {
        let table = format!("goldwire-count-{port}");
        let rules = ["output", "input"].map(|hook| {
            format!(
                "chain {hook} {{ type filter hook {hook} priority 0; \
                 tcp dport {port} tcp flags & syn == 0 meta length > 52 counter; tcp sport {port} tcp flags & syn == 0 meta length > 52 counter; \
                 tcp dport {port} tcp flags & fin != 0 meta length <= 52 counter; \
                 tcp sport {port} tcp flags & fin != 0 meta length <= 52 counter; }}"
            )
        });
        let counter = Self { table };
        nft(&[&format!("add table ip {} {{ {}\n}}", counter.table, rules.join("\n"))])?;
        Ok(counter)
    }

    /// All of them.
    pub fn read(&self) -> Result<u64> {
        let listed: Value = serde_json::from_str(&nft(&["-j", "list", "table", "ip", &self.table])?)?;
        let entries = listed["nftables"].as_array().context("nft's answer is no list")?;
        let rules = entries.iter().filter_map(|entry| entry["rule"]["expr"].as_array()).flatten();
        Ok(rules.filter_map(|expression| expression["counter"]["packets"].as_u64()).sum())
    }
}

impl Drop for PacketCounter {
    fn drop(&mut self) {
        if let Err(error) = nft(&["delete", "table", "ip", &self.table]) {
            eprintln!("left behind: {error}");
        }
    }
}

fn nft(arguments: &[&str]) -> Result<String> {
    let output = Command::new("nft").args(arguments).output().context("failed to start nft")?;
    ensure!(output.status.success(), "nft {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
