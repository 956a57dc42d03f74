//! What an enforced filter hides is as if it had never been.

use std::collections::HashSet;

use goldwire_answer::table::{Answer, Finished};
use goldwire_history::History;
use goldwire_model::{field::Field, filter::Filter};
use proptest::prelude::*;

use super::{
    asking::{ask, lines, query},
    random::config,
    world::{COLUMNS, Shown, World},
};

const ENFORCED: [&str; 15] = [
    "destination.workload = w1",
    "destination.workload != w1",
    "source.workload != w2",
    "not source.namespace = n1",
    "either.namespace != n1",
    "either.workload = w3",
    "destination.namespace in (n1, n2) and source.workload != w0",
    "url.path = \"/1\" or destination.workload != w2",
    "not (url.path = \"/1\" and source.workload = w1)",
    "url.path != \"/2\"",
    "(source.workload = w1 or url.path = \"/1\") and (destination.workload != w2 or http.response.status_code = 404)",
    "not (source.namespace = n1 or url.path = \"/2\")",
    "either.workload != w3 or latency > 3500us",
    "source.workload = w1 or destination.workload = w2 or http.response.status_code >= 500",
    "url.path = \"/1\" and source.workload != w0 or url.path = \"/2\" and destination.workload = w3",
];

const FILTERS: [&str; 6] = [
    "",
    "destination.workload != w3",
    "source.workload = w1 or url.path = \\\"/3\\\"",
    "not either.namespace = n2",
    "not (destination.workload = w1 and http.response.status_code != 500)",
    "latency > 2500us",
];

const QUERIES: [&str; 10] = [
    r#""queryType": "signals", "signals": ["request_rate", "latency_p95", "latency_max"],
       "groupBy": ["source.workload", "destination.workload"], "step": "10s", "limit": 1000"#,
    r#""queryType": "signals", "signals": ["request_rate"], "step": "60s""#,
    r#""queryType": "table", "table": "requests", "groupBy": ["destination.namespace", "url.path"],
       "aggregates": ["count()", "max(latency)"], "limit": 1000"#,
    r#""queryType": "heatmap", "signal": "latency", "step": "60s""#,
    r#""queryType": "values", "field": "url.path""#,
    r#""queryType": "values", "field": "destination.workload""#,
    r#""queryType": "values", "field": "source.namespace""#,
    r#""queryType": "values", "field": "destination.address""#,
    r#""queryType": "table", "table": "requests", "groupBy": ["source.workload"], "aggregates": ["count()"]"#,
    r#""queryType": "serviceMap""#,
];

const ROWS: [&str; 3] = [
    r#""queryType": "requests", "columns": COLUMNS, "limit": 10000"#,
    r#""queryType": "requests", "columns": COLUMNS, "limit": 5, "orderBy": ["-latency"]"#,
    r#""queryType": "requests", "columns": COLUMNS, "limit": 12, "orderBy": ["destination.workload"]"#,
];

type Tells = fn(&Shown) -> Vec<String>;

