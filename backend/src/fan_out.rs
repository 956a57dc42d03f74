//! One question, many nodes. A missing node degrades the answer and never fails it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use goldwire_answer::coverage::Unreachable;
use goldwire_merge::{Asked, Inquiry};
use goldwire_model::query::Query;
use goldwire_protocol::client::{NodeAddress, NodeClient, NodeError};

use crate::{
    clock,
    metrics::Metrics,
    nodes::{Instance, discover},
};

/// Questions under way at once for one query; the others wait within the same deadline.
const AT_ONCE: usize = 256;

/// What came of a question to one node.
pub struct Reply<T> {
    /// Which node.
    pub address: NodeAddress,
    /// Its answer, or why there is none.
    pub result: Result<T, NodeError>,
    /// How long it took.
    pub took: Duration,
}

/// What came of a question to all nodes.
pub struct Replies<T> {
    /// One for each node.
    pub replies: Vec<Reply<T>>,
    /// Where not all nodes are known, why.
    pub discovery: Option<Unreachable>,
}

/// Asks all nodes of the data source at once, within its deadline.
pub async fn ask<T, F, Fut>(instance: &Arc<Instance>, metrics: &Metrics, question: F) -> Replies<T>
where
    F: Fn(NodeClient, Duration) -> Fut,
    Fut: Future<Output = Result<T, NodeError>>,
{
    let begun = Instant::now();
    let (addresses, discovery) = discover(&instance.settings, &instance.addresses).await;
    let each = addresses.into_iter().map(|address| ((), address)).collect();
    let replies = ask_each(instance, metrics, begun, each, |(), client, left| question(client, left)).await;
    Replies { replies: replies.into_iter().map(|((), reply)| reply).collect(), discovery }
}

/// Asks each of these nodes its own question at once, within the deadline of what was begun then.
async fn ask_each<K, T, F, Fut>(
    instance: &Arc<Instance>,
    metrics: &Metrics,
    begun: Instant,
    each: Vec<(K, NodeAddress)>,
    question: F,
) -> Vec<(K, Reply<T>)>
where
    K: Copy,
    F: Fn(K, NodeClient, Duration) -> Fut,
    Fut: Future<Output = Result<T, NodeError>>,
{
    let timeout = instance.settings.timeout;
    let question = &question;
    stream::iter(each)
        .map(|(key, address)| async move {
            let asked = Instant::now();
            let result = match instance.pool.client(&address) {
                Err(error) => Err(error),
                // Whoever waited too long for a turn is late too.
                Ok(client) => match timeout.checked_sub(begun.elapsed()) {
                    None => Err(NodeError::Late { after: timeout }),
                    Some(left) => question(key, client, left).await.map_err(|error| of_deadline(error, timeout)),
                },
            };
            let reply = Reply { address, result, took: asked.elapsed() };
            metrics.asked(&reply);
            (key, reply)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// People know the deadline that they set, not what was left of it.
fn of_deadline(error: NodeError, timeout: Duration) -> NodeError {
    match error {
        NodeError::Late { .. } => NodeError::Late { after: timeout },
        other => other,
    }
}

/// Asks all nodes for mergeable state, in as many rounds as the query takes.
///
/// # Errors
/// Where there is not one answer.
pub async fn inquire(instance: &Arc<Instance>, metrics: &Metrics, query: &Query) -> Result<Inquiry, NoAnswer> {
    let begun = Instant::now();
    let (addresses, discovery) = discover(&instance.settings, &instance.addresses).await;
    let opening: Arc<str> = Inquiry::opening(query, addresses.len()).to_json().into();
    let each = addresses.into_iter().map(|address| ((), address)).collect();
    let replies = ask_each(instance, metrics, begun, each, |(), client, left| {
        let opening = Arc::clone(&opening);
        async move { client.query_partial(&opening, left).await }
    })
    .await;
    let replies = Replies { replies: replies.into_iter().map(|((), reply)| reply).collect(), discovery };
    let answered = replies.replies.iter().filter(|reply| reply.result.is_ok());
    let addresses: Vec<NodeAddress> = answered.map(|reply| reply.address.clone()).collect();
    let (answers, asked) = replies.into_answers(clock::now_millis())?;
    let mut inquiry = Inquiry::new(query, answers, asked);
    loop {
        let questions = inquiry.questions();
        if questions.is_empty() {
            return Ok(inquiry);
        }
        let each = questions.iter().enumerate().map(|(place, question)| (place, addresses[question.node].clone()));
        let replies = ask_each(instance, metrics, begun, each.collect(), |place, client, left| {
            let query = questions[place].query.to_json();
            async move { client.query_partial(&query, left).await }
        })
        .await;
        for (place, reply) in replies {
            inquiry.take(&questions[place], reply.result.ok());
        }
    }
}

/// No node gave an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// All who could say something say that the question is wrong.
    #[error("{0}")]
    BadQuery(String),
    /// None could be asked.
    #[error("no node answered: {0}")]
    NoNode(String),
}

/// Nodes named in a message; there may be a thousand.
const NAMED: usize = 5;

impl<T> Replies<T> {
    /// The answers, and who did not give one.
    ///
    /// # Errors
    /// Where there is not one answer.
    pub fn into_answers(self, now: i64) -> Result<(Vec<T>, Asked), NoAnswer> {
        let mut asked = Asked {
            asked: self.replies.len(),
            unreachable: self.discovery.into_iter().collect(),
            now,
            ..Asked::default()
        };
        let mut answers = Vec::with_capacity(self.replies.len());
        let mut refused = None;
        for reply in self.replies {
            let node = reply.address.to_string();
            match reply.result {
                Ok(answer) => answers.push(answer),
                Err(NodeError::Late { .. }) => asked.late.push(node),
                Err(error) => {
                    let reason = error.to_string();
                    if matches!(error, NodeError::BadQuery { .. }) {
                        refused.get_or_insert_with(|| reason.clone());
                    }
                    asked.unreachable.push(Unreachable { node, reason });
                }
            }
        }
        asked.late.sort();
        asked.unreachable.sort_by(|a, b| a.node.cmp(&b.node));
        match refused {
            _ if !answers.is_empty() => Ok((answers, asked)),
            Some(reason) => Err(NoAnswer::BadQuery(reason)),
            None => Err(NoAnswer::NoNode(
                missing(&asked.late, &asked.unreachable).unwrap_or_else(|| "there is none".to_owned()),
            )),
        }
    }
}

/// Who is missing and why, in one line; `None` where nobody is.
#[must_use]
pub fn missing(late: &[String], unreachable: &[Unreachable]) -> Option<String> {
    let late = late.iter().map(|node| format!("{node} (no answer in time)"));
    let all: Vec<String> =
        unreachable.iter().map(|node| format!("{} ({})", node.node, node.reason)).chain(late).collect();
    let more = all.len().saturating_sub(NAMED);
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match (all.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(named),
        (false, more) => Some(format!("{named} and {more} more")),
    }
}
