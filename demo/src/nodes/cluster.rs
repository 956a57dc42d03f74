//! Several nodes on one machine: a network namespace and a control group each, joined by a bridge.

use std::{io, net::Ipv4Addr, path::Path};

use thiserror::Error;

use super::{
    cgroup::Cgroup,
    command::{CommandError, run},
    namespace::Namespace,
};

/// Why nodes could not be made.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// `ip` or `nft` refused.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The control groups could not be made.
    #[error("cannot make control groups: {0}")]
    Cgroup(#[from] io::Error),
}

/// How the nodes are called and addressed. Two clusters with different plans can exist at once.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Starts the names of namespaces, at most 8 letters: `gw-demo` gives `gw-demo-a` and the bridge's `gw-demo-net`.
    pub prefix: &'static str,
    /// The control group below the mount of version 2: `goldwire-demo` gives `goldwire-demo/node-a`.
    pub cgroup: &'static str,
    /// The first three numbers of the addresses: `[10, 77, 0]` gives 10.77.0.1, 10.77.0.2 and so on.
    pub subnet: [u8; 3],
    /// Letters of the nodes, in the order of their addresses.
    pub letters: &'static [&'static str],
    /// Whether this machine itself joins the network, with the last usable address (`.254`).
    pub reachable_from_here: bool,
}

/// One node of the cluster. Fields drop in this order: processes end before their namespace goes.
#[derive(Debug)]
pub struct Node {
    name: String,
    address: Ipv4Addr,
    cgroup: Cgroup,
    namespace: Namespace,
}

impl Node {
    /// `node-a`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address on the bridge.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The group of all that runs on it; services go in groups below.
    pub fn cgroup(&self) -> &Cgroup {
        &self.cgroup
    }

    /// Its network.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}

/// Nodes joined by a bridge; dropping it removes them and kills what runs on them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Node>,
    others: Cgroup,
    _here: Option<HereCable>,
    bridge: Namespace,
    // Last, so that the groups inside are gone by then.
    _root: Cgroup,
}

impl Cluster {
    /// Makes the nodes, after removing what a killed run of the same plan left.
    pub fn create(plan: &Plan) -> Result<Self, ClusterError> {
        Self::remove_leftovers(plan)?;
        let root = Cgroup::create(plan.cgroup)?;
        let bridge = Namespace::create(&format!("{}-net", plan.prefix))?;
        bridge.ip(&["link", "add", "name", "bridge", "type", "bridge"])?;
        bridge.ip(&["link", "set", "dev", "bridge", "up"])?;
        let nodes = plan.nodes(&root, &bridge)?;
        let here = plan.reachable_from_here.then(|| HereCable::plug_in(plan, &bridge)).transpose()?;
        Ok(Self { nodes, others: root.child("others")?, _here: here, bridge, _root: root })
    }

    /// Removes what a killed run of this plan left; nothing happens where nothing is.
    pub fn remove_leftovers(plan: &Plan) -> Result<(), ClusterError> {
        Cgroup::remove_leftover(plan.cgroup)?;
        HereCable::take_out(plan.prefix)?;
        for letter in plan.letters {
            Namespace::remove_leftover(&format!("{}-{letter}", plan.prefix))?;
        }
        Namespace::remove_leftover(&format!("{}-net", plan.prefix))?;
        Ok(())
    }

    /// The nodes, in the plan's order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The group of what belongs to no node: daemons, and the plugin with its host. No node's daemon sees it.
    pub fn others(&self) -> &Cgroup {
        &self.others
    }

    /// The network between the nodes; the end of each node's cable in it is called by the node's name.
    pub fn bridge(&self) -> &Namespace {
        &self.bridge
    }
}

impl Plan {
    fn nodes(&self, root: &Cgroup, bridge: &Namespace) -> Result<Vec<Node>, ClusterError> {
        let mut nodes = Vec::with_capacity(self.letters.len());
        for (number, letter) in (1u8..).zip(self.letters) {
            let namespace = Namespace::create(&format!("{}-{letter}", self.prefix))?;
            let name = format!("node-{letter}");
            let address = self.address(number);
            plug_in(bridge, &name, &namespace, address)?;
            nodes.push(Node { cgroup: root.child(&name)?, name, address, namespace });
        }
        Ok(nodes)
    }

    fn address(&self, number: u8) -> Ipv4Addr {
        let [first, second, third] = self.subnet;
        Ipv4Addr::new(first, second, third, number)
    }
}

/// Lays a cable from the bridge to a node.
fn plug_in(bridge: &Namespace, port: &str, node: &Namespace, address: Ipv4Addr) -> Result<(), CommandError> {
    let cable = ["link", "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns", node.name()];
    bridge.ip(&cable)?;
    bridge.ip(&["link", "set", "dev", port, "master", "bridge", "up"])?;
    node.ip(&["address", "add", &format!("{address}/24"), "dev", "eth0"])?;
    node.ip(&["link", "set", "eth0", "up"])?;
    Ok(())
}

/// The end of the bridge's cable on this machine; dropping it takes the cable out. (The bridge's namespace would take it
/// too, but some time after it is gone.)
#[derive(Debug)]
struct HereCable {
    device: &'static str,
}

impl HereCable {
    fn plug_in(plan: &Plan, bridge: &Namespace) -> Result<Self, CommandError> {
        let here = std::process::id().to_string();
        let ends = ["link", "add", "name", "here", "type", "veth", "peer", "name", plan.prefix, "netns", &here];
        bridge.ip(&ends)?;
        let cable = Self { device: plan.prefix };
        bridge.ip(&["link", "set", "dev", "here", "master", "bridge", "up"])?;
        run("ip", &["address", "add", &format!("{}/24", plan.address(254)), "dev", plan.prefix])?;
        run("ip", &["link", "set", "dev", plan.prefix, "up"])?;
        Ok(cable)
    }

    fn take_out(device: &str) -> Result<(), CommandError> {
        if Path::new("/sys/class/net").join(device).exists() {
            run("ip", &["link", "del", "dev", device])?;
        }
        Ok(())
    }
}

impl Drop for HereCable {
    fn drop(&mut self) {
        if let Err(error) = Self::take_out(self.device) {
            eprintln!("goldwire-demo: left behind: {error}");
        }
    }
}
