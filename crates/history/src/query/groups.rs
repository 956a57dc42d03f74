//! `signals`, `heatmap`, `serviceMap` and `table`: state by group.

use std::sync::Arc;

use goldwire_answer::{
    coverage::{Exactness, Records},
    groups::{Groups, KeyColumn, Pair, Quantiles, StateColumn},
    plan::State,
};
use rustc_hash::FxHashSet;

use super::{
    fold::{Folded, fold},
    gauge::{self, Ended},
    network_time,
    plan::Plan,
    raw::{self, has_two_reports},
    rolled::{self, RolledState},
    room::Room,
    slots::Slots,
    space::{PairKey, Space},
    table::GroupTable,
    take::{Given, RawTake, RollupTake, from_raw, from_rollup},
    tier::{Choice, Needs, choose},
};
use crate::{
    allowance::Allowance,
    cancel::Cancelled,
    chunk::{resolve::NamedChunk, sealed::Chunk},
    connections::OpenConnection,
    links::Periods,
    rollup::block::SharedBlock,
    snapshot::RawCopy,
    store::Store,
};

/// What one table gives to the answer.
struct Part {
    source: Records,
    choice: Choice,
    held: Held,
}

enum Held {
    Copied(RawCopy),
    Raw(Vec<Arc<Chunk>>),
    Rolled(Vec<SharedBlock>),
}

/// All that groups are made from, out of the lock.
pub(crate) struct Gathered {
    parts: Vec<Part>,
    connections: Vec<OpenConnection>,
    /// Where a row may have a pair.
    links: Option<Periods>,
}

/// Groups and what is to be said about them.
pub(crate) struct Grouped {
    pub(crate) groups: Groups,
    pub(crate) quantiles: Exactness,
    pub(crate) folded: u64,
    pub(crate) notes: Vec<String>,
}

/// Takes what the plan needs from the store. To be called under the lock.
pub(crate) fn gather(store: &Store, plan: &Plan<'_>) -> Gathered {
    let parts = plan.sources().into_iter().map(|source| gather_part(store, plan, source)).collect();
    let connections = if has_gauge(plan) { store.connections.copy() } else { Vec::new() };
    let may_have_pairs = plan.deduplicate && plan.sources().into_iter().any(has_two_reports);
    Gathered { parts, connections, links: may_have_pairs.then(|| store.links.snapshot()) }
}

fn has_gauge(plan: &Plan<'_>) -> bool {
    plan.states.iter().any(|state| from_raw(plan.source_of(state), state).given == Given::Gauge)
}

fn gather_part(store: &Store, plan: &Plan<'_>, source: Records) -> Part {
    let needs = Needs::of(plan);
    let choice = choose(source, store.reach(source), plan.span, &needs, |state| plan.source_of(state) == source);
    let (from, mut to) = choice.widen(plan, source);
    if source == Records::Flows && has_gauge(plan) {
        // Connections that ended behind the window were open in it.
        to = i64::MAX;
    }
    let held = match choice.rollup {
        None => Held::Copied(store.raw(source, from, to)),
        Some(tier) => Held::Rolled(store.rolled(source, tier, from, to)),
    };
    Part { source, choice, held }
}

impl Gathered {
    pub(crate) fn choices(&self) -> impl Iterator<Item = (Records, &Choice)> {
        self.parts.iter().map(|part| (part.source, &part.choice))
    }

    /// Makes the groups, in the room that there is. Outside of the lock.
    pub(crate) fn group(self, plan: &Plan<'_>, node: &str, room: Room) -> Result<(Grouped, Allowance), Cancelled> {
        let parts: Vec<Part> = self.parts.into_iter().map(Part::sealed).collect();
        let mut scan = Scan { plan, node, parts: &parts, connections: &self.connections };
        let folded_before = parts.iter().map(|part| part.held.folded()).max().unwrap_or_default();
        let mut table = GroupTable::new(plan, room);
        scan.all(&mut table)?;
        let mut short = 0;
        if table.is_short() {
            (table, short) = scan.largest(table)?;
        }
        let is_unpaired = plan.deduplicate && (table.space.room.has_refused_pair() || !table.space.uses_pairs());
        Ok(finish(plan, table, Counts { folded_before, short, is_unpaired }, self.links.as_ref()))
    }
}

