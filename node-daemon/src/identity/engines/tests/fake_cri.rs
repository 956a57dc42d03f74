//! A runtime that speaks `runtime.v1`.

use std::{
    convert::Infallible,
    future::Future,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use prost::Message;
use tokio::{
    net::UnixListener,
    runtime::{Builder, Runtime},
    time::sleep,
};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService, UnaryService},
    transport::Server,
};
use tonic_prost::ProstCodec;
use tower::Service;

use crate::identity::engines::cri::{
    ContainerMetadata, ContainerStatus, ContainerStatusRequest, ContainerStatusResponse, ImageSpec,
    ListContainersRequest, ListContainersResponse, Listed,
};

struct Known {
    containers: Mutex<Vec<ContainerStatus>>,
    code: Mutex<Code>,
    delay: Mutex<Duration>,
}

/// Ends, and its connections with it, when it is dropped.
pub(super) struct FakeCri {
    known: Arc<Known>,
    /// Of its own, since tonic's connections are tasks that nobody else ends.
    runtime: Option<Runtime>,
}

impl FakeCri {
    pub(super) fn start(socket: &Path) -> Self {
        let (containers, code, delay) = (Mutex::default(), Mutex::new(Code::Ok), Mutex::default());
        let known = Arc::new(Known { containers, code, delay });
        let listener = std::os::unix::net::UnixListener::bind(socket).expect("a listener");
        listener.set_nonblocking(true).expect("a socket");
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let service = CriService(Arc::clone(&known));
        runtime.spawn(async move {
            let connections = UnixListenerStream::new(UnixListener::from_std(listener).expect("a listener"));
            Server::builder().add_service(service).serve_with_incoming(connections).await.expect("served");
        });
        Self { known, runtime: Some(runtime) }
    }

    pub(super) fn run(&self, id: &str, name: &str, labels: &[(&str, &str)]) {
        let image = ImageSpec { image: "sha256:0123".to_owned(), user_specified_image: "registry/web:1".to_owned() };
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let metadata = Some(ContainerMetadata { name: name.to_owned() });
        let status = ContainerStatus { id: id.to_owned(), metadata, image: Some(image), labels };
        self.known.containers.lock().expect("a lock").push(status);
    }

    /// How every call ends from now on.
    pub(super) fn fail(&self, code: Code) {
        *self.known.code.lock().expect("a lock") = code;
    }

    pub(super) fn delay(&self, delay: Duration) {
        *self.known.delay.lock().expect("a lock") = delay;
    }
}

impl Drop for FakeCri {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

#[derive(Clone)]
struct CriService(Arc<Known>);

impl NamedService for CriService {
    const NAME: &'static str = "runtime.v1.RuntimeService";
}

impl Service<http::Request<Body>> for CriService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let known = Arc::clone(&self.0);
        Box::pin(async move {
            let is_list = request.uri().path().ends_with("/ListContainers");
            Ok(if is_list { unary(known, list, request).await } else { unary(known, status, request).await })
        })
    }
}

fn list(known: &Known, request: ListContainersRequest) -> Result<ListContainersResponse, Status> {
    assert_eq!(request.filter.and_then(|filter| filter.state).map(|state| state.state), Some(1), "running ones only");
    let containers = known.containers.lock().expect("a lock");
    Ok(ListContainersResponse { containers: containers.iter().map(|one| Listed { id: one.id.clone() }).collect() })
}

fn status(known: &Known, request: ContainerStatusRequest) -> Result<ContainerStatusResponse, Status> {
    let containers = known.containers.lock().expect("a lock");
    let found = containers.iter().find(|one| one.id == request.container_id).cloned();
    found
        .map(|status| ContainerStatusResponse { status: Some(status) })
        .ok_or_else(|| Status::not_found("no such container"))
}

type Answer<Q, A> = fn(&Known, Q) -> Result<A, Status>;

struct Method<Q, A>(Arc<Known>, Answer<Q, A>);

impl<Q: Message, A: Message + 'static> UnaryService<Q> for Method<Q, A> {
    type Response = A;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, Status>> + Send>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let (known, delay) = (Arc::clone(&self.0), *self.0.delay.lock().expect("a lock"));
        let code = *known.code.lock().expect("a lock");
        let answer = match code {
            Code::Ok => (self.1)(&known, request.into_inner()),
            code => Err(Status::new(code, "as the test wants it")),
        };
        Box::pin(async move {
            sleep(delay).await;
            answer.map(Response::new)
        })
    }
}

async fn unary<Q, A>(known: Arc<Known>, answer: Answer<Q, A>, request: http::Request<Body>) -> http::Response<Body>
where
    Q: Message + Default + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    Grpc::new(ProstCodec::<A, Q>::default()).unary(Method(known, answer), request).await
}
