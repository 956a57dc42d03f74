//! A crowded node in a busy cluster.

use std::{sync::Arc, thread, time::Duration};

use crate::{
    allocated,
    fake::{Kind, Server},
    objects,
    truth::Watched,
};

const PODS: u32 = 5_000;
/// The bar: what a daemon may spend on identity.
const BAR: isize = 40 << 20;
const MIB: f64 = (1 << 20) as f64;

fn cluster() -> Server {
    let server = Server::start();
    server.apply(Kind::Node, objects::node());
    (0..PODS).for_each(|number| server.apply(Kind::Pod, objects::pod(number)));
    (0..PODS / 10).for_each(|workload| server.apply(Kind::Service, objects::service(workload)));
    (0..PODS / 10).for_each(|workload| server.apply(Kind::Slice, objects::slice(workload)));
    server
}

/// A pod goes, another comes: two changes of pods.
fn replace(server: &Server, number: u32) {
    let old = objects::pod(number);
    let text = |key: &str| old["metadata"][key].as_str().unwrap_or_default().to_owned();
    server.delete(Kind::Pod, &text("namespace"), &text("name"));
    server.apply(Kind::Pod, objects::pod(PODS + number));
}

/// This thread runs the daemon's side and nothing else; the server's and the changes' threads are not counted.
#[tokio::test]
async fn five_thousand_pods_and_a_hundred_changes_a_second() {
    let server = Arc::new(cluster());
    let before = allocated::live();
    allocated::take_peak();
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    let (listed, peak) = (allocated::live() - before, allocated::take_peak() - before);
    println!("5,000 pods listed by watching: {:.1} MiB, at most {:.1} MiB", listed as f64 / MIB, peak as f64 / MIB);
    let changes = {
        let server = server.clone();
        thread::spawn(move || {
            for number in 0..250 {
                replace(&server, number);
                thread::sleep(Duration::from_millis(20));
            }
        })
    };
    while !changes.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (churned, peak) = (allocated::live() - before, allocated::take_peak() - before);
    println!("after 5 s of 100 changes/s: {:.1} MiB, at most {:.1} MiB", churned as f64 / MIB, peak as f64 / MIB);
    watched.is_true(&server).await;
    assert!(churned < BAR, "{churned} bytes");
}

/// More changes than are remembered: what is over is bounded, however fast it comes.
#[tokio::test]
async fn memory_is_bounded_under_any_churn() {
    let server = Arc::new(cluster());
    let before = allocated::live();
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    allocated::take_peak();
    let changes = {
        let server = server.clone();
        thread::spawn(move || (0..25_000).for_each(|number| replace(&server, number)))
    };
    while !changes.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (live, peak) = (allocated::live() - before, allocated::take_peak() - before);
    let counts = watched.directory.counts();
    println!("after 50,000 changes: {:.1} MiB, at most {:.1} MiB, {counts:?}", live as f64 / MIB, peak as f64 / MIB);
    watched.is_true(&server).await;
    assert!(live < BAR, "{live} bytes");
}

#[tokio::test]
async fn pages_are_small_enough() {
    let server = cluster();
    server.break_with(|faults| faults.refuses_streaming = true);
    let before = allocated::live();
    allocated::take_peak();
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    let (live, peak) = (allocated::live() - before, allocated::take_peak() - before);
    println!("5,000 pods listed by pages: {:.1} MiB, at most {:.1} MiB", live as f64 / MIB, peak as f64 / MIB);
    watched.is_true(&server).await;
    assert!(live < BAR, "{live} bytes");
}
