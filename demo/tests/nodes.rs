//! Nodes as they are made and removed. Needs root.

use std::{
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use goldwire_demo::nodes::{Cluster, Launch, Namespace, Plan, cgroup, command::run, loss};

const CLOSED_PORT: u16 = 9;

const PLAN: Plan = Plan {
    prefix: "gw-try",
    cgroup: "goldwire-try",
    subnet: [10, 78, 0],
    letters: &["a", "b"],
    reachable_from_here: true,
};

fn traces_left() -> Vec<String> {
    let namespaces = run("ip", &["netns", "list"]).unwrap();
    let mut left: Vec<String> =
        namespaces.lines().filter(|line| line.starts_with("gw-try")).map(str::to_owned).collect();
    let group = cgroup::mount_point().unwrap().join("goldwire-try");
    left.extend(group.exists().then(|| group.display().to_string()));
    left.extend(run("ip", &["link", "show", "gw-try"]).ok());
    left
}

/// Whether an address is there, seen from a namespace: it refuses a connection, rather than saying nothing.
fn answers(from: &Namespace, address: Ipv4Addr) -> bool {
    let knock = format!("exec 3<>/dev/tcp/{address}/{CLOSED_PORT}");
    let refused = from.run("timeout", &["1", "bash", "-c", &knock]).unwrap_err().to_string();
    refused.contains("Connection refused")
}

/// One test, for the plan's names exist once on a machine.
#[test]
fn nodes_reach_each_other_and_leave_no_trace() {
    let cluster = Cluster::create(&PLAN).unwrap();
    let [a, b] = cluster.nodes() else { panic!("two nodes were asked for") };

    // From node to node, and from here to a node.
    assert!(answers(a.namespace(), b.address()));
    let refused = TcpStream::connect((b.address(), CLOSED_PORT)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    // A program is in its group and its namespace from the start.
    let group = a.cgroup().child("sleeper").unwrap();
    let sleeper = Launch::new("sleeper", "sleep").args(["600"]).cgroup(&group).unwrap();
    let mut sleeper = sleeper.namespace(a.namespace()).unwrap().spawn().unwrap();
    let of_process = fs::read_to_string(format!("/proc/{}/cgroup", sleeper.id())).unwrap();
    assert!(of_process.contains("/goldwire-try/node-a/sleeper"), "{of_process}");
    let inside = fs::read_link(format!("/proc/{}/ns/net", sleeper.id())).unwrap();
    assert_ne!(inside, fs::read_link("/proc/self/ns/net").unwrap());

    // All is lost on a link that loses everything, and counted.
    loss::lossy_link(cluster.bridge(), b.name(), 100, 1).unwrap();
    assert!(!answers(b.namespace(), a.address()));
    assert!(loss::packets_dropped(cluster.bridge()).unwrap() > 0);

    drop(cluster);
    assert!(sleeper.wait(Duration::from_secs(2)).unwrap().is_some(), "what ran on a node ended with it");
    drop(group);
    assert_eq!(traces_left(), Vec::<String>::new());

    // A run that was killed cannot clean up; the next one does.
    let abandoned = Cluster::create(&PLAN).unwrap();
    let survivor = Launch::new("survivor", "sleep").args(["600"]).cgroup(abandoned.nodes()[0].cgroup()).unwrap();
    let mut survivor = survivor.spawn().unwrap();
    std::mem::forget(abandoned);
    let successor = Cluster::create(&PLAN).unwrap();
    assert!(survivor.wait(Duration::from_secs(2)).unwrap().is_some(), "leftovers are ended");
    drop(successor);
    assert_eq!(traces_left(), Vec::<String>::new());
}
