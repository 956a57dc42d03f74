//! Live channels: `live/<hash of the query>`, with the query itself as the data of the subscription.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use goldwire_model::query::QueryError;
use grafana_plugin_sdk::pluginv2::{
    PluginContext, PublishStreamRequest, PublishStreamResponse, RunStreamRequest, StreamPacket, SubscribeStreamRequest,
    SubscribeStreamResponse, publish_stream_response, stream_server::Stream, subscribe_stream_response,
};
use tonic_0_12::{Request, Response, Status};

use super::{Door, context::ContextError};
use crate::{
    live::{self, NotLive},
    nodes::Instance,
    question::{self, Panel, Question},
};

const PREFIX: &str = "live/";

/// Why a channel cannot be opened.
#[derive(Debug, thiserror::Error)]
enum ChannelError {
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    NotLive(#[from] NotLive),
}

impl From<ChannelError> for Status {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Context(error) => error.into(),
            ChannelError::Query(_) | ChannelError::NotLive(_) => Self::invalid_argument(error.to_string()),
        }
    }
}

impl Door {
    fn live_query(
        &self,
        context: Option<PluginContext>,
        data: &[u8],
    ) -> Result<(Arc<Instance>, Question), ChannelError> {
        let instance = self.instance(context)?;
        let panel = Panel { ref_id: "live".to_owned(), ..Panel::default() };
        let mut question = question::read(data, &panel, &instance.settings.enforced)?;
        live::follow(&mut question.query)?;
        Ok((instance, question))
    }
}

#[tonic_0_12::async_trait]
impl Stream for Door {
    type RunStreamStream = BoxStream<'static, Result<StreamPacket, Status>>;

    async fn subscribe_stream(
        &self,
        request: Request<SubscribeStreamRequest>,
    ) -> Result<Response<SubscribeStreamResponse>, Status> {
        let request = request.into_inner();
        let status = if request.path.starts_with(PREFIX) {
            self.live_query(request.plugin_context, &request.data)?;
            subscribe_stream_response::Status::Ok
        } else {
            subscribe_stream_response::Status::NotFound
        };
        Ok(Response::new(SubscribeStreamResponse { status: status.into(), data: Vec::new() }))
    }

    async fn run_stream(&self, request: Request<RunStreamRequest>) -> Result<Response<Self::RunStreamStream>, Status> {
        let request = request.into_inner();
        if !request.path.starts_with(PREFIX) {
            return Err(Status::not_found("there is no such channel"));
        }
        let (instance, question) = self.live_query(request.plugin_context, &request.data)?;
        let guard = self.0.metrics.live();
        let packets = live::frames(instance, question).map_ok(move |frame| {
            let _counted = &guard;
            StreamPacket { data: frame.to_json().to_string().into_bytes() }
        });
        Ok(Response::new(packets.map_err(|error| Status::internal(error.to_string())).boxed()))
    }

    /// Nothing is ever published to a node.
    async fn publish_stream(
        &self,
        _: Request<PublishStreamRequest>,
    ) -> Result<Response<PublishStreamResponse>, Status> {
        let status = publish_stream_response::Status::PermissionDenied;
        Ok(Response::new(PublishStreamResponse { status: status.into(), data: Vec::new() }))
    }
}
