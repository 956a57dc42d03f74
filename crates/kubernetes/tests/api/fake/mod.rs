//! An API server in memory: what of the protocol a client that lists and watches can meet, and no more.

mod answers;
mod faults;
mod store;
mod tls;
mod watching;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use serde_json::Value;
use tokio::{net::TcpSocket, runtime::Runtime, sync::watch};

pub(crate) use faults::Faults;
pub(crate) use store::Kind;
use store::Store;
pub(crate) use tls::Certificate;

/// What is asked for, as the API names it.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    watch: bool,
    limit: Option<usize>,
    #[serde(rename = "continue")]
    continue_token: Option<String>,
    resource_version: Option<String>,
    resource_version_match: Option<String>,
    field_selector: Option<String>,
    allow_watch_bookmarks: bool,
    send_initial_events: bool,
    timeout_seconds: Option<u64>,
}

/// What of the server outlives its connections.
struct Shared {
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    /// Told of each change.
    changes: watch::Sender<u64>,
    /// Told when all watches are to be cut.
    cuts: watch::Sender<u64>,
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server. Its threads are its own, so that it can go down with all connections, and what it allocates is told apart.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
    certificate: Option<Certificate>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// With TLS where there is a certificate.
    pub(crate) fn start_with(certificate: Option<Certificate>) -> Self {
        let shared = Shared {
            store: Mutex::new(Store::new(1_000)),
            faults: Mutex::default(),
            changes: watch::Sender::new(0),
            cuts: watch::Sender::new(0),
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut server = Self { address, shared: Arc::new(shared), runtime: None, certificate };
        server.up();
        server
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Listens, at the same port as before.
    pub(crate) fn up(&mut self) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on_elsewhere(listen(self.address));
        self.address = listener.local_addr().expect("an address");
        let routes = routes(self.shared.clone());
        match &self.certificate {
            Some(certificate) => {
                let listener = certificate.before(listener);
                runtime.spawn(async move { axum::serve(listener, routes).await });
            }
            None => {
                runtime.spawn(async move { axum::serve(listener, routes).await });
            }
        }
        self.runtime = Some(runtime);
    }

    /// Goes down with all its connections.
    pub(crate) fn down(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Creates or changes an object.
    pub(crate) fn apply(&self, kind: Kind, object: Value) {
        let revision = self.shared.store().apply(kind, object);
        self.shared.changes.send_replace(revision);
    }

    pub(crate) fn delete(&self, kind: Kind, namespace: &str, name: &str) {
        let revision = self.shared.store().delete(kind, namespace, name);
        self.shared.changes.send_replace(revision);
    }

    /// The objects of a kind as they are.
    pub(crate) fn objects(&self, kind: Kind) -> Vec<Value> {
        self.shared.store().objects(kind)
    }

    /// Forgets what was: nobody can go on from there.
    pub(crate) fn compact(&self) {
        self.shared.store().compact();
    }

    /// Begins a new history with what there is, at a revision that may be older than what clients have seen.
    pub(crate) fn begin_history(&self, revision: u64) {
        self.shared.store().begin_history(revision);
    }

    pub(crate) fn cut_watches(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(crate) fn break_with(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.faults());
    }

    /// Every kind of question that was asked, in words such as `list pods`.
    pub(crate) fn questions(&self) -> Vec<String> {
        self.shared.faults().asked.keys().cloned().collect()
    }

    /// How often a question was asked.
    pub(crate) fn asked(&self, question: &str) -> usize {
        self.shared.faults().asked.get(question).copied().unwrap_or(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
    }
}

/// A runtime can't wait on a thread of another one.
trait BlockOnElsewhere {
    fn block_on_elsewhere<T: Send>(&self, future: impl Future<Output = T> + Send) -> T;
}

impl BlockOnElsewhere for Runtime {
    fn block_on_elsewhere<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        std::thread::scope(|scope| scope.spawn(|| self.block_on(future)).join()).expect("a thread")
    }
}

async fn listen(address: SocketAddr) -> tokio::net::TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    // What went down a moment ago may not have let go of the port yet.
    while socket.bind(address).is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    socket.listen(64).expect("a listener")
}

fn routes(shared: Arc<Shared>) -> Router {
    let of = |kind: Kind| {
        get(move |State(shared): State<Arc<Shared>>, headers: HeaderMap, Query(asked): Query<Parameters>| async move {
            if !shared.faults().lets_in(&headers) {
                return answers::failure(401, "Unauthorized", "Unauthorized");
            }
            if asked.watch {
                watching::watch(shared, kind, asked).await
            } else {
                answers::list(&shared, kind, &asked).await
            }
        })
    };
    Router::new()
        .route("/api/v1/pods", of(Kind::Pod))
        .route("/api/v1/services", of(Kind::Service))
        .route("/apis/discovery.k8s.io/v1/endpointslices", of(Kind::Slice))
        .route("/api/v1/nodes/{name}", get(node))
        .with_state(shared)
}

async fn node(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    answers::node(&shared, &name).await
}
