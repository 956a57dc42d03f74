//! Asks one or more nodes the same question and joins what they answer.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use chrono::Utc;
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use goldwire_answer::{PartialAnswer, coverage::Unreachable, table::Answer};
use goldwire_merge::{Asked, Inquiry};
use goldwire_model::query::{Query, Window};
use goldwire_protocol::client::{AddressError, Connection, NodeClient, NodeError, Pem, TlsSettings, Token};
use serde_json::{Value, json};

use super::arguments::{NodeArguments, WindowArguments};
use crate::secret_file;

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
            let address = text.parse().map_err(|error: AddressError| anyhow!("invalid --node: {error}"))?;
            NodeClient::new(address, &connection).with_context(|| format!("--node {text}"))
        };
        let clients = arguments.nodes.iter().map(client).collect::<Result<Vec<_>>>()?;
        Ok(Self { clients, deadline: Duration::from_secs(arguments.timeout) })
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
    pub(crate) async fn ask(&self, query: Value, window: Window, options: Options) -> Result<(Query, Answer)> {
        let query = options.check(&with_window(query, window))?;
        let until = Instant::now() + self.deadline;
        let opening = Inquiry::opening(&query, self.clients.len()).to_json();
        let opening = &opening;
        let ask = |client| async move { (client, NodeClient::query_partial(client, opening, self.deadline).await) };
        let mut answers: FuturesUnordered<_> = self.clients.iter().map(ask).collect();
        let mut gathered = Gathered::default();
        while let Some((client, answer)) = answers.next().await {
            gathered.take(client, answer)?;
        }
        let answer = gathered.finish(&query, self.clients.len(), until).await?;
        Ok((query, answer))
    }
}

/// Which option of the command line each key of a query came from, so that what is wrong is named as it was typed.
#[derive(Clone, Copy)]
pub(crate) struct Options(pub(crate) &'static [(&'static str, &'static str)]);

impl Options {
    /// Of a query that was typed as JSON.
    pub(crate) const NONE: Self = Self(&[]);

    /// Reads the query.
    pub(crate) fn check(self, query: &Value) -> Result<Query> {
        Query::from_value(query.clone()).map_err(|error| anyhow!(self.named(&error.to_string())))
    }

    /// Errors of queries begin with the key at fault.
    fn named(self, error: &str) -> String {
        let behind_key = |key: &str| error.strip_prefix('`')?.strip_prefix(key)?.strip_prefix('`');
        let found = self.0.iter().find_map(|(key, option)| Some(format!("{option}{}", behind_key(key)?)));
        found.unwrap_or_else(|| error.to_owned())
    }
}

#[derive(Default)]
struct Gathered<'c> {
    answers: Vec<PartialAnswer>,
    /// Whose answers these are.
    clients: Vec<&'c NodeClient>,
    late: Vec<String>,
    unreachable: Vec<Unreachable>,
    reasons: Vec<String>,
}

impl<'c> Gathered<'c> {
    fn take(&mut self, client: &'c NodeClient, answer: Result<PartialAnswer, NodeError>) -> Result<()> {
        match answer {
            Ok(answer) => {
                self.answers.push(answer);
                self.clients.push(client);
            }
            Err(NodeError::BadQuery { reason }) => bail!(reason),
            Err(error) => {
                let node = client.address().to_string();
                self.reasons.push(format!("{node}: {error}"));
                match error {
                    NodeError::Late { .. } => self.late.push(node),
                    other => self.unreachable.push(Unreachable { node, reason: other.to_string() }),
                }
            }
        }
        Ok(())
    }

    /// Asks further where that is needed, and finishes.
    async fn finish(self, query: &Query, asked: usize, until: Instant) -> Result<Answer> {
        if self.answers.is_empty() {
            bail!("no node answered: {}", self.reasons.join("; "));
        }
        let asked = Asked { asked, late: self.late, unreachable: self.unreachable, now: Utc::now().timestamp_millis() };
        let mut inquiry = Inquiry::new(query, self.answers, asked);
        loop {
            let questions = inquiry.questions();
            if questions.is_empty() {
                return Ok(inquiry.finish()?);
            }
            let left = until.saturating_duration_since(Instant::now());
            let answers = questions.iter().map(|question| {
                let (client, query) = (self.clients[question.node], question.query.to_json());
                async move { client.query_partial(&query, left).await.ok() }
            });
            let answers = join_all(answers).await;
            for (question, answer) in questions.iter().zip(answers) {
                inquiry.take(question, answer);
            }
        }
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
    let read = |pem: Pem, path: &Option<PathBuf>| {
        let read = path.as_deref().map(fs::read_to_string).transpose();
        read.with_context(|| format!("failed to read {}", file_of(pem, arguments)))
    };
    let certificate = read(Pem::Certificate, &arguments.tls_cert)?;
    let key = read(Pem::Key, &arguments.tls_key)?;
    let tls = TlsSettings {
        ca: read(Pem::Authority, &arguments.tls_ca)?,
        client: certificate.zip(key),
        server_name: arguments.tls_server_name.clone(),
        ..TlsSettings::default()
    };
    tls.check().map_err(|error| anyhow!("invalid {}: {error}", file_of(error.pem, arguments)))?;
    Ok(Connection { tls, token: arguments.token_file.as_deref().map(token).transpose()? })
}

/// The option that a PEM came by, and its file.
fn file_of(pem: Pem, arguments: &NodeArguments) -> String {
    let (option, path) = match pem {
        Pem::Authority => ("--tls-ca", &arguments.tls_ca),
        Pem::Certificate => ("--tls-cert", &arguments.tls_cert),
        Pem::Key => ("--tls-key", &arguments.tls_key),
    };
    format!("{option} {}", path.as_deref().unwrap_or(Path::new("")).display())
}

/// The first line of a file that nobody else can read.
fn token(path: &Path) -> Result<Token> {
    let text = secret_file::read(path).with_context(|| format!("--token-file {}", path.display()))?;
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    let first = first.with_context(|| format!("--token-file {}: expected a token, found none", path.display()))?;
    Token::new(first).with_context(|| format!("--token-file {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_value_is_named_by_its_option() {
        let options = Options(&[("limit", "--last"), ("filter", "--filter")]);
        let said = |query: Value| options.check(&query).expect_err("a wrong query").to_string();
        assert_eq!(said(json!({ "queryType": "flows", "limit": 100_000 })), "--last must be from 1 to 10000");
        let filter = said(json!({ "queryType": "flows", "filter": "either.worklod = 1" }));
        assert!(filter.starts_with("--filter: there is no field `either.worklod`: did you mean"), "{filter}");
        // Of a key that no option stands for, the model's own words.
        assert!(said(json!({ "queryType": "flows", "columns": "x" })).starts_with("`columns`: "));
    }
}
