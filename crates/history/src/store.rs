//! All that the writer changes and readers copy from, under one lock.

use goldwire_answer::coverage::Records;
use goldwire_model::record::{FlowEvent, FlowRecord, Record, RequestRecord, SaturationRecord};

use crate::{
    blind::BlindTimes,
    chunk::{drops::DropRow, flows::FlowRow, processes::ProcessRow, requests::RequestRow},
    complete::Complete,
    connections::Connections,
    links::LinkLog,
    losses::Losses,
    options::{Holder, Options},
    ring::Ring,
    rollup::{drops::DropRollup, flows::FlowRollup, requests::RequestRollup},
    unread::UnreadTraffic,
};

/// Records between two looks at the budget. The slack below allows for what they add.
const RECORDS_PER_LOOK: u32 = 64;

/// Tables, rollups, open connections, losses.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) requests: Ring<RequestRow>,
    pub(crate) flows: Ring<FlowRow>,
    pub(crate) drops: Ring<DropRow>,
    pub(crate) processes: Ring<ProcessRow>,
    pub(crate) saturation: Ring<SaturationRecord>,
    pub(crate) request_rollup: RequestRollup,
    pub(crate) flow_rollup: FlowRollup,
    pub(crate) drop_rollup: DropRollup,
    pub(crate) connections: Connections,
    pub(crate) losses: Losses,
    pub(crate) blind: BlindTimes,
    pub(crate) links: LinkLog,
    pub(crate) complete: Complete,
    pub(crate) unread: UnreadTraffic,
    /// Nanoseconds since the epoch.
    pub(crate) recording_since: i64,
    memory: usize,
    until_look: u32,
}

impl Store {
    pub(crate) fn new(options: &Options) -> Self {
        let (rows, series) = (options.chunk_rows(), options.series_per_step());
        Self {
            requests: Ring::new(rows),
            flows: Ring::new(rows),
            drops: Ring::new(rows),
            processes: Ring::new(rows),
            saturation: Ring::new(rows),
            request_rollup: RequestRollup::new(series),
            flow_rollup: FlowRollup::new(series),
            drop_rollup: DropRollup::new(series),
            connections: Connections::default(),
            losses: Losses::default(),
            blind: BlindTimes::default(),
            links: LinkLog::new(options.memory / 50),
            complete: Complete::default(),
            unread: UnreadTraffic::default(),
            recording_since: options.recording_since.0,
            memory: options.memory,
            until_look: RECORDS_PER_LOOK,
        }
    }

    /// Takes a record in.
    #[inline]
    pub(crate) fn append(&mut self, record: &Record) {
        match record {
            Record::Request(request) => {
                self.links.add(request.time.0, &request.ends);
                self.append_request(request);
            }
            Record::Flow(flow) => {
                self.links.add(flow.time.0, &flow.ends);
                self.append_flow(flow);
            }
            Record::Drop(dropped) => {
                let row = self.drops.open.push(dropped);
                self.drop_rollup.add(&row, &self.drops.open.dictionaries);
                self.drops.seal_if_full();
            }
            Record::Process(process) => {
                self.processes.open.push(process);
                self.processes.seal_if_full();
            }
            Record::Saturation(saturation) => {
                self.saturation.open.push(saturation);
                self.saturation.seal_if_full();
            }
        }
        self.look_at_budget(1);
    }

    #[inline]
    fn append_request(&mut self, record: &RequestRecord) {
        let row = self.requests.open.push(record);
        self.request_rollup.add(&row, &self.requests.open.dictionaries);
        if self.requests.seal_if_full() {
            self.request_rollup.forget_codes();
        }
    }

    fn append_flow(&mut self, record: &FlowRecord) {
        let was_open = self.connections.observe(record);
        let mut row = self.flows.open.make(record);
        if record.event == FlowEvent::End {
            row.mark_end(was_open, record.ending);
        }
        row.since = self.complete.begin(row.since).min(row.time);
        self.flows.open.push_row(row);
        let steps = self.flow_rollup.add(&row, &self.flows.open.dictionaries);
        if self.flows.seal_if_full() {
            self.flow_rollup.forget_codes();
        }
        // A report that is about a long time adds as much as several do.
        self.look_at_budget(steps);
    }

