//! Aggregates by group, one row a group.

use std::{cmp::Ordering, sync::Arc};

use goldwire_answer::{
    column::Column,
    groups::StateColumn,
    plan::of_aggregate,
    table::{NamedColumn, Table},
};
use goldwire_model::{
    field::{Field, Kind},
    query::{Aggregate, AggregateOrder, Function},
};

use super::rank::is_other;
use crate::{
    coverage::Joined,
    groups::{Merged, OTHER, Plan},
    quantiles,
    rows::{compare, pick},
    states,
};

pub(crate) fn table(
    group_by: &[Field],
    aggregates: &[Aggregate],
    order_by: &[AggregateOrder],
    limit: usize,
    plan: &Plan,
    merged: &Merged,
    joined: &mut Joined,
) -> Table {
    if group_by.is_empty() && merged.groups.is_empty() {
        // As in SQL: without groups there is one row, even where nothing happened.
        return Rows::of(group_by, aggregates, plan, &fold(plan, merged, &[])).into();
    }
    let rows = Rows::of(group_by, aggregates, plan, merged);
    let (folded, mut order): (Vec<usize>, Vec<usize>) =
        (0..merged.groups.len()).partition(|group| is_other(&merged.groups[*group]));
    order.sort_by(|a, b| rows.compare(order_by, aggregates, *a, *b));
    let cut = order.len().saturating_sub(limit);
    if cut > 0 {
        joined.note(format!("{cut} groups beyond the limit of {limit} are shown as one, `{OTHER}`"));
    }
    order.truncate(limit);
    let mut columns = rows.in_order(&order);
    if cut > 0 || !folded.is_empty() {
        append(&mut columns, Rows::of(group_by, aggregates, plan, &fold(plan, merged, &order)));
    }
    Table { columns }
}

/// The groups that are not shown, as one.
fn fold(plan: &Plan, merged: &Merged, shown: &[usize]) -> Merged {
    let mut is_shown = vec![false; merged.groups.len()];
    shown.iter().for_each(|group| is_shown[*group] = true);
    let mut states: Vec<StateColumn> = plan.states.iter().map(|state| states::zeros(state, 1)).collect();
    for (row, cell) in merged.cells.iter().enumerate().filter(|(_, cell)| !is_shown[cell.group as usize]) {
        debug_assert_eq!(cell.step, 0, "tables have no steps");
        for (into, from) in states.iter_mut().zip(&merged.states) {
            states::add(into, 0, from, row);
        }
    }
    let group = vec![OTHER.into(); plan.keys.len()];
    Merged::new(vec![group], vec![crate::groups::Cell { group: 0, step: 0 }], states)
}

fn append(columns: &mut [NamedColumn], more: Rows) {
    for (column, more) in columns.iter_mut().zip(more.columns) {
        match (&mut column.values, more.values) {
            (Column::Text(values), Column::Text(more)) => values.extend(more),
            (Column::Integer(values), Column::Integer(more)) | (Column::Time(values), Column::Time(more)) => {
                values.extend(more);
            }
            (Column::Float(values), Column::Float(more)) => values.extend(more),
            _ => {}
        }
    }
}

/// Finished columns, in the order of the groups.
struct Rows {
    columns: Vec<NamedColumn>,
}

impl From<Rows> for Table {
    fn from(rows: Rows) -> Self {
        Self { columns: rows.columns }
    }
}

impl Rows {
    fn of(group_by: &[Field], aggregates: &[Aggregate], plan: &Plan, merged: &Merged) -> Self {
        // Without steps each group has one row, in the order in which the groups came.
        let keys = group_by.iter().enumerate().map(|(number, field)| NamedColumn {
            name: field.name().into(),
            unit: None,
            values: Column::Text(merged.groups.iter().map(|keys| keys.get(number).cloned()).collect()),
        });
        let numbers = aggregates.iter().map(|aggregate| NamedColumn {
            name: aggregate.text.as_str().into(),
            unit: unit(aggregate),
            values: plan
                .place(&of_aggregate(aggregate))
                .map_or(Column::Float(Vec::new()), |place| finish(aggregate, &merged.states[place])),
        });
        Self { columns: keys.chain(numbers).collect() }
    }

    /// By the columns that were asked for; else by the first aggregate, largest first. Then by name.
    fn compare(&self, order_by: &[AggregateOrder], aggregates: &[Aggregate], a: usize, b: usize) -> Ordering {
        let named = |name: &str| self.columns.iter().find(|column| &*column.name == name);
        let default = aggregates.first().map(|aggregate| (aggregate.text.as_str(), true));
        let asked: Vec<(&str, bool)> = order_by.iter().map(|order| (order.column.as_str(), order.descending)).collect();
        let by = if asked.is_empty() { default.into_iter().collect() } else { asked };
        let asked = by.into_iter().filter_map(|(name, descending)| {
            let ordering = compare(&named(name)?.values, a, b);
            Some(if descending { ordering.reverse() } else { ordering })
        });
        let by_name = self.columns.iter().map(|column| compare(&column.values, a, b));
        asked.chain(by_name).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn in_order(&self, order: &[usize]) -> Vec<NamedColumn> {
        let columns = self.columns.iter().map(|column| NamedColumn {
            name: Arc::clone(&column.name),
            unit: column.unit,
            values: pick(&column.values, order),
        });
        columns.collect()
    }
}

/// Sizes and plain numbers are whole, and so are their sums and extremes.
fn is_whole(aggregate: &Aggregate) -> bool {
    let whole_values =
        aggregate.argument.as_ref().is_some_and(|field| matches!(field.kind(), Kind::Bytes | Kind::Number));
    whole_values && matches!(aggregate.function, Function::Sum | Function::Min | Function::Max)
}

fn unit(aggregate: &Aggregate) -> Option<&'static str> {
    match aggregate.function {
        Function::Count => None,
        _ => aggregate.argument.as_ref().and_then(Field::unit),
    }
}

fn finish(aggregate: &Aggregate, column: &StateColumn) -> Column {
    let values: Vec<Option<f64>> = match column {
        StateColumn::Count(values) => {
            return Column::Integer(values.iter().map(|value| i64::try_from(*value).ok()).collect());
        }
        StateColumn::Sum(values) => values.iter().copied().map(Some).collect(),
        StateColumn::Min(values) | StateColumn::Max(values) => {
            values.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect()
        }
        StateColumn::Average { sums, counts } => {
            sums.iter().zip(counts).map(|(sum, count)| (*count > 0).then(|| sum / *count as f64)).collect()
        }
        StateColumn::Quantiles(values) => {
            let quantile = match aggregate.function {
                Function::Quantile(quantile) => quantile,
                _ => 0.5,
            };
            values.iter().map(|value| quantiles::quantile(value, quantile)).collect()
        }
    };
    if is_whole(aggregate) {
        Column::Integer(values.into_iter().map(|value| value.map(|value| value as i64)).collect())
    } else {
        Column::Float(values)
    }
}
