//! An engine that speaks the part of Docker's API that is used.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::broadcast,
    task::JoinSet,
    time::sleep,
};

#[derive(Default)]
struct Known {
    containers: Mutex<Vec<Value>>,
    questions: Mutex<Vec<String>>,
    delay: Mutex<Duration>,
}

/// Ends, and its connections with it, when it is dropped.
pub(super) struct FakeDocker {
    known: Arc<Known>,
    events: broadcast::Sender<String>,
    _server: JoinSet<()>,
}

impl FakeDocker {
    pub(super) fn start(socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).expect("a listener");
        let (known, events) = (Arc::new(Known::default()), broadcast::channel(16).0);
        let mut server = JoinSet::new();
        let (shared, sender) = (Arc::clone(&known), events.clone());
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared), sender.clone()));
            }
        });
        Self { known, events, _server: server }
    }

    /// It is there from now on; one with the same id is replaced.
    pub(super) fn run(&self, id: &str, name: &str, image: &str, labels: Value) {
        let mut containers = self.known.containers.lock().expect("a lock");
        containers.retain(|container| container["Id"] != id);
        containers.push(json!({ "Id": id, "Names": [format!("/other/alias"), format!("/{name}")], "Image": image, "Labels": labels }));
    }

    /// An event for whoever listens.
    pub(super) fn tell(&self, id: &str) {
        self.events
            .send(json!({ "Type": "container", "Action": "create", "Actor": { "ID": id } }).to_string())
            .expect("a listener");
    }

    pub(super) fn delay(&self, delay: Duration) {
        *self.known.delay.lock().expect("a lock") = delay;
    }

    /// Requests that named this container.
    pub(super) fn questions(&self, id: &str) -> usize {
        self.known.questions.lock().expect("a lock").iter().filter(|path| path.contains(id)).count()
    }
}

async fn serve(stream: UnixStream, known: Arc<Known>, events: broadcast::Sender<String>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while lines.next_line().await.ok().flatten().is_some_and(|header| !header.is_empty()) {}
        known.questions.lock().expect("a lock").push(path.clone());
        let delay = *known.delay.lock().expect("a lock");
        sleep(delay).await;
        if path.starts_with("/events") {
            let mut heard = events.subscribe();
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            writer.write_all(head.as_bytes()).await.expect("a reader");
            while let Ok(event) = heard.recv().await {
                // In two pieces, as an event may come.
                let (first, second) = event.split_at(event.len() / 2);
                for piece in [first, second, "\n"] {
                    let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
                    writer.write_all(chunk.as_bytes()).await.expect("a reader");
                }
            }
            return;
        }
        let (status, body) = answer(&path, &known.containers.lock().expect("a lock"));
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if writer.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(path: &str, containers: &[Value]) -> (&'static str, String) {
    if path == "/containers/json" {
        return ("200 OK", json!(containers).to_string());
    }
    if let Some(filter) = path.strip_prefix("/containers/json?all=true&filters=") {
        let found: Vec<_> =
            containers.iter().filter(|known| filter.contains(known["Id"].as_str().unwrap_or("?"))).collect();
        return ("200 OK", json!(found).to_string());
    }
    ("200 OK", json!({ "Name": "/x", "Config": { "Image": "by-inspection:1" } }).to_string())
}
