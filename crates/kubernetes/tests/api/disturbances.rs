//! After every disturbance the directory says what the server has.

use std::time::Duration;

use goldwire_kubernetes::Config;

use crate::{
    fake::{Kind, Server},
    objects,
    truth::{Watched, config},
};

/// Three pages of services and slices, and pods of another node beside.
const WORKLOADS: u32 = 450;

fn cluster() -> Server {
    let server = Server::start();
    server.apply(Kind::Node, objects::node());
    (0..WORKLOADS).for_each(|workload| server.apply(Kind::Service, objects::service(workload)));
    (0..WORKLOADS).for_each(|workload| server.apply(Kind::Slice, objects::slice(workload)));
    (0..300).for_each(|number| server.apply(Kind::Pod, objects::pod(number)));
    (300..320).for_each(|number| server.apply(Kind::Pod, elsewhere(number)));
    server
}

fn elsewhere(number: u32) -> serde_json::Value {
    let mut pod = objects::pod(number);
    pod["spec"]["nodeName"] = "node-b".into();
    pod
}

/// Deletes, makes and changes some of everything; every round anew.
fn change(server: &Server, round: u32) {
    for number in 0..10 {
        let old = objects::pod(round * 10 + number);
        let name = |key: &str| old["metadata"][key].as_str().unwrap_or_default().to_owned();
        server.delete(Kind::Pod, &name("namespace"), &name("name"));
        server.apply(Kind::Pod, objects::pod(1_000 + round * 10 + number));
        server.apply(Kind::Pod, elsewhere(2_000 + round * 10 + number));
    }
    let mut relabelled = objects::pod(290 - round);
    relabelled["metadata"]["labels"]["app"] = format!("round-{round}").into();
    server.apply(Kind::Pod, relabelled);
    let gone = objects::service(round);
    let name = gone["metadata"]["namespace"].as_str().unwrap_or_default();
    server.delete(Kind::Service, name, &format!("app-{round}"));
    server.delete(Kind::Slice, name, &format!("app-{round}-abcde"));
    server.apply(Kind::Service, objects::service(WORKLOADS + round));
    server.apply(Kind::Slice, objects::slice(WORKLOADS + round));
}

#[tokio::test]
async fn lists_by_watching_then_follows() {
    let server = cluster();
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    watched.is_true(&server).await;
    for round in 0..5 {
        change(&server, round);
        watched.is_true(&server).await;
    }
    assert_eq!(server.asked("list pods") + server.asked("list services"), 0);
}

#[tokio::test]
async fn lists_by_pages_where_streams_are_refused() {
    let server = cluster();
    server.break_with(|faults| faults.refuses_streaming = true);
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    assert_eq!(server.asked("list services"), 3, "three pages");
    change(&server, 0);
    watched.is_true(&server).await;
}

#[tokio::test]
async fn pages_that_expire_are_asked_for_anew() {
    let server = cluster();
    server.break_with(|faults| (faults.refuses_streaming, faults.expired_pages) = (true, 2));
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
}

#[tokio::test]
async fn a_server_that_knows_no_lists_by_watching_is_found_out() {
    let server = cluster();
    server.break_with(|faults| faults.ignores_streaming = true);
    let watched = Watched::with(Config { patience: Duration::from_secs(3), ..config(&server) }).await;
    watched.is_current("pods").await;
    watched.is_true(&server).await;
}

#[tokio::test]
async fn cut_watches_are_resumed() {
    let server = cluster();
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    for round in 0..4 {
        server.break_with(|faults| faults.cuts_lines = round % 2 == 1);
        server.cut_watches();
        change(&server, round);
        watched.is_true(&server).await;
    }
    assert_eq!(server.asked("stream pods"), 1, "it was listed once");
}

#[tokio::test]
async fn history_that_is_gone_by_event() {
    gone(false).await;
}

#[tokio::test]
async fn history_that_is_gone_by_status() {
    gone(true).await;
}

async fn gone(by_status: bool) {
    let mut server = cluster();
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    server.break_with(|faults| faults.gone_by_status = by_status);
    server.down();
    change(&server, 0);
    server.compact();
    change(&server, 1);
    server.up();
    watched.is_true(&server).await;
    watched.is_current("pods").await;
    change(&server, 2);
    watched.is_true(&server).await;
    assert!(server.asked("stream pods") > 1, "it was listed anew");
}

#[tokio::test]
async fn a_server_that_was_restored_from_older_state() {
    let mut server = cluster();
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    server.down();
    watched.is_failing("services").await;
    // Objects that came after the state was saved are as if they had never been.
    server.begin_history(10);
    change(&server, 0);
    server.up();
    watched.is_true(&server).await;
    change(&server, 1);
    watched.is_true(&server).await;
}

#[tokio::test]
async fn what_no_error_tells_of_is_found_by_listing_anew() {
    let server = cluster();
    let watched = Watched::with(Config { relist: Duration::from_secs(2), ..config(&server) }).await;
    watched.is_true(&server).await;
    server.begin_history(10);
    server.cut_watches();
    change(&server, 0);
    watched.is_true(&server).await;
}

#[tokio::test]
async fn a_slow_stream_is_followed() {
    let server = cluster();
    server.break_with(|faults| faults.delay = Duration::from_millis(2));
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    change(&server, 0);
    watched.is_true(&server).await;
}

#[tokio::test]
async fn errors_within_a_watch() {
    let server = cluster();
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    server.break_with(|faults| faults.error_events = vec![410, 500, 410]);
    server.cut_watches();
    change(&server, 0);
    watched.is_true(&server).await;
    watched.is_current("pods").await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_asked_again() {
    let server = cluster();
    let watched = Watched::with(Config { patience: Duration::from_secs(3), ..config(&server) }).await;
    watched.is_true(&server).await;
    server.break_with(|faults| faults.error_events = vec![500; 3]);
    server.cut_watches();
    watched.is_failing("services").await;
    // Silent to the question that is asked before a watch goes on.
    server.break_with(|faults| faults.silent = true);
    change(&server, 0);
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.break_with(|faults| faults.silent = false);
    watched.is_true(&server).await;
    watched.is_current("services").await;
}

#[tokio::test]
async fn a_silent_server_is_asked_again() {
    let server = cluster();
    server.break_with(|faults| faults.silent = true);
    let watched = Watched::with(Config { patience: Duration::from_secs(3), ..config(&server) }).await;
    watched.is_failing("services").await;
    server.break_with(|faults| faults.silent = false);
    watched.is_true(&server).await;
    watched.is_current("services").await;
}
