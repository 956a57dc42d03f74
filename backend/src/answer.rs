//! One query's whole way, from Grafana's JSON to frames.

use std::{sync::Arc, time::Instant};

use futures::future::try_join_all;
use goldwire_answer::table::Answer;
use goldwire_model::query::{Query, QueryError};

use crate::{
    fan_out::{NoAnswer, inquire},
    frames::{self, CheckedFrame, FrameError, Links},
    metrics::Metrics,
    names,
    nodes::Instance,
    question::{self, Panel, Question},
};

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The query is wrong.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// No node gave an answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// This program is wrong.
    #[error(transparent)]
    Frames(#[from] FrameError),
    /// This program is wrong, and has panicked.
    #[error("internal error of the plugin: {0}")]
    Internal(String),
}

/// Whose fault it is, as Grafana asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorSource {
    /// What this program was asked for, or does.
    Plugin,
    /// What lies behind it.
    Downstream,
}

impl Failure {
    /// The HTTP status that says it.
    #[must_use]
    pub const fn status(&self) -> i32 {
        match self {
            Self::Query(_) | Self::NoAnswer(NoAnswer::BadQuery(_)) => 400,
            Self::NoAnswer(NoAnswer::NoNode(_)) => 502,
            Self::Frames(_) | Self::Internal(_) => 500,
        }
    }

    /// Whose fault it is. A query that is wrong is its author's, which Grafana counts as downstream.
    #[must_use]
    pub const fn source_of_error(&self) -> ErrorSource {
        match self {
            Self::Query(_) | Self::NoAnswer(_) => ErrorSource::Downstream,
            Self::Frames(_) | Self::Internal(_) => ErrorSource::Plugin,
        }
    }
}

/// Answers a query with frames, encoded.
///
/// # Errors
/// Where the query is wrong, or not one node answered it.
pub async fn frames_of(
    instance: &Arc<Instance>,
    metrics: &Metrics,
    json: &[u8],
    panel: &Panel,
) -> Result<Vec<Vec<u8>>, Failure> {
    let begun = Instant::now();
    let (query_type, result) = match question::read(json, panel, &instance.settings.enforced) {
        Ok(question) => (query_type(&question.query), encoded(instance, metrics, question).await),
        Err(error) => ("unreadable".to_owned(), Err(error.into())),
    };
    metrics.answered(&query_type, result.is_ok(), begun.elapsed());
    result
}

fn query_type(query: &Query) -> String {
    query.to_value().get("queryType").and_then(|name| name.as_str()).unwrap_or_default().to_owned()
}

async fn encoded(instance: &Arc<Instance>, metrics: &Metrics, question: Question) -> Result<Vec<Vec<u8>>, Failure> {
    let links = Links::of(instance, &question.query);
    let Question { query, notes } = question;
    let answer = answer(instance, metrics, query.clone()).await?;
    // Large tables take a while, and there are few threads for all panels' waiting.
    blocking(move || {
        let frames = frames::frames(&query, &answer, &links, notes)?;
        let encode = |frame: &CheckedFrame| Ok(frame.to_arrow().map_err(FrameError::from)?);
        frames.iter().map(encode).collect()
    })
    .await
}

/// Answers a query with values, for those who need no frames.
///
/// # Errors
/// Where not one node answered it.
pub async fn answer(instance: &Arc<Instance>, metrics: &Metrics, query: Query) -> Result<Answer, Failure> {
    match names::groups(&query) {
        None => merged(instance, metrics, query).await,
        Some(groups) => {
            let answers = groups.into_iter().map(|query| merged(instance, metrics, query));
            let named = names::values(&query, try_join_all(answers).await?);
            named.ok_or_else(|| Failure::Internal("no table has the field".to_owned()))
        }
    }
}

async fn merged(instance: &Arc<Instance>, metrics: &Metrics, query: Query) -> Result<Answer, Failure> {
    let inquiry = inquire(instance, metrics, &query).await?;
    // Merging a thousand answers takes a while too.
    blocking(move || inquiry.finish().map_err(|error| Failure::Internal(error.to_string()))).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(Failure::Internal(panic.to_string())))
}
