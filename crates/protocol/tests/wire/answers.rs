//! Any answer that a node could give.

use std::sync::Arc;

use goldwire_answer::{
    Body, PartialAnswer,
    column::Column,
    coverage::{Exactness, Loss, LossStage, NodeCoverage, Tier, Unread, UnreadKind},
    groups::{Groups, KeyColumn, Pair, Quantiles, StateColumn},
    links::Links,
    rows::Rows,
};
use goldwire_model::field::Field;
use proptest::{collection::vec, option, prelude::*};

pub(crate) fn field(name: &str) -> Field {
    name.parse().unwrap()
}

pub(crate) fn coverage() -> NodeCoverage {
    NodeCoverage {
        node: "node-a".into(),
        tier: Tier::TenSeconds,
        oldest: Some(1),
        recording_since: 2,
        covered: Vec::new(),
        lost: vec![Loss { stage: LossStage::KernelRing, events: 3, bytes: 4_600 }],
        quantiles: Exactness::Sketch,
        folded_groups: 4,
        notes: vec!["a note".into()],
        unread: vec![Unread { kind: UnreadKind::UnixSockets, count: 5 }],
    }
}

fn text() -> impl Strategy<Value = Option<Arc<str>>> {
    option::of("[a-zé ]{0,6}".prop_map(|text| Arc::from(text.as_str())))
}

fn pair() -> impl Strategy<Value = Option<Pair>> {
    option::of((any::<bool>(), "[0-9.]{1,9}").prop_map(|(by_client, address)| Pair {
        by_client,
        source: address.as_str().into(),
        destination: format!("{address}:80").into(),
        transport: "tcp".into(),
    }))
}

/// Of each pair of a client's, in the order in which they come.
fn links_of(pairs: &[Option<Pair>]) -> Vec<Links> {
    let mut met = std::collections::HashSet::new();
    let first = pairs.iter().flatten().filter(|pair| pair.by_client && met.insert(*pair));
    first.map(|pair| Links { pair: pair.clone(), ids: vec![1, u64::MAX, pair.source.len() as u64], up_to: 9 }).collect()
}

fn quantiles() -> impl Strategy<Value = Quantiles> {
    vec(1e-9..1e6_f64, 0..20).prop_flat_map(|values| {
        let sketch = Quantiles::Sketch(values.iter().copied().collect());
        prop_oneof![Just(Quantiles::Exact(values)), Just(sketch)]
    })
}

fn groups(rows: usize) -> impl Strategy<Value = Body> {
    let keys = (vec(text(), rows), vec(text(), rows));
    let numbers = (vec(any::<u64>(), rows), vec(-1e9..1e9_f64, rows), vec(quantiles(), rows));
    (vec(any::<i32>(), rows), keys, option::of(vec(pair(), rows)), numbers, any::<bool>()).prop_map(
        |(steps, (source, destination), pairs, (counts, sums, quantiles), has_steps)| {
            let key = |name: &str, values| KeyColumn { field: field(name), values };
            Body::Groups(Groups {
                steps: if has_steps { steps.into_iter().map(i64::from).collect() } else { Vec::new() },
                keys: vec![key("source.workload", source), key("destination.labels.app", destination)],
                links: links_of(pairs.as_deref().unwrap_or_default()),
                pairs: pairs.unwrap_or_default().into_iter().map(|pair: Option<Pair>| pair.map(Arc::new)).collect(),
                states: vec![
                    StateColumn::Count(counts.clone()),
                    StateColumn::Sum(sums.clone()),
                    StateColumn::Min(sums.clone()),
                    StateColumn::Max(sums.clone()),
                    StateColumn::Average { sums, counts },
                    StateColumn::Quantiles(quantiles),
                ],
            })
        },
    )
}

fn rows(rows: usize) -> impl Strategy<Value = Body> {
    let numbers = (vec(option::of(any::<i64>()), rows), vec(option::of(-1e9..1e9_f64), rows));
    (vec(text(), rows), numbers, any::<[u64; 2]>()).prop_map(|(texts, (numbers, floats), [cut, doubtful])| {
        Body::Rows(Rows {
            columns: vec![
                (field("time"), Column::Time(numbers.clone())),
                (field("url.path"), Column::Text(texts)),
                (field("source.port"), Column::Integer(numbers)),
                (field("latency"), Column::Float(floats)),
            ],
            cut,
            doubtful,
        })
    })
}

fn values() -> impl Strategy<Value = Body> {
    vec(("[a-z]{0,8}", any::<u64>()), 0..20).prop_map(|values| Body::Values { field: field("destination.pod"), values })
}

pub(crate) fn answer() -> impl Strategy<Value = PartialAnswer> {
    let body = (0..30_usize).prop_flat_map(|count| prop_oneof![groups(count), rows(count), values()]);
    body.prop_map(|body| PartialAnswer { body, coverage: coverage() })
}

/// Many rows with large quantiles.
pub(crate) fn large() -> PartialAnswer {
    let rows = 3_000;
    let key = KeyColumn {
        field: field("destination.workload"),
        values: (0..rows).map(|row| Some(format!("w{}", row % 7).into())).collect(),
    };
    let values = Quantiles::Exact((0..1_000).map(f64::from).collect());
    let states = vec![StateColumn::Quantiles(vec![values; rows])];
    let groups = Groups { steps: vec![0; rows], keys: vec![key], pairs: Vec::new(), links: Vec::new(), states };
    PartialAnswer { body: Body::Groups(groups), coverage: coverage() }
}
