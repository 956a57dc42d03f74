//! Trial 18: what a node says of itself when a server is too slow, against the kernel's own counters.

use std::time::Duration;

use anyhow::{Result, ensure};
use goldwire_demo::nodes::{Launch, Namespace};
use goldwire_tests::{
    programs::{Link, free_port, kernel_count, own_kernel_count, run},
    sheet::Line,
    watch::Watch,
};
use serde_json::{Value, json};
use tokio::time::sleep;

/// What a signal that is a rate counted. The daemon reads the kernel's counters once a second, and of a step that is not over a
/// rate is higher than its count.
async fn counted(watch: &Watch, signal: &str) -> Result<u64> {
    sleep(Duration::from_millis(3_500)).await;
    let rows = watch.rows(json!({ "queryType": "signals", "signals": [signal], "step": "1s" })).await?;
    let rates = rows.iter().flat_map(|row| row.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("time")));
    let total: f64 = rates.filter_map(|(_, value)| Value::as_f64(value)).sum();
    Ok(total.round() as u64)
}

/// A reader that sleeps, three times: each time the sender fills its window.
#[tokio::test(flavor = "multi_thread")]
async fn zero_windows_are_counted() -> Result<()> {
    const NAME: &str = "TcpExtTCPToZeroWindowAdv";
    let watch = Watch::start("zero-window").await?;
    let port = free_port()?;
    let script = format!(
        "import socket, threading, time\n\
         listener = socket.create_server(('127.0.0.1', {port}))\n\
         client = socket.create_connection(('127.0.0.1', {port}))\n\
         server = listener.accept()[0]\n\
         threading.Thread(target=client.sendall, args=(bytes(60 << 20),)).start()\n\
         for _ in range(3):\n \
           time.sleep(0.5)\n \
           left = 20 << 20\n \
           while left: left -= len(server.recv(min(left, 1 << 20)))\n"
    );
    let before = own_kernel_count(NAME)?;
    run(&watch.cgroup, "python3", &["-c", &script])?;
    let truth = own_kernel_count(NAME)? - before;
    ensure!(truth > 0, "the reader was not slow");
    let seen = counted(&watch, "zero_window_rate").await?;
    Line::new(18, "windows that were closed, by nstat", truth).server(seen).exact()
}

/// Of a whole node, also where containers have network namespaces of their own.
#[tokio::test(flavor = "multi_thread")]
async fn overflows_of_an_accept_queue_are_counted() -> Result<()> {
    let watch = Watch::of_node("accept-queue").await?;
    let link = Link::create("goldwire-test-queue")?;
    let before = own_kernel_count(OVERFLOWS)?;
    for namespace in [None, Some(&link.server)] {
        overflow(&watch, namespace)?;
    }
    let truth = own_kernel_count(OVERFLOWS)? - before + kernel_count(&link.server, OVERFLOWS)?;
    ensure!(truth >= 20, "the queues took {truth} too few");
    let seen = counted(&watch, "accept_queue_overflow_rate").await?;
    Line::new(18, "connections that full accept queues refused in two network namespaces, by nstat", truth)
        .server(seen)
        .exact()
}

const OVERFLOWS: &str = "TcpExtListenOverflows";

/// A listener that never accepts.
fn overflow(watch: &Watch, namespace: Option<&Namespace>) -> Result<()> {
    let script = "import socket, time\n\
                  listener = socket.create_server(('127.0.0.1', 0), backlog=1)\n\
                  clients = []\n\
                  for _ in range(12):\n \
                    s = socket.socket(); s.setblocking(False); s.connect_ex(listener.getsockname()); clients.append(s)\n\
                  time.sleep(2.5)\n";
    let mut launch = Launch::new("python", "python3").args(["-c", script]).cgroup(&watch.cgroup)?;
    if let Some(namespace) = namespace {
        launch = launch.namespace(namespace)?;
    }
    let ended = launch.spawn()?.wait(Duration::from_secs(30))?;
    ensure!(ended.is_some_and(|ended| ended.success()), "the listener failed");
    Ok(())
}