/// What these tell of an exchange at most.
const TOLD: [(&str, Tells); 5] = [
    (r#""queryType": "values", "field": "url.path""#, |shown| vec![shown.path.clone()]),
    (r#""queryType": "values", "field": "destination.workload""#, |shown| shown.destination.names()),
    (r#""queryType": "values", "field": "source.workload""#, |shown| shown.source.names()),
    (r#""queryType": "values", "field": "source.namespace""#, |shown| {
        shown.source.namespace.clone().into_iter().collect()
    }),
    (
        r#""queryType": "table", "table": "requests", "groupBy": ["destination.workload", "url.path"], "aggregates": ["count()"],
           "limit": 1000"#,
        |shown| shown.destination.names().iter().map(|name| format!("{name} {}", shown.path)).collect(),
    ),
];

/// What is shown, in no order.
fn shown(answer: &Answer) -> Vec<String> {
    let mut shown: Vec<String> = match &answer.body {
        Finished::Table(table) => lines(table),
        Finished::Values(values) => values.iter().map(|value| value.to_string()).collect(),
        Finished::Series(series) => series
            .iter()
            .filter(|one| one.values.iter().flatten().any(|value| *value > 0.0))
            .map(|one| {
                let values: Vec<String> =
                    one.values.iter().map(|value| format!("{:.6}", value.unwrap_or(0.0))).collect();
                format!("{:?} {:?} {}", one.signal, one.labels, values.join(" "))
            })
            .collect(),
        other => vec![format!("{other:?}")],
    };
    shown.sort();
    shown
}

fn asked(histories: &[History], text: &str, filter: &str, enforced: &Filter) -> Answer {
    let text = format!("{}, \"filter\": \"{filter}\"", text.replace("COLUMNS", COLUMNS));
    let mut query = query(&text);
    query.restrict(enforced.clone());
    ask(histories, &query)
}

fn filter_of(number: usize, place: usize, seed: u64) -> &'static str {
    FILTERS[(place + number + seed as usize % FILTERS.len()) % FILTERS.len()]
}

fn check(world: &World, seed: u64, queries: &[&str]) -> Result<(), TestCaseError> {
    let histories = world.histories();
    for (number, enforced) in ENFORCED.iter().enumerate() {
        let enforced = Filter::parse(enforced).unwrap();
        let allowed = world.only(|shown| shown.is_allowed(&enforced)).histories();
        for (place, text) in queries.iter().enumerate() {
            let filter = filter_of(number, place, seed);
            // A connection is hidden by its ends alone.
            let is_of_ends = Filter::and(enforced.clone(), Filter::parse(&filter.replace('\\', "")).unwrap())
                .fields()
                .iter()
                .all(Field::is_end_identity);
            if text.contains("serviceMap") && !is_of_ends {
                continue;
            }
            let hidden = asked(&histories, text, filter, &enforced);
            let removed = asked(&allowed, text, filter, &Filter::All);
            prop_assert_eq!(shown(&hidden), shown(&removed), "{} under {}, filter {}", text, enforced, filter);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(5))]

    #[test]
    fn what_is_hidden_is_as_if_it_had_never_been(seed in any::<u64>(), size in prop_oneof![Just(30_u64), Just(200)]) {
        let mut world = World::random(seed, size);
        // Of what one end missed only the totals of a pair of ends are known.
        world.see_all();
        world.translate_nothing();
        check(&world, seed, &QUERIES)?;
    }

    #[test]
    fn rows_that_are_hidden_are_as_if_they_had_never_been(seed in any::<u64>()) {
        check(&World::random(seed, 100), seed, &ROWS)?;
    }

    /// Also of what one end missed, and through translated addresses.
    #[test]
    fn groups_and_values_tell_nothing_that_is_hidden(seed in any::<u64>()) {
        let world = World::random(seed, 100);
        let histories = world.histories();
        // The connection's other exchanges may tell who was at an end that missed this one.
        let mut truth = world.clone();
        truth.see_all();
        for (number, enforced) in ENFORCED.iter().enumerate() {
            let parsed = Filter::parse(enforced).unwrap();
            let allowed: Vec<Shown> = truth.shown().into_iter().filter(|shown| shown.is_allowed(&parsed)).collect();
            for (place, (text, tells)) in TOLD.iter().enumerate() {
                let filter = filter_of(number, place, seed);
                let may_be: HashSet<String> = allowed.iter().flat_map(tells).collect();
                for told in shown(&asked(&histories, text, filter, &parsed)) {
                    // A group's count does not matter.
                    let told = if text.contains("groupBy") { told.rsplit_once(' ').unwrap().0 } else { &*told };
                    prop_assert!(may_be.contains(told), "{} of {} under {}, filter {}", told, text, enforced, filter);
                }
            }
        }
    }
}
