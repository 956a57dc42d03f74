//! The clients: browsers at a steady rate, and a few that meet refusal, silence and unknown names.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use axum::http::Method;
use tokio::{
    net::{TcpStream, lookup_host},
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    address::{CLOSED_PORT, GATEWAY_PORT, SILENT_PORT, UNKNOWN_NAME},
    catalog::PRODUCTS,
    client::{Client, Connections},
    ledger::{Edge, Ledger, edge},
    trace::TraceContext,
};

/// What browsers send to the gateway in a second; each makes two to four requests further in.
const REQUESTS_A_SECOND: u32 = 50;
/// Shorter than the second after which the kernel sends its next SYN, so that each attempt is one packet.
const SILENCE_BORNE: Duration = Duration::from_millis(400);
/// What is under way at the end gets this long.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Runs all clients until SIGTERM, then waits for the answers still due, so that the books are complete.
pub(super) async fn run(ledger: &Ledger) -> anyhow::Result<()> {
    let mut end = signal(SignalKind::terminate())?;
    let (stop, stopped) = watch::channel(false);
    let mut clients = JoinSet::new();
    clients.spawn(browse(ledger.clone(), stopped.clone()));
    let (at_closed_port, at_silent_port) = (ledger.clone(), ledger.clone());
    let closed = move || knock_at_closed_port(at_closed_port.clone());
    let silent = move || knock_at_silent_port(at_silent_port.clone());
    clients.spawn(every(Duration::from_millis(500), stopped.clone(), closed));
    clients.spawn(every(Duration::from_secs(2), stopped.clone(), silent));
    clients.spawn(every(Duration::from_millis(500), stopped, look_up_unknown_name));
    end.recv().await;
    stop.send_replace(true);
    while clients.join_next().await.is_some() {}
    Ok(())
}

/// Sends requests at a steady rate, whether or not earlier ones were answered.
async fn browse(ledger: Ledger, mut stopped: watch::Receiver<bool>) {
    let edge = edge("traffic", "gateway", "http");
    let base = format!("http://gateway.demo:{GATEWAY_PORT}");
    let kept = Client::new(base.clone(), edge.clone(), &ledger, Connections::Kept);
    let single = Client::new(base, edge, &ledger, Connections::OnePerRequest);
    let mut under_way = JoinSet::new();
    let mut ticks = interval(Duration::from_secs(1) / REQUESTS_A_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0u32.. {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => break,
        }
        let (method, path) = request(number);
        let client = if method == Method::POST { single.clone() } else { kept.clone() };
        under_way.spawn(async move { client.send(method, &path, TraceContext::start()).await });
        while under_way.try_join_next().is_some() {}
    }
    // Those still without an answer are not in the books; the summary will show the difference.
    let _ = timeout(LAST_ANSWERS_WITHIN, under_way.join_all()).await;
}

/// The mix, in turns of twenty: looking around, one product that is not there, and a few orders.
fn request(number: u32) -> (Method, String) {
    match number % 20 {
        0..8 => (Method::GET, format!("/products/{}", number % PRODUCTS + 1)),
        8..12 => (Method::GET, "/".to_owned()),
        12..16 => (Method::GET, "/products".to_owned()),
        16 => (Method::GET, "/products/999".to_owned()),
        _ => (Method::POST, "/checkout".to_owned()),
    }
}

async fn every<F: Future<Output = ()>>(pause: Duration, mut stopped: watch::Receiver<bool>, client: impl Fn() -> F) {
    let mut ticks = interval(pause);
    loop {
        tokio::select! {
            _ = ticks.tick() => client().await,
            _ = stopped.changed() => return,
        }
    }
}

async fn knock_at_closed_port(ledger: Ledger) {
    knock(&ledger, &edge("traffic", "closed port", "refused"), CLOSED_PORT).await;
}

async fn knock_at_silent_port(ledger: Ledger) {
    knock(&ledger, &edge("traffic", "silent port", "silent"), SILENT_PORT).await;
}

async fn knock(ledger: &Ledger, edge: &Edge, port: u16) {
    // Looked up first: a lost answer of the DNS server would be a try that sent nothing.
    let Some(address) = lookup_host(("warehouse.demo", port)).await.ok().and_then(|mut found| found.next()) else {
        return;
    };
    let started = Instant::now();
    let status = match timeout(SILENCE_BORNE, TcpStream::connect(address)).await {
        Err(_) => "no answer",
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => "refused",
        Ok(Err(_)) => "failed",
        Ok(Ok(_)) => "connected",
    };
    ledger.note(edge, status, status != "connected", started.elapsed());
}

/// By the resolver of the system, as any program would. It asks for an IPv4 and for an IPv6 address, and again where an answer
/// is late: the DNS server counts.
async fn look_up_unknown_name() {
    let _ = lookup_host((UNKNOWN_NAME, 0)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_of_twenty_holds_what_the_demo_promises() {
        let turn: Vec<_> = (0..20).map(request).collect();
        assert_eq!(turn.iter().filter(|(method, _)| *method == Method::POST).count(), 3);
        assert_eq!(turn.iter().filter(|(_, path)| path == "/products/999").count(), 1);
    }

    #[test]
    fn every_product_asked_for_but_one_exists() {
        let ids = (0..1000).map(request).filter_map(|(_, path)| path.strip_prefix("/products/")?.parse::<u32>().ok());
        assert!(ids.filter(|id| *id != 999).all(|id| (1..=PRODUCTS).contains(&id)));
    }
}
