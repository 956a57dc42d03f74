//! Open connections at the end of each step.
//!
//! Every connection is an interval: from its start to its end, or to now where it is still open. It is counted in each
//! step at whose end it is open. Nothing is added up from the beginning of time, so neither a long quiet time nor
//! freed history can make the gauge drift.

use std::sync::Arc;

use goldwire_answer::coverage::Records;
use rustc_hash::FxHashMap;

use super::{
    mask::{FALSE, start_of},
    plan::{Plan, Span},
    raw::{Counting, Wanted, possible, select},
    rolled::{LEFT_OUT, groups_of},
    space::{Reports, Space},
    states::Filling,
    table::GroupTable,
};
use crate::{
    cancel::Cancelled,
    chunk::{
        ends::Flags,
        resolve::NamedChunk,
        sealed::{Chunk, Slot},
    },
    connections::{NamedConnections, OpenConnection},
    rollup::{
        block::Block,
        flows::{ENDED, OPENED},
        series::NamedSeries,
    },
};

/// What ended connections are read from. All of it from the window's start until now, not only the window: a
/// connection that ended later was open in it.
pub(crate) enum Ended {
    Raw(Vec<Arc<Chunk>>),
    Rolled(Vec<Arc<Block>>),
}

/// What a change takes, in the index and in the list that is put in order.
const CHANGE_BYTES: usize = 72;

/// By group and step: how many connections more, or less, are open from there on.
struct Changes {
    by_place: FxHashMap<(u32, u32), i64>,
    /// Steps of the window that have begun.
    steps: u32,
}

impl Changes {
    fn add(&mut self, space: &mut Space, group: u32, step: u32, change: i64) {
        let step = step.min(self.steps);
        if let Some(changes) = self.by_place.get_mut(&(group, step)) {
            *changes += change;
            return;
        }
        let group = if space.room.take(CHANGE_BYTES) {
            group
        } else {
            space.room.refuse_slot();
            space.combinations.other(group)
        };
        *self.by_place.entry((group, step)).or_default() += change;
    }
}

/// Fills the gauge's column, which is at `at`.
pub(crate) fn fill(
    plan: &Plan<'_>,
    node: &str,
    open: &[OpenConnection],
    ended: &Ended,
    table: &mut GroupTable<'_, '_>,
    at: usize,
) -> Result<(), Cancelled> {
    let space = &mut table.space;
    // Steps that have not begun have no gauge.
    let until = plan.gauges_until.min(plan.span_of(Records::Flows).to);
    let steps = space.steps.index(until.saturating_sub(1)).saturating_add(1).min(space.steps.count);
    let mut changes = Changes { by_place: FxHashMap::default(), steps };
    add_open(plan, node, open, space, &mut changes);
    match ended {
        Ended::Raw(chunks) => {
            for chunk in chunks {
                add_raw(plan, NamedChunk { chunk, node }, space, &mut changes);
                space.room.check()?;
            }
        }
        Ended::Rolled(blocks) => {
            for block in blocks {
                add_rolled(plan, node, block, space, &mut changes);
                space.room.check()?;
            }
        }
    }
    emit(changes, space, &mut table.fillings[at]);
    table.after_part()
}

fn add_open(plan: &Plan<'_>, node: &str, open: &[OpenConnection], space: &mut Space, changes: &mut Changes) {
    let places: Vec<u64> = (0..open.len() as u64).collect();
    let entries = NamedConnections { open, node, places: &places };
    let truths = possible(&entries, plan.filter, plan.leaves_pairs(Records::Flows));
    let counted = Counting::counted(plan.deduplicate, Records::Flows);
    let wanted = |entry: usize| {
        truths.as_ref().is_none_or(|truths| truths[entry] != FALSE) && counted.have(entries.flags(entry))
    };
    let rows: Vec<u32> = (0..open.len()).filter(|entry| wanted(*entry)).map(|entry| entry as u32).collect();
    for (row, group) in rows.iter().zip(space.combine_reports(&entries, &rows)) {
        let step = space.steps.index(open[*row as usize].start);
        changes.add(space, group, step, 1);
    }
}

fn add_raw(plan: &Plan<'_>, entries: NamedChunk<'_>, space: &mut Space, changes: &mut Changes) {
    let chunk = entries.chunk;
    let flags = chunk.numbers(Slot::Flags);
    let since_window = Span { from: plan.span.from, to: i64::MAX };
    let wanted = Wanted { span: since_window, ..Wanted::of(plan, Records::Flows) };
    let mut rows = select(entries, wanted);
    rows.retain(|row| flags.get(*row as usize) as u8 & Flags::WAS_OPEN != 0);
    let (times, ages) = (chunk.numbers(Slot::Time), chunk.numbers(Slot::Age));
    for (row, group) in rows.iter().zip(space.combine_reports(&entries, &rows)) {
        let row = *row as usize;
        let (opened, ended) = (start_of(times, ages, row), times.get(row).cast_signed());
        let (opened, ended) = (space.steps.index(opened), space.steps.index(ended));
        changes.add(space, group, opened, 1);
        changes.add(space, group, ended, -1);
    }
}

/// An opening before the window has no row here; its end stands for it from the first step on. Both rows of one
/// connection are in the same series.
fn add_rolled(plan: &Plan<'_>, node: &str, block: &Block, space: &mut Space, changes: &mut Changes) {
    let counted = Counting::counted(plan.deduplicate, Records::Flows);
    let groups = groups_of(&NamedSeries::new(&block.table, node), plan, Records::Flows, counted, space);
    let (steps, series) = (block.steps(), block.series());
    let (opened, ended) = (block.sums(OPENED), block.sums(ENDED));
    for row in 0..block.len() {
        let (group, time) = (groups[series.get(row) as usize], steps.get(row).cast_signed());
        let (opened, ended) = (opened.get(row).cast_signed(), ended.get(row).cast_signed());
        if group == LEFT_OUT || time < space.steps.first || (opened == 0 && ended == 0) {
            continue;
        }
        let step = space.steps.index(time);
        changes.add(space, group, 0, ended - opened);
        changes.add(space, group, step, opened - ended);
    }
}

fn emit(changes: Changes, space: &mut Space, filling: &mut Filling) {
    let steps = changes.steps;
    let mut changes: Vec<((u32, u32), i64)> = changes.by_place.into_iter().collect();
    changes.sort_unstable();
    for of_group in changes.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
        let mut open = 0_i64;
        for (number, ((group, step), change)) in of_group.iter().enumerate() {
            open += change;
            let until = of_group.get(number + 1).map_or(steps, |((_, next), _)| *next);
            if open > 0 {
                take(*group, *step..until, open.cast_unsigned(), space, filling);
            }
        }
    }
}

fn take(group: u32, steps: std::ops::Range<u32>, open: u64, space: &mut Space, filling: &mut Filling) {
    for step in steps {
        let slot = space.slot(group, step);
        filling.grow(space.slots.len());
        filling.take(&[slot], &[open], 1.0);
    }
}
