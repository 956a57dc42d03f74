//! From a query to JSON.

use serde_json::{Map, Value, json};

use super::{AggregateOrder, Order, Portion, Query, QueryKind, keys::QueryType, step};
use crate::field::Field;

impl Query {
    /// As JSON that [`Query::from_json`] reads back. The filter is written from what was parsed, in its canonical text,
    /// so that a restriction added to it cannot be lost.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// The same as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        put("queryType", self.query_type().name().into());
        if let Some(ref_id) = &self.ref_id {
            put("refId", ref_id.as_str().into());
        }
        if !self.filter.is_all() {
            put("filter", self.filter.to_string().into());
        }
        if let Some(window) = self.window {
            put("from", window.from.into());
            put("to", window.to.into());
        }
        if self.partial {
            put("partial", true.into());
        }
        map.extend(self.portion.own_keys());
        map.extend(self.kind.own_keys());
        Value::Object(map)
    }

    const fn query_type(&self) -> QueryType {
        match &self.kind {
            QueryKind::Signals { .. } => QueryType::Signals,
            QueryKind::Heatmap { .. } => QueryType::Heatmap,
            QueryKind::ServiceMap { .. } => QueryType::ServiceMap,
            QueryKind::Rows { table, .. } => QueryType::Rows(*table),
            QueryKind::Table { .. } => QueryType::Table,
            QueryKind::Values { .. } => QueryType::Values,
        }
    }
}

impl Portion {
    fn own_keys(&self) -> Map<String, Value> {
        let partners: Vec<String> = self.partners.iter().map(ToString::to_string).collect();
        let keys = [
            ("first", self.first.map(Value::from)),
            ("alone", self.alone.then_some(true.into())),
            ("after", self.after.map(|mark| mark.to_string().into())),
            ("partners", (!partners.is_empty()).then(|| partners.into())),
        ];
        keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

impl QueryKind {
    fn own_keys(&self) -> Map<String, Value> {
        let keys = match self {
            Self::Signals { signals, group_by, limit, step_millis } => {
                let signals: Vec<&str> = signals.iter().map(|signal| signal.name()).collect();
                json!({ "signals": signals, "groupBy": group_by, "limit": limit, "step": step_millis.map(step::text) })
            }
            Self::Heatmap { signal, step_millis } => {
                json!({ "signal": signal.name(), "step": step_millis.map(step::text) })
            }
            Self::ServiceMap { group_by } => json!({ "groupBy": group_by.0.name() }),
            Self::Rows { columns, order_by, limit, live, shape, .. } => json!({
                "columns": columns,
                "orderBy": order_by.iter().map(Order::to_text).collect::<Vec<_>>(),
                "limit": limit,
                "live": live,
                "as": shape.name(),
            }),
            Self::Table { table, group_by, aggregates, order_by, limit } => json!({
                "table": table.name(),
                "groupBy": group_by,
                "aggregates": aggregates.iter().map(|aggregate| aggregate.text.as_str()).collect::<Vec<_>>(),
                "orderBy": order_by.iter().map(AggregateOrder::to_text).collect::<Vec<_>>(),
                "limit": limit,
            }),
            Self::Values { field, prefix, limit } => json!({ "field": field, "prefix": prefix, "limit": limit }),
        };
        match keys {
            Value::Object(keys) => keys.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => Map::new(),
        }
    }
}

impl Order {
    fn to_text(&self) -> String {
        order_text(&Field::name(&self.field), self.descending)
    }
}

impl AggregateOrder {
    fn to_text(&self) -> String {
        order_text(&self.column, self.descending)
    }
}

fn order_text(column: &str, descending: bool) -> String {
    format!("{}{column}", if descending { "-" } else { "" })
}
