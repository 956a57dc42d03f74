//! Values of workloads as maps and tables name them.
//!
//! A node alone cannot list them: an address that it knows nobody at may be a workload of another node, and where no node knows
//! it, its DNS name or the address itself stands for the workload. That is decided where the answers of all nodes are
//! merged, so these values are asked for as groups.

use std::{collections::BTreeMap, sync::Arc};

use goldwire_answer::{
    column::Column,
    coverage::Coverage,
    table::{Answer, Finished, Table},
};
use goldwire_model::{
    field::{self as model, EndField, Field},
    query::{Aggregate, Query, QueryKind},
};

/// Groups that are told apart; the rest is one.
const MOST_GROUPS: usize = 10_000;

/// What the merge calls the group of what was not told apart.
const OTHER: &str = "other";

/// The queries that list the values, one for each table that has them; `None` where nodes list the values themselves.
pub(crate) fn groups(query: &Query) -> Option<Vec<Query>> {
    let QueryKind::Values { field: field @ Field::End(_, EndField::Workload), .. } = &query.kind else { return None };
    let count: Aggregate = "count()".parse().ok()?;
    let fitting = field.tables().iter().copied().filter(|table| query.filter.check_table(*table).is_ok());
    let mut tables: Vec<model::Table> = fitting.collect();
    // A drop is seen by one node only, which may not know an end that the other records name. Where these have the end, they do.
    if tables.iter().any(|table| *table != model::Table::Drops) {
        tables.retain(|table| *table != model::Table::Drops);
    }
    let of_table = tables.into_iter().map(|table| Query {
        kind: QueryKind::Table {
            table,
            group_by: vec![field.clone()],
            aggregates: vec![count.clone()],
            order_by: Vec::new(),
            limit: MOST_GROUPS,
        },
        ..query.clone()
    });
    Some(of_table.collect())
}

/// The values, most frequent first, from the answers to [`groups`]; `None` where there is no answer.
pub(crate) fn values(query: &Query, answers: Vec<Answer>) -> Option<Answer> {
    let (prefix, limit) = match &query.kind {
        QueryKind::Values { prefix, limit, .. } => (prefix.to_lowercase(), *limit),
        _ => (String::new(), 0),
    };
    let mut counts: BTreeMap<Arc<str>, i64> = BTreeMap::new();
    let mut coverage: Option<Coverage> = None;
    for answer in answers {
        match &mut coverage {
            None => coverage = Some(answer.coverage),
            Some(coverage) => coverage.also_lacks(answer.coverage),
        }
        if let Finished::Table(table) = &answer.body {
            add(&mut counts, table);
        }
    }
    let begins = |value: &str| prefix.is_empty() || value.to_lowercase().starts_with(&prefix);
    let mut ranked: Vec<(Arc<str>, i64)> = counts.into_iter().filter(|(value, _)| begins(value)).collect();
    // Stable: equally frequent ones stay in the order of their names.
    ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let values = ranked.into_iter().take(limit).map(|(value, _)| value).collect();
    Some(Answer { body: Finished::Values(values), coverage: coverage? })
}

fn add(counts: &mut BTreeMap<Arc<str>, i64>, table: &Table) {
    let [names, numbers] = table.columns.as_slice() else { return };
    let Column::Text(names) = &names.values else { return };
    for (row, name) in names.iter().enumerate() {
        let count = match &numbers.values {
            Column::Integer(numbers) => numbers[row].unwrap_or(0),
            Column::Float(numbers) => numbers[row].unwrap_or(0.0) as i64,
            _ => 0,
        };
        if let Some(name) = name.as_ref().filter(|name| !name.is_empty() && ***name != *OTHER) {
            *counts.entry(Arc::clone(name)).or_default() += count;
        }
    }
}
