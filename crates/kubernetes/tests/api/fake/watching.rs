//! Watches: a line of JSON an event, for as long as it lasts.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use serde_json::json;
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;

use super::{Kind, Parameters, Shared, answers};

/// The real server's is a minute.
const BOOKMARKS: Duration = Duration::from_millis(300);

type Line = Result<Bytes, io::Error>;

/// Why a watch is over.
enum End {
    /// Its time is up, or the client is gone.
    Quiet,
    /// In the middle of a line.
    Broken,
}

struct Watch {
    shared: Arc<Shared>,
    kind: Kind,
    asked: Parameters,
    lines: mpsc::Sender<Line>,
    /// What was sent is of up to here.
    sent: u64,
}

pub(super) async fn watch(shared: Arc<Shared>, kind: Kind, asked: Parameters) -> Response {
    let verb = if asked.send_initial_events { "stream" } else { "watch" };
    if let Some(refusal) = answers::refusal(&shared, verb, kind).await {
        return refusal;
    }
    if asked.send_initial_events && shared.faults().refuses_streaming {
        let message = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
        return answers::failure(422, "Invalid", message);
    }
    let since: u64 = asked.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(0);
    let is_too_old = since != 0 && since < shared.store().oldest;
    let too_old = format!("too old resource version: {since}");
    if is_too_old && shared.faults().gone_by_status {
        return answers::failure(410, "Expired", &too_old);
    }
    // The connection takes a few lines ahead and no more.
    let (lines, receiver) = mpsc::channel(16);
    let watch = Watch { shared, kind, asked, lines, sent: since };
    tokio::spawn(
        async move { if is_too_old { watch.refuse(410, "Expired", &too_old).await } else { watch.run().await } },
    );
    let response = Response::builder().status(StatusCode::OK).header(header::CONTENT_TYPE, "application/json");
    response.body(Body::from_stream(ReceiverStream::new(receiver))).expect("a response")
}

impl Watch {
    async fn refuse(self, code: u16, reason: &str, message: &str) {
        let _ = self.send("ERROR", &answers::status(code, reason, message).to_string()).await;
    }

    async fn run(mut self) {
        let next_error = self.shared.faults().error_events.pop();
        if let Some(code) = next_error {
            return self.refuse(code, "InternalError", "an internal error").await;
        }
        let until = Instant::now() + Duration::from_secs(self.asked.timeout_seconds.unwrap_or(300));
        let mut cuts = self.shared.cuts.subscribe();
        let end = tokio::select! {
            end = self.tell(until) => end.err().unwrap_or(End::Quiet),
            _ = cuts.changed() => End::Broken,
        };
        if let End::Broken = end {
            if self.shared.faults().cuts_lines {
                let _ = self.lines.send(Ok(Bytes::from_static(br#"{"type":"ADDED","object":{"metadata":{"na"#))).await;
            }
            let _ = self.lines.send(Err(io::Error::other("the server breaks off"))).await;
        }
    }

    async fn tell(&mut self, until: Instant) -> Result<Infallible, End> {
        let mut changes = self.shared.changes.subscribe();
        let is_streaming = self.asked.send_initial_events && !self.shared.faults().ignores_streaming;
        if is_streaming || self.sent == 0 {
            self.tell_initial(is_streaming).await?;
        }
        loop {
            let news = self.shared.store().changes(self.kind, self.sent);
            for change in news.iter().filter(|change| change.object.is_selected(self.asked.field_selector.as_deref())) {
                self.send(change.verb, &change.object.json).await?;
            }
            if let Some(last) = news.last() {
                self.sent = last.revision;
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(BOOKMARKS) => self.bookmark(json!({})).await?,
                () = tokio::time::sleep_until(until) => return Err(End::Quiet),
            }
        }
    }

    async fn tell_initial(&mut self, is_streaming: bool) -> Result<(), End> {
        let (revision, objects) = {
            let store = self.shared.store();
            (store.revision, store.stored(self.kind, self.asked.field_selector.as_deref()))
        };
        for object in objects {
            self.send("ADDED", &object.json).await?;
        }
        self.sent = revision;
        if is_streaming {
            // Asked for together with these, or not allowed.
            assert!(self.asked.allow_watch_bookmarks);
            assert_eq!(self.asked.resource_version_match.as_deref(), Some("NotOlderThan"));
            self.bookmark(json!({ "k8s.io/initial-events-end": "true" })).await?;
        }
        Ok(())
    }

    /// Says how far the watch has come. One that waits for a revision of the future hears of none before.
    async fn bookmark(&mut self, annotations: serde_json::Value) -> Result<(), End> {
        let revision = self.shared.store().revision;
        if !self.asked.allow_watch_bookmarks || revision < self.sent {
            return Ok(());
        }
        let is_all_sent = self.shared.store().changes(self.kind, self.sent).is_empty();
        let revision = if is_all_sent { revision } else { self.sent };
        let metadata =
            json!({ "resourceVersion": revision.to_string(), "creationTimestamp": null, "annotations": annotations });
        let object = json!({ "kind": self.kind.name(), "apiVersion": self.kind.api_version(), "metadata": metadata });
        self.send("BOOKMARK", &object.to_string()).await
    }

    async fn send(&self, verb: &str, object: &str) -> Result<(), End> {
        let delay = self.shared.faults().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let line = format!("{{\"type\":\"{verb}\",\"object\":{object}}}\n");
        self.lines.send(Ok(Bytes::from(line))).await.map_err(|_| End::Quiet)
    }
}
