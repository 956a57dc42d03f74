//! Links from nodes and edges of a map to what they were made from.
//!
//! Each row brings its filters along in columns of its own, written here: an end without a value, what the map calls
//! `unknown` and what it folds into `other` are more than a cell in quotes could say.

use goldwire_answer::table::ServiceMap;
use goldwire_model::{
    field::{EndField, Field, Side, Table},
    filter::{FieldRef, Filter},
    query::{Query, QueryKind},
};
use serde_json::{Value, json};

use super::{Links, links::LINKED_ROWS};

/// What the merge calls ends without a value.
const UNKNOWN: &str = "unknown";
/// What it calls the nodes that it does not show.
const OTHER: &str = "other";

/// Characters of a filter that a link carries at most: it becomes part of an address.
const LONGEST_OF_A_LINK: usize = 8 * 1_024;

/// A part of what a node or an edge was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Exchanges that a node answered, or those of an edge.
    Served,
    /// Exchanges that a node asked for.
    Called,
    /// Flows of either end.
    Flows,
}

/// The links of one map.
pub(super) struct MapLinks<'a> {
    links: &'a Links,
    by: EndField,
    /// Nodes that stand for themselves.
    named: Vec<&'a str>,
    requests: Option<Filter>,
    flows: Option<Filter>,
}

impl Part {
    /// The column that has its filters.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Served => "filter_served",
            Self::Called => "filter_called",
            Self::Flows => "filter_flows",
        }
    }

    fn filter(self) -> String {
        format!("${{__data.fields.{}}}", self.column())
    }
}

impl<'a> MapLinks<'a> {
    pub(super) fn of(map: &'a ServiceMap, query: &Query, links: &'a Links) -> Self {
        let by = match &query.kind {
            QueryKind::ServiceMap { group_by } => group_by.0.clone(),
            _ => EndField::Workload,
        };
        let named = map.nodes.iter().map(|node| &*node.id).filter(|id| *id != OTHER).collect();
        let of = |table| links.filter.of_table(table);
        Self { links, by, named, requests: of(Table::Requests), flows: of(Table::Flows) }
    }

    /// The filter of what a node was made from; empty where there is no such link.
    pub(super) fn of_node(&self, part: Part, id: &str) -> String {
        let end = match part {
            Part::Served => self.end(Side::Destination, id),
            Part::Called => self.end(Side::Source, id),
            Part::Flows => Filter::any(vec![self.end(Side::Source, id), self.end(Side::Destination, id)]),
        };
        self.within(part, end)
    }

    /// The same of an edge.
    pub(super) fn of_edge(&self, part: Part, source: &str, target: &str) -> String {
        self.within(part, Filter::and(self.end(Side::Source, source), self.end(Side::Destination, target)))
    }

    pub(super) fn node_links(&self) -> Vec<Value> {
        let requests = [
            self.signals(Part::Served),
            self.requests("Requests served", Part::Served),
            self.requests("Requests made", Part::Called),
        ];
        let requests = requests.into_iter().filter(|_| self.requests.is_some());
        requests.chain(self.flows()).collect()
    }

    pub(super) fn edge_links(&self) -> Vec<Value> {
        let requests = [self.signals(Part::Served), self.requests("Requests", Part::Served)];
        let requests = requests.into_iter().filter(|_| self.requests.is_some());
        requests.chain(self.flows()).collect()
    }

    fn signals(&self, part: Part) -> Value {
        let signals = ["request_rate", "error_rate", "latency_p95"];
        self.links
            .here("Golden signals", &json!({ "queryType": "signals", "signals": signals, "filter": part.filter() }))
    }

    fn requests(&self, title: &str, part: Part) -> Value {
        self.links.here(title, &json!({ "queryType": "requests", "filter": part.filter(), "limit": LINKED_ROWS }))
    }

    fn flows(&self) -> Option<Value> {
        self.flows.as_ref()?;
        let query = json!({ "queryType": "flows", "filter": Part::Flows.filter(), "limit": LINKED_ROWS });
        Some(self.links.here("Flows", &query))
    }

    fn within(&self, part: Part, end: Filter) -> String {
        let own = if part == Part::Flows { &self.flows } else { &self.requests };
        own.as_ref().map(|own| Filter::and(own.clone(), end).to_string()).unwrap_or_default()
    }

    /// What an end of the node's records is like.
    fn end(&self, side: Side, id: &str) -> Filter {
        let field = FieldRef::from(Field::End(side, self.by.clone()));
        match id {
            OTHER => rest(&field, &self.named),
            id => one(&field, id),
        }
    }
}

/// The node `unknown` is of ends without a value, and of those that are really called so.
fn one(field: &FieldRef, id: &str) -> Filter {
    let named = field.exactly(Some(id));
    let nameless = (id == UNKNOWN).then(|| field.exactly(None)).flatten();
    Filter::any(named.into_iter().chain(nameless).collect())
}

/// What is none of the nodes that are shown; all of it where that is more than a filter can say.
fn rest(field: &FieldRef, named: &[&str]) -> Filter {
    let none = Filter::all(named.iter().map(|id| Filter::Not(Box::new(one(field, id)))));
    if none.to_string().len() < LONGEST_OF_A_LINK { none } else { Filter::All }
}
