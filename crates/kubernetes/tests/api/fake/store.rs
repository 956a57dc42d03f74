//! Objects, and the history of their changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::{Value, json};

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Pod,
    Service,
    Slice,
    Node,
}

impl Kind {
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Pod => "pods",
            Self::Service => "services",
            Self::Slice => "endpointslices",
            Self::Node => "nodes",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Service => "Service",
            Self::Slice => "EndpointSlice",
            Self::Node => "Node",
        }
    }

    pub(super) const fn api_version(self) -> &'static str {
        match self {
            Self::Slice => "discovery.k8s.io/v1",
            Self::Pod | Self::Service | Self::Node => "v1",
        }
    }
}

/// An object as it is sent, and where it runs.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) json: Arc<str>,
    node: Option<Arc<str>>,
}

impl Stored {
    fn new(object: &Value) -> Self {
        let node = object["spec"]["nodeName"].as_str().map(Arc::from);
        Self { json: object.to_string().into(), node }
    }

    fn of_revision(&self, revision: u64) -> Self {
        let mut object: Value = serde_json::from_str(&self.json).expect("JSON");
        object["metadata"]["resourceVersion"] = json!(revision.to_string());
        Self::new(&object)
    }

    /// `spec.nodeName=NAME` is the one selector that is known.
    pub(super) fn is_selected(&self, selector: Option<&str>) -> bool {
        let name = selector.and_then(|selector| selector.strip_prefix("spec.nodeName="));
        name.is_none_or(|name| self.node.as_deref() == Some(name))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) verb: &'static str,
    pub(super) object: Stored,
}

#[derive(Debug, Default)]
struct Table {
    objects: BTreeMap<String, Stored>,
    changes: Vec<Change>,
}

#[derive(Debug)]
pub(super) struct Store {
    pub(super) revision: u64,
    /// Watches can't begin before this.
    pub(super) oldest: u64,
    tables: HashMap<Kind, Table>,
    /// Pages that are still to be asked for.
    pub(super) pages: HashMap<String, (u64, Vec<Stored>)>,
    pub(super) next_page: u64,
}

fn key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

impl Store {
    pub(super) fn new(revision: u64) -> Self {
        Self { revision, oldest: revision, tables: HashMap::new(), pages: HashMap::new(), next_page: 0 }
    }

    pub(super) fn apply(&mut self, kind: Kind, mut object: Value) -> u64 {
        self.revision += 1;
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.name());
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let stored = Stored::new(&object);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = key(&text(&object["metadata"]["namespace"]), &text(&object["metadata"]["name"]));
        let table = self.tables.entry(kind).or_default();
        let verb = if table.objects.insert(key, stored.clone()).is_some() { "MODIFIED" } else { "ADDED" };
        table.changes.push(Change { revision: self.revision, verb, object: stored });
        self.revision
    }

    /// The object that is sent with the news has the version of its deletion.
    pub(super) fn delete(&mut self, kind: Kind, namespace: &str, name: &str) -> u64 {
        let table = self.tables.entry(kind).or_default();
        let Some(stored) = table.objects.remove(&key(namespace, name)) else { return self.revision };
        self.revision += 1;
        let object = stored.of_revision(self.revision);
        table.changes.push(Change { revision: self.revision, verb: "DELETED", object });
        self.revision
    }

    pub(super) fn stored(&self, kind: Kind, selector: Option<&str>) -> Vec<Stored> {
        let objects = self.tables.get(&kind).into_iter().flat_map(|table| table.objects.values());
        objects.filter(|object| object.is_selected(selector)).cloned().collect()
    }

    pub(super) fn objects(&self, kind: Kind) -> Vec<Value> {
        let stored = self.stored(kind, None);
        stored.iter().map(|object| serde_json::from_str(&object.json).expect("JSON")).collect()
    }

    /// The changes after that revision.
    pub(super) fn changes(&self, kind: Kind, after: u64) -> Vec<Change> {
        let Some(table) = self.tables.get(&kind) else { return Vec::new() };
        let place = table.changes.partition_point(|change| change.revision <= after);
        table.changes[place..].to_vec()
    }

    pub(super) fn compact(&mut self) {
        self.oldest = self.revision;
        self.pages.clear();
    }

    pub(super) fn begin_history(&mut self, revision: u64) {
        (self.revision, self.oldest) = (revision, revision);
        self.pages.clear();
        for table in self.tables.values_mut() {
            table.changes.clear();
            table.objects.values_mut().for_each(|object| *object = object.of_revision(revision));
        }
    }
}
