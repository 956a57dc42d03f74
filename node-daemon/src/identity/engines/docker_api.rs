//! Docker's API, which Podman speaks too: HTTP over a Unix socket, of which only GETs are used.

use bytes::Bytes;
use http::{Request, StatusCode, header::HOST};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::UnixStream, task::AbortHandle};

use super::error::AskError;
use crate::identity::{container::Container, docker};

/// Longest answer.
const MOST: usize = 16 << 20;
/// Longest event: it carries all labels of its container.
const LONGEST_EVENT: usize = 1 << 20;

/// A connection.
#[derive(Debug)]
pub(super) struct DockerApi {
    requests: SendRequest<Empty<Bytes>>,
    driver: AbortHandle,
}

impl DockerApi {
    pub(super) async fn open(stream: UnixStream) -> Result<Self, AskError> {
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(async move {
            // Whoever asks next is told what broke.
            let _ = connection.await;
        });
        Ok(Self { requests, driver: driver.abort_handle() })
    }

    /// Every container that runs.
    pub(super) async fn all(&mut self) -> Result<Vec<(String, Container)>, AskError> {
        let mut all = Vec::new();
        for (id, container) in self.list("/containers/json").await? {
            let container = self.with_image(&id, container).await?;
            all.push((id, container));
        }
        Ok(all)
    }

    /// One container, whether or not it runs. The list is asked, since Docker does not answer on a container itself while it
    /// starts it.
    pub(super) async fn one(&mut self, id: &str) -> Result<Option<Container>, AskError> {
        // {"id":["ID"]}
        let path = format!("/containers/json?all=true&filters=%7B%22id%22%3A%5B%22{id}%22%5D%7D");
        // A filter finds what begins with an id, too.
        let found = self.list(&path).await?.into_iter().find(|(found, _)| found == id);
        match found {
            Some((id, container)) => Ok(Some(self.with_image(&id, container).await?)),
            None => Ok(None),
        }
    }

    /// Reads ids of containers that were made or renamed, until the engine ends or `visit` has enough.
    pub(super) async fn watch(&mut self, mut visit: impl FnMut(&str) -> bool) -> Result<(), AskError> {
        // {"type":["container"],"event":["create","rename"]}
        let path = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22rename%22%5D%7D";
        let Some(mut body) = self.send(path).await? else { return Ok(()) };
        let mut line = Vec::new();
        while let Some(frame) = body.frame().await {
            for byte in frame?.into_data().unwrap_or_default() {
                if byte != b'\n' {
                    line.push(byte);
                } else if let Some(id) = created(&line) {
                    line.clear();
                    if !visit(&id) {
                        return Ok(());
                    }
                }
            }
            if line.len() > LONGEST_EVENT {
                return Err(AskError::Unfinished("an event without an end".to_owned()));
            }
        }
        Ok(())
    }

    async fn list(&mut self, path: &str) -> Result<Vec<(String, Container)>, AskError> {
        let answer = self.get(path).await?.unwrap_or_default();
        Ok(answer.as_array().map_or_else(Vec::new, |entries| entries.iter().filter_map(listed).collect()))
    }

    /// Of an image that lost its name since, the list has the id only; the container still knows.
    async fn with_image(&mut self, id: &str, container: Container) -> Result<Container, AskError> {
        if !container.image.as_deref().is_some_and(is_bare_id) {
            return Ok(container);
        }
        let inspected = self.get(&format!("/containers/{id}/json")).await?;
        let image = inspected.and_then(|inspected| docker::parse(&inspected).image);
        Ok(Container { image: image.or(container.image), ..container })
    }

    /// Absent where the engine does not know what is asked for.
    async fn get(&mut self, path: &str) -> Result<Option<Value>, AskError> {
        let Some(body) = self.send(path).await? else { return Ok(None) };
        let collected = Limited::new(body, MOST).collect().await;
        let bytes = collected.map_err(|error| AskError::Unfinished(error.to_string()))?.to_bytes();
        Ok(Some(serde_json::from_slice(&bytes)?))
    }

    async fn send(&mut self, path: &str) -> Result<Option<Incoming>, AskError> {
        let request = Request::get(path).header(HOST, "engine").body(Empty::new());
        let request = request.map_err(|error| AskError::Unfinished(error.to_string()))?;
        self.requests.ready().await?;
        let answer = self.requests.send_request(request).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => {
                // Read to its end, so that the connection can go on.
                let _ = Limited::new(answer.into_body(), MOST).collect().await;
                Ok(None)
            }
            status if status.is_success() => Ok(Some(answer.into_body())),
            status => Err(AskError::Refused(status.as_u16())),
        }
    }
}

impl Drop for DockerApi {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// An entry of the list.
fn listed(entry: &Value) -> Option<(String, Container)> {
    let id = entry["Id"].as_str().filter(|id| super::is_asked_for(id))?;
    let names = entry["Names"].as_array().map_or(&[][..], Vec::as_slice);
    // A name with another slash is a link's.
    let is_own = |name: &&str| !name.trim_start_matches('/').contains('/');
    let name = names.iter().filter_map(Value::as_str).find(is_own).unwrap_or_default();
    let image = entry["Image"].as_str().unwrap_or_default();
    Some((id.to_owned(), Container::new(name, image, docker::labels(&entry["Labels"]))))
}

/// The id of an event's container.
fn created(line: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(line).ok()?;
    event["Actor"]["ID"].as_str().or(event["id"].as_str()).map(str::to_owned)
}

/// `sha256:…`, or so many digits of it.
fn is_bare_id(image: &str) -> bool {
    let digits = image.strip_prefix("sha256:").unwrap_or(image);
    digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_bare_ids() {
        for id in ["sha256:0123456789ab", "0123456789ab", &"a".repeat(64)] {
            assert!(is_bare_id(id), "{id}");
        }
        for name in ["shop:1", "localhost/shop:1", "deadbeef", "registry/facade0123456:1", ""] {
            assert!(!is_bare_id(name), "{name}");
        }
    }

    #[test]
    fn events_of_both_forms() {
        assert_eq!(created(br#"{"Action":"create","Actor":{"ID":"a"}}"#).as_deref(), Some("a"));
        assert_eq!(created(br#"{"status":"create","id":"b"}"#).as_deref(), Some("b"));
        assert_eq!(created(b"x"), None);
    }
}
