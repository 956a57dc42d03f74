//! Links from a value to the query that shows what is behind it.

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

    fn internal(title: &str, uid: &str, name: &str, query: &Value) -> Value {
        json!({
            "title": title,
            "url": "",
            "internal": { "datasourceUid": uid, "datasourceName": name, "query": query },
        })
    }
}
