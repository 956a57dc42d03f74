//! Live queries: rows as they are appended, until the client goes.

use std::time::Duration;

use futures::stream;
use goldwire_answer::rows::Rows;
use goldwire_history::{Batch, History, LiveMatcher, LiveReceiver, Received, live_bytes};
use goldwire_model::query::Query;
use goldwire_protocol::encode;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use super::limits::LIVE_BYTES;

/// How long rows are gathered before they are sent.
const INTERVAL: Duration = Duration::from_millis(200);

/// Begins with a message without rows, which tells the columns.
pub(super) fn rows(history: &History, query: &Query) -> Result<encode::Messages, Status> {
    let matcher = LiveMatcher::new(query, history.node())
        .ok_or_else(|| Status::invalid_argument("only flows, requests, drops and processes can be followed live"))?;
    let state = Live { matcher, records: history.subscribe(), is_first: true };
    Ok(encode::live(stream::unfold(state, |mut live| async move {
        let rows = live.next().await;
        Some((rows, live))
    })))
}

struct Live {
    matcher: LiveMatcher,
    records: LiveReceiver,
    is_first: bool,
}

impl Live {
    /// The next rows.
    async fn next(&mut self) -> Rows {
        if std::mem::take(&mut self.is_first) {
            return self.matcher.empty();
        }
        loop {
            let gathered = self.gather().await;
            let rows = self.matcher.rows(gathered.batches.iter().flat_map(|batch| batch.iter()));
            match rows {
                Some(rows) => return Rows { cut: rows.cut + gathered.missed, ..rows },
                None if gathered.missed > 0 => return Rows { cut: gathered.missed, ..self.matcher.empty() },
                None => {}
            }
        }
    }

    /// Waits for records, then takes those of one interval.
    async fn gather(&mut self) -> Gathered {
        let mut gathered = Gathered::default();
        gathered.take(self.records.recv().await);
        let end = Instant::now() + INTERVAL;
        while gathered.bytes < LIVE_BYTES {
            match timeout_at(end, self.records.recv()).await {
                Ok(received) => gathered.take(received),
                Err(_) => break,
            }
        }
        gathered
    }
}

#[derive(Default)]
struct Gathered {
    batches: Vec<Batch>,
    /// Bytes of the records of all batches.
    bytes: usize,
    /// Records that went before they were read.
    missed: u64,
}

impl Gathered {
    fn take(&mut self, received: Received) {
        match received {
            Received::Records(batch) => {
                self.bytes += live_bytes(&batch);
                self.batches.push(batch);
            }
            Received::Missed(records) => self.missed += records,
        }
    }
}
