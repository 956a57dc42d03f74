//! The daemon: loads the probes, gives up the rights it no longer needs, then keeps history and serves it.

pub(crate) mod access;
pub(crate) mod allocator;
pub(crate) mod certificates;
pub(crate) mod clock;
pub(crate) mod containers;
pub(crate) mod gauges;
pub(crate) mod kubernetes;
mod memory;
mod pipeline;

use std::{
    io::IsTerminal,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result, ensure};
use goldwire_history::History;
use goldwire_protocol::status::SignalState;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};
use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    command_line::arguments::{DaemonArguments, ProcessArguments, TlsReading},
    identity::{ReverseNames, WorkloadRules},
    privileges::{self, Role},
    receive::{self, Receiver},
    service::{self, Node},
};

/// The Kubernetes client tells of every attempt that fails; our own lines tell of the first, and of the end of it.
const LOGGED: &str = "info,kube_client=off,kube_runtime=off";

/// Runs until a signal ends it.
pub(crate) fn run(arguments: &DaemonArguments) -> Result<()> {
    start_log();
    allocator::set_up();
    let access = access::Access::from_arguments(arguments)?;
    let shares = memory::Shares::of(arguments)?;
    let rules = workload_rules(arguments)?;
    let socket = service::bind(arguments.listen)?;
    let name: Arc<str> = node_name(arguments)?.into();
    if let Some(user) = privileges::User::find(arguments.user.as_deref())? {
        user.choose();
    }
    let receiver = Receiver::open(&receive::Options {
        cgroup: arguments.cgroup.clone(),
        data_ring_bytes: arguments.ring.0,
        tls_plaintext: arguments.tls == TlsReading::Auto,
        ..receive::Options::default()
    })?;
    let dialer = containers::dialer(arguments);
    let stop = Arc::new(AtomicBool::new(false));
    let pipeline = pipeline::Waiting::start(arguments.cgroup.is_some(), Arc::clone(&stop));
    let pipeline = pipeline.context("failed to start the pipeline")?;
    access.watch().context("failed to start the thread that reads tokens again")?;
    // Rights are a thread's own: every thread that is started from here on has only these.
    privileges::confine_or_warn(Role::Service { reads_files: kubernetes::is_wanted(arguments) });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let kubernetes = kubernetes::start(arguments, &name, &runtime)?;
    let engines = containers::start(arguments, dialer, &runtime);
    let started = clock::now();
    let history = Arc::new(History::new(goldwire_history::Options {
        memory: shares.history,
        query_memory: shares.query,
        queries_memory: shares.queries,
        node: name.to_string(),
        recording_since: started,
    }));
    let node = Node {
        name: Arc::clone(&name),
        history: Arc::clone(&history),
        started: started.as_millis(),
        signals: receiver.signals().map(signal_state).collect(),
        gauges: Arc::default(),
        kubernetes: kubernetes.clone(),
        engines: engines.clone(),
    };
    let reverse = arguments.reverse_dns.then(|| ReverseNames::start(clock::kernel_now())).transpose();
    let reverse = reverse.context("failed to start the threads of --reverse-dns")?;
    let cgroup = arguments.cgroup.clone();
    let keeps_arguments = arguments.process_arguments == ProcessArguments::Redacted;
    let resolvers = arguments.dns_resolvers.clone();
    let settings =
        pipeline::Settings { node: name, cgroup, kubernetes, engines, reverse, rules, resolvers, keeps_arguments };
    let pipeline = pipeline.work(receiver, history, settings, Arc::clone(&node.gauges));
    let address = socket.local_addr()?;
    info!(%address, node = %node.name, tls = access.tls.is_some(), token = access.tokens.is_some(), "serving");
    let served = runtime.block_on(service::serve(node, socket, access, ended()));
    // A query that still runs is not worth waiting for.
    runtime.shutdown_background();
    stop.store(true, Ordering::Relaxed);
    pipeline.join().map_err(|_| anyhow::anyhow!("the pipeline broke off"))?;
    Ok(served?)
}

fn workload_rules(arguments: &DaemonArguments) -> Result<WorkloadRules> {
    let rules = arguments.workloads.as_deref().map(WorkloadRules::read).transpose()?.unwrap_or_default();
    // They would fit nothing, and name less than was meant without a word.
    let is_blind = arguments.process_arguments == ProcessArguments::Off && rules.want_arguments();
    ensure!(!is_blind, "rules of --workloads match `arguments`, which --process-arguments off does not keep");
    Ok(rules)
}

fn signal_state((signal, refused): (&'static str, Option<&str>)) -> SignalState {
    SignalState { signal: signal.to_owned(), available: refused.is_none(), reason: refused.map(str::to_owned) }
}

/// Resolves at SIGTERM or SIGINT.
async fn ended() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        warn!("signals can't be caught here; the daemon ends only when killed");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => info!("ending: SIGTERM"),
        _ = interrupt.recv() => info!("ending: SIGINT"),
    }
}

/// Log lines go to standard error; `RUST_LOG` chooses which.
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
}

fn node_name(arguments: &DaemonArguments) -> Result<String> {
    if let Some(name) = &arguments.node_name {
        return Ok(name.clone());
    }
    let name = nix::unistd::gethostname().context("failed to read the host's name; give one with --node-name")?;
    Ok(name.to_string_lossy().into_owned())
}
