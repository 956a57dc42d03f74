//! The door to a node's history: Arrow Flight, gRPC health and reflection.

mod actions;
mod connections;
mod flight;
mod limits;
mod live;
mod reflection;
mod sending;
mod workers;

use std::{net::SocketAddr, sync::Arc};

use futures::future::Either;
use goldwire_history::History;
use goldwire_protocol::{MAX_MESSAGE_BYTES, status::SignalState};
use thiserror::Error;
use tokio::{net::TcpSocket, sync::watch, time::sleep};
use tonic::{Request, Status, service::interceptor::InterceptedService, transport::Server};

use crate::daemon::access::{Access, Tokens};

/// What the service answers from.
#[derive(Clone)]
pub(crate) struct Node {
    /// As it is in every record and answer.
    pub(crate) name: Arc<str>,
    pub(crate) history: Arc<History>,
    /// When the daemon began to record, milliseconds since the epoch.
    pub(crate) started: i64,
    /// Which signals this kernel lets the daemon see.
    pub(crate) signals: Arc<[SignalState]>,
    /// Counts that the pipeline keeps.
    pub(crate) gauges: Arc<crate::daemon::gauges::Gauges>,
    /// What the Kubernetes API tells, where there is one.
    pub(crate) kubernetes: Option<goldwire_kubernetes::Directory>,
    /// What containers' engines tell, where they are asked.
    pub(crate) engines: Option<crate::identity::engines::Engines>,
}

/// Why the service could not start or go on.
#[derive(Debug, Error)]
pub(crate) enum ServiceError {
    #[error("failed to listen on {address}: {source}{}", hint(source))]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("failed to read the address listened on: {0}")]
    Address(std::io::Error),
    #[error("failed to describe the service: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    #[error("failed to start the threads of queries: {0}")]
    Workers(std::io::Error),
    #[error("the service ended: {0}")]
    Serve(tonic::transport::Error),
}

fn hint(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::AddrInUse => {
            "; another daemon may run already (`goldwire status` asks it), or choose another --listen"
        }
        std::io::ErrorKind::AddrNotAvailable => "; no interface of this machine has that address",
        _ => "",
    }
}

/// A socket that is bound before the probes are loaded, so that a port in use is told at once. It takes connections from
/// [`serve`] on: whoever gets one knows that the node is being observed.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpSocket, ServiceError> {
    let failed = |source| ServiceError::Listen { address, source };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    Ok(socket)
}

/// Serves until `stop` comes; then takes no new call, ends live queries, and gives the open calls a moment to end.
pub(crate) async fn serve(
    node: Node,
    socket: TcpSocket,
    access: Access,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServiceError> {
    let address = socket.local_addr().map_err(ServiceError::Address)?;
    let listener = socket.listen(limits::BACKLOG).map_err(|source| ServiceError::Listen { address, source })?;
    let (health_reporter, health) = tonic_health::server::health_reporter();
    let (ends, ending) = watch::channel(false);
    let flight = flight::service(node, ending.clone())
        .map_err(ServiceError::Workers)?
        .max_decoding_message_size(limits::MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let guard = Guard(access.tokens);
    let mut server = bounded_server();
    health_reporter
        .set_service_status("arrow.flight.protocol.FlightService", tonic_health::ServingStatus::Serving)
        .await;
    let stop = async move {
        stop.await;
        // An error says that nobody follows.
        let _ = ends.send(true);
    };
    let connections = connections::accepted(listener);
    let router = server
        .add_service(InterceptedService::new(flight, guard.clone()))
        .add_service(health)
        .add_service(InterceptedService::new(reflection::service()?, guard));
    let served = match access.tls {
        Some(certificates) => {
            Either::Left(router.serve_with_incoming_shutdown(connections::secured(connections, certificates), stop))
        }
        None => Either::Right(router.serve_with_incoming_shutdown(connections, stop)),
    };
    tokio::select! {
        served = served => served.map_err(ServiceError::Serve),
        () = grace(ending) => Ok(()),
    }
}

/// Ends when open calls have had their time: an idle connection, or a client that does not read, holds nobody up.
async fn grace(mut ending: watch::Receiver<bool>) {
    // An error says that the sender went with the end of the service, which is over then.
    let _ = ending.wait_for(|ending| *ending).await;
    sleep(limits::ENDING).await;
}

fn bounded_server() -> Server {
    Server::builder()
        .max_concurrent_streams(limits::CALLS_OF_A_CONNECTION)
        .http2_max_header_list_size(limits::HEADER_BYTES)
        .http2_keepalive_interval(Some(limits::KEEP_ALIVE))
        .http2_keepalive_timeout(Some(limits::KEEP_ALIVE_ANSWER))
}

/// Lets calls in that bring a token, where tokens are asked for.
#[derive(Clone)]
struct Guard(Option<Tokens>);

impl tonic::service::Interceptor for Guard {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let given = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        if self.0.as_ref().is_none_or(|tokens| tokens.accept(given)) {
            if let Some(connection) = connections::ConnectionOf::find(request.extensions()) {
                connection.let_in();
            }
            return Ok(request);
        }
        Err(Status::unauthenticated(if given.is_some() {
            "this token is not accepted here"
        } else {
            "this node asks for a token: `--token-file` of the command line, the token of a data source, or else \
             `authorization: Bearer …`"
        }))
    }
}