    /// What happened before these moments has come, nanoseconds since the epoch.
    pub(crate) fn complete_until(&mut self, events: i64, counters: i64) {
        self.complete.advance(events, counters);
        if let Some(counters) = self.complete.of(Records::Flows) {
            self.flow_rollup.tiers.hold_from(counters);
        }
    }

    #[inline]
    fn look_at_budget(&mut self, records: u32) {
        self.until_look = self.until_look.saturating_sub(records);
        if self.until_look == 0 {
            self.until_look = RECORDS_PER_LOOK;
            self.keep_to_budget();
        }
    }

    /// Frees the oldest pieces until all fits. A sixteenth of the memory is kept free for what the next records add.
    #[cold]
    fn keep_to_budget(&mut self) {
        let bound = self.memory - self.memory / 16;
        while self.bytes() > bound {
            if !self.free_one() {
                return;
            }
        }
    }

    fn free_one(&mut self) -> bool {
        let mut holders = Holder::SHARES;
        holders.sort_by_cached_key(|(holder, percent)| {
            let share = self.memory / 100 * percent;
            std::cmp::Reverse(self.held_by(*holder) as i64 - share as i64)
        });
        holders.into_iter().any(|(holder, _)| self.free_from(holder)) || self.close_open_steps()
    }

    fn close_open_steps(&mut self) -> bool {
        let before = self.bytes();
        self.request_rollup.tiers.close_open();
        self.flow_rollup.tiers.close_open();
        self.drop_rollup.tiers.close_open();
        self.bytes() < before
    }

    fn free_from(&mut self, holder: Holder) -> bool {
        match holder {
            Holder::Requests => {
                if !self.requests.has_sealed() {
                    self.request_rollup.forget_codes();
                }
                self.requests.evict()
            }
            Holder::Flows => {
                if !self.flows.has_sealed() {
                    self.flow_rollup.forget_codes();
                }
                self.flows.evict()
            }
            Holder::Drops => self.drops.evict(),
            Holder::Processes => self.processes.evict(),
            Holder::Saturation => self.saturation.evict(),
            Holder::RequestTier(tier) => self.request_rollup.tiers.evict(tier),
            Holder::FlowTier(tier) => self.flow_rollup.tiers.evict(tier),
            Holder::DropTier(tier) => self.drop_rollup.tiers.evict(tier),
        }
    }

    /// Bytes that a holder takes.
    pub(crate) fn held_by(&self, holder: Holder) -> usize {
        match holder {
            Holder::Requests => self.requests.bytes(),
            Holder::Flows => self.flows.bytes(),
            Holder::Drops => self.drops.bytes(),
            Holder::Processes => self.processes.bytes(),
            Holder::Saturation => self.saturation.bytes(),
            Holder::RequestTier(tier) => self.request_rollup.tiers.tier(tier).bytes(),
            Holder::FlowTier(tier) => self.flow_rollup.tiers.tier(tier).bytes(),
            Holder::DropTier(tier) => self.drop_rollup.tiers.tier(tier).bytes(),
        }
    }

    /// Bytes of steps that are being filled, of what blocks share, of open connections and of links: none of these can be freed by
    /// itself.
    pub(crate) fn open_bytes(&self) -> usize {
        self.request_rollup.tiers.open_bytes()
            + self.flow_rollup.tiers.open_bytes()
            + self.drop_rollup.tiers.open_bytes()
            + self.connections.bytes()
            + self.links.bytes()
    }

    /// All bytes, as far as they are counted.
    pub(crate) fn bytes(&self) -> usize {
        let held: usize = Holder::SHARES.iter().map(|(holder, _)| self.held_by(*holder)).sum();
        held + self.open_bytes()
    }
}
