//! From what Grafana sends to a query that nodes understand.

use goldwire_model::{
    filter::Filter,
    query::{Query, QueryError, QueryKind, RowShape, Window, nice_step},
};
use serde_json::Value;

mod ad_hoc;
mod columns;
mod keys;

use columns::{log_columns, table_columns, trace_columns};

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

/// A query and what its reader must know of it.
#[derive(Clone, Debug)]
pub struct Question {
    /// What nodes are asked.
    pub query: Query,
    /// What of the panel's question could not be asked, as sentences.
    pub notes: Vec<String>,
}

/// Reads a query as Grafana sends it, within the data source's enforced filter.
///
/// # Errors
/// What is wrong with it, for people.
pub fn read(json: &[u8], panel: &Panel, enforced: &Filter) -> Result<Question, QueryError> {
    let mut value: Value = serde_json::from_slice(json).map_err(|error| QueryError::NotJson(error.to_string()))?;
    let Value::Object(keys) = &mut value else { return Err(QueryError::NotAnObject) };
    keys::drop_foreign(keys);
    keys::refuse_variables(keys)?;
    let ad_hoc = ad_hoc::take(keys)?;
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
    let notes = ad_hoc::add(&mut query, ad_hoc);
    query.restrict(enforced.clone());
    fit_to_panel(&mut query, panel);
    Ok(Question { query, notes })
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

    fn ask(json: &str) -> Result<Question, QueryError> {
        read(json.as_bytes(), &panel(), &Filter::All)
    }

    fn refusal(json: &str) -> String {
        ask(json).unwrap_err().to_string()
    }

    #[test]
    fn keys_of_grafana_are_dropped_whatever_they_are() {
        let json = r#"{"refId": "B", "datasource": {"uid": "x"}, "datasourceId": 1, "hide": false, "key": "k",
            "intervalMs": 5, "maxDataPoints": 7, "timezone": "utc", "queryCachingTTL": 1, "groupBy": null,
            "timeRange": {"from": "0", "to": "1"}, "resultAssertions": {"typeVersion": [0, 0]}, "scopes": ["$x"],
            "somethingNew": [1], "queryType": "signals", "signals": ["request_rate"]}"#;
        let query = ask(json).unwrap().query;
        assert_eq!(query.ref_id.as_deref(), Some("A"));
        assert!(query.partial);
        assert_eq!(query.window, Some(Window { from: 0, to: 3_600_000 }));
    }

    #[test]
    fn keys_of_ours_that_are_misspelt_are_refused() {
        for (json, expected) in [
            (r#"{"queryType": "flows", "fliter": "source.port = 1"}"#, "has no key `fliter`: did you mean `filter`?"),
            (r#"{"queryType": "flows", "Filter": "source.port = 1"}"#, "has no key `Filter`: did you mean `filter`?"),
            (r#"{"queryType": "signals", "signals": ["request_rate"], "group_by": []}"#, "did you mean `groupBy`?"),
            (
                r#"{"queryType": "signals", "signals": ["request_rate"], "columns": []}"#,
                "it belongs to flows, requests",
            ),
        ] {
            let error = refusal(json);
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn variables_that_nobody_filled_in_are_refused() {
        for (json, expected) in [
            (
                r#"{"queryType": "flows", "filter": "destination.workload = \"$workload\""}"#,
                "`filter`: the template variable `$workload`",
            ),
            (
                r#"{"queryType": "flows", "filter": "source.port in (${port:csv})"}"#,
                "`filter`: the template variable `${port:csv}`",
            ),
            (r#"{"queryType": "signals", "signals": ["[[signal]]"]}"#, "`signals`: the template variable `[[signal]]`"),
            (
                r#"{"queryType": "signals", "signals": ["request_rate"], "groupBy": "$by"}"#,
                "`groupBy`: the template variable `$by`",
            ),
            (
                r#"{"queryType": "signals", "signals": ["request_rate"], "step": "$__interval"}"#,
                "`step`: the template variable `$__interval`",
            ),
            (r#"{"queryType": "flows", "limit": "$limit"}"#, "`limit`: the template variable `$limit`"),
        ] {
            let error = refusal(json);
            assert!(error.starts_with(expected) && error.contains("alert rules"), "{json}: {error}");
        }
    }

    #[test]
    fn dollar_signs_of_values_are_no_variables() {
        let where_ =
            r#"{"queryType": "requests", "where": {"url.path": "/$metadata"}, "filter": "url.path =~ \"/a$\""}"#;
        let filter = "url.path =~ \"/a$\" and url.path = \"/\\x24metadata\"";
        assert_eq!(ask(where_).unwrap().query.filter.to_string(), filter);
        ask(r#"{"queryType": "values", "field": "url.path", "prefix": "/$m"}"#).unwrap();
    }

    #[test]
    fn ad_hoc_filters_that_a_table_cannot_be_asked_for_are_left_out_with_a_note() {
        let json = r#"{"queryType": "flows", "filter": "source.port = 1", "adHoc": ["url.path = \"/a\"", "source.pod = \"b\""]}"#;
        let Question { query, notes } = ask(json).unwrap();
        assert_eq!(query.filter.to_string(), "source.port = 1 and source.pod = \"b\"");
        assert_eq!(query.filter_text, query.filter.to_string());
        assert_eq!(
            notes,
            [
                "The ad hoc filter `url.path = \"/a\"` is left out here: table flows has no field `url.path`; it is in requests"
            ]
        );
        // A map is of flows and requests.
        assert!(ask(r#"{"queryType": "serviceMap", "adHoc": ["url.path = \"/a\""]}"#).unwrap().notes.is_empty());
        let both =
            r#"{"queryType": "signals", "signals": ["request_rate", "rtt_p95"], "adHoc": ["url.path = \"/a\""]}"#;
        assert_eq!(ask(both).unwrap().notes.len(), 1);
        assert!(
            refusal(r#"{"queryType": "flows", "adHoc": ["source.prt = 1"]}"#).contains("did you mean `source.port`?")
        );
        assert_eq!(refusal(r#"{"queryType": "flows", "adHoc": "x"}"#), "`adHoc` must be a list of filters");
    }

    #[test]
    fn the_step_suits_the_panel() {
        let json = br#"{"queryType": "signals", "signals": ["request_rate"]}"#;
        assert_eq!(step_of(&read(json, &panel(), &Filter::All).unwrap().query), Some(5_000));
        let coarse = Panel { interval: 40_000, ..panel() };
        assert_eq!(step_of(&read(json, &coarse, &Filter::All).unwrap().query), Some(60_000));
        let unsaid = Panel { interval: 0, max_data_points: 0, ..panel() };
        assert_eq!(step_of(&read(json, &unsaid, &Filter::All).unwrap().query), Some(30_000));
        let own = br#"{"queryType": "signals", "signals": ["request_rate"], "step": "2m"}"#;
        assert_eq!(step_of(&read(own, &panel(), &Filter::All).unwrap().query), Some(120_000));
    }

    #[test]
    fn the_enforced_filter_can_not_be_escaped() {
        let enforced = Filter::parse("destination.namespace = \"shop\"").unwrap();
        let json = br#"{"queryType": "flows", "filter": "source.port = 1 or source.port = 2"}"#;
        let query = read(json, &panel(), &enforced).unwrap().query;
        assert_eq!(
            query.filter.to_string(),
            "destination.namespace = \"shop\" and (source.port = 1 or source.port = 2)"
        );
    }

    #[test]
    fn a_query_may_begin_before_the_panel() {
        let panel = Panel { range: Some((1_000, 2_000)), ..panel() };
        let window = |json: &[u8]| read(json, &panel, &Filter::All).unwrap().query.window;
        assert_eq!(window(br#"{"queryType": "processes", "from": 0}"#), Some(Window { from: 0, to: 2_000 }));
        assert_eq!(window(br#"{"queryType": "processes"}"#), Some(Window { from: 1_000, to: 2_000 }));
    }

    #[test]
    fn the_type_may_stand_beside_the_query() {
        let panel = Panel { query_type: "flows".into(), ..panel() };
        assert!(matches!(read(b"{}", &panel, &Filter::All).unwrap().query.kind, QueryKind::Rows { .. }));
    }
}
