//! Connections between nodes, with whatever translates addresses between their ends.

use std::{collections::BTreeMap, sync::Arc};

use goldwire_answer::{
    Body, PartialAnswer,
    column::Column,
    groups::{Groups, KeyColumn, Pair, StateColumn},
    links::Sample,
    table::{Answer, Finished},
};
use goldwire_merge::merge;
use goldwire_model::query::Query;
use proptest::prelude::*;

use super::node;

/// Ids of a pair that a node tells.
const MOST: usize = 16;

const COUNT: &str = r#"{"queryType": "table", "table": "requests", "from": 0, "to": 60000, "partial": true, "limit": 1000,
    "groupBy": ["source.workload", "destination.workload"], "aggregates": ["count()"]}"#;

/// Connections between one client and one server.
#[derive(Clone, Debug)]
struct Traffic {
    client: u8,
    server: u8,
    /// The server is asked for by an address that several share.
    by_service: bool,
    /// The server sees a router's address.
    is_masqueraded: bool,
    /// Exchanges of each connection.
    connections: Vec<u8>,
}

const NODES: u8 = 3;

impl Traffic {
    fn client_sees(&self) -> Pair {
        let destination = if self.by_service { "10.96.0.1:80".to_owned() } else { server_at(self.server) };
        pair(true, format!("10.0.1.{}", self.client), destination)
    }

    fn server_sees(&self) -> Pair {
        let source = if self.is_masqueraded { "10.9.9.9".to_owned() } else { format!("10.0.1.{}", self.client) };
        pair(false, source, server_at(self.server))
    }

    fn exchanges(&self) -> u64 {
        self.connections.iter().map(|count| u64::from(*count)).sum()
    }
}

fn server_at(server: u8) -> String {
    format!("10.0.2.{server}:8080")
}

fn pair(by_client: bool, source: String, destination: String) -> Pair {
    Pair { by_client, source: source.into(), destination: destination.into(), transport: "tcp".into() }
}

fn traffic() -> impl Strategy<Value = Traffic> {
    let connections = proptest::collection::vec(1..20_u8, 1..40);
    (0..4_u8, 0..4_u8, any::<bool>(), any::<bool>(), connections).prop_map(
        |(client, server, by_service, is_masqueraded, connections)| Traffic {
            client,
            server,
            by_service,
            is_masqueraded,
            connections,
        },
    )
}

/// What a node sees: by pair, the name of its own end, exchanges and ids.
type Seen = BTreeMap<Pair, (String, u64, Sample)>;

fn see(seen: &mut Seen, pair: Pair, name: &str, exchanges: u64, ids: impl Iterator<Item = u64>, most: usize) {
    let (_, count, sample) = seen.entry(pair).or_insert_with(|| (name.to_owned(), 0, Sample::default()));
    *count += exchanges;
    ids.for_each(|id| sample.add(id, most));
}

fn observe(all: &[Traffic]) -> Vec<Seen> {
    observe_with(all, MOST)
}

fn observe_with(all: &[Traffic], most: usize) -> Vec<Seen> {
    let mut nodes = vec![Seen::new(); usize::from(2 * NODES)];
    for (number, traffic) in all.iter().enumerate() {
        let ids = || (0..traffic.connections.len()).map(move |at| (number as u64 + 1) << 40 | (at as u64 * 7_919 + 1));
        let client_node = usize::from(traffic.client % NODES);
        let server_node = usize::from(NODES + traffic.server % NODES);
        let (client, server) = (format!("c{}", traffic.client), format!("s{}", traffic.server));
        see(&mut nodes[client_node], traffic.client_sees(), &client, traffic.exchanges(), ids(), most);
        see(&mut nodes[server_node], traffic.server_sees(), &server, traffic.exchanges(), ids(), most);
    }
    nodes
}

fn answer(query: &Query, seen: &Seen, number: usize) -> PartialAnswer {
    let fields = goldwire_answer::plan::keys(&query.kind);
    let name = |by_client: bool| -> Vec<Option<Arc<str>>> {
        seen.iter().map(|(pair, (name, ..))| (pair.by_client == by_client).then(|| name.as_str().into())).collect()
    };
    let groups = Groups {
        steps: Vec::new(),
        keys: fields
            .into_iter()
            .zip([true, false])
            .map(|(field, side)| KeyColumn { field, values: name(side) })
            .collect(),
        pairs: seen.keys().cloned().map(|pair| Some(Arc::new(pair))).collect(),
        links: seen.iter().map(|(pair, (.., sample))| sample.clone().of(pair.clone())).collect(),
        states: vec![StateColumn::Count(seen.values().map(|(_, count, _)| *count).collect())],
    };
    PartialAnswer { body: Body::Groups(groups), coverage: node::coverage_of(number) }
}

fn shown(nodes: &[Seen]) -> Answer {
    let query = node::query(COUNT);
    let answers = nodes.iter().enumerate().map(|(number, seen)| answer(&query, seen, number)).collect();
    merge(&query, answers, node::asked(nodes.len())).expect("an answer")
}

