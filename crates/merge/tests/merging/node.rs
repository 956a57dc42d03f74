//! A node made of exchanges, that answers as a real one does: state by group and step, with pairs where the other end is
//! elsewhere.

use std::{collections::BTreeMap, sync::Arc};

use goldwire_answer::{
    Body, PartialAnswer,
    coverage::{Exactness, NodeCoverage, Tier},
    groups::{Groups, KeyColumn, Pair, Quantiles, StateColumn},
    plan::{self, Merging, Quantity, State},
};
use goldwire_merge::{Asked, merge};
use goldwire_model::{
    field::{EndField, Field, Side},
    query::{Query, QueryKind},
    signal::Measure,
};

/// One exchange as one side saw it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) time: i64,
    /// `None`: not known on this node.
    pub(crate) source: Option<&'static str>,
    pub(crate) destination: Option<&'static str>,
    /// The other end is on another node.
    pub(crate) pair: Option<Seen>,
    pub(crate) latency: f64,
    pub(crate) error: bool,
}

/// Which side saw it, and between which addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) by_client: bool,
    pub(crate) source: &'static str,
    pub(crate) destination: &'static str,
}

/// Both ends are on the node.
pub(crate) fn local(time: i64, source: &'static str, destination: &'static str, latency: f64) -> Exchange {
    Exchange { time, source: Some(source), destination: Some(destination), pair: None, latency, error: false }
}

pub(crate) fn query(json: &str) -> Query {
    Query::from_json(json).unwrap()
}

pub(crate) fn asked(nodes: usize) -> Asked {
    Asked { asked: nodes, now: i64::MAX, ..Asked::default() }
}

/// What is shown of these nodes.
pub(crate) fn shown(query: &Query, nodes: &[Vec<Exchange>]) -> goldwire_answer::table::Answer {
    let answers = nodes.iter().enumerate().map(|(number, node)| answer(query, node, number)).collect();
    merge(query, answers, asked(nodes.len())).unwrap()
}

pub(crate) fn coverage_of(number: usize) -> NodeCoverage {
    NodeCoverage {
        node: format!("node-{number}"),
        tier: Tier::Raw,
        oldest: Some(0),
        recording_since: 0,
        covered: Vec::new(),
        lost: Vec::new(),
        quantiles: Exactness::Exact,
        folded_groups: 0,
        notes: Vec::new(),
        unread: Vec::new(),
    }
}

pub(crate) fn answer(query: &Query, exchanges: &[Exchange], number: usize) -> PartialAnswer {
    PartialAnswer { body: Body::Groups(groups(query, exchanges)), coverage: coverage_of(number) }
}

type Row = (i64, Vec<Option<Arc<str>>>, Option<Pair>);

pub(crate) fn groups(query: &Query, exchanges: &[Exchange]) -> Groups {
    let mut fields = plan::keys(&query.kind);
    fields.extend(
        query.filter.end_identity_fields().into_iter().filter(|field| !fields.contains(field)).collect::<Vec<_>>(),
    );
    let step = step_of(query);
    let mut rows: BTreeMap<Row, Vec<&Exchange>> = BTreeMap::new();
    for exchange in exchanges {
        let keys = fields.iter().map(|field| key(exchange, field)).collect();
        let start = step.map_or(0, |step| exchange.time.div_euclid(step) * step);
        rows.entry((start, keys, exchange.pair.map(pair))).or_default().push(exchange);
    }
    let states = plan::states(&query.kind);
    Groups {
        steps: if step.is_some() { rows.keys().map(|(start, ..)| *start).collect() } else { Vec::new() },
        keys: fields
            .into_iter()
            .enumerate()
            .map(|(number, field)| KeyColumn { field, values: rows.keys().map(|row| row.1[number].clone()).collect() })
            .collect(),
        pairs: rows.keys().map(|row| row.2.clone().map(Arc::new)).collect(),
        links: Vec::new(),
        states: states.iter().map(|state| column(state, rows.values())).collect(),
    }
}

fn step_of(query: &Query) -> Option<i64> {
    match &query.kind {
        QueryKind::Signals { step_millis, .. } | QueryKind::Heatmap { step_millis, .. } => *step_millis,
        _ => None,
    }
}

fn pair(seen: Seen) -> Pair {
    Pair {
        by_client: seen.by_client,
        source: seen.source.into(),
        destination: seen.destination.into(),
        transport: "tcp".into(),
    }
}

fn key(exchange: &Exchange, field: &Field) -> Option<Arc<str>> {
    match field {
        Field::End(Side::Source, EndField::Workload) => exchange.source.map(Arc::from),
        Field::End(Side::Destination, EndField::Workload) => exchange.destination.map(Arc::from),
        // Of an end that the node knows it knows that there is no namespace.
        Field::End(Side::Source, _) => exchange.source.map(|_| Arc::from("")),
        Field::End(Side::Destination, _) => exchange.destination.map(|_| Arc::from("")),
        Field::NetworkProtocol => Some("http".into()),
        Field::NetworkTransport => Some("tcp".into()),
        other => panic!("these nodes know no {other}"),
    }
}

fn column<'a>(state: &State, rows: impl Iterator<Item = &'a Vec<&'a Exchange>>) -> StateColumn {
    let latencies = |row: &[&Exchange]| row.iter().map(|exchange| exchange.latency).collect::<Vec<_>>();
    match state.merging {
        Merging::Count => StateColumn::Count(rows.map(|row| count(&state.quantity, row)).collect()),
        Merging::Sum => StateColumn::Sum(rows.map(|row| latencies(row).iter().sum()).collect()),
        Merging::Min => StateColumn::Min(rows.map(|row| latencies(row).into_iter().fold(f64::NAN, f64::min)).collect()),
        Merging::Max => StateColumn::Max(rows.map(|row| latencies(row).into_iter().fold(f64::NAN, f64::max)).collect()),
        Merging::Average => {
            let (sums, counts) = rows.map(|row| (latencies(row).iter().sum::<f64>(), row.len() as u64)).unzip();
            StateColumn::Average { sums, counts }
        }
        Merging::Quantiles => StateColumn::Quantiles(
            rows.map(|row| match state.quantity {
                Quantity::Measure(Measure::Latency) | Quantity::Field(_) => Quantiles::Exact(latencies(row)),
                _ => Quantiles::Exact(Vec::new()),
            })
            .collect(),
        ),
    }
}

fn count(quantity: &Quantity, row: &[&Exchange]) -> u64 {
    match quantity {
        Quantity::Measure(Measure::Exchanges) | Quantity::Rows => row.len() as u64,
        Quantity::Measure(Measure::Errors) => row.iter().filter(|exchange| exchange.error).count() as u64,
        Quantity::Measure(Measure::Retransmits) => 2 * row.len() as u64,
        Quantity::Measure(Measure::ConnectFailures) => {
            // Only the client sees that it did not get through.
            let seen_by_server = row[0].pair.is_some_and(|pair| !pair.by_client);
            if seen_by_server { 0 } else { 3 * row.len() as u64 }
        }
        _ => 0,
    }
}
