//! Names are those of their time.

use std::{net::IpAddr, time::Duration};

use goldwire_model::{record::Transport, time::Timestamp};
use serde_json::{Value, json};

use crate::{
    fake::{Kind, Server},
    objects::{self, address, container_id, uid},
    truth::{Watched, now},
};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A pod with the address of pod 0, networked in the second of `at`.
fn heir(number: u32, at: Timestamp) -> Value {
    let second = kube_time(at);
    let mut pod = objects::pod(number);
    pod["status"]["podIP"] = json!(address(0));
    pod["status"]["podIPs"] = json!([{ "ip": address(0) }]);
    pod["status"]["startTime"] = json!(second);
    pod["status"]["conditions"][0]["lastTransitionTime"] = json!(second);
    pod
}

/// The API cuts times to the second.
fn kube_time(at: Timestamp) -> String {
    k8s_openapi::jiff::Timestamp::from_second(at.0.div_euclid(1_000_000_000)).expect("a time").to_string()
}

fn delete(server: &Server, pod: &Value) {
    let text = |key: &str| pod["metadata"][key].as_str().expect("a text").to_owned();
    server.delete(Kind::Pod, &text("namespace"), &text("name"));
}

#[tokio::test]
async fn an_address_that_is_used_again_within_a_second() {
    let server = Server::start();
    server.apply(Kind::Pod, objects::pod(0));
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let mut held = Vec::new();
    // Ten pods have the address in turn, faster than the API's clock ticks.
    for number in 1..=10 {
        let before = objects::pod(number - 1);
        held.push((before["metadata"]["name"].as_str().expect("a name").to_owned(), now()));
        delete(&server, &before);
        tokio::time::sleep(Duration::from_millis(30)).await;
        server.apply(Kind::Pod, heir(number, now()));
        watched.is_true(&server).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut named = 0;
    for (name, at) in &held {
        let known = watched.directory.by_pod_address(ip(&address(0)), *at);
        assert!(known.as_ref().is_none_or(|pod| *pod.name == **name), "{name} was {known:?}");
        named += usize::from(known.is_some());
    }
    // The last one surely has it.
    let last = watched.directory.by_pod_address(ip(&address(0)), now()).map(|pod| pod.uid.to_string());
    assert_eq!(last, Some(uid(1, 10)));
    println!("{named} of {} moments had a name, none a wrong one", held.len());
}

#[tokio::test]
async fn an_address_that_is_used_again_later() {
    let server = Server::start();
    server.apply(Kind::Pod, objects::pod(0));
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let first = now();
    delete(&server, &objects::pod(0));
    watched.is_true(&server).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let second = now();
    server.apply(Kind::Pod, heir(1, second));
    watched.is_true(&server).await;
    let at = |at: Timestamp| watched.directory.by_pod_address(ip(&address(0)), at).map(|pod| pod.uid.to_string());
    assert_eq!(at(Timestamp(0)), None, "before the pod had it");
    assert_eq!(at(first), Some(uid(1, 0)));
    assert_eq!(at(Timestamp(second.0 - 1_050_000_000)), None, "between the two");
    assert_eq!(at(now()), Some(uid(1, 1)));
}

#[tokio::test]
async fn an_address_that_was_used_again_while_nothing_was_heard() {
    let mut server = Server::start();
    server.apply(Kind::Pod, objects::pod(0));
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let first = now();
    server.down();
    delete(&server, &objects::pod(0));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let second = now();
    server.apply(Kind::Pod, heir(1, second));
    server.compact();
    server.up();
    watched.is_true(&server).await;
    let at = |at: Timestamp| watched.directory.by_pod_address(ip(&address(0)), at).map(|pod| pod.uid.to_string());
    assert_eq!(at(Timestamp(first.0 - 1_000_000_000)), Some(uid(1, 0)));
    // It was not seen when the first one went: until it surely has, the address is nobody's, and never the first one's.
    assert_ne!(at(now()), Some(uid(1, 0)));
    assert_ne!(at(second), Some(uid(1, 0)));
    assert_eq!(at(now()), Some(uid(1, 1)));
}

#[tokio::test]
async fn labels_are_those_of_their_time() {
    let server = Server::start();
    let mut pod = objects::pod(0);
    server.apply(Kind::Pod, pod.clone());
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let before = now();
    pod["metadata"]["labels"]["app"] = json!("other");
    server.apply(Kind::Pod, pod);
    watched.is_true(&server).await;
    let app = |at| {
        let member = watched.directory.by_container(&container_id(0, 0), at)?;
        member.pod.labels.iter().find(|(key, _)| **key == *"app").map(|(_, value)| value.to_string())
    };
    assert_eq!(app(before).as_deref(), Some("app-0"));
    assert_eq!(app(now()).as_deref(), Some("other"));
}

#[tokio::test]
async fn a_container_that_was_started_anew_is_the_same_pods() {
    let server = Server::start();
    let mut pod = objects::pod(0);
    server.apply(Kind::Pod, pod.clone());
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let first = pod["status"]["containerStatuses"][0]["containerID"].take();
    pod["status"]["containerStatuses"][0] = objects::running("app", 0, 7);
    pod["status"]["containerStatuses"][0]["lastState"] =
        json!({ "terminated": { "containerID": first, "exitCode": 1, "finishedAt": "2026-01-31T12:30:00Z" } });
    server.apply(Kind::Pod, pod.clone());
    watched.is_true(&server).await;
    let name = |instance| {
        let member = watched.directory.by_container(&container_id(0, instance), now())?;
        Some((member.pod.name.to_string(), member.container.name.to_string()))
    };
    assert!(name(0).is_some() && name(0) == name(7));
    delete(&server, &pod);
    watched.is_true(&server).await;
    assert_eq!(name(0), name(7), "late records still have their names");
}

#[tokio::test]
async fn a_pod_that_has_ended_has_let_go_of_its_address() {
    let server = Server::start();
    let mut pod = objects::pod(0);
    server.apply(Kind::Pod, pod.clone());
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let before = now();
    pod["status"]["phase"] = json!("Succeeded");
    server.apply(Kind::Pod, pod);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(watched.directory.by_pod_address(ip(&address(0)), before).is_some());
    assert_eq!(watched.directory.by_pod_address(ip(&address(0)), now()), None);
    assert!(watched.directory.by_pod_uid(&uid(1, 0), now()).is_some());
}

#[tokio::test]
async fn a_service_address_that_another_service_gets() {
    let server = Server::start();
    server.apply(Kind::Service, objects::service(0));
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let first = now();
    server.delete(Kind::Service, "team-0", "app-0");
    watched.is_true(&server).await;
    let mut heir = objects::service(0);
    heir["metadata"]["name"] = json!("heir");
    heir["metadata"]["creationTimestamp"] = json!(kube_time(now()));
    server.apply(Kind::Service, heir);
    watched.is_true(&server).await;
    let at = |at| {
        watched
            .directory
            .service_of_address(ip("10.96.0.0"), 53, Transport::Udp, at)
            .map(|service| service.name.to_string())
    };
    assert!(at(first).is_none_or(|name| name == "app-0"));
    assert_eq!(at(now()).as_deref(), Some("heir"));
}

#[tokio::test]
async fn node_ports_are_services_at_the_nodes_addresses() {
    let server = Server::start();
    server.apply(Kind::Node, objects::node());
    server.apply(Kind::Service, objects::service(5));
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    watched.is_true(&server).await;
    let at = |address, port| watched.directory.service_of_address(ip(address), port, Transport::Tcp, now());
    assert_eq!(at("192.0.2.10", 30_005).map(|service| service.name.to_string()).as_deref(), Some("app-5"));
    assert_eq!(at("192.0.2.11", 30_005), None);
    assert_eq!(at("192.0.2.10", 30_006), None);
}

#[tokio::test]
async fn a_pod_behind_two_services_is_the_one_with_an_address() {
    let server = Server::start();
    let mut headless = objects::service(0);
    headless["metadata"]["name"] = json!("app");
    headless["spec"]["clusterIP"] = json!("None");
    headless["spec"]["clusterIPs"] = json!(["None"]);
    let mut second = objects::slice(0);
    second["metadata"]["name"] = json!("app-fghij");
    second["metadata"]["uid"] = json!(uid(3, 1_000));
    second["metadata"]["labels"]["kubernetes.io/service-name"] = json!("app");
    server.apply(Kind::Slice, second);
    server.apply(Kind::Slice, objects::slice(0));
    server.apply(Kind::Service, headless);
    server.apply(Kind::Service, objects::service(0));
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    let name = || {
        watched
            .directory
            .service_of_address(ip(&address(3)), 8_080, Transport::Tcp, now())
            .map(|service| service.name.to_string())
    };
    assert_eq!(name().as_deref(), Some("app-0"));
    server.delete(Kind::Slice, "team-0", "app-0-abcde");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(name().as_deref(), Some("app"));
}

#[tokio::test]
async fn pods_on_the_hosts_network_and_from_files() {
    let server = Server::start();
    let mut pod = objects::pod(0);
    pod["spec"]["hostNetwork"] = json!(true);
    pod["metadata"]["name"] = json!("proxy-node-a");
    pod["metadata"]["annotations"] = json!({ "kubernetes.io/config.hash": "0123456789abcdef0123456789abcdef" });
    pod["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "Node", "name": "node-a", "uid": uid(4, 0), "controller": true,
    }]);
    server.apply(Kind::Pod, pod);
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    assert_eq!(watched.directory.by_pod_address(ip(&address(0)), now()), None);
    let known = watched.directory.by_pod_uid("0123456789abcdef0123456789abcdef", now()).expect("a pod");
    assert_eq!((&*known.workload, known.host_network), ("proxy", true));
}
