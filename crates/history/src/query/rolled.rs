//! Groups from rollups: the filter and the keys are settled a series at a time, rows only add up.

use std::sync::Arc;

use goldwire_answer::{coverage::Records, plan::Merging};

use super::{
    mask::FALSE,
    plan::Plan,
    raw::{Counting, has_two_reports, possible},
    slots::StepCursor,
    space::{Reports, Space},
    spread::{Pending, Rows, Spread},
    states::Filling,
    table::GroupTable,
    take::RollupTake,
};
use crate::{
    cancel::Cancelled,
    chunk::{names::DNS, numbers::Numbers},
    rollup::{
        block::{Block, Distributions},
        series::NamedSeries,
    },
};

/// A state that is made from rollups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RolledState {
    pub(crate) take: RollupTake,
    pub(crate) merging: Merging,
    /// See [`State::is_known_in_parts`](goldwire_answer::plan::State::is_known_in_parts).
    pub(crate) in_parts: bool,
    /// Place of its column.
    pub(crate) at: usize,
}

/// Rows of a block that lie in the window, with their slots.
struct Placed {
    rows: Vec<u32>,
    slots: Vec<u32>,
    /// Of the whole query, so far.
    slot_count: usize,
}

/// Adds the rows of `[from, to)`, whole steps both, to the states.
pub(crate) fn scan(
    blocks: &[Arc<Block>],
    node: &str,
    plan: &Plan<'_>,
    source: Records,
    (from, to): (i64, i64),
    table: &mut GroupTable<'_, '_>,
    states: &[RolledState],
) -> Result<(), Cancelled> {
    for state in states {
        prepare(state, blocks, &mut table.fillings[state.at]);
    }
    let counted = Counting::counted(plan.deduplicate, source);
    let has_parts = counted == Counting::First && states.iter().any(|state| state.in_parts);
    for (number, block) in blocks.iter().enumerate() {
        let series = NamedSeries::new(&block.table, node);
        for reports in [counted].into_iter().chain(has_parts.then_some(Counting::Second)) {
            let groups = groups_of(&series, plan, source, reports, &mut table.space);
            let placed = place(block, &groups, (from, to), &mut table.space);
            for state in states.iter().filter(|state| reports != Counting::Second || state.in_parts) {
                let filling = &mut table.fillings[state.at];
                filling.grow(placed.slot_count);
                fill(block, number as u32, &placed, state, filling);
            }
            table.after_part()?;
        }
    }
    Ok(())
}

/// Quantiles of rollups are put together at the end, from the blocks.
fn prepare(state: &RolledState, blocks: &[Arc<Block>], filling: &mut Filling) {
    if let (Merging::Quantiles, RollupTake::Distribution { at, unit, .. }) = (state.merging, state.take) {
        *filling = Filling::Quantiles(Spread::of_rows(Rows::new(blocks.to_vec(), at, unit)));
    }
}

/// No group: the series does not match.
pub(crate) const LEFT_OUT: u32 = u32::MAX;

/// The combination of keys of each series, or [`LEFT_OUT`].
pub(crate) fn groups_of(
    series: &NamedSeries<'_>,
    plan: &Plan<'_>,
    source: Records,
    reports: Counting,
    space: &mut Space,
) -> Vec<u32> {
    let count = series.table.series.len();
    let truths = possible(series, plan.filter, plan.leaves_pairs(source));
    let wanted =
        |entry: usize| truths.as_ref().is_none_or(|truths| truths[entry] != FALSE) && reports.have(series.flags(entry));
    let rows: Vec<u32> = (0..count).filter(|entry| wanted(*entry)).map(|entry| entry as u32).collect();
    let combinations = if has_two_reports(source) {
        space.combine_reports(series, &rows)
    } else {
        space.combine_unpaired(series, &rows)
    };
    let mut groups = vec![LEFT_OUT; count];
    for (row, combination) in rows.iter().zip(combinations) {
        groups[*row as usize] = combination;
    }
    groups
}

