//! A gRPC service of one method, served without generated code.

use std::{
    convert::Infallible,
    future::ready,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use prost::Message;
use tonic_0_12::{
    Request, Response, Status,
    body::BoxBody,
    codec::ProstCodec,
    codegen::Service,
    server::{Grpc, NamedService, UnaryService},
};

use super::MAX_MESSAGE_BYTES;

/// The one method of a service.
pub(super) trait Unary: Clone + Send + Sync + 'static {
    /// The service's full name.
    const SERVICE: &'static str;
    /// `/service/method`
    const PATH: &'static str;
    type Request: Message + Default + 'static;
    type Response: Message + Default + 'static;

    fn answer(&self, request: Self::Request) -> impl Future<Output = Result<Self::Response, Status>> + Send;
}

/// Serves it.
#[derive(Clone)]
pub(super) struct Served<T>(pub(super) T);

impl<T: Unary> NamedService for Served<T> {
    const NAME: &'static str = T::SERVICE;
}

impl<T: Unary> UnaryService<T::Request> for Served<T> {
    type Response = T::Response;
    type Future = BoxFuture<'static, Result<Response<T::Response>, Status>>;

    fn call(&mut self, request: Request<T::Request>) -> Self::Future {
        let method = self.0.clone();
        async move { method.answer(request.into_inner()).await.map(Response::new) }.boxed()
    }
}

impl<T: Unary> Service<http::Request<BoxBody>> for Served<T> {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        if request.uri().path() != T::PATH {
            return ready(Ok(Status::unimplemented("there is no such method").into_http())).boxed();
        }
        let served = self.clone();
        async move {
            let mut grpc =
                Grpc::new(ProstCodec::default()).apply_max_message_size_config(Some(MAX_MESSAGE_BYTES), None);
            Ok(grpc.unary(served, request).await)
        }
        .boxed()
    }
}
