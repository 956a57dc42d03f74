//! Links from a value to the query that shows what is behind it.

use goldwire_model::field::Table;
use serde_json::{Value, json};

/// What links lead to.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// This data source.
    pub datasource_uid: String,
    /// Its name.
    pub datasource_name: String,
    /// Where traces are shown; absent: here.
    pub trace_datasource_uid: Option<String>,
}

impl Links {
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
                &json!({ "queryType": "requests", "as": "traces", "filter": "trace.id = \"${__value.raw}\"" }),
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
        let (pid, node) = (cell("process.pid"), cell("node.name"));
        let end = |side: &str| format!("({side}.pid = {pid} and {side}.node = \"{node}\")");
        let filter = format!("{} or {}", end("source"), end("destination"));
        self.here(title, &json!({ "queryType": table.name(), "filter": filter }))
    }

    /// Process ids are a node's own, so that it takes both. A cell without a process has nothing to click on. A process may
    /// have begun long before the panel's range, so all of history is looked through.
    fn process(&self, title: &str, pid: &str, node: &str) -> Value {
        let (pid, node) = (cell(pid), cell(node));
        let filter = format!("node.name = \"{node}\" and (process.pid = {pid} or process.parent_pid = {pid})");
        self.here(title, &json!({ "queryType": "processes", "filter": filter, "from": 0 }))
    }

    fn internal(title: &str, uid: &str, name: &str, query: &Value) -> Value {
        json!({
            "title": title,
            "url": "",
            "internal": { "datasourceUid": uid, "datasourceName": name, "query": query },
        })
    }
}

/// The cell of a column in the row that was clicked.
fn cell(column: &str) -> String {
    format!("${{__data.fields[\"{column}\"]}}")
}
