//! Records as they come, for those who follow them: a bounded number of bytes, whoever is slow.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use goldwire_model::record::{Detail, FlowRecord, ProcessRecord, Record, RequestRecord, Text};
use tokio::sync::Notify;

use crate::live::Batch;

/// Records that come together are handed on in batches of so many bytes, so that a follower need not take many at once.
const BATCH_BYTES: usize = 64 << 10;

/// Batches that followers have not read yet, up to so many bytes. The oldest go first.
#[derive(Debug)]
pub(crate) struct LiveRing {
    held: Mutex<Held>,
    arrived: Notify,
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct Held {
    batches: VecDeque<Entry>,
    bytes: usize,
    /// Records that came since the start.
    records: u64,
    receivers: usize,
}

#[derive(Debug)]
struct Entry {
    batch: Batch,
    bytes: usize,
    /// Records that came before it.
    before: u64,
}

/// One follower's place among the records.
#[derive(Debug)]
pub struct LiveReceiver {
    ring: Arc<LiveRing>,
    /// Records that came before the next one.
    position: u64,
}

/// What a follower gets.
#[derive(Clone, Debug)]
pub enum Received {
    /// Records that were appended together.
    Records(Batch),
    /// So many records went before this follower read them.
    Missed(u64),
}

impl LiveRing {
    pub(crate) fn new(most_bytes: usize) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), arrived: Notify::new(), most_bytes })
    }

    /// Whatever happened to another thread: what is held stays whole between batches.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands records to those who follow. Nothing is kept where nobody does.
    pub(crate) fn push(&self, records: &[Record]) {
        let mut held = self.lock();
        let before = held.records;
        held.records += records.len() as u64;
        if held.receivers == 0 || records.is_empty() {
            return;
        }
        held.add(records, before);
        while held.bytes > self.most_bytes {
            let Some(gone) = held.batches.pop_front() else { break };
            held.bytes -= gone.bytes;
        }
        drop(held);
        self.arrived.notify_waiters();
    }

    pub(crate) fn subscribe(self: &Arc<Self>) -> LiveReceiver {
        let mut held = self.lock();
        held.receivers += 1;
        LiveReceiver { position: held.records, ring: Arc::clone(self) }
    }

    /// Bytes that are held.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    pub(crate) const fn most_bytes(&self) -> usize {
        self.most_bytes
    }
}

impl Held {
    fn add(&mut self, records: &[Record], mut before: u64) {
        let mut together = 0;
        let fits = |one: &Record, next: &Record| {
            together += bytes_of(one);
            let fits = together + bytes_of(next) <= BATCH_BYTES;
            if !fits {
                together = 0;
            }
            fits
        };
        for batch in records.chunk_by(fits) {
            let bytes = live_bytes(batch);
            self.bytes += bytes;
            self.batches.push_back(Entry { batch: batch.into(), bytes, before });
            before += batch.len() as u64;
        }
    }
}

impl LiveReceiver {
    /// Waits for records.
    pub async fn recv(&mut self) -> Received {
        loop {
            let ring = Arc::clone(&self.ring);
            let arrived = ring.arrived.notified();
            if let Some(received) = self.try_recv() {
                return received;
            }
            arrived.await;
        }
    }

    /// What has come already; `None` where that is nothing.
    pub fn try_recv(&mut self) -> Option<Received> {
        let mut held = self.ring.lock();
        let oldest = held.batches.front().map_or(held.records, |entry| entry.before);
        if self.position < oldest {
            let missed = oldest - self.position;
            self.position = oldest;
            return Some(Received::Missed(missed));
        }
        let at = held.batches.partition_point(|entry| entry.before < self.position);
        let batch = held.batches.get(at)?.batch.clone();
        self.position += batch.len() as u64;
        if held.receivers == 1 {
            // Nobody else will read it.
            for gone in held.batches.drain(..=at).collect::<Vec<_>>() {
                held.bytes -= gone.bytes;
            }
        }
        Some(Received::Records(batch))
    }
}

impl Drop for LiveReceiver {
    fn drop(&mut self) {
        let mut held = self.ring.lock();
        held.receivers -= 1;
        if held.receivers == 0 {
            (held.batches, held.bytes) = (VecDeque::new(), 0);
        }
    }
}

/// Bytes of records, their texts as if they were their own.
#[must_use]
pub fn live_bytes(records: &[Record]) -> usize {
    records.iter().map(bytes_of).sum()
}

fn bytes_of(record: &Record) -> usize {
    size_of::<Record>() + texts_of(record).into_iter().flatten().map(|text| text.len() + 16).sum::<usize>()
}

