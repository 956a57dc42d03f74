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
    space::{PairKey, Space},
    states::Filling,
    take::{Given, RawTake, RollupTake, from_raw, from_rollup},
    tier::{Choice, Needs, choose},
};
use crate::{
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
    Raw(RawCopy),
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
        None => Held::Raw(store.raw(source, from, to)),
        Some(tier) => Held::Rolled(store.rolled(source, tier, from, to)),
    };
    Part { source, choice, held }
}

impl Gathered {
    pub(crate) fn choices(&self) -> impl Iterator<Item = (Records, &Choice)> {
        self.parts.iter().map(|part| (part.source, &part.choice))
    }

    /// Makes the groups. Outside of the lock.
    pub(crate) fn group(self, plan: &Plan<'_>, node: &str) -> Grouped {
        let mut space = Space::new(plan.keys.clone(), plan.steps, plan.deduplicate);
        let mut fillings: Vec<Filling> = plan.states.iter().map(|state| Filling::new(state, plan.exact)).collect();
        let mut folded_before = 0;
        for part in self.parts {
            folded_before = folded_before.max(part.held.folded());
            let mut scan = Scan { plan, node, source: part.source, space: &mut space, fillings: &mut fillings };
            match part.held {
                Held::Raw(copy) => scan.raw(copy.into_chunks(), &self.connections),
                Held::Rolled(blocks) => scan.rolled(blocks, part.choice.widen(plan, part.source), &self.connections),
            }
        }
        finish(plan, &space, fillings, folded_before, self.links.as_ref())
    }
}

impl Held {
    /// Series that rollups count under `other`, at least.
    fn folded(&self) -> u64 {
        match self {
            Self::Raw(_) => 0,
            Self::Rolled(blocks) => blocks.iter().map(|block| block.folded).max().unwrap_or_default(),
        }
    }
}

/// One table's way into the groups.
struct Scan<'a, 'q> {
    plan: &'a Plan<'q>,
    node: &'a str,
    source: Records,
    space: &'a mut Space,
    fillings: &'a mut [Filling],
}

impl Scan<'_, '_> {
    fn raw(&mut self, chunks: Vec<Arc<Chunk>>, connections: &[OpenConnection]) {
        let (plan, source) = (self.plan, self.source);
        let own = self.fillings.iter_mut().zip(&plan.states).filter(|(_, state)| plan.source_of(state) == source);
        let mut own: Vec<(RawTake, &mut Filling)> =
            own.map(|(filling, state)| (from_raw(source, state), filling)).collect();
        for chunk in &chunks {
            raw::scan(NamedChunk { chunk, node: self.node }, plan, source, self.space, &mut own);
        }
        for (take, filling) in own {
            match take.given {
                Given::NetworkTime => network_time::fill(&chunks, self.node, plan, self.space, filling),
                Given::Gauge => {
                    let ended = Ended::Raw(chunks.clone());
                    gauge::fill(plan, self.node, connections, &ended, self.space, filling);
                }
                Given::One | Given::Column(_) | Given::Both(..) => {}
            }
        }
    }

    fn rolled(&mut self, blocks: Vec<SharedBlock>, window: (i64, i64), connections: &[OpenConnection]) {
        let (plan, source) = (self.plan, self.source);
        let own = self.fillings.iter_mut().zip(&plan.states).filter(|(_, state)| plan.source_of(state) == source);
        let mut own: Vec<RolledState<'_>> =
            own.filter_map(|(filling, state)| rolled_state(source, state, filling)).collect();
        rolled::scan(&blocks, self.node, plan, source, window, self.space, &mut own);
        for state in own.into_iter().filter(|state| state.take == RollupTake::Gauge) {
            let ended = Ended::Rolled(blocks.clone());
            gauge::fill(plan, self.node, connections, &ended, self.space, state.filling);
        }
    }
}

fn rolled_state<'a>(source: Records, state: &State, filling: &'a mut Filling) -> Option<RolledState<'a>> {
    let take = from_rollup(source, state)?;
    Some(RolledState { take, merging: state.merging, in_parts: state.is_known_in_parts(), filling })
}

fn finish(
    plan: &Plan<'_>,
    space: &Space,
    fillings: Vec<Filling>,
    folded_before: u64,
    periods: Option<&Periods>,
) -> Grouped {
    let folded = fold(space, fillings, plan.asked);
    let keys = plan.keys.iter().enumerate().map(|(place, field)| KeyColumn {
        field: field.clone(),
        values: folded
            .entries
            .iter()
            .map(|(group, _)| space.key_text(folded.groups[*group as usize].0[place]))
            .collect(),
    });
    let (keys, steps, pairs) = (keys.collect(), steps(space, &folded), pairs(space, &folded));
    let told: FxHashSet<PairKey> = folded.groups.iter().filter_map(|(_, pair)| space.pair_key(*pair)).collect();
    let links = periods.map(|periods| periods.links(&told, (plan.span.from, plan.span.to))).unwrap_or_default();
    Grouped {
        quantiles: exactness(&folded.states),
        folded: folded.folded + folded.unpaired + folded_before,
        notes: notes(&folded, folded_before),
        groups: Groups { steps, keys, pairs, links, states: folded.states },
    }
}

fn steps(space: &Space, folded: &Folded) -> Vec<i64> {
    if space.steps.length.is_none() {
        return Vec::new();
    }
    folded.entries.iter().map(|(_, step)| space.steps.millis(*step)).collect()
}

fn pairs(space: &Space, folded: &Folded) -> Vec<Option<Pair>> {
    if folded.groups.iter().all(|(_, pair)| *pair == 0) {
        return Vec::new();
    }
    let pairs: Vec<_> = folded.groups.iter().map(|(_, pair)| space.pair_key(*pair).map(PairKey::to_pair)).collect();
    folded.entries.iter().map(|(group, _)| pairs[*group as usize].clone()).collect()
}

fn notes(folded: &Folded, folded_before: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if folded_before > 0 {
        notes.push(format!("rollups had no room for {folded_before} or more series and count them under `other`"));
    }
    if folded.folded > 0 {
        notes.push(format!("{} small groups are counted under `other`", folded.folded));
    }
    if folded.unpaired > 0 {
        let text = "remote ends were too many to tell apart: their exchanges may be counted on their own node, too";
        notes.push(format!("{} {text}", folded.unpaired));
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
