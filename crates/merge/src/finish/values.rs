//! Distinct values of a field, most frequent first.

use std::{collections::BTreeMap, sync::Arc};

pub(crate) fn values(parts: Vec<Vec<(String, u64)>>, limit: usize) -> Vec<Arc<str>> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (value, count) in parts.into_iter().flatten() {
        let total = counts.entry(value).or_default();
        *total = total.saturating_add(count);
    }
    let mut ranked: Vec<(String, u64)> = counts.into_iter().collect();
    // Stable: equally frequent ones stay in the order of their names.
    ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    ranked.into_iter().take(limit).map(|(value, _)| value.into()).collect()
}
