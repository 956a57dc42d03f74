//! Rows that a limit cuts are the beginning of the whole.

use goldwire_history::History;
use goldwire_model::filter::Filter;
use proptest::prelude::*;

use super::{
    asking::{ask, query, table},
    random::config,
    world::{COLUMNS, World},
};

const FILTERS: [&str; 12] = [
    "",
    "source.workload = w1",
    "destination.workload = w2",
    "destination.workload != w2",
    "not either.namespace = n1",
    "source.namespace != n2 and http.response.status_code >= 404",
    "url.path = \\\"/1\\\" or source.workload = w0",
    "not (url.path = \\\"/1\\\" and destination.workload = w3)",
    "destination.workload = \\\"10.0.1.*\\\"",
    "destination.workload = \\\"172.*\\\"",
    "source.address = 10.0.1.2",
    "latency > 3ms and either.workload = w4",
];

const ORDERS: [&str; 9] = [
    "[]",
    r#"["time"]"#,
    r#"["-latency"]"#,
    r#"["source.workload"]"#,
    r#"["-source.workload", "url.path"]"#,
    r#"["-destination.workload", "latency"]"#,
    r#"["http.response.status_code", "-source.address"]"#,
    r#"["destination.namespace"]"#,
    r#"["-url.path", "destination.address", "time"]"#,
];

fn rows(histories: &[History], filter: &str, order: &str, limit: usize) -> (Vec<String>, Vec<String>) {
    let text = format!(
        r#""queryType": "requests", "columns": {COLUMNS}, "filter": "{filter}", "orderBy": {order}, "limit": {limit}"#
    );
    table(ask(histories, &query(&text)))
}

fn flows(histories: &[History], order: &str, limit: usize) -> Vec<String> {
    let text = format!(
        r#""queryType": "flows", "orderBy": {order}, "limit": {limit}, "columns": ["source.port", "source.workload",
            "destination.workload", "bytes_sent", "retransmits", "connect_latency"]"#
    );
    table(ask(histories, &query(&text))).0
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn rows_with_a_limit_are_the_beginning_of_all_rows(seed in any::<u64>(), size in prop_oneof![Just(30_u64), Just(600)]) {
        let world = World::random(seed, size);
        let histories = world.histories();
        let shown = world.shown();
        for (number, filter) in FILTERS.iter().enumerate() {
            let order = ORDERS[(number + seed as usize % ORDERS.len()) % ORDERS.len()];
            let parsed = Filter::parse(&filter.replace("\\\"", "\"")).unwrap();
            let (whole, notes) = rows(&histories, filter, order, 10_000);
            let mut expected: Vec<String> = shown.iter().filter(|shown| shown.matches(&parsed)).map(|shown| shown.line()).collect();
            let mut sorted = whole.clone();
            sorted.sort();
            expected.sort();
            prop_assert_eq!(&sorted, &expected, "{} {}", filter, order);
            prop_assert!(notes.is_empty(), "{:?}", notes);
            for limit in [1, 2, 5, 12, 70, 150] {
                let (some, notes) = rows(&histories, filter, order, limit);
                prop_assert_eq!(&some[..], &whole[..limit.min(whole.len())], "{} {} {}", filter, order, limit);
                let more = whole.len().saturating_sub(limit);
                for note in notes {
                    let exactly = format!("{more} more rows match");
                    let is_right = note.starts_with(&exactly) || note.strip_prefix("At least ").is_some_and(|note| {
                        let least: usize = note.split(' ').next().and_then(|text| text.parse().ok()).unwrap();
                        least <= more
                    });
                    prop_assert!(is_right, "{}: {} rows more", note, more);
                }
            }
        }
    }

    #[test]
    fn flows_with_a_limit_are_the_beginning_of_all_flows(seed in any::<u64>()) {
        let world = World::random(seed, 300);
        let histories = world.histories();
        for order in ["[]", r#"["-bytes_sent"]"#, r#"["-retransmits", "source.workload"]"#, r#"["connect_latency"]"#] {
            let whole = flows(&histories, order, 10_000);
            let ports: std::collections::HashSet<&str> =
                whole.iter().map(|line| line.split(' ').next().unwrap()).collect();
            prop_assert_eq!(ports.len(), whole.len(), "each connection once");
            for limit in [1, 3, 20] {
                let some = flows(&histories, order, limit);
                prop_assert_eq!(&some[..], &whole[..limit.min(whole.len())], "{} {}", order, limit);
            }
        }
    }
}
