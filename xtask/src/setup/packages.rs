//! Debian's packages: which, why, and how to see that one is there.

use std::{env, path::Path};

use anyhow::{Context, ensure};
use nix::unistd::Uid;

use self::Sign::{File, OneOf, Program};
use super::{bpf, services::QuietServices};
use crate::shell::{Line, say};

/// Something that must be on the machine, and the package that brings it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Package {
    /// As apt knows it.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) why: &'static str,
    /// How to see that it is there, whoever installed it.
    pub(super) sign: Sign,
}

/// What shows that a thing is installed. Looking at files rather than asking dpkg also finds what came another way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// A program on the search path, or in a folder of the superuser's programs.
    Program(&'static str),
    /// The same, where distributions do not agree on its name.
    OneOf(&'static [&'static str]),
    /// A file.
    File(&'static str),
}

/// What building, the demo, the tests and the benchmarks need, beside Rust and Node.js.
const PACKAGES: &[Package] = &[
    needs("ca-certificates", "registries are asked over TLS", File("/etc/ssl/certs/ca-certificates.crt")),
    needs("build-essential", "linking, and the C parts of a few crates", Program("cc")),
    needs("iproute2", "demo nodes are network namespaces; `ss` is what byte counts are held against", Program("ip")),
    needs("nftables", "the demo's lossy link and firewall; tests of drops", Program("nft")),
    needs("nginx", "the demo's gateway; the server of load tests", Program("nginx")),
    needs("redis-server", "the demo's shop keeps its products there", Program("redis-server")),
    needs("nghttp2-server", "nghttpd: a server of HTTP/2", Program("nghttpd")),
    needs("postgresql", "a database whose statements are counted", File("/usr/lib/postgresql")),
    needs("mariadb-server", "another, and recordings of MySQL's protocol", Program("mariadbd")),
    needs("mariadb-client", "the same from its own client", Program("mariadb")),
    needs("kcat", "records a Kafka client against a mock broker, for the parser's tests", Program("kcat")),
    needs("haproxy", "tests of the PROXY protocol", Program("haproxy")),
    needs("zookeeper", "a protocol that looks like Kafka's and is not", File("/usr/share/java/zookeeper.jar")),
    needs("python3-kazoo", "its client", File("/usr/lib/python3/dist-packages/kazoo/client.py")),
    needs("dnsmasq-base", "the demo's DNS server", Program("dnsmasq")),
    needs("wrk", "HTTP load with its own latency figures", Program("wrk")),
    needs("nghttp2-client", "h2load: HTTP load with an exact number of requests", Program("h2load")),
    needs("curl", "tests with a client that everyone knows", Program("curl")),
    needs("wget", "tests with a client of GnuTLS", Program("wget")),
    needs("python3", "tests with programs whose TLS works in memory", Program("python3")),
    needs("golang-go", "tests with programs of Go", Program("go")),
    needs("bind9-dnsutils", "dig: tests of DNS over UDP and TCP", Program("dig")),
    needs("socat", "tests that need odd sockets", Program("socat")),
    needs(
        "systemd",
        "systemd-socket-activate: tests of sockets that are passed on",
        Program("systemd-socket-activate"),
    ),
    needs("docker.io", "tests of Docker's containers", Program("dockerd")),
    needs("podman", "tests of Podman's containers", Program("podman")),
    needs("runc", "runs Podman's containers", Program("runc")),
    needs("openssl", "tests of TLS", Program("openssl")),
    needs("ethtool", "tests switch offloads off", Program("ethtool")),
    needs("procps", "tests look at processes", Program("ps")),
    needs("chromium", "browser tests on the workbench", OneOf(&["chromium", "chromium-browser"])),
    needs("fonts-dejavu-core", "text on the browser tests' screenshots", File("/usr/share/fonts/truetype/dejavu")),
];

/// Names a package in a table.
pub(super) const fn needs(name: &'static str, why: &'static str, sign: Sign) -> Package {
    Package { name, why, sign }
}

impl Sign {
    pub(super) fn is_there(self) -> bool {
        match self {
            Self::File(path) => Path::new(path).exists(),
            Self::Program(name) => find_program(name).is_some(),
            Self::OneOf(names) => names.iter().any(|name| find_program(name).is_some()),
        }
    }
}

fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Installs the packages that are missing; true where there were any.
pub(super) fn run() -> anyhow::Result<bool> {
    let wanted = PACKAGES.iter().chain(bpf::packages());
    let missing: Vec<&Package> = wanted.filter(|package| !package.sign.is_there()).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    install(&missing)?;
    Ok(true)
}

fn install(missing: &[&Package]) -> anyhow::Result<()> {
    say(&format!("setup: installing {} packages", missing.len()));
    for package in missing {
        println!("  {:<20} {}", package.name, package.why);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let by_hand = format!("apt-get install --no-install-recommends {}", names.join(" "));
    ensure!(
        find_program("apt-get").is_some(),
        "this system has no apt-get: install by its own means what stands above"
    );
    ensure!(Uid::effective().is_root(), "only root can install packages: run this as root, or first\n  sudo {by_hand}");
    let _quiet = QuietServices::begin(&names)?;
    apt_get(&["update", "-q"])?;
    let install = [&["install", "-q", "-y", "--no-install-recommends"], names.as_slice()].concat();
    apt_get(&install).context(
        "see what apt-get says above; where a package does not exist here, the guide \
                               docs/guides/development.md says what to do instead",
    )?;
    for package in missing {
        ensure!(package.sign.is_there(), "{} is installed, but what it should bring is not there", package.name);
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    Line::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").run()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_package_is_named_once() {
        let names: BTreeSet<_> = PACKAGES.iter().map(|package| package.name).collect();
        assert_eq!(names.len(), PACKAGES.len());
    }

    #[test]
    fn a_program_is_found_by_any_of_its_names() {
        assert!(OneOf(&["goldwire-no-such-program", "sh"]).is_there());
        assert!(!Program("goldwire-no-such-program").is_there());
        assert!(!File("/no/such/file").is_there());
    }
}
