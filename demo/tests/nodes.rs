//! Nodes as they are made and removed. Needs root.

use std::{fs, thread, time::Duration};

use goldwire_demo::nodes::{Cluster, Launch, Plan, cgroup, command::run, loss};

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

/// One test, for the plan's names exist once on a machine.
#[test]
fn nodes_reach_each_other_and_leave_no_trace() {
    let cluster = Cluster::create(&PLAN).unwrap();
    let [a, b] = cluster.nodes() else { panic!("two nodes were asked for") };

    // From node to node, and from here to a node.
    a.namespace().run("ping", &["-c", "1", "-W", "2", &b.address().to_string()]).unwrap();
    run("ping", &["-c", "1", "-W", "2", &b.address().to_string()]).unwrap();

    // A program is in its group and its namespace from the start.
    let group = a.cgroup().child("sleeper").unwrap();
    let sleeper = Launch::new("sleeper", "sleep").args(["600"]).cgroup(&group).unwrap();
    let mut sleeper = sleeper.namespace(a.namespace()).unwrap().spawn().unwrap();
    let of_process = fs::read_to_string(format!("/proc/{}/cgroup", sleeper.id())).unwrap();
    assert!(of_process.contains("/goldwire-try/node-a/sleeper"), "{of_process}");
    let inside = fs::read_link(format!("/proc/{}/ns/net", sleeper.id())).unwrap();
    assert_ne!(inside, fs::read_link("/proc/self/ns/net").unwrap());

    // All is lost on a link that loses everything, and counted.
    loss::lossy_link(cluster.bridge(), "b", 100).unwrap();
    b.namespace().run("ping", &["-c", "1", "-W", "1", &a.address().to_string()]).unwrap_err();
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
    thread::sleep(Duration::from_millis(100));
    assert_eq!(traces_left(), Vec::<String>::new());
}
