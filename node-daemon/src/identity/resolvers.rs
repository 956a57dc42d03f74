//! Which DNS servers this node and its processes are configured to ask, so that others cannot name addresses for everybody.

use std::{fs, net::IpAddr, os::unix::fs::MetadataExt as _, path::Path};

use lru::LruCache;
use rustc_hash::FxBuildHasher;

use super::{proc_files::ProcFiles, root_files};
use crate::decode::KernelTime;

/// Processes remembered.
const CAPACITY: usize = 4_096;
/// How long a file is believed.
const BELIEVED: u64 = 10_000_000_000;
/// What comes behind it is not read.
const LONGEST_FILE: u64 = 64 << 10;
/// The second has what systemd-resolved asks itself.
const FILES: [&str; 2] = ["etc/resolv.conf", "run/systemd/resolve/resolv.conf"];

/// For whom a server's answers name addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamesFor {
    /// The process that asked, which believes it.
    Process,
    /// Its workload too: its own configuration names the server.
    Workload,
    /// Everybody: the node's configuration names the server, or the daemon's.
    Node,
}

/// The configured servers, read when they are asked for.
#[derive(Debug)]
pub(super) struct Resolvers {
    files: ProcFiles,
    /// By `--dns-resolver`.
    given: Vec<IpAddr>,
    node: Option<Configured>,
    processes: LruCache<u32, Configured, FxBuildHasher>,
}

/// The servers that a process is configured to ask, and the network that it is in.
#[derive(Debug)]
struct Configured {
    read: KernelTime,
    servers: Vec<IpAddr>,
    network: Option<u64>,
}

impl Resolvers {
    pub(super) fn new(files: ProcFiles, given: Vec<IpAddr>) -> Self {
        let given = given.iter().map(IpAddr::to_canonical).collect();
        Self { files, given, node: None, processes: LruCache::unbounded_with_hasher(FxBuildHasher) }
    }

    /// What an answer of `server` to this process is good for. In a network namespace of its own a process, or who it runs for,
    /// chooses who has which address: the node's configuration says nothing there.
    pub(super) fn names_for(&mut self, server: IpAddr, pid: Option<u32>, now: KernelTime) -> NamesFor {
        let server = server.to_canonical();
        if self.given.contains(&server) {
            return NamesFor::Node;
        }
        let Some(pid) = pid else { return NamesFor::Process };
        let (is_own, network) = {
            let process = self.process(pid, now);
            (process.servers.contains(&server), process.network)
        };
        let node = self.node(now);
        if network.is_some() && network == node.network && node.servers.contains(&server) {
            return NamesFor::Node;
        }
        if is_own { NamesFor::Workload } else { NamesFor::Process }
    }

    fn node(&mut self, now: KernelTime) -> &Configured {
        let node = self.node.take().filter(|node| is_believed(node.read, now)).unwrap_or_else(|| {
            let home = self.files.host();
            let servers = FILES.iter().flat_map(|file| servers(&home, file));
            Configured { read: now, servers: servers.collect(), network: network(&home) }
        });
        self.node.insert(node)
    }

    fn process(&mut self, pid: u32, now: KernelTime) -> &Configured {
        let is_new = self.processes.get(&pid).is_none_or(|process| !is_believed(process.read, now));
        if is_new {
            let home = self.files.process(pid);
            let (servers, network) = (servers(&home, FILES[0]), network(&home));
            self.processes.put(pid, Configured { read: now, servers, network });
            if self.processes.len() > CAPACITY {
                self.processes.pop_lru();
            }
        }
        self.processes.get_or_insert(pid, || Configured { read: now, servers: Vec::new(), network: None })
    }

    /// Another process may get its number.
    pub(super) fn forget(&mut self, pid: u32) {
        self.processes.pop(&pid);
    }
}

const fn is_believed(read: KernelTime, now: KernelTime) -> bool {
    now.0.saturating_sub(read.0) < BELIEVED
}

fn network(process: &Path) -> Option<u64> {
    fs::metadata(process.join("ns/net")).ok().map(|metadata| metadata.ino())
}

