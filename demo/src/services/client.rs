//! An HTTP client that keeps connections, passes on the trace and keeps books.

use std::time::{Duration, Instant};

use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client as Pooled, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::{
    ledger::{Edge, Ledger},
    trace::{HEADER, TraceContext},
};

/// A client of one service.
#[derive(Clone, Debug)]
pub(super) struct Client {
    base: String,
    edge: Edge,
    ledger: Ledger,
    pooled: Pooled<HttpConnector, Full<Bytes>>,
}

/// Whether connections are kept for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    Kept,
    OnePerRequest,
}

impl Client {
    /// `base` is such as `http://catalog.demo:8081`.
    pub(super) fn new(base: String, edge: Edge, ledger: &Ledger, connections: Connections) -> Self {
        let idle = if connections == Connections::Kept { usize::MAX } else { 0 };
        let pooled = Pooled::builder(TokioExecutor::new())
            .pool_max_idle_per_host(idle)
            // A request sent twice would be two on the wire and one in the books.
            .retry_canceled_requests(false)
            .build_http();
        Self { base, edge, ledger: ledger.clone(), pooled }
    }

    /// Sends a request and waits for the whole answer; a failure to get one is `BAD_GATEWAY`.
    pub(super) async fn send(&self, method: Method, path: &str, trace: TraceContext) -> (StatusCode, Bytes) {
        let started = Instant::now();
        let answer = self.exchange(method, path, trace).await;
        let latency = started.elapsed();
        self.note(answer.as_ref().ok().map(|(status, _)| *status), latency);
        answer.unwrap_or((StatusCode::BAD_GATEWAY, Bytes::new()))
    }

    async fn exchange(&self, method: Method, path: &str, trace: TraceContext) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(HEADER, trace.child().header())
            .body(Full::default())?;
        let answer = self.pooled.request(request).await?;
        Ok((answer.status(), answer.into_body().collect().await?.to_bytes()))
    }

    fn note(&self, status: Option<StatusCode>, latency: Duration) {
        let shown = status.map_or("none".to_owned(), |status| status.as_u16().to_string());
        let is_error = status.is_none_or(|status| status.is_server_error());
        self.ledger.note(&self.edge, &shown, is_error, latency);
    }
}
