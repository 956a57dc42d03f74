//! Exchanges told apart over many nodes show the same as on one.

use goldwire_answer::{
    Body, PartialAnswer,
    coverage::Exactness,
    groups::{Quantiles, StateColumn},
    table::{Finished, Series},
};
use goldwire_merge::merge;
use proptest::prelude::*;

use super::node::{self, Exchange};

const NAMES: [&str; 5] = ["api", "cart", "db", "mail", "web"];

fn exchange() -> impl Strategy<Value = Exchange> {
    (0..60_000_i64, 0..NAMES.len(), 0..NAMES.len(), 1e-6..10.0_f64, any::<bool>()).prop_map(
        |(time, source, destination, latency, error)| Exchange {
            error,
            ..node::local(time, NAMES[source], NAMES[destination], latency)
        },
    )
}

fn series(answer: goldwire_answer::table::Answer) -> Vec<Series> {
    match answer.body {
        Finished::Series(series) => series,
        other => panic!("{other:?}"),
    }
}

fn sketched(mut answer: PartialAnswer) -> PartialAnswer {
    let Body::Groups(groups) = &mut answer.body else { panic!() };
    for column in &mut groups.states {
        let StateColumn::Quantiles(values) = column else { continue };
        for value in values {
            if let Quantiles::Exact(exact) = value {
                *value = Quantiles::Sketch(exact.iter().copied().collect());
            }
        }
    }
    answer.coverage.quantiles = Exactness::Sketch;
    answer
}

const QUERY: &str = r#"{"queryType": "signals", "from": 0, "to": 60000, "step": "10s", "limit": 3, "partial": true,
    "signals": ["request_rate", "error_ratio", "latency_p50", "latency_p99", "latency_avg", "latency_max"],
    "groupBy": ["destination.workload"]}"#;

fn close(a: Option<f64>, b: Option<f64>, relative: f64) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= relative * b.abs() + 1e-12,
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn many_nodes_are_as_one(exchanges in prop::collection::vec(exchange(), 0..200), nodes in 1..6_usize) {
        let query = node::query(QUERY);
        let whole = series(node::shown(&query, std::slice::from_ref(&exchanges)));
        let mut parts = vec![Vec::new(); nodes];
        for (number, exchange) in exchanges.into_iter().enumerate() {
            parts[number % nodes].push(exchange);
        }
        let exact = series(node::shown(&query, &parts));
        let answers = parts.iter().enumerate().map(|(number, part)| {
            let answer = node::answer(&query, part, number);
            // Some nodes answer from rollups.
            if number % 2 == 0 { sketched(answer) } else { answer }
        });
        let rough = series(merge(&query, answers.collect(), node::asked(nodes)).unwrap());
        prop_assert_eq!(whole.len(), exact.len());
        for ((whole, exact), rough) in whole.iter().zip(&exact).zip(&rough) {
            prop_assert_eq!((&whole.signal, &whole.labels, &whole.times), (&exact.signal, &exact.labels, &exact.times));
            for step in 0..whole.times.len() {
                prop_assert!(close(exact.values[step], whole.values[step], 1e-9), "{:?}", whole.signal);
                prop_assert!(close(rough.values[step], whole.values[step], 0.0101), "{:?}", whole.signal);
            }
        }
    }

    #[test]
    fn what_the_limit_cuts_is_in_other(exchanges in prop::collection::vec(exchange(), 0..200), limit in 1..6_usize) {
        let query = |limit: usize| node::query(&QUERY.replace("\"limit\": 3", &format!("\"limit\": {limit}")));
        let total = |limit: usize| -> f64 {
            let shown = series(node::shown(&query(limit), std::slice::from_ref(&exchanges)));
            let rates = shown.iter().filter(|one| one.signal.name() == "request_rate");
            rates.flat_map(|one| one.values.iter().flatten()).sum()
        };
        prop_assert!((total(limit) - exchanges.len() as f64 / 10.0).abs() < 1e-9);
    }
}