fn servers(process: &Path, file: &str) -> Vec<IpAddr> {
    root_files::read(process, file, LONGEST_FILE).map(|text| parse(&text)).unwrap_or_default()
}

fn parse(text: &str) -> Vec<IpAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let server = (words.next() == Some("nameserver")).then(|| words.next()).flatten()?;
        server.split('%').next()?.parse::<IpAddr>().ok()
    });
    servers.map(|server| server.to_canonical()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A process that sees these files, in this network namespace.
    fn process(proc: &Path, pid: u32, network: &str, servers: &str) {
        let directory = proc.join(pid.to_string());
        fs::create_dir_all(directory.join("root/etc")).expect("a directory");
        fs::create_dir_all(directory.join("ns")).expect("a directory");
        fs::write(proc.join(network), "").expect("a namespace");
        symlink(proc.join(network), directory.join("ns/net")).expect("a link");
        fs::write(directory.join("root/etc/resolv.conf"), servers).expect("a file");
    }

    #[test]
    fn answers_name_for_those_whose_configuration_has_the_server() {
        let proc = tempfile::tempdir().expect("a directory");
        process(proc.path(), 1, "host", "search x\nnameserver 127.0.0.53\nnameserver\nnameserver fe80::1%eth0\n");
        fs::create_dir_all(proc.path().join("1/root/run/systemd/resolve")).expect("a directory");
        fs::write(proc.path().join("1/root/run/systemd/resolve/resolv.conf"), "nameserver 10.0.0.2\n").expect("a file");
        process(proc.path(), 10, "host", "nameserver 127.0.0.53\n");
        process(proc.path(), 20, "pod", "nameserver 10.96.0.10\nnameserver 127.0.0.53\n");
        let files = ProcFiles::new(proc.path());
        let mut resolvers = Resolvers::new(files, vec!["192.0.2.53".parse().expect("an address")]);
        let mut of = |server: &str, pid: Option<u32>| {
            resolvers.names_for(server.parse().expect("an address"), pid, KernelTime(1))
        };
        assert_eq!(of("127.0.0.53", Some(10)), NamesFor::Node);
        assert_eq!(of("::ffff:127.0.0.53", Some(10)), NamesFor::Node);
        assert_eq!(of("fe80::1", Some(10)), NamesFor::Node);
        assert_eq!(of("10.0.0.2", Some(10)), NamesFor::Node, "what systemd-resolved asks");
        assert_eq!(of("10.0.0.66", Some(10)), NamesFor::Process);
        assert_eq!(of("10.96.0.10", Some(20)), NamesFor::Workload);
        assert_eq!(of("127.0.0.53", Some(20)), NamesFor::Workload, "its loopback is not the node's");
        assert_eq!(of("10.0.0.2", Some(20)), NamesFor::Process, "an address that it may have given itself");
        assert_eq!(of("192.0.2.53", Some(20)), NamesFor::Node, "given by hand");
        assert_eq!(of("192.0.2.53", None), NamesFor::Node);
        assert_eq!(of("127.0.0.53", None), NamesFor::Process);
        assert_eq!(of("127.0.0.53", Some(99)), NamesFor::Process, "a process that is gone");
    }

    #[test]
    fn changed_file_is_read_again() {
        let proc = tempfile::tempdir().expect("a directory");
        process(proc.path(), 1, "host", "nameserver 10.0.0.1\n");
        let mut resolvers = Resolvers::new(ProcFiles::new(proc.path()), Vec::new());
        let server = "10.0.0.9".parse().expect("an address");
        assert_eq!(resolvers.names_for(server, Some(1), KernelTime(1)), NamesFor::Process);
        fs::write(proc.path().join("1/root/etc/resolv.conf"), "nameserver 10.0.0.9\n").expect("a file");
        assert_eq!(resolvers.names_for(server, Some(1), KernelTime(2)), NamesFor::Process);
        assert_eq!(resolvers.names_for(server, Some(1), KernelTime(2 + BELIEVED)), NamesFor::Node);
    }
}
