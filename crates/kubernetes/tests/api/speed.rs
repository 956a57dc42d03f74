//! What a look-up costs. Printed, never judged: the machine may be busy.

use std::{hint::black_box, net::IpAddr, time::Instant};

use goldwire_model::record::Transport;

use crate::{
    fake::{Kind, Server},
    objects::{self, address, container_id, uid},
    truth::{Watched, now},
};

const PODS: u32 = 1_000;
const ROUNDS: u32 = 200;

fn measure<T>(what: &str, questions: &[T], ask: impl Fn(&T) -> bool) {
    let begun = Instant::now();
    let mut found = 0;
    for _ in 0..ROUNDS {
        found += questions.iter().filter(|question| ask(black_box(question))).count();
    }
    let asked = ROUNDS as usize * questions.len();
    println!("{what}: {:.0} ns", begun.elapsed().as_nanos() as f64 / asked as f64);
    assert_eq!(found, asked);
}

#[tokio::test]
async fn look_ups() {
    let server = Server::start();
    (0..PODS).for_each(|number| server.apply(Kind::Pod, objects::pod(number)));
    (0..PODS / 10).for_each(|workload| server.apply(Kind::Service, objects::service(workload)));
    (0..PODS / 10).for_each(|workload| server.apply(Kind::Slice, objects::slice(workload)));
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    let (directory, at) = (&watched.directory, now());
    let containers: Vec<String> = (0..PODS).map(|number| container_id(number, 0)).collect();
    let uids: Vec<String> = (0..PODS).map(|number| uid(1, number)).collect();
    let addresses: Vec<IpAddr> = (0..PODS).map(|number| address(number).parse().expect("an address")).collect();
    let services: Vec<IpAddr> = (0..PODS / 10).map(|workload| IpAddr::from([10, 96, 0, workload as u8])).collect();
    measure("by_container", &containers, |id| directory.by_container(id, at).is_some());
    measure("by_pod_uid", &uids, |uid| directory.by_pod_uid(uid, at).is_some());
    measure("by_pod_address", &addresses, |address| directory.by_pod_address(*address, at).is_some());
    let service = |address: &IpAddr, port| directory.service_of_address(*address, port, Transport::Tcp, at);
    measure("service_of_address, its own", &services, |address| service(address, 80).is_some());
    measure("service_of_address, a pod's", &addresses, |address| service(address, 8_080).is_some());
    measure("service_of_address, none", &addresses, |address| service(address, 9_999).is_none());
}
