//! Queries. Each is answered by itself, so that one that is wrong, or even panics, leaves the others alone.

use std::{collections::HashMap, sync::Arc};

use futures::future::join_all;
use grafana_plugin_sdk::pluginv2::{DataQuery, QueryDataRequest};
use tonic_0_12::Status;

use super::{
    Door,
    definitions::{DataResponse, QueryDataResponse},
    unary::Unary,
};
use crate::{
    answer::{ErrorSource, Failure, frames_of},
    nodes::Instance,
    question::Panel,
};

/// `pluginv2.Data`
#[derive(Clone)]
pub(super) struct Data(pub(super) Door);

impl Unary for Data {
    const SERVICE: &'static str = "pluginv2.Data";
    const PATH: &'static str = "/pluginv2.Data/QueryData";
    type Request = QueryDataRequest;
    type Response = QueryDataResponse;

    async fn answer(&self, request: QueryDataRequest) -> Result<QueryDataResponse, Status> {
        let responses: HashMap<String, DataResponse> = match self.0.instance(request.plugin_context) {
            Ok(instance) => {
                let answers = request.queries.into_iter().map(|query| self.answer_one(&instance, query));
                join_all(answers).await.into_iter().collect()
            }
            Err(error) => {
                let failed = || wrong(400, error.to_string(), ErrorSource::Downstream);
                request.queries.into_iter().map(|query| (query.ref_id, failed())).collect()
            }
        };
        Ok(QueryDataResponse { responses })
    }
}

impl Data {
    async fn answer_one(&self, instance: &Arc<Instance>, query: DataQuery) -> (String, DataResponse) {
        let ref_id = query.ref_id.clone();
        let (house, instance) = (Arc::clone(&self.0.0), Arc::clone(instance));
        let answering = tokio::spawn(async move {
            let panel = panel(&query);
            frames_of(&instance, &house.metrics, &query.json, &panel).await
        });
        let answer = AbortOnDrop(answering).await;
        let response = match answer {
            Ok(frames) => DataResponse { frames, status: 200, ..DataResponse::default() },
            Err(failure) => failed(&ref_id, &failure),
        };
        (ref_id, response)
    }
}

/// A task that ends when nobody waits for it any more: Grafana gave the query up.
struct AbortOnDrop<T>(tokio::task::JoinHandle<Result<T, Failure>>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0)
            .poll(context)
            .map(|joined| joined.unwrap_or_else(|panic| Err(Failure::Internal(panic.to_string()))))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn panel(query: &DataQuery) -> Panel {
    Panel {
        ref_id: query.ref_id.clone(),
        query_type: query.query_type.clone(),
        range: query.time_range.as_ref().map(|range| (range.from_epoch_ms, range.to_epoch_ms)),
        interval: query.interval_ms,
        max_data_points: query.max_data_points,
    }
}

fn failed(ref_id: &str, failure: &Failure) -> DataResponse {
    if failure.source_of_error() == ErrorSource::Plugin {
        tracing::error!(ref_id, error = %failure, "query failed");
    }
    wrong(failure.status(), failure.to_string(), failure.source_of_error())
}

fn wrong(status: i32, error: String, source: ErrorSource) -> DataResponse {
    let error_source = match source {
        ErrorSource::Plugin => "plugin",
        ErrorSource::Downstream => "downstream",
    };
    DataResponse { error, status, error_source: error_source.to_owned(), ..DataResponse::default() }
}
