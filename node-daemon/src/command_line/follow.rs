//! `goldwire observe --follow`: records of all nodes as they come.

use std::{
    io::{self, Write},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use anyhow::{Result, bail};
use chrono::Utc;
use futures::{StreamExt, future::join_all};
use goldwire_answer::{rows::Rows, table::Finished, table::Table};
use goldwire_merge::{Batch, LeftOut, LiveInquiry};
use goldwire_model::query::{Mark, Query};
use goldwire_protocol::{
    client::{LiveRows, NodeClient, NodeError},
    encode,
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    arguments::OutputFormat,
    nodes::{Nodes, Options},
    output,
    text::Aligned,
};

/// How long to wait before a node is tried again: doubled each time, up to the longest.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Messages of nodes that wait to be shown.
const QUEUE: usize = 256;

/// What comes from a node.
enum Event {
    Rows {
        node: usize,
        rows: Rows,
        gone: u64,
    },
    /// It is not followed now; it is tried again.
    Broken {
        node: usize,
        error: NodeError,
    },
}

/// Follows a query for rows until the user ends it.
pub(crate) async fn follow(mut query: Value, options: Options, format: OutputFormat, nodes: &Nodes) -> Result<()> {
    query["live"] = json!(true);
    let query = options.check(&query)?;
    let clients = nodes.clients();
    let (sender, mut events) = mpsc::channel(QUEUE);
    let mut feeds = JoinSet::new();
    for (number, client) in clients.iter().enumerate() {
        let feed = Feed {
            client: client.clone(),
            query: Arc::new(query.clone()),
            number,
            of: clients.len(),
            deadline: nodes.deadline(),
            events: sender.clone(),
        };
        feeds.spawn(feed.run());
    }
    let mut view = View::new(&query, clients.len(), format);
    loop {
        let wait = view.inquiry.due().map(|due| due.saturating_sub(now()).max(0).unsigned_abs());
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            event = events.recv() => match event {
                Some(event) => view.take(event, clients)?,
                None => return Ok(()),
            },
            () = tokio::time::sleep(Duration::from_millis(wait.unwrap_or_default())), if wait.is_some() => {}
        }
        if let Some(mut batch) = view.inquiry.batch(now()) {
            ask(&mut batch, clients, nodes.deadline()).await;
            let table = view.inquiry.finish(&batch);
            view.printer.print(&query, table)?;
        }
        view.tell();
    }
}

fn now() -> i64 {
    Utc::now().timestamp_millis()
}

/// Asks all nodes for the other ends' reports.
async fn ask(batch: &mut Batch, clients: &[NodeClient], deadline: Duration) {
    for question in batch.questions().to_vec() {
        let text = question.to_json();
        let answers = clients.iter().map(|client| client.query_partial(&text, deadline));
        for (node, answer) in join_all(answers).await.into_iter().enumerate() {
            if let Ok(answer) = answer {
                batch.take(node, &question, answer);
            }
        }
    }
}

/// One node, through its restarts.
struct Feed {
    client: NodeClient,
    query: Arc<Query>,
    number: usize,
    of: usize,
    deadline: Duration,
    events: mpsc::Sender<Event>,
}

impl Feed {
    async fn run(self) {
        let (mut wait, mut mark) = (SHORTEST_WAIT, None);
        loop {
            let error = match self.once(&mut wait, &mut mark).await {
                Ok(()) => NodeError::Unreachable { reason: "the node ended the stream".to_owned() },
                Err(error) => error,
            };
            if self.events.send(Event::Broken { node: self.number, error }).await.is_err() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// After a break the node goes on where it was.
    async fn once(&self, wait: &mut Duration, mark: &mut Option<Mark>) -> Result<(), NodeError> {
        let opening = LiveInquiry::opening(&self.query, self.of, *mark).to_json();
        let mut rows = pin!(self.client.live(&opening, self.deadline).await?);
        *wait = SHORTEST_WAIT;
        while let Some(rows) = rows.next().await {
            let LiveRows { rows, metadata } = rows?;
            let event = Event::Rows { node: self.number, rows, gone: metadata.gone };
            if self.events.send(event).await.is_err() {
                return Ok(());
            }
            *mark = metadata.after.as_deref().and_then(|text| text.parse().ok()).or(*mark);
        }
        Ok(())
    }
}

/// What is shown of all nodes.
struct View {
    inquiry: LiveInquiry,
    printer: Printer,
    gone: u64,
    /// By node: whether it is followed, once that is known.
    followed: Vec<Option<bool>>,
}

impl View {
    fn new(query: &Query, nodes: usize, format: OutputFormat) -> Self {
        Self {
            inquiry: LiveInquiry::new(query, nodes),
            printer: Printer { format, aligned: Aligned::default(), header_written: false },
            gone: 0,
            followed: vec![None; nodes],
        }
    }

    fn take(&mut self, event: Event, clients: &[NodeClient]) -> Result<()> {
        match event {
            Event::Rows { node, rows, gone } => {
                let address = clients[node].address();
                if self.followed[node].replace(true) == Some(false) {
                    eprintln!("note: {address} is followed again");
                }
                self.gone += gone;
                self.inquiry.take(node, rows, now());
            }
            Event::Broken { error: NodeError::BadQuery { reason }, .. } => bail!(reason),
            Event::Broken { node, error } => {
                let never_was = self.followed[node].is_none();
                if self.followed[node].replace(false) != Some(false) {
                    eprintln!("note: {} is not followed: {error}; it is tried again", clients[node].address());
                }
                if never_was && self.followed.iter().all(|followed| *followed == Some(false)) {
                    bail!("no node can be followed");
                }
            }
        }
        Ok(())
    }

    /// Says what was left out.
    fn tell(&mut self) {
        let LeftOut { rows, doubtful } = self.inquiry.left_out();
        if rows > 0 || doubtful > 0 {
            let at_least = if doubtful > 0 { "at least " } else { "" };
            eprintln!("note: {at_least}{rows} rows were left out, for they came faster than they were read");
        }
        if self.gone > 0 {
            eprintln!("note: {} records were freed before they could be looked at", std::mem::take(&mut self.gone));
        }
    }
}

/// Prints rows as they come, so that columns stay aligned and a header comes once.
struct Printer {
    format: OutputFormat,
    aligned: Aligned,
    header_written: bool,
}

impl Printer {
    fn print(&mut self, query: &Query, table: Table) -> Result<()> {
        if table.columns.first().is_none_or(|column| column.values.is_empty()) {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match self.format {
            OutputFormat::Text => self.aligned.write(&mut out, &table)?,
            OutputFormat::Csv => {
                let batch = encode::finished_batch(query, &Finished::Table(table))?;
                arrow_csv::WriterBuilder::new().with_header(!self.header_written).build(&mut out).write(&batch)?;
                self.header_written = true;
            }
            format => {
                drop(out);
                return output::write_batch(&encode::finished_batch(query, &Finished::Table(table))?, format);
            }
        }
        Ok(out.flush()?)
    }
}
