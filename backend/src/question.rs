//! From what Grafana sends to a query that nodes understand.

use goldwire_model::{
    field::{EndField, Field, Side, Table},
    filter::Filter,
    query::{Query, QueryError, QueryKind, RowShape, Window, nice_step},
};
use serde_json::Value;

/// What Grafana itself adds to a query's JSON.
const GRAFANA_KEYS: [&str; 9] = [
    "refId",
    "datasource",
    "datasourceId",
    "hide",
    "key",
    "intervalMs",
    "maxDataPoints",
    "timezone",
    "queryCachingTTL",
];

/// The shortest step that is chosen for a panel.
const SHORTEST_STEP: i64 = 1_000;

/// Steps where Grafana does not say how many points a panel has room for.
const DEFAULT_POINTS: u32 = 120;

/// What stands around a query.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// Names the query within its panel.
    pub ref_id: String,
    /// `queryType` where the query's JSON has none.
    pub query_type: String,
    /// From and to in milliseconds since the epoch; a live query has no range.
    pub range: Option<(i64, i64)>,
    /// How far apart points should be at least, in milliseconds; 0 where not said.
    pub interval: i64,
    /// How many points there is room for; 0 where not said.
    pub max_data_points: i64,
}

/// Reads a query as Grafana sends it, within the data source's enforced filter.
///
/// # Errors
/// What is wrong with it, for people.
pub fn read(json: &[u8], panel: &Panel, enforced: &Filter) -> Result<Query, QueryError> {
    let mut value: Value = serde_json::from_slice(json).map_err(|error| QueryError::NotJson(error.to_string()))?;
    let Value::Object(keys) = &mut value else { return Err(QueryError::NotAnObject) };
    for key in GRAFANA_KEYS {
        keys.remove(key);
    }
    // A query saved before it was edited has these as null.
    keys.retain(|_, value| !value.is_null());
    if !panel.query_type.is_empty() {
        keys.entry("queryType").or_insert_with(|| panel.query_type.clone().into());
    }
    // A query may say itself from when on it asks: links to processes do, which began long before what led to them.
    if let Some((from, to)) = panel.range {
        keys.entry("from").or_insert_with(|| from.into());
        keys.entry("to").or_insert_with(|| to.into());
    }
    keys.insert("partial".to_owned(), true.into());
    let mut query = Query::from_value(value)?;
    query.ref_id = Some(panel.ref_id.clone());
    query.restrict(enforced.clone());
    fit_to_panel(&mut query, panel);
    Ok(query)
}

fn fit_to_panel(query: &mut Query, panel: &Panel) {
    let window = query.window;
    match &mut query.kind {
        QueryKind::Signals { step_millis, .. } | QueryKind::Heatmap { step_millis, .. } => {
            if let (None, Some(window)) = (&step_millis, window) {
                *step_millis = Some(step(window, panel));
            }
        }
        QueryKind::Rows { shape: RowShape::Logs, columns, table, .. } if columns.is_empty() => {
            *columns = log_columns(*table);
        }
        QueryKind::Rows { shape: RowShape::Table, columns, table, .. } if columns.is_empty() => {
            *columns = table_columns(*table);
        }
        QueryKind::Rows { shape: RowShape::Traces, columns, .. } => *columns = trace_columns(),
        _ => {}
    }
}

/// A step that people read well, not shorter than the panel's interval.
fn step(window: Window, panel: &Panel) -> i64 {
    let points = u32::try_from(panel.max_data_points).ok().filter(|points| *points > 0).unwrap_or(DEFAULT_POINTS);
    let of_interval = nice_step(Window { from: 0, to: panel.interval.max(SHORTEST_STEP) }, 1);
    nice_step(window, points).max(of_interval)
}

const SOURCE: fn(EndField) -> Field = |end| Field::End(Side::Source, end);
const DESTINATION: fn(EndField) -> Field = |end| Field::End(Side::Destination, end);

/// What a table shows, and what its links to processes are made of.
fn table_columns(table: Table) -> Vec<Field> {
    let mut columns = table.default_columns();
    if matches!(table, Table::Flows | Table::Requests) {
        let process = [EndField::Process, EndField::Pid, EndField::Node];
        columns.extend([SOURCE, DESTINATION].into_iter().flat_map(|end| process.clone().map(end)));
    }
    columns
}

/// What a line tells, and what its labels are.
fn log_columns(table: Table) -> Vec<Field> {
    let mut columns = table.default_columns();
    if table == Table::Requests {
        columns.extend([Field::SpanId, Field::HttpHost, Field::NodeName]);
    }
    columns
}

