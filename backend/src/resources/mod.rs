//! What the editors ask for: JSON in, JSON out.

use std::sync::Arc;

use goldwire_protocol::catalogue;
use serde::Serialize;
use serde_json::json;

use crate::{answer::Failure, health, metrics::Metrics, nodes::Instance};

mod check;
mod values;

/// A question to a resource.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Upper case.
    pub method: String,
    /// Without slashes at either end.
    pub path: String,
    /// What stands behind the `?`, decoded.
    pub parameters: Vec<(String, String)>,
    /// JSON, or nothing.
    pub body: Vec<u8>,
}

/// A resource's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}

/// Why a resource has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// There is no such resource.
    #[error("there is no resource `{0}`: expected fields, signals, values, filter/check or nodes")]
    NotFound(String),
    /// The resource is there, but not by this method.
    #[error("`{path}` takes {expected}, not {method}")]
    Method {
        /// The resource.
        path: String,
        /// What was sent.
        method: String,
        /// What it takes.
        expected: &'static str,
    },
    /// A parameter is missing or wrong.
    #[error("{0}")]
    Parameter(String),
    /// The body is not what the resource takes.
    #[error("the body is not readable: {0}")]
    Body(#[from] serde_json::Error),
    /// The nodes gave no answer.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl ResourceError {
    fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::Method { .. } => 405,
            Self::Parameter(_) | Self::Body(_) => 400,
            Self::Failure(failure) => u16::try_from(failure.status()).unwrap_or(500),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not found",
            Self::Method { .. } => "method not allowed",
            Self::Parameter(_) | Self::Body(_) => "bad request",
            Self::Failure(_) => "no answer",
        }
    }
}

impl From<ResourceError> for Response {
    fn from(error: ResourceError) -> Self {
        Self::json(error.status(), &json!({ "error": error.name(), "message": error.to_string() }))
    }
}

impl Response {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        // These types have text keys only, so that nothing can fail.
        Self { status, body: serde_json::to_vec(value).unwrap_or_default() }
    }
}

/// Answers.
pub async fn answer(instance: &Arc<Instance>, metrics: &Metrics, request: Request) -> Response {
    route(instance, metrics, &request).await.unwrap_or_else(Response::from)
}

async fn route(instance: &Arc<Instance>, metrics: &Metrics, request: &Request) -> Result<Response, ResourceError> {
    match request.path.as_str() {
        "fields" => {
            request.expect(&["GET"], "GET")?;
            Ok(Response::json(200, &catalogue::fields()))
        }
        "signals" => {
            request.expect(&["GET"], "GET")?;
            Ok(Response::json(200, &catalogue::signals()))
        }
        "values" => {
            request.expect(&["GET", "POST"], "GET or POST")?;
            values::answer(instance, metrics, request).await
        }
        "filter/check" => {
            request.expect(&["POST"], "POST")?;
            check::answer(&request.body)
        }
        "nodes" => {
            request.expect(&["GET"], "GET")?;
            let replies = health::ask_all(instance, metrics).await;
            Ok(Response::json(200, &health::nodes(&replies)))
        }
        other => Err(ResourceError::NotFound(other.to_owned())),
    }
}

impl Request {
    fn expect(&self, methods: &[&str], expected: &'static str) -> Result<(), ResourceError> {
        if methods.contains(&self.method.as_str()) {
            return Ok(());
        }
        Err(ResourceError::Method { path: self.path.clone(), method: self.method.clone(), expected })
    }
}