impl Part {
    fn sealed(self) -> Self {
        let held = match self.held {
            Held::Copied(copy) => Held::Raw(copy.into_chunks()),
            held => held,
        };
        Self { held, ..self }
    }
}

impl Held {
    /// Series that rollups count under `other`, at least.
    fn folded(&self) -> u64 {
        match self {
            Self::Copied(_) | Self::Raw(_) => 0,
            Self::Rolled(blocks) => blocks.iter().map(|block| block.folded).max().unwrap_or_default(),
        }
    }
}

/// All tables' way into the groups.
struct Scan<'a, 'q> {
    plan: &'a Plan<'q>,
    node: &'a str,
    parts: &'a [Part],
    connections: &'a [OpenConnection],
}

impl Scan<'_, '_> {
    fn all(&mut self, table: &mut GroupTable<'_, '_>) -> Result<(), Cancelled> {
        for part in self.parts {
            match &part.held {
                Held::Copied(_) => {}
                Held::Raw(chunks) => self.raw(part.source, chunks, table)?,
                Held::Rolled(blocks) => self.rolled(part, blocks, table)?,
            }
        }
        Ok(())
    }

    /// Counts the largest of the groups that a first pass found, and all else under `other`. Without pairs, and then with
    /// fewer groups, where these turn out to be larger than the first pass saw. Also gives how many groups are under `other`,
    /// at least.
    fn largest<'p, 'q>(&mut self, mut table: GroupTable<'p, 'q>) -> Result<(GroupTable<'p, 'q>, u64), Cancelled> {
        let groups = table.most_groups();
        let mut kept = table.largest(table.space.room.bound() / 2);
        let mut with_pairs = true;
        loop {
            let count = kept.len();
            table = table.only(&kept, with_pairs);
            self.all(&mut table)?;
            if !table.space.room.has_refused_slot() || (count == 0 && !with_pairs) {
                let folded = if table.space.room.has_refused_group() { groups.saturating_sub(count).max(1) } else { 0 };
                return Ok((table, folded as u64));
            }
            kept = table.largest(usize::MAX);
            if !with_pairs {
                kept.truncate(count / 2);
            }
            with_pairs = false;
        }
    }

    fn raw(&mut self, source: Records, chunks: &[Arc<Chunk>], table: &mut GroupTable<'_, '_>) -> Result<(), Cancelled> {
        let plan = self.plan;
        let own = plan.states.iter().enumerate().filter(|(_, state)| plan.source_of(state) == source);
        let own: Vec<(RawTake, usize)> = own.map(|(at, state)| (from_raw(source, state), at)).collect();
        for chunk in chunks {
            raw::scan(NamedChunk { chunk, node: self.node }, plan, source, table, &own);
            table.after_part()?;
        }
        for (take, at) in own {
            match take.given {
                Given::NetworkTime => network_time::fill(chunks, self.node, plan, table, at)?,
                Given::Gauge => {
                    let ended = Ended::Raw(chunks.to_vec());
                    gauge::fill(plan, self.node, self.connections, &ended, table, at)?;
                }
                Given::One | Given::Column(_) | Given::Both(..) => {}
            }
        }
        Ok(())
    }

    fn rolled(&mut self, part: &Part, blocks: &[SharedBlock], table: &mut GroupTable<'_, '_>) -> Result<(), Cancelled> {
        let (plan, source) = (self.plan, part.source);
        let own = plan.states.iter().enumerate().filter(|(_, state)| plan.source_of(state) == source);
        let own: Vec<RolledState> = own.filter_map(|(at, state)| rolled_state(source, state, at)).collect();
        rolled::scan(blocks, self.node, plan, source, part.choice.widen(plan, source), table, &own)?;
        for state in own.into_iter().filter(|state| state.take == RollupTake::Gauge) {
            let ended = Ended::Rolled(blocks.to_vec());
            gauge::fill(plan, self.node, self.connections, &ended, table, state.at)?;
        }
        Ok(())
    }
}

