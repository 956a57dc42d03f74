//! Live queries: rows of all nodes as they come, as one stream of frames.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, future::join_all, stream};
use goldwire_answer::rows::Rows;
use goldwire_merge::{Batch, LeftOut, LiveInquiry};
use goldwire_model::query::{Query, QueryKind};
use goldwire_protocol::client::NodeAddress;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{
    clock,
    frames::{self, CheckedFrame, FrameError, Links},
    nodes::{Instance, discover},
    question::Question,
};

mod follow;

use follow::Node;

/// How long rows are gathered before they are shown together: a panel draws no faster.
const GATHER: Duration = Duration::from_millis(250);

/// Messages of nodes that wait to be shown.
const QUEUE: usize = 1_024;

/// What comes from a node.
#[derive(Debug)]
enum Event {
    /// Records, or none: then it tells the columns.
    Rows { node: usize, rows: Rows, gone: u64 },
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
    instance: Arc<Instance>,
    query: Query,
    links: Links,
    notes: Vec<String>,
    inquiry: LiveInquiry,
    nodes: Vec<NodeAddress>,
    events: mpsc::Receiver<Event>,
    troubles: BTreeMap<String, String>,
    gone: u64,
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
        let shared = Arc::new(query.clone());
        let mut followers = JoinSet::new();
        for (number, address) in nodes.iter().enumerate() {
            let node = Node { address: address.clone(), number, of: nodes.len() };
            followers.spawn(follow::follow(Arc::clone(&instance), node, Arc::clone(&shared), sender.clone()));
        }
        let troubles = problem.into_iter().map(|problem| (problem.node, problem.reason)).collect();
        let inquiry = LiveInquiry::new(&query, nodes.len());
        let (gone, last) = (0, None);
        Self { instance, query, links, notes, inquiry, nodes, events, troubles, gone, last, _followers: followers }
    }

    /// The next frame: rows, or news of nodes.
    async fn next(&mut self) -> Option<Result<CheckedFrame, FrameError>> {
        loop {
            let mut has_news = false;
            let wait = self.inquiry.due().map(|due| due.saturating_sub(clock::now_millis()).max(0).unsigned_abs());
            tokio::select! {
                event = self.events.recv() => has_news = self.take(event?),
                () = tokio::time::sleep(Duration::from_millis(wait.unwrap_or_default())), if wait.is_some() => {}
            }
            if let Some(last) = self.last {
                tokio::time::sleep_until(last + GATHER).await;
            }
            while let Ok(event) = self.events.try_recv() {
                has_news |= self.take(event);
            }
            let batch = self.inquiry.batch(clock::now_millis());
            if batch.is_none() && !has_news {
                continue;
            }
            self.last = Some(Instant::now());
            let mut batch = batch.unwrap_or_default();
            self.ask(&mut batch).await;
            let table = self.inquiry.finish(&batch);
            let left_out = self.left_out();
            let notes = self.notes.iter().cloned().chain(left_out).collect();
            return Some(frames::live(&self.query, &table, &self.troubles, notes, &self.links));
        }
    }

    /// Asks all nodes for the other ends' reports.
    async fn ask(&self, batch: &mut Batch) {
        let questions = batch.questions().to_vec();
        let timeout = self.instance.settings.timeout;
        for question in questions {
            let text = question.to_json();
            let answers = self.nodes.iter().enumerate().map(|(number, address)| {
                let (client, text) = (self.instance.pool.client(address), &text);
                async move { Some((number, client.ok()?.query_partial(text, timeout).await.ok()?)) }
            });
            for (node, answer) in join_all(answers).await.into_iter().flatten() {
                batch.take(node, &question, answer);
            }
        }
    }

    /// True where there is something to tell besides rows.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Rows { node, rows, gone } => {
                let is_empty = rows.columns.first().is_none_or(|(_, column)| column.is_empty());
                self.gone += gone;
                self.inquiry.take(node, rows, clock::now_millis());
                is_empty
            }
            Event::Trouble { node, reason: Some(reason) } => {
                self.troubles.insert(node, reason);
                true
            }
            Event::Trouble { node, reason: None } => self.troubles.remove(&node).is_some(),
        }
    }

    fn left_out(&mut self) -> Vec<String> {
        let LeftOut { rows, doubtful } = self.inquiry.left_out();
        let at_least = if doubtful > 0 { "at least " } else { "" };
        let left_out = (rows > 0 || doubtful > 0)
            .then(|| format!("{at_least}{rows} rows were left out: they come faster than they can be shown"));
        let gone = std::mem::take(&mut self.gone);
        let gone = (gone > 0).then(|| format!("{gone} records were freed before they could be looked at"));
        left_out.into_iter().chain(gone).collect()
    }
}
