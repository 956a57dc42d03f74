//! The history of a node: one writer, many readers.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex},
};

use goldwire_answer::{
    PartialAnswer,
    coverage::{LossStage, UnreadKind},
};
use goldwire_model::{query::Query, record::Record, time::Timestamp};

use crate::{
    allowance::QueryMemory,
    cancel::Cancel,
    live::Follow,
    losses::Amount,
    options::Options,
    query::{Execute, ExecuteError, Executed, execute, lock},
    report::RetentionReport,
    store::Store,
};

/// Records appended under one hold of the lock, so that readers never wait long.
const RECORDS_PER_LOCK: usize = 256;

/// Records and rollups of a node in bounded memory. Clones share one history.
#[derive(Clone, Debug)]
pub struct History {
    store: Arc<Mutex<Store>>,
    query_memory: Arc<QueryMemory>,
    /// Names this run of the daemon.
    epoch: u64,
    options: Arc<Options>,
}

impl History {
    /// An empty history.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            store: Arc::new(Mutex::new(Store::new(&options))),
            query_memory: QueryMemory::new(options.query_memory, options.queries_memory),
            epoch: RandomState::new().hash_one(&options.node),
            options: Arc::new(options),
        }
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

    /// Notes that from then on nothing or not all is observed, until [`History::observes_from`] says otherwise. Answers about
    /// that time will say why.
    pub fn blind_from(&self, time: Timestamp, why: &str) {
        lock(&self.store).blind.begin(time.0, why);
    }

    /// Notes that everything is observed again.
    pub fn observes_from(&self, time: Timestamp) {
        lock(&self.store).blind.end(time.0);
    }

    /// Answers a query, as state that merges with other nodes' answers.
    ///
    /// # Errors
    /// Where the query has no window, or an empty one, or no memory to begin with.
    pub fn execute(&self, query: &Query, now: Timestamp, how: Execute) -> Result<PartialAnswer, ExecuteError> {
        Ok(self.execute_unless(query, now, how, &Cancel::default())?.answer)
    }

    /// The same until it is cancelled, with the memory that the answer takes until it is dropped.
    ///
    /// # Errors
    /// Where the query has no window, or an empty one, or no memory to begin with, or was cancelled.
    pub fn execute_unless(
        &self,
        query: &Query,
        now: Timestamp,
        how: Execute,
        cancel: &Cancel,
    ) -> Result<Executed, ExecuteError> {
        execute(&self.store, &self.options.node, query, (now, how), &self.query_memory, cancel)
    }

    /// What queries take, and may take.
    #[must_use]
    pub fn query_memory(&self) -> &QueryMemory {
        &self.query_memory
    }

    /// Follows a query for rows; `None` where it asks for none.
    #[must_use]
    pub fn follow(&self, query: &Query) -> Option<Follow> {
        Follow::new(&self.store, self.epoch, &self.options.node, query)
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
