//! Service maps.

use std::collections::BTreeSet;

use goldwire_answer::table::{Finished, ServiceMap};

use super::node::{self, Exchange};

const MAP: &str = r#"{"queryType": "serviceMap", "from": 0, "to": 10000, "partial": true}"#;

fn map(nodes: &[Vec<Exchange>]) -> (ServiceMap, Vec<String>) {
    let answer = node::shown(&node::query(MAP), nodes);
    match answer.body {
        Finished::Map(map) => (map, answer.coverage.notes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_small_map() {
    let exchanges = vec![
        node::local(0, "web", "api", 0.1),
        Exchange { error: true, ..node::local(1, "web", "api", 0.3) },
        node::local(2, "api", "db", 0.02),
    ];
    insta::assert_debug_snapshot!(map(&[exchanges]).0);
}

#[test]
fn nothing_seen_is_an_empty_map() {
    assert_eq!(map(&[Vec::new()]).0, ServiceMap::default());
}

#[test]
fn many_nodes_are_folded_and_no_edge_lacks_its_ends() {
    let names: Vec<&'static str> = (0..700).map(|number| &*format!("w{number}").leak()).collect();
    let mut exchanges = Vec::new();
    for (number, name) in names.iter().enumerate() {
        // The busier have lower numbers.
        let times = if number < 10 { 5 } else { 1 };
        exchanges.extend(vec![node::local(0, name, names[(number + 1) % names.len()], 0.1); times]);
    }
    let total = exchanges.len() as u64;
    let (map, notes) = map(&[exchanges]);
    assert_eq!(map.nodes.len(), 500);
    let ids: BTreeSet<&str> = map.nodes.iter().map(|node| &*node.id).collect();
    assert!(ids.contains("other") && ids.contains("w5"));
    assert!(map.edges.iter().all(|edge| ids.contains(&*edge.source) && ids.contains(&*edge.target)));
    assert_eq!(map.edges.iter().map(|edge| edge.golden.requests).sum::<u64>(), total);
    assert_eq!(notes, ["201 nodes of the map with the least traffic are shown as one, `other`"]);
}
