//! Groups from rollups: the filter and the keys are settled a series at a time, rows only add up.

use std::sync::Arc;

use goldwire_answer::plan::Merging;

use super::{
    mask::{FALSE, mask},
    plan::{Plan, Source},
    raw::has_two_reports,
    slots::StepCursor,
    space::{Reports, Space},
    spread::Spread,
    states::Filling,
    take::RollupTake,
};
use crate::{
    chunk::{names::DNS, numbers::Numbers},
    rollup::{block::Block, series::NamedSeries},
};

/// A state that is made from rollups.
pub(crate) struct RolledState<'a> {
    pub(crate) take: RollupTake,
    pub(crate) merging: Merging,
    pub(crate) filling: &'a mut Filling,
}

/// Rows of a block that lie in the window, with their slots.
struct Placed {
    rows: Vec<u32>,
    slots: Vec<u32>,
}

/// Adds the rows of `[from, to)`, whole steps both, to the states.
pub(crate) fn scan(
    blocks: &[Arc<Block>],
    node: &str,
    plan: &Plan<'_>,
    source: Source,
    (from, to): (i64, i64),
    space: &mut Space,
    states: &mut [RolledState<'_>],
) {
    for state in states.iter_mut() {
        prepare(state, blocks);
    }
    let most = blocks.iter().map(|block| block.table.series.len()).max().unwrap_or_default();
    let places: Vec<u64> = (0..most as u64).collect();
    for (number, block) in blocks.iter().enumerate() {
        let series = NamedSeries { table: &block.table, node, places: &places };
        let groups = groups_of(series, plan, source, space);
        let placed = place(block, &groups, (from, to), space);
        for state in states.iter_mut() {
            state.filling.grow(space.slots.len());
            fill(block, number as u32, &placed, state);
        }
    }
}

/// Quantiles of rollups are put together at the end, from the blocks.
fn prepare(state: &mut RolledState<'_>, blocks: &[Arc<Block>]) {
    if let (Merging::Quantiles, RollupTake::Distribution { at, unit, .. }) = (state.merging, state.take) {
        let spread = Spread::Rows { rows: Vec::new(), blocks: blocks.to_vec(), distribution: at, unit };
        *state.filling = Filling::Quantiles(spread);
    }
}

/// No group: the series does not match.
pub(crate) const LEFT_OUT: u32 = u32::MAX;

/// The combination of keys of each series, or [`LEFT_OUT`].
pub(crate) fn groups_of(series: NamedSeries<'_>, plan: &Plan<'_>, source: Source, space: &mut Space) -> Vec<u32> {
    let count = series.table.series.len();
    let deduplicate = plan.deduplicate && has_two_reports(source);
    let truths = mask(plan.filter, &series);
    let wanted = |entry: usize| {
        truths.as_ref().is_none_or(|truths| truths[entry] != FALSE)
            && !(deduplicate && series.flags(entry).is_second_report())
    };
    let rows: Vec<u32> = (0..count).filter(|entry| wanted(*entry)).map(|entry| entry as u32).collect();
    let combinations = if has_two_reports(source) {
        space.combine_reports(&series, &rows)
    } else {
        space.combine_unpaired(&series, &rows)
    };
    let mut groups = vec![LEFT_OUT; count];
    for (row, combination) in rows.iter().zip(combinations) {
        groups[*row as usize] = combination;
    }
    groups
}

fn place(block: &Block, groups: &[u32], (from, to): (i64, i64), space: &mut Space) -> Placed {
    let (steps, series) = (block.steps(), block.series());
    let mut cursor = StepCursor::new(space.steps);
    let mut placed = Placed { rows: Vec::new(), slots: Vec::new() };
    for row in 0..block.len() {
        let group = groups[series.get(row) as usize];
        let step = steps.get(row).cast_signed();
        if group != LEFT_OUT && step >= from && step < to {
            placed.rows.push(row as u32);
            // The first step may begin before the window does.
            placed.slots.push(space.slots.slot(group, cursor.index(step)));
        }
    }
    placed
}

fn fill(block: &Block, number: u32, placed: &Placed, state: &mut RolledState<'_>) {
    let Placed { rows, slots } = placed;
    match state.take {
        RollupTake::Sum { at, dns_only } => {
            let dns = dns_only.then(|| dns_rows(block));
            state.filling.take_values(1.0, |each| add_sums(block.sums(at), rows, slots, dns.as_deref(), each));
        }
        RollupTake::Sums { first, second } => state.filling.take_values(1.0, |each| {
            add_sums(block.sums(first), rows, slots, None, each);
            add_sums(block.sums(second), rows, slots, None, each);
        }),
        RollupTake::Distribution { at, dns_only, unit } => {
            let dns = dns_only.then(|| dns_rows(block));
            let Some(spread) = block.distributions(at) else { return };
            let has_values =
                |row: u32| spread.counts.get(row as usize) > 0 && dns.as_ref().is_none_or(|dns| dns[row as usize]);
            let with_values = rows.iter().zip(slots).filter(|(row, _)| has_values(**row));
            match &mut *state.filling {
                Filling::Quantiles(Spread::Rows { rows: kept, .. }) => {
                    kept.extend(with_values.map(|(row, slot)| (*slot, number, *row)));
                }
                Filling::Average { sums, counts } => with_values.for_each(|(row, slot)| {
                    sums[*slot as usize] += spread.sums.get(*row as usize) as f64 / unit;
                    counts[*slot as usize] += spread.counts.get(*row as usize);
                }),
                filling => {
                    let column = match filling {
                        Filling::Min(_) => spread.mins,
                        Filling::Max(_) => spread.maxes,
                        _ => spread.sums,
                    };
                    filling.take_values(unit, |each| {
                        with_values.for_each(|(row, slot)| each(*slot, column.get(*row as usize)));
                    });
                }
            }
        }
        RollupTake::Gauge => {}
    }
}

fn add_sums(column: Numbers<'_>, rows: &[u32], slots: &[u32], only: Option<&[bool]>, each: &mut dyn FnMut(u32, u64)) {
    column.for_each(rows, |place, value| {
        if only.is_none_or(|only| only[rows[place] as usize]) {
            each(slots[place], value);
        }
    });
}

fn dns_rows(block: &Block) -> Vec<bool> {
    let series = block.series();
    (0..block.len()).map(|row| block.table.series[series.get(row) as usize].protocol == DNS).collect()
}
