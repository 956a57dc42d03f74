//! Links from a value to the query that shows what is behind it.
//!
//! No link puts a value into a filter: Grafana writes the cells of the clicked row into `where`, value by value, and the
//! filters that rows bring along ready-made are written by the model.

use goldwire_model::{field::Table, filter::Filter, query::Query};
use serde_json::{Map, Value, json};

use crate::nodes::Instance;

/// What links lead to.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// This data source.
    pub datasource_uid: String,
    /// Its name.
    pub datasource_name: String,
    /// Where traces are shown; absent: here.
    pub trace_datasource_uid: Option<String>,
    /// What the answer that bears the links was asked for, without what the data source enforces: whatever a link shows
    /// is part of that.
    pub filter: Filter,
}

impl Links {
    /// Those of an answer to this query.
    #[must_use]
    pub fn of(instance: &Instance, query: &Query) -> Self {
        Self {
            datasource_uid: instance.uid.clone(),
            datasource_name: instance.name.clone(),
            trace_datasource_uid: instance.settings.trace_datasource.clone(),
            // It was read before, so that it is readable.
            filter: Filter::parse(&query.filter_text).unwrap_or_default(),
        }
    }

    /// A link to a query of this data source. `${…}` in the query is filled in by Grafana.
    pub(super) fn here(&self, title: &str, query: &Value) -> Value {
        Self::internal(title, &self.datasource_uid, &self.datasource_name, query)
    }

    /// A link from a trace's id to the trace.
    pub(super) fn trace(&self) -> Value {
        match &self.trace_datasource_uid {
            // Tempo, Jaeger and Zipkin all take an id as their query.
            Some(uid) => Self::internal("Trace", uid, "", &json!({ "query": "${__value.raw}" })),
            None => self.here(
                "Exchanges of this trace",
                &json!({ "queryType": "requests", "as": "traces", "where": { "trace.id": "${__value.raw}" } }),
            ),
        }
    }

    /// From one end of a record to the process there: its begin, its children, its parents' names.
    pub(super) fn process_of_end(&self, side: &str) -> Value {
        self.process("Process", &format!("{side}.pid"), &format!("{side}.node"))
    }

    /// From a process to its parent, whose own row leads to the parent's.
    pub(super) fn parent(&self) -> Value {
        self.process("Parent process", "process.parent_pid", "node.name")
    }

    /// From a process to what it says and hears, of either end.
    pub(super) fn of_process(&self, title: &str, table: Table) -> Value {
        let (pid, node) = (number("process.pid"), text("node.name"));
        let end = |side: &str| values([(format!("{side}.pid"), &pid), (format!("{side}.node"), &node)]);
        self.here(title, &json!({ "queryType": table.name(), "where": [end("source"), end("destination")] }))
    }

    /// Process ids are a node's own, so that it takes both. A cell without a process has nothing to click on. A process may
    /// have begun long before the panel's range, so all of history is looked through.
    fn process(&self, title: &str, pid: &str, node: &str) -> Value {
        let (pid, node) = (number(pid), text(node));
        let is = |field: &str| values([("node.name".to_owned(), &node), (field.to_owned(), &pid)]);
        let either = [is("process.pid"), is("process.parent_pid")];
        self.here(title, &json!({ "queryType": "processes", "where": either, "from": 0 }))
    }

    fn internal(title: &str, uid: &str, name: &str, query: &Value) -> Value {
        json!({
            "title": title,
            "url": "",
            "internal": { "datasourceUid": uid, "datasourceName": name, "query": query },
        })
    }
}

/// Values by field, as `where` takes them.
fn values<const N: usize>(of: [(String, &String); N]) -> Map<String, Value> {
    of.into_iter().map(|(field, cell)| (field, cell.as_str().into())).collect()
}

/// Rows that a link to records asks for: as many as people look at.
pub(super) const LINKED_ROWS: usize = 1_000;

/// The cell of a column of names in the row that was clicked.
pub(super) fn text(column: &str) -> String {
    format!("${{__data.fields[{}]}}", in_brackets(column))
}

/// The cell of a column of numbers, whatever unit the panel shows it with.
pub(super) fn number(column: &str) -> String {
    format!("${{__data.fields[{}].numeric}}", in_brackets(column))
}

/// A column by its name, or by its place where Grafana could not read the name in a reference.
pub(super) fn cell_of(place: usize, name: &str) -> String {
    let readable = name.chars().all(|character| !matches!(character, ':' | '^' | '}' | ']' | '[' | '"' | '\'' | '\\'));
    if readable { name.to_owned() } else { place.to_string() }
}

fn in_brackets(column: &str) -> String {
    let is_place = !column.is_empty() && column.bytes().all(|byte| byte.is_ascii_digit());
    if is_place { column.to_owned() } else { format!("\"{column}\"") }
}
