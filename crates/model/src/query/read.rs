//! From JSON to a query.

use serde_json::Value;

use super::{
    Aggregate, AggregateOrder, MOST_FIRST, MOST_PARTNERS, MapBy, Order, Portion, Query, QueryError, QueryKind,
    RowShape, Window, check, exact,
    keys::QueryType,
    object::{Object, read_field, refuse_many, refuse_twice},
    step,
};
use crate::{
    field::{EndField, Field, Table},
    filter::Filter,
    limits,
    signal::Signal,
    suggest::nearest,
};

/// Limits where the query names none.
const DEFAULT_SERIES: usize = 20;
const DEFAULT_ROWS: usize = 1_000;
const DEFAULT_GROUPS: usize = 100;
const DEFAULT_VALUES: usize = 1_000;

/// The last moment whose nanoseconds fit into 64 bits, in the year 2262.
const LAST_MILLISECOND: i64 = i64::MAX / 1_000_000;

impl Query {
    /// Reads a query and checks all that can be checked without records.
    ///
    /// # Errors
    /// What is wrong, and with which key.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, QueryError> {
        if json.as_ref().len() > limits::QUERY_BYTES {
            return Err(QueryError::TooLarge { most: limits::QUERY_BYTES });
        }
        let value = serde_json::from_slice(json.as_ref()).map_err(|error| QueryError::NotJson(error.to_string()))?;
        Self::from_value(value)
    }

    /// The same of JSON that is read already.
    ///
    /// # Errors
    /// What is wrong, and with which key.
    pub fn from_value(value: Value) -> Result<Self, QueryError> {
        let Value::Object(map) = value else { return Err(QueryError::NotAnObject) };
        let (object, query_type) = Object::checked(map)?;
        let mut filter_text = object.text("filter")?.unwrap_or_default().to_owned();
        let mut filter = Filter::parse(&filter_text)?;
        let exact = exact::read(&object)?;
        if !exact.is_all() {
            filter = Filter::and(filter, exact);
            exact::refuse_too_long(&filter)?;
            filter_text = filter.to_string();
        }
        let query = Self {
            ref_id: object.text("refId")?.map(str::to_owned),
            filter,
            filter_text,
            enforced: Filter::All,
            window: window(&object)?,
            partial: object.flag("partial")?,
            portion: portion(&object)?,
            kind: kind(&object, query_type)?,
        };
        check::query(&query)?;
        Ok(query)
    }
}

fn window(object: &Object) -> Result<Option<Window>, QueryError> {
    let from = object.integer("from", 0, LAST_MILLISECOND)?;
    let to = object.integer("to", 0, LAST_MILLISECOND)?;
    match (from, to) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(QueryError::MissingKey("to")),
        (None, Some(_)) => Err(QueryError::MissingKey("from")),
        (Some(from), Some(to)) if from < to => Ok(Some(Window { from, to })),
        (Some(from), Some(to)) => Err(QueryError::Window { from, to }),
    }
}

fn portion(object: &Object) -> Result<Portion, QueryError> {
    let most = i64::try_from(MOST_FIRST).unwrap_or(i64::MAX);
    let wrong = QueryError::WrongValue { key: "partners", expected: "a list of pairings or of pairs of addresses" };
    let partners = object.texts("partners")?;
    if partners.len() > MOST_PARTNERS {
        return Err(wrong);
    }
    Ok(Portion {
        first: object.integer("first", 1, most)?.and_then(|first| usize::try_from(first).ok()),
        alone: object.flag("alone")?,
        after: match object.text("after")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| QueryError::WrongValue { key: "after", expected: "a mark" })?),
        },
        partners: partners.into_iter().map(|text| text.parse().map_err(|_| wrong.clone())).collect::<Result<_, _>>()?,
    })
}

fn kind(object: &Object, query_type: QueryType) -> Result<QueryKind, QueryError> {
    match query_type {
        QueryType::Signals => signals(object),
        QueryType::Heatmap => heatmap(object),
        QueryType::ServiceMap => Ok(QueryKind::ServiceMap { group_by: map_by(object)? }),
        QueryType::Rows(table) => rows(object, table),
        QueryType::Table => table(object),
        QueryType::Values => values(object),
    }
}

fn signals(object: &Object) -> Result<QueryKind, QueryError> {
    let names = object.texts("signals")?;
    if names.is_empty() {
        return Err(missing_or_empty(object, "signals"));
    }
    refuse_many("signals", names.len(), limits::SIGNALS)?;
    let signals: Vec<Signal> = names.into_iter().map(|name| read_signal("signals", name)).collect::<Result<_, _>>()?;
    refuse_twice("signals", &signals)?;
    Ok(QueryKind::Signals {
        signals,
        group_by: object.fields("groupBy", limits::GROUP_BY)?,
        limit: object.limit(DEFAULT_SERIES, limits::SERIES)?,
        step_millis: step::read(object)?,
    })
}

