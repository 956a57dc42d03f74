//! Folds blocks into one: of the same step, to compact them, or of a longer one, to roll them up.

use super::{
    accumulator::Accumulator,
    block::{Block, SharedBlock},
    series::{ABSENT_TEXT, OTHER_CODE, Series},
};

/// All rows of `blocks` in steps of `step` nanoseconds, with at most `limit` series in each.
pub(crate) fn fold<const S: usize, const D: usize>(blocks: &[SharedBlock], step: i64, limit: usize) -> Option<Block> {
    let mut accumulator = Accumulator::<S, D>::new(step, limit);
    for block in blocks {
        add(&mut accumulator, block);
    }
    let mut folded = accumulator.close_all()?;
    let before = blocks.iter().map(|block| block.folded).max().unwrap_or_default();
    folded.folded = folded.folded.max(before);
    Some(folded)
}

fn add<const S: usize, const D: usize>(accumulator: &mut Accumulator<S, D>, block: &Block) {
    let series = recode(accumulator, block);
    let (steps, places) = (block.steps(), block.series());
    let sums: [_; S] = std::array::from_fn(|at| block.sums(at));
    let spreads: [_; D] = std::array::from_fn(|at| block.distributions(at));
    for row in 0..block.len() {
        let into = accumulator.row(steps.get(row).cast_signed(), &series[places.get(row) as usize]);
        for (total, column) in into.sums.iter_mut().zip(&sums) {
            *total = total.saturating_add(column.get(row));
        }
        for (total, spread) in into.distributions.iter_mut().zip(spreads.iter().flatten()) {
            let count = spread.counts.get(row);
            if count > 0 {
                let range = (spread.mins.get(row), spread.maxes.get(row));
                total.merge(count, spread.sums.get(row), range, spread.buckets(row));
            }
        }
    }
}

/// The block's series in the codes of the accumulator.
fn recode<const S: usize, const D: usize>(accumulator: &mut Accumulator<S, D>, block: &Block) -> Vec<Series> {
    let registry = &mut accumulator.registry;
    let endpoints: Vec<u16> = block.table.endpoints.iter().map(|endpoint| registry.endpoint(endpoint)).collect();
    let texts: Vec<u16> = block.table.texts.iter().map(|text| registry.text(text)).collect();
    let endpoint = |code: u16| code.checked_sub(1).map_or(OTHER_CODE, |at| endpoints[usize::from(at)]);
    let text = |code: u16| match code {
        OTHER_CODE | ABSENT_TEXT => code,
        known => texts[usize::from(known) - 1],
    };
    let recoded = block.table.series.iter().map(|series| Series {
        source: endpoint(series.source),
        destination: endpoint(series.destination),
        texts: series.texts.map(text),
        ..*series
    });
    recoded.collect()
}
