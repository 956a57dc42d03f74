//! A plugin that gives back what it is asked, for the tests of the host.
//!
//! `GF_PLUGIN_NETWORK=tcp` makes it listen on TCP, `GF_PLUGIN_SHUTDOWN=ignored` makes it deaf to Shutdown, and
//! `GF_PLUGIN_HANDSHAKE` replaces its handshake line.

mod controller;
mod frames;
mod services;

use std::{env, sync::Arc};

use futures::StreamExt;
use grafana_plugin_sdk::pluginv2::{
    data_server::DataServer, diagnostics_server::DiagnosticsServer, resource_server::ResourceServer,
    stream_server::StreamServer,
};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::Notify,
};
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic_0_12::transport::{Server, server::Router};

use self::{controller::Controller, services::Echo};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if env::var("grafana_plugin_type").is_err() {
        return Err("this is a plugin: a host must start it".into());
    }
    eprintln!(r#"{{"@level":"info","@message":"echo starts","cookie":"{}"}}"#, env::var("grafana_plugin_type")?);
    let shutdown = Arc::new(Notify::new());
    let router = services(Arc::clone(&shutdown));
    let end = async move { shutdown.notified().await };
    if env::var("GF_PLUGIN_NETWORK").is_ok_and(|network| network == "tcp") {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(&format!("1|2|tcp|{}|grpc", listener.local_addr()?));
        let connections = TcpListenerStream::new(listener);
        return tokio::select! { served = router.serve_with_incoming(connections) => Ok(served?), () = end => Ok(()) };
    }
    let path = env::temp_dir().join(format!("echo-plugin-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path)?;
    announce(&format!("1|2|unix|{}|grpc", path.display()));
    // A host connects once, so nothing is left behind even where it kills the plugin.
    let connections = UnixListenerStream::new(listener).inspect(move |_| drop(std::fs::remove_file(&path)));
    tokio::select! { served = router.serve_with_incoming(connections) => Ok(served?), () = end => Ok(()) }
}

fn services(shutdown: Arc<Notify>) -> Router {
    Server::builder()
        .add_service(DataServer::new(Echo))
        .add_service(DiagnosticsServer::new(Echo))
        .add_service(ResourceServer::new(Echo))
        .add_service(StreamServer::new(Echo))
        .add_service(Controller::new(shutdown))
}

fn announce(line: &str) {
    println!("{}", env::var("GF_PLUGIN_HANDSHAKE").as_deref().unwrap_or(line));
}
