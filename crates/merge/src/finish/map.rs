//! The service map: who talks to whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use goldwire_answer::table::{MapEdge, MapNode, ServiceMap};
use goldwire_model::{
    field::{EndField, Field, Side},
    query::MapBy,
};

use super::golden::{Seconds, Total};
use crate::{
    coverage::Joined,
    groups::{Merged, OTHER, Plan},
    states::{self, Weight},
    steps::Steps,
};

/// More nodes than this are one node `other`: nobody can read them, and panels become slow.
const MOST_NODES: usize = 500;

/// What an end without a value of the map's field is called.
const UNKNOWN: &str = "unknown";

pub(crate) fn map(by: &MapBy, plan: &Plan, merged: &Merged, steps: &Steps, joined: &mut Joined) -> ServiceMap {
    let columns = Columns::of(by, plan);
    let kept = kept_nodes(&columns, merged, joined);
    let mut drawing = Drawing::default();
    for (row, cell) in merged.cells.iter().enumerate() {
        let keys = &merged.groups[cell.group as usize];
        let [source, target] = [Side::Source, Side::Destination].map(|side| {
            let id = columns.id(keys, side);
            if kept.as_ref().is_none_or(|kept| kept.contains(&id)) { id } else { OTHER.into() }
        });
        drawing.node(plan, &source).called.add(merged, row);
        drawing.node(plan, &target).served.add(merged, row);
        drawing.place(&source, columns.places(keys, Side::Source));
        drawing.place(&target, columns.places(keys, Side::Destination));
        let edge = drawing.edge(plan, source, target);
        edge.total.add(merged, row);
        edge.protocols.insert(columns.text(keys, &Field::NetworkProtocol));
        edge.transports.insert(columns.text(keys, &Field::NetworkTransport));
    }
    drawing.finish(plan, Seconds::of(steps))
}

/// Where the keys stand.
struct Columns<'a> {
    by: &'a EndField,
    plan: &'a Plan,
}

impl<'a> Columns<'a> {
    const fn of(by: &'a MapBy, plan: &'a Plan) -> Self {
        Self { by: &by.0, plan }
    }

    fn text(&self, keys: &[Arc<str>], field: &Field) -> Arc<str> {
        let place = self.plan.keys.iter().position(|key| key == field);
        place.and_then(|place| keys.get(place)).cloned().unwrap_or_default()
    }

    fn id(&self, keys: &[Arc<str>], side: Side) -> Arc<str> {
        let id = self.text(keys, &Field::End(side, self.by.clone()));
        if id.is_empty() { UNKNOWN.into() } else { id }
    }

    /// Namespace and node of an end, where they are not what the map is by.
    fn places(&self, keys: &[Arc<str>], side: Side) -> [Arc<str>; 2] {
        [EndField::Namespace, EndField::Node]
            .map(|end| if end == *self.by { Arc::default() } else { self.text(keys, &Field::End(side, end)) })
    }
}

/// `None` where all fit.
fn kept_nodes(columns: &Columns<'_>, merged: &Merged, joined: &mut Joined) -> Option<BTreeSet<Arc<str>>> {
    let mut weights: BTreeMap<Arc<str>, Weight> = BTreeMap::new();
    for (row, cell) in merged.cells.iter().enumerate() {
        let keys = &merged.groups[cell.group as usize];
        for side in [Side::Source, Side::Destination] {
            let weight = weights.entry(columns.id(keys, side)).or_default();
            for column in &merged.states {
                *weight += states::weight(column, row);
            }
        }
    }
    if weights.len() <= MOST_NODES {
        return None;
    }
    let folded = weights.len() - (MOST_NODES - 1);
    joined.note(format!("{folded} nodes of the map with the least traffic are shown as one, `{OTHER}`"));
    let mut ranked: Vec<(Arc<str>, Weight)> = weights.into_iter().collect();
    ranked.sort_by(|(a, of_a), (b, of_b)| of_b.compare(*of_a).then_with(|| a.cmp(b)));
    Some(ranked.into_iter().take(MOST_NODES - 1).map(|(id, _)| id).collect())
}

/// Nodes and edges while they are being added up; ordered, so that the same map is always drawn the same.
#[derive(Default)]
struct Drawing {
    nodes: BTreeMap<Arc<str>, Node>,
    edges: BTreeMap<(Arc<str>, Arc<str>), Edge>,
}

struct Node {
    served: Total,
    called: Total,
    namespaces: BTreeSet<Arc<str>>,
    machines: BTreeSet<Arc<str>>,
}

struct Edge {
    total: Total,
    protocols: BTreeSet<Arc<str>>,
    transports: BTreeSet<Arc<str>>,
}

impl Drawing {
    fn node(&mut self, plan: &Plan, id: &Arc<str>) -> &mut Node {
        self.nodes.entry(Arc::clone(id)).or_insert_with(|| Node {
            served: Total::new(plan),
            called: Total::new(plan),
            namespaces: BTreeSet::new(),
            machines: BTreeSet::new(),
        })
    }

    fn place(&mut self, id: &Arc<str>, [namespace, machine]: [Arc<str>; 2]) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.namespaces.insert(namespace);
            node.machines.insert(machine);
        }
    }

    fn edge(&mut self, plan: &Plan, source: Arc<str>, target: Arc<str>) -> &mut Edge {
        self.edges.entry((source, target)).or_insert_with(|| Edge {
            total: Total::new(plan),
            protocols: BTreeSet::new(),
            transports: BTreeSet::new(),
        })
    }

    fn finish(self, plan: &Plan, seconds: Seconds) -> ServiceMap {
        let nodes = self.nodes.into_iter().map(|(id, node)| MapNode {
            title: Arc::clone(&id),
            subtitle: node.subtitle(),
            served: node.served.finish(plan, seconds),
            called: node.called.finish(plan, seconds),
            id,
        });
        let edges = self.edges.into_iter().enumerate().map(|(number, ((source, target), edge))| MapEdge {
            id: format!("e{number}"),
            source,
            target,
            protocols: edge.protocols().into(),
            golden: edge.total.finish(plan, seconds),
        });
        ServiceMap { nodes: nodes.collect(), edges: edges.collect() }
    }
}

impl Node {
    /// The namespace, else the node; how many where there are several.
    fn subtitle(&self) -> Arc<str> {
        for (names, many) in [(&self.namespaces, "namespaces"), (&self.machines, "nodes")] {
            let known: Vec<&Arc<str>> = names.iter().filter(|name| !name.is_empty()).collect();
            match known.as_slice() {
                [] => {}
                [one] => return Arc::clone(one),
                several => return format!("{} {many}", several.len()).into(),
            }
        }
        Arc::default()
    }
}

impl Edge {
    /// Application protocols, else transports, joined by commas.
    fn protocols(&self) -> String {
        let join = |names: &BTreeSet<Arc<str>>| {
            names.iter().filter(|name| !name.is_empty()).map(|name| &**name).collect::<Vec<_>>().join(", ")
        };
        let protocols = join(&self.protocols);
        if protocols.is_empty() { join(&self.transports) } else { protocols }
    }
}
