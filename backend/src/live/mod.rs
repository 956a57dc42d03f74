//! Live queries: rows of all nodes as they come, as one stream of frames.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream};
use goldwire_answer::rows::Rows;
use goldwire_merge::merge_live;
use goldwire_model::query::{Query, QueryKind};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{
    frames::{self, CheckedFrame, FrameError, Links},
    nodes::{Instance, discover},
    question::Question,
};

mod follow;

/// How long rows are gathered before they are shown together. A panel draws no faster, and the two reports of one
/// exchange mostly come within it, so that they are shown once.
const GATHER: Duration = Duration::from_millis(250);

/// Messages of nodes that wait to be shown.
const QUEUE: usize = 1_024;

/// What comes from a node.
#[derive(Debug)]
enum Event {
    /// Records, or none: then it tells the columns.
    Rows(Rows),
    /// The node can't be followed now; it is tried again. `None`: it can again.
    Trouble { node: String, reason: Option<String> },
}

/// Why a query can't be followed.
#[derive(Debug, thiserror::Error)]
#[error("only flows, requests, drops and processes can be followed live")]
pub struct NotLive;

/// Makes a query one that can be followed.
///
/// # Errors
/// Where it does not ask for records.
pub fn follow(query: &mut Query) -> Result<(), NotLive> {
    match &mut query.kind {
        QueryKind::Rows { live, .. } => {
            *live = true;
            Ok(())
        }
        _ => Err(NotLive),
    }
}

/// Frames of a live query, until it is dropped. Nodes that can't be reached are named in the frames' notices, and tried
/// again.
pub fn frames(
    instance: Arc<Instance>,
    question: Question,
) -> impl Stream<Item = Result<CheckedFrame, FrameError>> + Send {
    stream::once(Live::start(instance, question))
        .flat_map(|live| stream::unfold(live, |mut live| async move { Some((live.next().await?, live)) }))
}

/// A query that is being followed. Dropping it ends all of its tasks, and so the nodes' streams.
struct Live {
    query: Query,
    links: Links,
    notes: Vec<String>,
    events: mpsc::Receiver<Event>,
    troubles: BTreeMap<String, String>,
    last: Option<Instant>,
    /// Ends its tasks when it is dropped.
    _followers: JoinSet<()>,
}

impl Live {
    async fn start(instance: Arc<Instance>, question: Question) -> Self {
        let Question { query, notes } = question;
        let links = Links::of(&instance, &query);
        let (sender, events) = mpsc::channel(QUEUE);
        let (nodes, problem) = discover(&instance.settings, &instance.addresses).await;
        let text: Arc<str> = query.to_json().into();
        let mut followers = JoinSet::new();
        for node in nodes {
            followers.spawn(follow::follow(Arc::clone(&instance), node, Arc::clone(&text), sender.clone()));
        }
        let troubles = problem.into_iter().map(|problem| (problem.node, problem.reason)).collect();
        Self { query, links, notes, events, troubles, last: None, _followers: followers }
    }

    /// The next frame: rows, or news of nodes.
    async fn next(&mut self) -> Option<Result<CheckedFrame, FrameError>> {
        let mut parts = Vec::new();
        let first = self.events.recv().await?;
        self.take(first, &mut parts);
        if let Some(last) = self.last {
            tokio::time::sleep_until(last + GATHER).await;
        }
        while let Ok(event) = self.events.try_recv() {
            self.take(event, &mut parts);
        }
        self.last = Some(Instant::now());
        let cut: u64 = parts.iter().map(|part: &Rows| part.cut).sum();
        let (table, _) = merge_live(&self.query, parts);
        let notes = (cut > 0).then(|| format!("{cut} rows were left out: they come faster than they can be shown"));
        let notes = self.notes.iter().cloned().chain(notes).collect();
        Some(frames::live(&self.query, &table, &self.troubles, notes, &self.links))
    }

    fn take(&mut self, event: Event, parts: &mut Vec<Rows>) {
        match event {
            Event::Rows(rows) => parts.push(rows),
            Event::Trouble { node, reason: Some(reason) } => {
                self.troubles.insert(node, reason);
            }
            Event::Trouble { node, reason: None } => {
                self.troubles.remove(&node);
            }
        }
    }
}