/// What a span is made of.
fn trace_columns() -> Vec<Field> {
    vec![
        Field::TraceId,
        Field::SpanId,
        Field::Time,
        Field::Start,
        Field::Latency,
        SOURCE(EndField::Workload),
        SOURCE(EndField::Address),
        SOURCE(EndField::Port),
        DESTINATION(EndField::Workload),
        DESTINATION(EndField::Address),
        DESTINATION(EndField::Port),
        DESTINATION(EndField::Namespace),
        DESTINATION(EndField::Pod),
        DESTINATION(EndField::Node),
        Field::NetworkProtocol,
        Field::HttpMethod,
        Field::HttpRoute,
        Field::UrlPath,
        Field::HttpHost,
        Field::HttpStatus,
        Field::RpcMethod,
        Field::RpcStatus,
        Field::DbSystem,
        Field::DbOperation,
        Field::DbTarget,
        Field::DbQueryText,
        Field::MessagingDestination,
        Field::DnsName,
        Field::DnsCode,
        Field::ErrorType,
        Field::ErrorCode,
        Field::RequestBytes,
        Field::ResponseBytes,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel() -> Panel {
        Panel {
            ref_id: "A".into(),
            query_type: String::new(),
            range: Some((0, 3_600_000)),
            interval: 2_000,
            max_data_points: 1_000,
        }
    }

    fn step_of(query: &Query) -> Option<i64> {
        match &query.kind {
            QueryKind::Signals { step_millis, .. } => *step_millis,
            _ => None,
        }
    }

    #[test]
    fn what_grafana_adds_is_taken_away_and_the_rest_is_refused_by_name() {
        let json = br#"{"refId": "B", "datasource": {"uid": "x"}, "datasourceId": 1, "hide": false, "key": "k",
            "intervalMs": 5, "maxDataPoints": 7, "timezone": "utc", "queryCachingTTL": 1, "groupBy": null,
            "queryType": "signals", "signals": ["request_rate"]}"#;
        let query = read(json, &panel(), &Filter::All).unwrap();
        assert_eq!(query.ref_id.as_deref(), Some("A"));
        assert!(query.partial);
        assert_eq!(query.window, Some(Window { from: 0, to: 3_600_000 }));
        let error = read(br#"{"queryType": "signals", "signals": ["request_rate"], "sig": 1}"#, &panel(), &Filter::All);
        assert!(error.unwrap_err().to_string().contains("`sig`"));
    }

    #[test]
    fn the_step_suits_the_panel() {
        let json = br#"{"queryType": "signals", "signals": ["request_rate"]}"#;
        assert_eq!(step_of(&read(json, &panel(), &Filter::All).unwrap()), Some(5_000));
        let coarse = Panel { interval: 40_000, ..panel() };
        assert_eq!(step_of(&read(json, &coarse, &Filter::All).unwrap()), Some(60_000));
        let unsaid = Panel { interval: 0, max_data_points: 0, ..panel() };
        assert_eq!(step_of(&read(json, &unsaid, &Filter::All).unwrap()), Some(30_000));
        let own = br#"{"queryType": "signals", "signals": ["request_rate"], "step": "2m"}"#;
        assert_eq!(step_of(&read(own, &panel(), &Filter::All).unwrap()), Some(120_000));
    }

    #[test]
    fn the_enforced_filter_can_not_be_escaped() {
        let enforced = Filter::parse("destination.namespace = \"shop\"").unwrap();
        let json = br#"{"queryType": "flows", "filter": "source.port = 1 or source.port = 2"}"#;
        let query = read(json, &panel(), &enforced).unwrap();
        assert_eq!(
            query.filter.to_string(),
            "destination.namespace = \"shop\" and (source.port = 1 or source.port = 2)"
        );
    }

    #[test]
    fn a_query_may_begin_before_the_panel() {
        let panel = Panel { range: Some((1_000, 2_000)), ..panel() };
        let window = |json: &[u8]| read(json, &panel, &Filter::All).unwrap().window;
        assert_eq!(window(br#"{"queryType": "processes", "from": 0}"#), Some(Window { from: 0, to: 2_000 }));
        assert_eq!(window(br#"{"queryType": "processes"}"#), Some(Window { from: 1_000, to: 2_000 }));
    }

    #[test]
    fn the_type_may_stand_beside_the_query() {
        let panel = Panel { query_type: "flows".into(), ..panel() };
        assert!(matches!(read(b"{}", &panel, &Filter::All).unwrap().kind, QueryKind::Rows { .. }));
    }
}