fn missing_or_empty(object: &Object, key: &'static str) -> QueryError {
    match object.raw(key) {
        None => QueryError::MissingKey(key),
        Some(_) => QueryError::Empty(key),
    }
}

fn read_signal(key: &'static str, name: &str) -> Result<Signal, QueryError> {
    name.parse().map_err(|unknown| QueryError::UnknownSignal { key, unknown })
}

fn heatmap(object: &Object) -> Result<QueryKind, QueryError> {
    if !object.texts("groupBy")?.is_empty() {
        return Err(QueryError::WrongValue { key: "groupBy", expected: "empty: a heatmap has no groups" });
    }
    let name = object.text("signal")?.ok_or(QueryError::MissingKey("signal"))?;
    let signal = match name {
        // A heatmap shows all values, so that the measure's own name says it best.
        "latency" => Signal::LatencyP95,
        "rtt" => Signal::RttP95,
        "connect_latency" => Signal::ConnectLatencyP95,
        "dns_latency" => Signal::DnsLatencyP95,
        other => read_signal("signal", other)?,
    };
    if signal.heatmap_measure().is_none() {
        return Err(QueryError::NoHeatmap(signal));
    }
    Ok(QueryKind::Heatmap { signal, step_millis: step::read(object)? })
}

/// A service map's nodes: `workload` where nothing is asked for; a field's side does not matter.
fn map_by(object: &Object) -> Result<MapBy, QueryError> {
    let names = object.texts("groupBy")?;
    let name = match names.as_slice() {
        [] => return Ok(MapBy(EndField::Workload)),
        [name] => *name,
        _ => return Err(QueryError::WrongValue { key: "groupBy", expected: "one field: what a node of the map is" }),
    };
    let bare = ["source.", "destination.", "either."].into_iter().find_map(|side| name.strip_prefix(side));
    let end = EndField::from_name(bare.unwrap_or(name));
    end.map(MapBy).ok_or_else(|| QueryError::NotOfAnEnd {
        name: name.to_owned(),
        suggestion: nearest(bare.unwrap_or(name), EndField::all().iter().map(EndField::name)),
    })
}

fn rows(object: &Object, table: Table) -> Result<QueryKind, QueryError> {
    let order = |(name, descending)| Ok(Order { field: read_field("orderBy", name)?, descending });
    Ok(QueryKind::Rows {
        table,
        columns: object.fields("columns", limits::COLUMNS)?,
        order_by: object.orders()?.into_iter().map(order).collect::<Result<_, QueryError>>()?,
        limit: object.limit(DEFAULT_ROWS, limits::ROWS)?,
        live: object.flag("live")?,
        shape: shape(object)?,
    })
}

fn shape(object: &Object) -> Result<RowShape, QueryError> {
    let shapes = [RowShape::Table, RowShape::Logs, RowShape::Traces];
    match object.text("as")? {
        None => Ok(RowShape::Table),
        Some(name) => shapes
            .into_iter()
            .find(|shape| shape.name() == name)
            .ok_or(QueryError::WrongValue { key: "as", expected: "table, logs or traces" }),
    }
}

fn table(object: &Object) -> Result<QueryKind, QueryError> {
    let name = object.text("table")?.ok_or(QueryError::MissingKey("table"))?;
    let table = name
        .parse()
        .map_err(|_| QueryError::WrongValue { key: "table", expected: "flows, requests, drops or processes" })?;
    let texts = object.texts("aggregates")?;
    refuse_many("aggregates", texts.len(), limits::AGGREGATES)?;
    let aggregates: Vec<Aggregate> = texts.into_iter().map(str::parse).collect::<Result<_, _>>()?;
    if aggregates.is_empty() {
        return Err(missing_or_empty(object, "aggregates"));
    }
    let texts: Vec<&str> = aggregates.iter().map(|aggregate| aggregate.text.as_str()).collect();
    refuse_twice("aggregates", &texts)?;
    let order = |(name, descending): (&str, bool)| AggregateOrder { column: name.to_owned(), descending };
    Ok(QueryKind::Table {
        table,
        group_by: if object.flag("partial")? {
            object.fields_or_label_keys("groupBy", limits::GROUP_BY)?
        } else {
            object.fields("groupBy", limits::GROUP_BY)?
        },
        order_by: object.orders()?.into_iter().map(order).collect(),
        limit: object.limit(DEFAULT_GROUPS, limits::ROWS)?,
        aggregates,
    })
}

fn values(object: &Object) -> Result<QueryKind, QueryError> {
    let name = object.text("field")?.ok_or(QueryError::MissingKey("field"))?;
    let field =
        Field::parse_with_label_keys(name).map_err(|unknown| QueryError::UnknownField { key: "field", unknown })?;
    Ok(QueryKind::Values {
        field,
        prefix: object.text("prefix")?.unwrap_or_default().to_owned(),
        limit: object.limit(DEFAULT_VALUES, limits::ROWS)?,
    })
}
