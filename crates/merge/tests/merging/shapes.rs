//! What series, heatmaps, tables and values look like.

use goldwire_answer::{
    Body, PartialAnswer,
    table::{Finished, Heatmap, Series},
};
use goldwire_merge::{Asked, merge};
use goldwire_model::field::{EndField, Field, Side};

use super::node::{self, Exchange};

fn series(json: &str, exchanges: &[Exchange], now: i64) -> Vec<Series> {
    let query = node::query(json);
    let asked = Asked { now, ..node::asked(1) };
    let answer = merge(&query, vec![node::answer(&query, exchanges, 0)], asked).unwrap();
    match answer.body {
        Finished::Series(series) => series,
        other => panic!("{other:?}"),
    }
}

fn values(series: &Series) -> &[Option<f64>] {
    &series.values
}

#[test]
fn one_value_for_each_step_of_the_window() {
    let json = r#"{"queryType": "signals", "from": 5000, "to": 25000, "step": "10s", "partial": true,
        "signals": ["request_rate", "latency_p50"]}"#;
    let exchanges = [node::local(6_000, "a", "b", 0.1), node::local(12_000, "a", "b", 0.2)];
    let shown = series(json, &exchanges, i64::MAX);
    assert_eq!(shown[0].times, [0, 10_000, 20_000]);
    // The first step is half in the window, and so is the last.
    assert_eq!(values(&shown[0]), [Some(0.2), Some(0.1), Some(0.0)]);
    assert_eq!(values(&shown[1]), [Some(0.1), Some(0.2), None]);
}

#[test]
fn a_step_is_shown_once_it_is_finished() {
    let json = r#"{"queryType": "signals", "from": 0, "to": 30000, "step": "10s", "partial": true,
        "signals": ["request_rate"]}"#;
    let at = |now| series(json, &[node::local(11_000, "a", "b", 0.1)], now);
    assert_eq!(values(&at(20_000)[0]), [Some(0.0), Some(0.1), None]);
    assert_eq!(values(&at(19_999)[0]), [Some(0.0), None, None]);
    assert_eq!(values(&at(4_000)[0]), [Some(0.0), None, None], "there is nothing else to show");
    assert_eq!(values(&at(0)[0]), [None, None, None]);
}

#[test]
fn nothing_is_said_of_the_time_before_anyone_recorded() {
    let json = r#"{"queryType": "signals", "from": 0, "to": 30000, "step": "10s", "partial": true,
        "signals": ["request_rate"]}"#;
    let query = node::query(json);
    let mut answer = node::answer(&query, &[], 0);
    answer.coverage.recording_since = 12_000;
    answer.coverage.oldest = None;
    let Finished::Series(shown) = merge(&query, vec![answer], node::asked(1)).unwrap().body else { panic!() };
    assert_eq!(values(&shown[0]), [None, Some(0.0), Some(0.0)]);
}

#[test]
fn without_groups_there_is_one_series_and_with_groups_none_where_nothing_happened() {
    let json = r#"{"queryType": "signals", "from": 0, "to": 10000, "step": "10s", "signals": ["request_rate"], "partial": true}"#;
    assert_eq!(series(json, &[], i64::MAX).len(), 1);
    let grouped = json.replace("\"partial\"", "\"groupBy\": [\"source.workload\"], \"partial\"");
    assert!(series(&grouped, &[], i64::MAX).is_empty());
}

#[test]
fn a_group_that_a_node_has_folded_is_never_a_series_of_its_own() {
    let json = r#"{"queryType": "signals", "from": 0, "to": 10000, "step": "10s", "signals": ["request_rate"],
        "groupBy": ["source.workload"], "limit": 1, "partial": true}"#;
    let mut exchanges = vec![node::local(0, "other", "x", 0.1); 9];
    exchanges.push(node::local(0, "a", "x", 0.1));
    exchanges.extend(vec![node::local(0, "b", "x", 0.1); 2]);
    let shown = series(json, &exchanges, i64::MAX);
    let named: Vec<(&str, Option<f64>)> = shown.iter().map(|one| (&*one.labels[0].1, one.values[0])).collect();
    assert_eq!(named, [("b", Some(0.2)), ("other", Some(1.0))]);
}

#[test]
fn a_heatmap_counts_every_value_once() {
    let json =
        r#"{"queryType": "heatmap", "signal": "latency", "from": 0, "to": 20000, "step": "10s", "partial": true}"#;
    let exchanges: Vec<Exchange> = (0..100_i32)
        .map(|number| node::local(i64::from(number) * 200, "a", "b", 0.001 * 1.1_f64.powi(number % 50)))
        .collect();
    let Finished::Heatmap(heatmap) = node::shown(&node::query(json), &[exchanges]).body else { panic!() };
    let Heatmap { times, counts, upper_bounds, .. } = &heatmap;
    assert_eq!(times, &[0, 10_000]);
    assert!((10..=40).contains(&upper_bounds.len()), "{upper_bounds:?}");
    assert_eq!(counts.iter().map(|step| step.iter().sum::<u64>()).collect::<Vec<_>>(), [50, 50]);
}

#[test]
fn a_table_is_ordered_cut_and_says_so() {
    let json = r#"{"queryType": "table", "table": "requests", "from": 0, "to": 10000, "limit": 2, "partial": true,
        "groupBy": ["destination.workload"], "aggregates": ["count()", "p50(latency)", "avg(latency)"]}"#;
    let mut exchanges = vec![node::local(0, "x", "a", 0.1); 3];
    exchanges.extend(vec![node::local(0, "x", "b", 0.2); 2]);
    exchanges.push(node::local(0, "x", "c", 0.3));
    exchanges.push(node::local(0, "x", "d", 0.5));
    insta::assert_debug_snapshot!(node::shown(&node::query(json), &[exchanges]));
}

#[test]
fn without_groups_a_table_has_one_row_even_where_nothing_happened() {
    let json = r#"{"queryType": "table", "table": "requests", "from": 0, "to": 10000, "partial": true,
        "aggregates": ["count()", "max(latency)"]}"#;
    insta::assert_debug_snapshot!(node::shown(&node::query(json), &[Vec::new()]).body);
}

#[test]
fn values_are_added_over_nodes_and_the_most_frequent_come_first() {
    let field = Field::End(Side::Source, EndField::Workload);
    let part = |number, values: &[(&str, u64)]| PartialAnswer {
        body: Body::Values {
            field: field.clone(),
            values: values.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect(),
        },
        coverage: node::coverage_of(number),
    };
    let json =
        r#"{"queryType": "values", "field": "source.workload", "from": 0, "to": 1, "limit": 2, "partial": true}"#;
    let answers = vec![part(0, &[("a", 3), ("b", 2)]), part(1, &[("b", 2), ("c", 1)])];
    let Finished::Values(values) = merge(&node::query(json), answers, node::asked(2)).unwrap().body else { panic!() };
    assert_eq!(values.iter().map(|value| &**value).collect::<Vec<_>>(), ["b", "a"]);
}
