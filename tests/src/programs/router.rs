//! Three network namespaces: clients, a router that translates addresses, and servers.

use std::net::IpAddr;

use anyhow::Result;
use goldwire_demo::nodes::Namespace;

/// A client's network and a server's, with a router between them.
#[derive(Debug)]
pub struct Router {
    /// Where clients run, at `10.81.1.2` and `fd81:1::2`.
    pub client: Namespace,
    /// What stands between them.
    pub router: Namespace,
    /// Where servers run, at `10.81.2.2` and `fd81:2::2`.
    pub server: Namespace,
}

impl Router {
    /// Makes the namespaces; their names begin with `name`.
    pub fn create(name: &str) -> Result<Self> {
        let [client, router, server] = ["c", "r", "s"].map(|part| Namespace::create(&format!("{name}-{part}")));
        let routed = Self { client: client?, router: router?, server: server? };
        routed.connect(&routed.client, "clients", 1)?;
        routed.connect(&routed.server, "servers", 2)?;
        for switch in ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"] {
            routed.router.run("sysctl", &["-qw", switch])?;
        }
        Ok(routed)
    }

    fn connect(&self, end: &Namespace, device: &str, number: u8) -> Result<()> {
        let peer = ["link", "add", device, "type", "veth", "peer", "name", "wire", "netns", end.name()];
        self.router.ip(&peer)?;
        for (namespace, device, host) in [(&self.router, device, 1), (end, "wire", 2)] {
            let v6 = format!("fd81:{number}::{host}/64");
            namespace.ip(&["address", "add", &format!("10.81.{number}.{host}/24"), "dev", device])?;
            namespace.ip(&["address", "add", &v6, "dev", device, "nodad"])?;
            namespace.ip(&["link", "set", device, "up"])?;
        }
        end.ip(&["route", "add", "default", "via", &format!("10.81.{number}.1")])?;
        end.ip(&["-6", "route", "add", "default", "via", &format!("fd81:{number}::1")])?;
        Ok(())
    }

    /// Address of the client, of the family of another address.
    #[must_use]
    pub fn client_address(is_ipv6: bool) -> IpAddr {
        if is_ipv6 { "fd81:1::2" } else { "10.81.1.2" }.parse().expect("an address")
    }

    /// Address of the server.
    #[must_use]
    pub fn server_address(is_ipv6: bool) -> IpAddr {
        if is_ipv6 { "fd81:2::2" } else { "10.81.2.2" }.parse().expect("an address")
    }

    /// Has nftables do what these lines say, in a table of both families.
    pub fn translate(namespace: &Namespace, rules: &[&str]) -> Result<()> {
        namespace.run("nft", &["add table inet nat"])?;
        let chains = [
            "add chain inet nat prerouting { type nat hook prerouting priority -100 ; }",
            "add chain inet nat postrouting { type nat hook postrouting priority 100 ; }",
        ];
        for words in chains.iter().chain(rules) {
            namespace.run("nft", &[words])?;
        }
        Ok(())
    }
}