fn rolled_state(source: Records, state: &State, at: usize) -> Option<RolledState> {
    let take = from_rollup(source, state)?;
    Some(RolledState { take, merging: state.merging, in_parts: state.is_known_in_parts(), at })
}

/// Groups that are counted under `other`, at least: in rollups, and for want of memory.
#[derive(Clone, Copy)]
struct Counts {
    folded_before: u64,
    short: u64,
    /// Pairs of ends were too many.
    is_unpaired: bool,
}

fn finish(
    plan: &Plan<'_>,
    table: GroupTable<'_, '_>,
    counts: Counts,
    periods: Option<&Periods>,
) -> (Grouped, Allowance) {
    let (mut space, fillings) = (table.space, table.fillings);
    space.slots.forget_index();
    let folded = fold(plan, &space, fillings);
    space.slots = Slots::default();
    let keys = plan.keys.iter().enumerate().map(|(place, field)| KeyColumn {
        field: field.clone(),
        values: folded
            .entries
            .iter()
            .map(|(group, _)| space.key_text(folded.groups[*group as usize].0[place]))
            .collect(),
    });
    let (keys, steps, pairs) = (keys.collect(), steps(&space, &folded), pairs(&space, &folded));
    let told: FxHashSet<PairKey> = folded.groups.iter().filter_map(|(_, pair)| space.pair_key(*pair)).collect();
    let links = periods.map(|periods| periods.links(&told, (plan.span.from, plan.span.to))).unwrap_or_default();
    let grouped = Grouped {
        quantiles: exactness(&folded.states),
        folded: folded.folded + folded.unpaired + counts.folded_before + counts.short,
        notes: notes(&folded, counts, space.room.most()),
        groups: Groups { steps, keys, pairs, links, states: folded.states },
    };
    (grouped, space.room.into_allowance())
}

fn steps(space: &Space, folded: &Folded) -> Vec<i64> {
    if space.steps.length.is_none() {
        return Vec::new();
    }
    folded.entries.iter().map(|(_, step)| space.steps.millis(*step)).collect()
}

fn pairs(space: &Space, folded: &Folded) -> Vec<Option<Arc<Pair>>> {
    if folded.groups.iter().all(|(_, pair)| *pair == 0) {
        return Vec::new();
    }
    let pairs: Vec<_> =
        folded.groups.iter().map(|(_, pair)| space.pair_key(*pair).map(|pair| Arc::new(pair.to_pair()))).collect();
    folded.entries.iter().map(|(group, _)| pairs[*group as usize].clone()).collect()
}

fn notes(folded: &Folded, counts: Counts, memory: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let Counts { folded_before, short, is_unpaired } = counts;
    if folded_before > 0 {
        notes.push(format!(
            "rollups had no room for {folded_before} or more series and count them together by workload, or under `other`: \
             their exchanges may be counted on another node, too"
        ));
    }
    if short > 0 {
        let mib = memory >> 20;
        notes.push(format!(
            "a query's memory of {mib} MiB has no room for {short} or more groups: about the largest are shown, exactly, and \
             the others are counted under `other`"
        ));
    }
    if folded.folded > 0 {
        notes.push(format!("{} small groups are counted under `other`", folded.folded));
    }
    if folded.unpaired > 0 || is_unpaired {
        let how_many = if is_unpaired { "some".to_owned() } else { folded.unpaired.to_string() };
        let text = "remote ends were too many to tell apart: their exchanges may be counted on their own node, too";
        notes.push(format!("{how_many} {text}"));
    }
    notes
}

fn exactness(states: &[StateColumn]) -> Exactness {
    let mut exactness = Exactness::None;
    for state in states {
        let StateColumn::Quantiles(values) = state else { continue };
        if values.iter().any(|value| matches!(value, Quantiles::Sketch(_))) {
            return Exactness::Sketch;
        }
        exactness = Exactness::Exact;
    }
    exactness
}
