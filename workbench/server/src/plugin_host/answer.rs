//! What a plugin answers, decoded.

use bytes::Bytes;
use grafana_plugin_sdk::pluginv2::{
    self, check_health_response::HealthStatus as RawHealthStatus, subscribe_stream_response::Status as RawStatus,
};
use serde_json::Value;

use super::HostError;
use crate::frame::{self, Frame};

/// The answer to one query.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The frames, in the plugin's order.
    pub frames: Vec<Frame>,
    /// What went wrong, in the plugin's words.
    pub error: Option<String>,
    /// The HTTP status that the plugin gave; 200 or 500 by `error` where it gave none.
    pub status: u16,
}

impl Answer {
    pub(super) fn decode(ref_id: &str, response: &pluginv2::DataResponse) -> Result<Self, HostError> {
        let decode = |bytes: &Vec<u8>| {
            Frame::decode(bytes).map_err(|cause| HostError::Frame { ref_id: ref_id.to_owned(), cause })
        };
        let frames = response.frames.iter().map(decode).collect::<Result<_, _>>()?;
        let error = Some(response.error.clone()).filter(|error| !error.is_empty());
        let unsaid = if error.is_some() { 500 } else { 200 };
        let status = u16::try_from(response.status).ok().filter(|status| *status != 0).unwrap_or(unsaid);
        Ok(Self { frames, error, status })
    }

    /// Whether the query succeeded.
    pub fn is_ok(&self) -> bool {
        self.error.is_none() && self.status == 200
    }

    /// The frame of this name.
    pub fn frame(&self, name: &str) -> Option<&Frame> {
        self.frames.iter().find(|frame| frame.name == name)
    }

    /// What Grafana would refuse or quietly mistreat in these frames, alone and together.
    pub fn problems(&self) -> Vec<String> {
        frame::problems_of(&self.frames)
    }
}

/// Whether a data source works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthStatus {
    /// The plugin did not say.
    Unknown,
    /// It works.
    Ok,
    /// It does not work.
    Error,
}

impl HealthStatus {
    /// Grafana's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

/// The answer of "Save & test".
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// Whether it works.
    pub status: HealthStatus,
    /// What the user reads.
    pub message: String,
    /// Further details; null where there are none.
    pub details: Value,
}

impl Health {
    pub(super) fn decode(response: pluginv2::CheckHealthResponse) -> Result<Self, HostError> {
        let status = match response.status() {
            RawHealthStatus::Unknown => HealthStatus::Unknown,
            RawHealthStatus::Ok => HealthStatus::Ok,
            RawHealthStatus::Error => HealthStatus::Error,
        };
        let details = parse_json("the details of the health check", &response.json_details)?;
        Ok(Self { status, message: response.message, details })
    }
}

/// The answer of a resource, with all of its parts put together.
#[derive(Debug, Clone)]
pub struct ResourceAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, one entry a value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl ResourceAnswer {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value, HostError> {
        parse_json("the resource's answer", &self.body)
    }
}

/// Whether a client may listen to a live channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// It may.
    Ok,
    /// There is no such channel.
    NotFound,
    /// It may not.
    PermissionDenied,
}

/// The answer to a subscription.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Whether the client may listen.
    pub status: SubscriptionStatus,
    /// What the client gets at once: null, or a frame as JSON.
    pub initial: Value,
}

impl Subscription {
    pub(super) fn decode(response: &pluginv2::SubscribeStreamResponse) -> Result<Self, HostError> {
        let status = match response.status() {
            RawStatus::Ok => SubscriptionStatus::Ok,
            RawStatus::NotFound => SubscriptionStatus::NotFound,
            RawStatus::PermissionDenied => SubscriptionStatus::PermissionDenied,
        };
        Ok(Self { status, initial: parse_json("the subscription's initial message", &response.data)? })
    }
}

/// Absent bytes are null.
pub(super) fn parse_json(what: &'static str, bytes: &[u8]) -> Result<Value, HostError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|cause| HostError::NotJson { what, cause })
}
