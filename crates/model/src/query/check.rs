//! Whether what a query asks for can be had together: fields of the tables that it is about.

use super::{Aggregate, AggregateOrder, Order, Portion, Query, QueryError, QueryKind, RowShape, step};
use crate::{
    field::{Field, Table},
    filter::{FieldNotInTable, Filter},
    signal::Signal,
};

/// Refuses a query that asks for what there is not.
pub(super) fn query(query: &Query) -> Result<(), QueryError> {
    let filter = &query.filter;
    if !query.partial && query.portion != Portion::default() {
        return Err(QueryError::WrongValue { key: "partial", expected: "true: only a merge asks for a portion" });
    }
    match &query.kind {
        QueryKind::Signals { signals, group_by, step_millis, .. } => {
            groupable("groupBy", group_by)?;
            signals.iter().try_for_each(|signal| signal_fields(*signal, filter, group_by))?;
            step::check(query.window, *step_millis)
        }
        QueryKind::Heatmap { signal, step_millis } => {
            signal_fields(*signal, filter, &[])?;
            step::check(query.window, *step_millis)
        }
        // A map is of flows and requests together; a field that one of them lacks is absent there.
        QueryKind::ServiceMap { .. } => map_filter(filter),
        QueryKind::Rows { table, columns, order_by, shape, .. } => {
            rows(*table, columns, order_by, *shape)?;
            in_table("filter", &filter.fields(), *table, None)
        }
        QueryKind::Table { table, group_by, aggregates, order_by, .. } => {
            table_query(*table, group_by, aggregates, order_by)?;
            in_table("filter", &filter.fields(), *table, None)
        }
        QueryKind::Values { field, .. } => values(field, filter),
    }
}

fn groupable(key: &'static str, fields: &[Field]) -> Result<(), QueryError> {
    match fields.iter().find(|field| !field.is_groupable()) {
        Some(field) => Err(QueryError::NotGroupable { key, field: field.clone() }),
        None => Ok(()),
    }
}

fn in_table(key: &'static str, fields: &[Field], table: Table, signal: Option<Signal>) -> Result<(), QueryError> {
    match fields.iter().find(|field| !field.is_in(table)) {
        Some(field) => {
            Err(QueryError::NotInTable { key, missing: FieldNotInTable { field: field.clone(), table }, signal })
        }
        None => Ok(()),
    }
}

fn signal_fields(signal: Signal, filter: &Filter, group_by: &[Field]) -> Result<(), QueryError> {
    for (key, fields) in [("filter", filter.fields().as_slice()), ("groupBy", group_by)] {
        in_table(key, fields, signal.table(), Some(signal))?;
        if signal.is_node_wide() {
            node_wide(key, fields, signal)?;
        }
    }
    Ok(())
}

fn node_wide(key: &'static str, fields: &[Field], signal: Signal) -> Result<(), QueryError> {
    match fields.iter().find(|field| **field != Field::NodeName) {
        Some(field) => Err(QueryError::NodeWide { key, signal, field: field.clone() }),
        None => Ok(()),
    }
}

fn map_filter(filter: &Filter) -> Result<(), QueryError> {
    let nowhere = |field: &Field| !field.is_in(Table::Flows) && !field.is_in(Table::Requests);
    match filter.fields().into_iter().find(nowhere) {
        Some(field) => Err(QueryError::NotInTable {
            key: "filter",
            missing: FieldNotInTable { field, table: Table::Requests },
            signal: None,
        }),
        None => Ok(()),
    }
}

fn rows(table: Table, columns: &[Field], order_by: &[Order], shape: RowShape) -> Result<(), QueryError> {
    in_table("columns", columns, table, None)?;
    let ordered: Vec<Field> = order_by.iter().map(|order| order.field.clone()).collect();
    in_table("orderBy", &ordered, table, None)?;
    if shape == RowShape::Traces && table != Table::Requests {
        return Err(QueryError::Shape { table, shape: shape.name() });
    }
    Ok(())
}

fn table_query(
    table: Table,
    group_by: &[Field],
    aggregates: &[Aggregate],
    order_by: &[AggregateOrder],
) -> Result<(), QueryError> {
    groupable("groupBy", group_by)?;
    in_table("groupBy", group_by, table, None)?;
    aggregates.iter().try_for_each(|aggregate| aggregate.check_table(table))?;
    let is_column = |name: &str| {
        aggregates.iter().any(|aggregate| aggregate.text == name) || group_by.iter().any(|field| field.name() == name)
    };
    match order_by.iter().find(|order| !is_column(&order.column)) {
        Some(order) => Err(QueryError::OrderByMissing(order.column.clone())),
        None => Ok(()),
    }
}

/// Values may come from any table that has the field and all that the filter mentions.
fn values(field: &Field, filter: &Filter) -> Result<(), QueryError> {
    groupable("field", std::slice::from_ref(field))?;
    let mentioned = filter.fields();
    let fits = |table: &&Table| mentioned.iter().all(|other| other.is_in(**table));
    if field.tables().iter().any(|table| fits(&table)) {
        return Ok(());
    }
    field.tables().first().map_or(Ok(()), |table| in_table("filter", &mentioned, *table, None))
}