fn place(block: &Block, groups: &[u32], (from, to): (i64, i64), space: &mut Space) -> Placed {
    let (steps, series) = (block.steps().all(block.len()), block.series().all(block.len()));
    let mut cursor = StepCursor::new(space.steps);
    let room = || Vec::with_capacity(block.len());
    let mut placed = Placed { rows: room(), slots: room(), slot_count: 0 };
    for (row, (step, series)) in steps.into_iter().zip(series).enumerate() {
        let (group, step) = (groups[series as usize], step.cast_signed());
        if group != LEFT_OUT && step >= from && step < to {
            placed.rows.push(row as u32);
            // The first step may begin before the window does.
            placed.slots.push(space.slot(group, cursor.index(step)));
        }
    }
    placed.slot_count = space.slots.len();
    placed
}

fn fill(block: &Block, number: u32, placed: &Placed, state: &RolledState, filling: &mut Filling) {
    match state.take {
        RollupTake::Sum { at, dns_only } => {
            let dns = dns_only.then(|| dns_rows(block));
            add_sums(block.sums(at), placed, dns.as_deref(), filling);
        }
        RollupTake::Sums { first, second } => {
            add_sums(block.sums(first), placed, None, filling);
            add_sums(block.sums(second), placed, None, filling);
        }
        RollupTake::Distribution { at, dns_only, unit } => {
            let dns = dns_only.then(|| dns_rows(block));
            if let Some(spread) = block.distributions(at) {
                add_distributions(spread, number, placed, dns.as_deref(), unit, filling);
            }
        }
        RollupTake::Gauge => {}
    }
}

fn add_sums(column: Numbers<'_>, placed: &Placed, only: Option<&[bool]>, filling: &mut Filling) {
    let (mut slots, mut values) = (Vec::with_capacity(placed.rows.len()), Vec::with_capacity(placed.rows.len()));
    column.for_each(&placed.rows, |place, value| {
        if only.is_none_or(|only| only[placed.rows[place] as usize]) {
            slots.push(placed.slots[place]);
            values.push(value);
        }
    });
    filling.take(&slots, &values, 1.0);
}

fn add_distributions(
    spread: Distributions<'_>,
    number: u32,
    placed: &Placed,
    only: Option<&[bool]>,
    unit: f64,
    filling: &mut Filling,
) {
    if let (Filling::Quantiles(Spread { pending: Pending::Rows(spreads), .. }), None) = (&mut *filling, only) {
        // A row without values has no buckets, no sum and no extremes, so it adds nothing.
        spreads.add(number, &spread, &placed.rows, &placed.slots, placed.slot_count);
        return;
    }
    let has_values = |row: u32| spread.counts.get(row as usize) > 0 && only.is_none_or(|only| only[row as usize]);
    let with_values = placed.rows.iter().zip(&placed.slots).filter(|(row, _)| has_values(**row));
    let column = match filling {
        Filling::Quantiles(Spread { pending: Pending::Rows(spreads), .. }) => {
            let (rows, slots): (Vec<u32>, Vec<u32>) = with_values.map(|(row, slot)| (*row, *slot)).unzip();
            spreads.add(number, &spread, &rows, &slots, placed.slot_count);
            return;
        }
        Filling::Average { sums, counts } => {
            with_values.for_each(|(row, slot)| {
                sums[*slot as usize] += spread.sums.get(*row as usize) as f64 / unit;
                counts[*slot as usize] += spread.counts.get(*row as usize);
            });
            return;
        }
        Filling::Min(_) => spread.mins,
        Filling::Max(_) => spread.maxes,
        _ => spread.sums,
    };
    let (slots, values): (Vec<u32>, Vec<u64>) =
        with_values.map(|(row, slot)| (*slot, column.get(*row as usize))).unzip();
    filling.take(&slots, &values, unit);
}

fn dns_rows(block: &Block) -> Vec<bool> {
    let series = block.series();
    (0..block.len()).map(|row| block.table.series[series.get(row) as usize].protocol == DNS).collect()
}
