//! Rates are over the time that nodes know of, and steps are shown once they are finished.

use goldwire_answer::{
    coverage::{Covered, Records},
    table::{Finished, MapEdge, Series},
};
use goldwire_merge::{Asked, merge};
use goldwire_model::query::Query;
use proptest::prelude::*;

use super::node::{self, Exchange};

/// The exchanges of a node that sees one each `every` milliseconds, and knows of `[since, until)`.
#[derive(Clone, Copy, Debug)]
struct Steady {
    every: i64,
    since: i64,
    until: i64,
}

impl Steady {
    fn exchanges(self, to: i64) -> Vec<Exchange> {
        let known = (0..to).step_by(self.every as usize).filter(|time| (self.since..self.until).contains(time));
        known.map(|time| node::local(time, "a", "b", 0.1)).collect()
    }
}

fn asked_at(query: &Query, nodes: &[Steady], now: i64) -> Finished {
    let answers = nodes.iter().enumerate().map(|(number, steady)| {
        let mut answer = node::answer(query, &steady.exchanges(now), number);
        let covered = |records| Covered { records, since: steady.since, until: Some(steady.until) };
        answer.coverage.covered = vec![covered(Records::Requests), covered(Records::Flows)];
        answer
    });
    merge(query, answers.collect(), Asked { now, ..node::asked(nodes.len()) }).unwrap().body
}

fn edge(nodes: &[Steady], to: i64) -> MapEdge {
    let query = node::query(&format!(r#"{{"queryType": "serviceMap", "from": 0, "to": {to}, "partial": true}}"#));
    match asked_at(&query, nodes, to) {
        Finished::Map(mut map) => map.edges.remove(0),
        other => panic!("{other:?}"),
    }
}

fn series(nodes: &[Steady], to: i64, now: i64) -> Series {
    let query = node::query(&format!(
        r#"{{"queryType": "signals", "signals": ["request_rate"], "step": "1s", "from": 0, "to": {to}, "partial": true}}"#
    ));
    match asked_at(&query, nodes, now) {
        Finished::Series(mut series) => series.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rate_of_the_map_is_over_the_time_that_is_known() {
    for to in [600_000, 7_200_000] {
        let edge = edge(&[Steady { every: 20, since: to - 300_000, until: to }], to);
        assert_eq!(edge.golden.requests, 15_000);
        assert!((edge.golden.request_rate - 50.0).abs() < 1e-9, "{}", edge.golden.request_rate);
    }
}

#[test]
fn nodes_that_reach_back_differently_each_give_the_rate_of_their_own_time() {
    let long = Steady { every: 20, since: 0, until: 600_000 };
    let short = Steady { every: 10, since: 540_000, until: 600_000 };
    let edge = edge(&[long, short], 600_000);
    assert_eq!(edge.golden.requests, 30_000 + 6_000);
    assert!((edge.golden.request_rate - 150.0).abs() < 1e-9, "{}", edge.golden.request_rate);
}

#[test]
fn a_step_that_a_node_knows_in_part_has_its_rate() {
    let nodes = [Steady { every: 20, since: 0, until: 9_000 }, Steady { every: 20, since: 4_600, until: 9_000 }];
    let values = series(&nodes, 9_000, 9_000).values;
    assert!((values[4].unwrap() - 100.0).abs() < 1e-9, "{values:?}");
    assert_eq!(values[3], Some(50.0));
    assert_eq!(values[5], Some(100.0));
}

#[test]
fn the_last_step_is_the_one_that_every_node_has_finished() {
    let nodes = [Steady { every: 20, since: 0, until: 8_400 }, Steady { every: 20, since: 0, until: 7_999 }];
    let values = series(&nodes, 9_000, 9_000).values;
    assert_eq!(values[..7], [Some(100.0); 7]);
    assert_eq!(values[7..], [None; 2]);
}

#[test]
fn kinds_of_records_are_finished_at_their_own_pace() {
    let query = node::query(
        r#"{"queryType": "signals", "signals": ["request_rate", "bytes_sent"], "step": "1s", "from": 0, "to": 4000, "partial": true}"#,
    );
    let mut answer = node::answer(&query, &[], 0);
    let covered = |records, until| Covered { records, since: 0, until: Some(until) };
    answer.coverage.covered = vec![covered(Records::Requests, 3_500), covered(Records::Flows, 2_100)];
    let Finished::Series(series) = merge(&query, vec![answer], node::asked(1)).unwrap().body else { panic!() };
    assert_eq!(series[0].values, [Some(0.0), Some(0.0), Some(0.0), None]);
    assert_eq!(series[1].values, [Some(0.0), Some(0.0), None, None]);
}

proptest! {
    /// Nodes know more and more; what was once shown of a step stays.
    #[test]
    fn a_step_that_was_shown_never_changes(
        begun in prop::collection::vec((0..6_000_i64, 3..40_i64), 1..4),
        looks in prop::collection::vec(prop::collection::vec(1..1_500_i64, 3), 1..12),
    ) {
        let mut untils = vec![7_000; begun.len()];
        let mut before: Vec<Option<f64>> = vec![None; 30];
        for look in looks {
            untils.iter_mut().zip(&look).for_each(|(until, more)| *until += more);
            let nodes: Vec<Steady> = begun.iter().zip(&untils)
                .map(|((since, every), until)| Steady { every: *every, since: *since, until: *until })
                .collect();
            let values = series(&nodes, 30_000, 30_000).values;
            let complete = untils.iter().min().unwrap();
            for (step, (value, before)) in values.iter().zip(&mut before).enumerate() {
                prop_assert!(value.is_none() || (step as i64 + 1) * 1_000 <= *complete, "{step} {values:?}");
                prop_assert!(before.is_none() || before.map(f64::to_bits) == value.map(f64::to_bits), "{step}");
                *before = *value;
            }
        }
    }
}
