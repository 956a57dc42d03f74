//! `/api/live/subscribe`: a live channel as one long answer of JSON lines.
//!
//! Grafana has a WebSocket here, which its page reads through a service; the workbench's page puts a service of its
//! own in that place, so that a plugin sees no difference. Each line has a `type`: `subscribed`, `message`, `error`
//! or `end`.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Workbench, error::ApiError};
use crate::plugin_host::{HostError, PacketStream, Subscription, SubscriptionStatus};

/// Which channel to listen to, and the query that the plugin gets with it.
#[derive(Debug, Deserialize)]
pub(super) struct SubscribeRequest {
    channel: String,
    #[serde(default)]
    data: Value,
}

pub(super) async fn subscribe(
    State(bench): State<Workbench>,
    Json(request): Json<SubscribeRequest>,
) -> Result<Response, ApiError> {
    let (uid, path) = parse_channel(&request.channel)?;
    let source = bench.sources.decrypted(uid)?;
    let host = bench.plugin.host().await?;
    let subscription = host.subscribe(&source, path, &request.data).await?;
    check(&subscription, &request.channel)?;
    let packets = host.run_stream(&source, path, &request.data).await?;
    let mut response = Response::new(Body::from_stream(lines(subscription.initial, packets)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

/// A data source's channel is `ds/<uid>/<path>`.
fn parse_channel(channel: &str) -> Result<(&str, &str), ApiError> {
    let mut parts = channel.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("ds"), Some(uid), Some(path)) if !path.is_empty() => Ok((uid, path)),
        _ => Err(ApiError::BadRequest(format!("{channel:?} is no channel of a data source: ds/UID/PATH"))),
    }
}

fn check(subscription: &Subscription, channel: &str) -> Result<(), ApiError> {
    match subscription.status {
        SubscriptionStatus::Ok => Ok(()),
        SubscriptionStatus::NotFound => Err(ApiError::NotFound(format!("there is no channel {channel:?}"))),
        SubscriptionStatus::PermissionDenied => Err(ApiError::Forbidden(format!("{channel:?} may not be read"))),
    }
}

/// The stream ends the plugin's RunStream when the client goes away, because it is dropped then.
fn lines(initial: Value, packets: PacketStream) -> impl Stream<Item = Result<Bytes, HostError>> {
    let first = stream::once(async move { json!({ "type": "subscribed", "data": initial }) });
    let last = stream::once(async { json!({ "type": "end" }) });
    let messages = packets.map(|packet| match packet {
        Ok(frame) => json!({ "type": "message", "data": frame }),
        Err(error) => json!({ "type": "error", "message": error.to_string() }),
    });
    first.chain(messages).chain(last).map(|line| Ok(Bytes::from(format!("{line}\n"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_name_a_data_source_and_a_path() {
        assert_eq!(parse_channel("ds/abc/live/f00").unwrap(), ("abc", "live/f00"));
        for bad in ["", "ds/abc", "ds/abc/", "plugin/abc/x"] {
            assert!(parse_channel(bad).is_err(), "{bad}");
        }
    }
}