fn counts(answer: &Answer) -> BTreeMap<(String, String), u64> {
    let Finished::Table(table) = &answer.body else { panic!("{answer:?}") };
    let [source, destination, count] = table.columns.as_slice() else { panic!("{table:?}") };
    let (Column::Text(sources), Column::Text(destinations), Column::Integer(counts)) =
        (&source.values, &destination.values, &count.values)
    else {
        panic!("{table:?}")
    };
    let text = |value: &Option<Arc<str>>| value.as_deref().unwrap_or("-").to_owned();
    let rows = sources.iter().zip(destinations).zip(counts);
    rows.map(|((source, destination), count)| ((text(source), text(destination)), count.unwrap_or(0) as u64)).collect()
}

fn truth(all: &[Traffic]) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for traffic in all {
        let edge = (format!("c{}", traffic.client), format!("s{}", traffic.server));
        *counts.entry(edge).or_default() += traffic.exchanges();
    }
    counts
}

fn between(client: u8, server: u8, by_service: bool, is_masqueraded: bool) -> Traffic {
    Traffic { client, server, by_service, is_masqueraded, connections: vec![5; 10] }
}

#[test]
fn translated_exchanges_are_counted_once_with_both_names() {
    for (by_service, is_masqueraded) in [(false, false), (true, false), (false, true), (true, true)] {
        let all = [between(1, 2, by_service, is_masqueraded)];
        let answer = shown(&observe(&all));
        assert_eq!(counts(&answer), truth(&all));
        assert!(answer.coverage.notes.is_empty(), "{:?}", answer.coverage.notes);
    }
}

#[test]
fn a_service_with_several_servers_is_told_apart_by_them() {
    let all = [between(1, 2, true, false), between(1, 3, true, false), between(0, 3, true, false)];
    assert_eq!(counts(&shown(&observe(&all))), truth(&all));
}

#[test]
fn clients_behind_one_address_are_told_apart_by_themselves() {
    let all = [between(1, 2, true, true), between(0, 2, true, true)];
    assert_eq!(counts(&shown(&observe(&all))), truth(&all));
}

#[test]
fn equal_addresses_on_other_nodes_never_meet() {
    let all = [between(1, 2, false, false)];
    let mut nodes = observe(&all);
    // The same addresses in another network, between other ends, of which only the client is watched.
    let mut other = Seen::new();
    see(&mut other, all[0].client_sees(), "stranger", 7, [99, 98, 97].into_iter(), MOST);
    nodes.push(other);
    let counts = counts(&shown(&nodes));
    assert_eq!(counts[&("c1".to_owned(), "s2".to_owned())], 50);
    assert_eq!(counts[&("stranger".to_owned(), "10.0.2.2".to_owned())], 7);
}

#[test]
fn what_strangers_send_by_the_same_router_is_not_given_to_a_client() {
    let all = [between(1, 2, true, true)];
    let mut nodes = observe(&all);
    let server = nodes.iter_mut().find(|node| node.keys().any(|pair| !pair.by_client)).expect("a server");
    see(server, all[0].server_sees(), "", 30, 500..510, MOST);
    let answer = shown(&nodes);
    assert_eq!(counts(&answer), BTreeMap::from([(("10.9.9.9".to_owned(), "s2".to_owned()), 80)]));
    assert_eq!(answer.coverage.notes.len(), 1, "{:?}", answer.coverage.notes);
}

#[test]
fn rewritten_sequence_numbers_leave_the_addresses() {
    let all = [between(1, 2, false, false)];
    let mut nodes = observe(&all);
    for seen in nodes.iter_mut().flat_map(BTreeMap::iter_mut).filter(|(pair, _)| !pair.by_client) {
        seen.1.2 = Sample::default();
        (0..10_u64).for_each(|at| seen.1.2.add(1_000_000 + at, MOST));
    }
    let answer = shown(&nodes);
    assert_eq!(counts(&answer), truth(&all));
    assert!(answer.coverage.notes[0].contains("rewritten"), "{:?}", answer.coverage.notes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn totals_are_right_where_all_ids_are_kept(all in proptest::collection::vec(traffic(), 1..6)) {
        let nodes = observe_with(&all, 4_096);
        let answer = shown(&nodes);
        prop_assert_eq!(counts(&answer).values().sum::<u64>(), truth(&all).values().sum::<u64>());
    }

    #[test]
    fn totals_are_right_and_so_is_every_name(all in proptest::collection::vec(traffic(), 1..6)) {
        let answer = shown(&observe(&all));
        let (counts, truth) = (counts(&answer), truth(&all));
        let is_double = answer.coverage.notes.iter().any(|note| note.contains("at both ends"));
        prop_assert!(is_double || counts.values().sum::<u64>() == truth.values().sum::<u64>());
        if is_double {
            return Ok(());
        }
        // Where names cannot be known the answer says so; those that it has are right.
        if answer.coverage.notes.is_empty() {
            prop_assert_eq!(&counts, &truth);
        }
        for (edge, count) in counts.iter().filter(|((source, to), _)| source.starts_with('c') && to.starts_with('s')) {
            prop_assert!(*count <= *truth.get(edge).unwrap_or(&0));
        }
    }
}
