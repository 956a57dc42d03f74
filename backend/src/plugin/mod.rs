//! Grafana's doors: the only place that knows its protocol and its SDK.
//!
//! The SDK gives the handshake, the log format and the protocol's definitions; its own services stand on them with
//! defects that matter here (a user without a role fails, one bad query fails all, frames lose their labels, secrets can
//! reach the log, Grafana's Shutdown is not known), so the doors stand on the definitions themselves.

use std::{sync::Arc, time::Duration};

use grafana_plugin_sdk::{
    backend,
    pluginv2::{diagnostics_server::DiagnosticsServer, resource_server::ResourceServer, stream_server::StreamServer},
};
use tokio::sync::Notify;
use tokio_stream::wrappers::TcpListenerStream;
use tonic_0_12::transport::Server;

use crate::{metrics::Metrics, nodes::Instances};

mod context;
mod controller;
mod data;
mod definitions;
mod diagnostics;
mod log;
mod resource;
mod stream;
mod unary;

/// Largest message that Grafana may send: a dashboard's queries, with all of their variables filled in.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Grafana kills a plugin two seconds after it asked it to stop. Open streams are not waited for any longer than this.
const GRACE: Duration = Duration::from_millis(500);

/// What all doors share.
#[derive(Default)]
struct House {
    instances: Instances,
    metrics: Metrics,
}

/// The house, as tonic's services want it: cheap to clone.
#[derive(Clone)]
struct Door(Arc<House>);

/// Serves Grafana until it says stop.
///
/// # Errors
/// Where the socket can't be opened or breaks.
pub async fn serve() -> anyhow::Result<()> {
    log::start();
    // Prints the handshake, which must be the first and only line on stdout.
    let listener = backend::initialize().await?;
    let door = Door(Arc::new(House::default()));
    let stop = Arc::new(Notify::new());
    let (mut health, health_service) = tonic_health_0_12::server::health_reporter();
    // The name that Grafana's plugin library asks for.
    health.set_service_status("plugin", tonic_health_0_12::ServingStatus::Serving).await;
    let server = Server::builder()
        .add_service(health_service)
        .add_service(unary::Served(data::Data(door.clone())))
        .add_service(DiagnosticsServer::new(door.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(ResourceServer::new(door.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(StreamServer::new(door).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(unary::Served(controller::Controller(Arc::clone(&stop))))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped(Arc::clone(&stop)));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "serving");
    let out_of_patience = async {
        stopped(stop).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served?,
        () = out_of_patience => {}
    }
    tracing::info!("stopped");
    Ok(())
}

async fn stopped(stop: Arc<Notify>) {
    stop.notified().await;
}