fn texts_of(record: &Record) -> [Option<&Text>; 8] {
    let some = Option::as_ref;
    match record {
        Record::Request(RequestRecord { detail, .. }) => texts_of_detail(detail),
        Record::Flow(FlowRecord { tls_sni, tls_alpn, tls_version, .. }) => {
            [some(tls_sni), some(tls_alpn), some(tls_version), None, None, None, None, None]
        }
        Record::Process(ProcessRecord {
            process, executable, arguments, user, workload, container, ancestry, ..
        }) => [
            Some(process),
            some(executable),
            some(arguments),
            some(user),
            some(workload),
            some(container),
            some(ancestry),
            None,
        ],
        Record::Drop(_) | Record::Saturation(_) => [None; 8],
    }
}

fn texts_of_detail(detail: &Detail) -> [Option<&Text>; 8] {
    let some = Option::as_ref;
    match detail {
        Detail::Http { method, path, route, host, user_agent, error_code, .. } => {
            [some(method), some(path), some(route), some(host), some(user_agent), some(error_code), None, None]
        }
        Detail::Grpc { method, error_code, .. } => [some(method), some(error_code), None, None, None, None, None, None],
        Detail::Dns { name, question_type, code, answers, .. } => {
            [Some(name), Some(question_type), some(code), some(answers), None, None, None, None]
        }
        Detail::Database { operation, target, statement, error_code } => {
            [some(operation), some(target), some(statement), some(error_code), None, None, None, None]
        }
        Detail::Messaging { operation, destination, error_code } => {
            [some(operation), some(destination), some(error_code), None, None, None, None, None]
        }
    }
}

#[cfg(test)]
mod tests {
    use goldwire_model::{record::SaturationRecord, time::Timestamp};

    use super::*;

    fn records(count: usize) -> Vec<Record> {
        let record = SaturationRecord { time: Timestamp(1), accept_queue_overflows: 1, zero_windows: 0 };
        vec![Record::Saturation(record); count]
    }

    fn drain(receiver: &mut LiveReceiver) -> (u64, u64) {
        let (mut read, mut missed) = (0, 0);
        while let Some(received) = receiver.try_recv() {
            match received {
                Received::Records(batch) => read += batch.len() as u64,
                Received::Missed(records) => missed += records,
            }
        }
        (read, missed)
    }

    #[test]
    fn follower_that_does_not_read_holds_no_more_than_the_bound_and_is_told_what_it_missed() {
        let ring = LiveRing::new(100 * size_of::<Record>());
        let mut receiver = ring.subscribe();
        for _ in 0..1_000 {
            ring.push(&records(10));
            assert!(ring.bytes() <= ring.most_bytes());
        }
        assert_eq!(drain(&mut receiver), (100, 9_900));
        ring.push(&records(10));
        assert_eq!(drain(&mut receiver), (10, 0));
    }

    #[test]
    fn records_beyond_the_bound_are_missed_and_the_latest_are_not() {
        let ring = LiveRing::new(1_000 * size_of::<Record>());
        let mut receiver = ring.subscribe();
        for count in [1_000, 1_001, 100_000] {
            ring.push(&records(count));
            let (read, missed) = drain(&mut receiver);
            assert_eq!(read + missed, count as u64);
            assert!((1..=1_000).contains(&read) && (missed == 0) == (count == 1_000), "{read} of {count}");
        }
    }

    #[test]
    fn records_that_come_together_are_handed_on_in_small_batches() {
        let ring = LiveRing::new(100 << 20);
        let mut receiver = ring.subscribe();
        ring.push(&records(10_000));
        let mut read = 0;
        while let Some(Received::Records(batch)) = receiver.try_recv() {
            assert!(live_bytes(&batch) <= BATCH_BYTES && live_bytes(&batch) > BATCH_BYTES / 2 || read > 9_800);
            read += batch.len();
        }
        assert_eq!((read, ring.bytes()), (10_000, 0));
    }

    #[test]
    fn nothing_is_held_once_all_have_read_or_gone() {
        let ring = LiveRing::new(1 << 20);
        ring.push(&records(10));
        assert_eq!(ring.bytes(), 0);
        let (mut first, second) = (ring.subscribe(), ring.subscribe());
        ring.push(&records(10));
        assert!(ring.bytes() > 0);
        drop(second);
        assert_eq!(drain(&mut first), (10, 0));
        assert_eq!(ring.bytes(), 0);
        ring.push(&records(10));
        drop(first);
        assert_eq!(ring.bytes(), 0);
    }
}
