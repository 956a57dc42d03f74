//! Serving HTTP until SIGTERM.

use axum::Router;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Serves on all addresses of the node, until SIGTERM and the end of what is being answered then.
pub(super) async fn serve(port: u16, routes: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    let server = axum::serve(listener, routes);
    let mut end = signal(SignalKind::terminate())?;
    // Not a graceful shutdown: that would wait for clients to close the connections they keep, and the demo ends its
    // programs from the clients inwards, so nothing is being answered any more.
    tokio::select! {
        ended = server => Ok(ended?),
        _ = end.recv() => Ok(()),
    }
}
