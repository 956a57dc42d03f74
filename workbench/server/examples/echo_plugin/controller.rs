//! go-plugin's own service, by which a host ends a plugin.

use std::{
    convert::Infallible,
    env,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::Notify;
use tonic_0_12::{
    Request, Response, Status,
    body::BoxBody,
    codec::ProstCodec,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
};

#[derive(Clone)]
pub(crate) struct Controller {
    shutdown: Arc<Notify>,
}

impl Controller {
    pub(crate) fn new(shutdown: Arc<Notify>) -> Self {
        Self { shutdown }
    }
}

impl NamedService for Controller {
    const NAME: &'static str = "plugin.GRPCController";
}

impl Service<http::Request<BoxBody>> for Controller {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        let end = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(end, request).await) })
    }
}

impl UnaryService<()> for Controller {
    type Response = ();
    type Future = Ready<Result<Response<()>, Status>>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        if env::var("GF_PLUGIN_SHUTDOWN").is_err() {
            self.shutdown.notify_one();
        }
        ready(Ok(Response::new(())))
    }
}
