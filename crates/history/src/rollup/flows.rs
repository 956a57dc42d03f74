//! Rollups of `flows`.

use super::{
    accumulator::StepRow,
    codes::CodeMap,
    series::{ABSENT_STATUS, ABSENT_TEXT, Detail, Series},
    tiers::{STEPS, Tiers, step_of},
};
use crate::chunk::{
    ends::Flags,
    flows::{FlowRow, event},
    numbers::ABSENT,
    open::Dictionaries,
};

/// Places of the sums.
pub(crate) const COUNT: usize = 0;
pub(crate) const BYTES_SENT: usize = 1;
pub(crate) const BYTES_RECEIVED: usize = 2;
pub(crate) const PACKETS_SENT: usize = 3;
pub(crate) const PACKETS_RECEIVED: usize = 4;
pub(crate) const RETRANSMITS: usize = 5;
pub(crate) const RESETS: usize = 6;
pub(crate) const CONNECTS: usize = 7;
pub(crate) const CONNECT_FAILURES: usize = 8;
/// Connections that were opened in the step and have ended since.
pub(crate) const OPENED: usize = 9;
/// Connections that ended in the step after they had been open.
pub(crate) const ENDED: usize = 10;
const SUMS: usize = 11;

/// Places of the distributions.
pub(crate) const RTT: usize = 0;
pub(crate) const CONNECT_LATENCY: usize = 1;
const DISTRIBUTIONS: usize = 2;

/// The tiers, and how to get from a chunk's codes to theirs.
#[derive(Debug)]
pub(crate) struct FlowRollup {
    pub(crate) tiers: Tiers<SUMS, DISTRIBUTIONS>,
    codes: CodeMap,
}

impl FlowRollup {
    pub(crate) fn new(limit: usize) -> Self {
        Self { tiers: Tiers::new(limit), codes: CodeMap::new(1) }
    }

    /// The open chunk begins anew.
    pub(crate) fn forget_codes(&mut self) {
        self.codes.clear();
    }

    /// Counts a report in its series and step, and in the steps before that it is about, whose number it gives.
    ///
    /// A connection's opening is counted when it ends, in the step in which it began and under the identity known at
    /// last: until then it is among the open connections, so that the gauge never counts one connection under two names.
    #[inline]
    pub(crate) fn add(&mut self, row: &FlowRow, dictionaries: &Dictionaries) -> u32 {
        let series = self.series_of(row, dictionaries);
        let steps = self.add_before(row, &series);
        self.tiers.add(row.time, &series, |into| {
            add_share(into, row, step_of(row.time));
            let sums = &mut into.sums;
            sums[COUNT] += 1;
            sums[RESETS] += u64::from(row.resets);
            sums[CONNECTS] += u64::from(row.event == event::START);
            sums[CONNECT_FAILURES] += u64::from(row.event == event::FAILED);
            sums[ENDED] += u64::from(row.was_open());
            for (place, value) in [(RTT, row.rtt), (CONNECT_LATENCY, row.connect_latency)] {
                if value != ABSENT {
                    into.distributions[place].add_nanoseconds(value);
                }
            }
        });
        if row.was_open() {
            let series = self.series_of(row, dictionaries);
            self.tiers.add(row.start, &series, |into| into.sums[OPENED] += 1);
        }
        steps
    }

    /// Spreads what the report counts over the steps before its own, and says how many these are.
    fn add_before(&mut self, row: &FlowRow, series: &Series) -> u32 {
        let interval = row.interval();
        let mut step = step_of(interval.since());
        if step == step_of(row.time) || row.counters() == [0; 5] {
            return 0;
        }
        let mut steps = 0;
        while step < step_of(row.time) {
            self.tiers.add_before(step, series, |into| add_share(into, row, step));
            step += STEPS[0];
            steps += 1;
        }
        steps
    }

    #[inline]
    fn series_of(&mut self, row: &FlowRow, known: &Dictionaries) -> Series {
        let registry = &mut self.tiers.open.registry;
        self.codes.follow(registry.generation());
        let mut endpoint = |code: u16| {
            self.codes.get(0, code, || registry.reduced_endpoint(&known.endpoints()[usize::from(code) - 1]))
        };
        Series {
            source: endpoint(row.ends.source),
            destination: endpoint(row.ends.destination),
            destination_port: row.ends.destination_port,
            transport: row.ends.transport,
            flags: Flags(row.ends.flags.0 & !Flags::WAS_OPEN),
            status: ABSENT_STATUS,
            protocol: row.protocol,
            error: 0,
            verdict: row.verdict,
            ending: row.ending,
            texts: [ABSENT_TEXT; 3],
            detail: Detail::None,
            is_coarse: false,
        }
    }
}

/// Adds what falls to a step of one second.
fn add_share(into: &mut StepRow<SUMS, DISTRIBUTIONS>, row: &FlowRow, step: i64) {
    let share = row.interval().share(step, step + STEPS[0]);
    for (sum, counter) in into.sums[BYTES_SENT..=RETRANSMITS].iter_mut().zip(row.counters()) {
        *sum += share.of(counter);
    }
}
