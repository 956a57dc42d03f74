//! The history of a node: one writer, many readers.

use std::sync::{Arc, Mutex};

use goldwire_answer::{
    PartialAnswer,
    coverage::{LossStage, UnreadKind},
};
use goldwire_model::{query::Query, record::Record, time::Timestamp};
use tokio::sync::broadcast;

use crate::{
    live::Batch,
    losses::Amount,
    options::Options,
    query::{Execute, ExecuteError, execute, lock},
    report::RetentionReport,
    store::Store,
};

/// Batches that a live query may be behind before it misses some, which its receiver is told.
const LIVE_BATCHES: usize = 1_024;
/// Records appended under one hold of the lock, so that readers never wait long.
const RECORDS_PER_LOCK: usize = 256;

/// Records and rollups of a node in bounded memory. Clones share one history.
#[derive(Clone, Debug)]
pub struct History {
    store: Arc<Mutex<Store>>,
    live: broadcast::Sender<Batch>,
    options: Arc<Options>,
}

impl History {
    /// An empty history.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let (live, _) = broadcast::channel(LIVE_BATCHES);
        Self { store: Arc::new(Mutex::new(Store::new(&options))), live, options: Arc::new(options) }
    }

    /// Takes one record in. One task writes; batches are cheaper: see [`History::append_all`].
    pub fn append(&self, record: &Record) {
        self.append_all(std::slice::from_ref(record));
    }

    /// Takes records in, in the order in which they came.
    pub fn append_all(&self, records: &[Record]) {
        for records in records.chunks(RECORDS_PER_LOCK) {
            let mut store = lock(&self.store);
            records.iter().for_each(|record| store.append(record));
        }
        if self.live.receiver_count() > 0 && !records.is_empty() {
            // An error says that the last receiver has just gone.
            let _ = self.live.send(records.into());
        }
    }

    /// Notes that `stage` could not keep `events` events at about `time`. Answers about that time will say so.
    pub fn record_loss(&self, stage: LossStage, time: Timestamp, events: u64) {
        self.record_lost(stage, time, Amount { events, bytes: 0 });
    }

    /// Notes that `bytes` of payload were in what `stage` could not keep.
    pub fn record_lost_bytes(&self, stage: LossStage, time: Timestamp, bytes: u64) {
        self.record_lost(stage, time, Amount { events: 0, bytes });
    }

    fn record_lost(&self, stage: LossStage, time: Timestamp, amount: Amount) {
        if amount != Amount::default() {
            lock(&self.store).losses.record(stage, time, amount);
        }
    }

    /// Notes that all records about what happened before `events`, and all reports on what was counted before `counters`,
    /// have been appended. Answers say so, steps that lie before are finished, and nothing is added to these any more.
    pub fn complete_until(&self, events: Timestamp, counters: Timestamp) {
        lock(&self.store).complete_until(events.0, counters.0);
    }

    /// Notes that there is traffic that is not read. Answers about exchanges at that time will say so.
    pub fn record_unread(&self, kind: UnreadKind, time: Timestamp, count: u64) {
        if count > 0 {
            lock(&self.store).unread.record(kind, time, count);
        }
    }

    /// Answers a query, as state that merges with other nodes' answers.
    ///
    /// # Errors
    /// Where the query has no window, or an empty one.
    pub fn execute(&self, query: &Query, now: Timestamp, how: Execute) -> Result<PartialAnswer, ExecuteError> {
        execute(&self.store, &self.options.node, query, now, how)
    }

    /// Batches of records from now on, as they are appended. A receiver that is too slow is told how many it missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Batch> {
        self.live.subscribe()
    }

    /// How much is held and how far back it reaches.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> RetentionReport {
        lock(&self.store).report(now, self.options.memory)
    }

    /// Name of this node.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.options.node
    }
}
