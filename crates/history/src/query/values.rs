//! `values`: distinct values of a field, and how many records have each.

use goldwire_answer::{
    groups::{Groups, StateColumn},
    plan::{Merging, Quantity, State},
};
use goldwire_model::{
    field::{Field, Table},
    query::Query,
};
use rustc_hash::FxHashMap;

use super::{
    plan::{Plan, Span},
    slots::Steps,
};
use crate::{
    chunk::value::{KEYS_BETWEEN, OTHER},
    complete::Complete,
};

/// One plan a table that has the field and all that the filter mentions: rows by value.
pub(crate) fn plans<'q>(query: &'q Query, field: &Field, prefix: &'q str, span: Span) -> Vec<Plan<'q>> {
    let fits = |table: &&Table| query.filter.check_table(**table).is_ok();
    let tables = field.tables().iter().filter(fits);
    // A value that holds several cannot be judged by how it begins.
    let prefix = if field.is_label_keys() { "" } else { prefix };
    tables.map(|table| plan(query, field, prefix, span, *table)).collect()
}

fn plan<'q>(query: &'q Query, field: &Field, prefix: &'q str, span: Span, table: Table) -> Plan<'q> {
    Plan {
        span,
        gauges_until: span.to,
        steps: Steps::over(span.from, span.to, None),
        filter: &query.filter,
        asked: 1,
        keys: vec![field.clone()],
        states: vec![State { quantity: Quantity::Rows, merging: Merging::Count }],
        table: Some(table),
        // Both reports name the same values.
        deduplicate: false,
        exact: false,
        complete: Complete::default(),
        prefix,
        // They are ordered and cut afterwards.
        most_groups: usize::MAX,
        rank: Some(0),
    }
}

/// Where a value was seen, and how often.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    counts: FxHashMap<String, u64>,
    /// A value holds several.
    are_keys: bool,
}

impl Counted {
    pub(crate) fn of(field: &Field) -> Self {
        Self { are_keys: field.is_label_keys(), ..Self::default() }
    }

    /// Adds the groups of one table. A value that is not known here is left out, since its own node knows it, and so is
    /// what was counted together.
    pub(crate) fn add(&mut self, groups: &Groups) {
        let (Some(keys), Some(StateColumn::Count(counts))) = (groups.keys.first(), groups.states.first()) else {
            return;
        };
        for (value, count) in keys.values.iter().zip(counts) {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty() && ***value != *OTHER) {
                if self.are_keys {
                    value.split(KEYS_BETWEEN).for_each(|key| self.count(key, *count));
                } else {
                    self.count(value, *count);
                }
            }
        }
    }

    fn count(&mut self, value: &str, count: u64) {
        let seen = self.counts.entry(value.to_owned()).or_default();
        *seen = seen.saturating_add(count);
    }

    /// The most frequent first, by name among equals. The prefix is matched whatever the case of its letters.
    pub(crate) fn most_frequent(self, prefix: &str, limit: usize) -> Vec<(String, u64)> {
        let prefix = prefix.to_lowercase();
        let begins = |value: &str| prefix.is_empty() || value.to_lowercase().starts_with(&prefix);
        let mut values: Vec<_> = self.counts.into_iter().filter(|(value, _)| begins(value)).collect();
        values.sort_by(|(a, often), (b, rarely)| rarely.cmp(often).then_with(|| a.cmp(b)));
        values.truncate(limit);
        values
    }
}
