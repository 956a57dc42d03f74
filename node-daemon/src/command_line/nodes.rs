//! Asks one or more nodes the same question and joins what they answer.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use chrono::Utc;
use futures::{StreamExt, stream::FuturesUnordered};
use goldwire_answer::{PartialAnswer, coverage::Unreachable, table::Answer};
use goldwire_merge::{Asked, merge};
use goldwire_model::query::{Query, Window};
use goldwire_protocol::client::{Connection, NodeClient, NodeError, TlsSettings, Token};
use serde_json::{Value, json};

use super::arguments::{NodeArguments, WindowArguments};

/// The nodes that the command line named.
pub(crate) struct Nodes {
    clients: Vec<NodeClient>,
    deadline: Duration,
}

impl Nodes {
    /// Prepares a connection to each; nothing is sent yet.
    pub(crate) fn from_arguments(arguments: &NodeArguments) -> Result<Self> {
        let connection = connection(arguments)?;
        let client = |text: &String| -> Result<NodeClient> {
            let address = text.parse()?;
            NodeClient::new(address, &connection).with_context(|| format!("--node {text}"))
        };
        let clients = arguments.nodes.iter().map(client).collect::<Result<Vec<_>>>()?;
        Ok(Self { clients, deadline: Duration::from_secs(arguments.timeout.max(1)) })
    }

    /// Each node's client.
    pub(crate) fn clients(&self) -> &[NodeClient] {
        &self.clients
    }

    /// How long to wait for a node.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Asks all nodes at once. Nodes that do not answer are named in the coverage; it is an error only where none does,
    /// or where the question itself is refused.
    pub(crate) async fn ask(&self, query: Value, window: Window) -> Result<(Query, Answer)> {
        let query = with_window(query, window);
        let parsed = Query::from_json(query.to_string())?;
        let text = query.to_string();
        let mut answers: FuturesUnordered<_> = self
            .clients
            .iter()
            .map(|client| async { (client.address().to_string(), client.query_partial(&text, self.deadline).await) })
            .collect();
        let mut gathered = Gathered::default();
        while let Some((node, answer)) = answers.next().await {
            gathered.take(node, answer)?;
        }
        let answer = gathered.finish(&parsed, self.clients.len())?;
        Ok((parsed, answer))
    }
}

#[derive(Default)]
struct Gathered {
    answers: Vec<PartialAnswer>,
    late: Vec<String>,
    unreachable: Vec<Unreachable>,
    reasons: Vec<String>,
}

impl Gathered {
    fn take(&mut self, node: String, answer: Result<PartialAnswer, NodeError>) -> Result<()> {
        match answer {
            Ok(answer) => self.answers.push(answer),
            Err(NodeError::BadQuery { reason }) => bail!(reason),
            Err(error) => {
                self.reasons.push(format!("{node}: {error}"));
                match error {
                    NodeError::Late { .. } => self.late.push(node),
                    other => self.unreachable.push(Unreachable { node, reason: other.to_string() }),
                }
            }
        }
        Ok(())
    }

    fn finish(self, query: &Query, asked: usize) -> Result<Answer> {
        if self.answers.is_empty() {
            bail!("no node answered: {}", self.reasons.join("; "));
        }
        let asked = Asked { asked, late: self.late, unreachable: self.unreachable, now: Utc::now().timestamp_millis() };
        Ok(merge(query, self.answers, asked)?)
    }
}

/// The window that was typed, on the clock of this machine.
pub(crate) fn window(arguments: &WindowArguments) -> Result<Window> {
    let now = Utc::now();
    let from = arguments.since.millis(now);
    // The end is exclusive; "now" is to include what ended in this very millisecond.
    let to = arguments.until.map_or(now.timestamp_millis() + 1, |until| until.millis(now));
    if from >= to {
        bail!("--since must be before --until");
    }
    Ok(Window { from, to })
}

fn with_window(mut query: Value, window: Window) -> Value {
    if let Some(keys) = query.as_object_mut() {
        keys.entry("from").or_insert(json!(window.from));
        keys.entry("to").or_insert(json!(window.to));
        keys.insert("partial".to_owned(), json!(true));
    }
    query
}

fn connection(arguments: &NodeArguments) -> Result<Connection> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()));
    let client = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        _ => None,
    };
    let token = match &arguments.token_file {
        Some(path) => {
            let text = read(path)?;
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            Some(Token::new(first).with_context(|| format!("{}", path.display()))?)
        }
        None => None,
    };
    let tls = TlsSettings {
        ca: arguments.tls_ca.as_deref().map(read).transpose()?,
        client,
        server_name: arguments.tls_server_name.clone(),
        ..TlsSettings::default()
    };
    Ok(Connection { tls, token })
}
