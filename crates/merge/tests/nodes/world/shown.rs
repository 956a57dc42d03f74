//! What there is to be shown of a world: each exchange that some end saw, with what is known of both.

use std::{borrow::Cow, net::IpAddr};

use goldwire_model::{
    field::{EndField, Field, Side},
    filter::{Filter, Lookup, Value},
    record::Reporter,
};

use super::{Connection, Exchange, Workload, World};

impl World {
    /// All exchanges as they are to be shown.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let of = |connection: &Connection| {
            let shown = connection.exchanges.iter().map(|exchange| self.shown_of(connection, exchange));
            shown.filter(|shown| shown.is_seen).collect::<Vec<_>>()
        };
        self.connections.iter().flat_map(of).collect()
    }

    pub(super) fn shown_of(&self, connection: &Connection, exchange: &Exchange) -> Shown {
        let [source, destination] = [connection.source, connection.destination].map(|place| &self.workloads[place]);
        let joined = source.node.is_some() && source.node == destination.node;
        let server = destination.node.filter(|_| joined || exchange.by_server);
        let client = source.node.filter(|_| joined || exchange.by_client);
        let (reporter, node) = match (server, client) {
            (Some(node), _) => (Reporter::Server, node),
            (None, Some(node)) => (Reporter::Client, node),
            (None, None) => (Reporter::Client, 0),
        };
        let (time, latency) = self.timing(exchange, reporter, node);
        let asked = connection.service.filter(|_| server.is_none()).unwrap_or(destination.address);
        Shown {
            is_seen: server.is_some() || client.is_some(),
            time,
            latency: latency as f64 / 1e9,
            status: exchange.status.into(),
            path: format!("/{}", exchange.path),
            source: End::of(source, [source.address; 2], client.is_some()),
            destination: End::of(
                destination,
                [asked, connection.service.unwrap_or(destination.address)],
                server.is_some(),
            ),
        }
    }
}

/// One end as it is to be shown.
#[derive(Clone, Debug)]
pub(crate) struct End {
    is_known: bool,
    pub(crate) workload: String,
    pub(crate) namespace: Option<String>,
    address: String,
    /// Its address as the client asked for it.
    asked: String,
}

impl End {
    /// All that it may be called by.
    pub(crate) fn names(&self) -> Vec<String> {
        vec![self.workload.clone(), self.address.clone(), self.asked.clone()]
    }

    fn of(workload: &Workload, [address, asked]: [IpAddr; 2], is_known: bool) -> Self {
        Self {
            is_known,
            asked: asked.to_string(),
            workload: if is_known { workload.name.clone() } else { address.to_string() },
            namespace: workload.namespace.clone().filter(|_| is_known),
            address: address.to_string(),
        }
    }
}

/// An exchange as it is to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    is_seen: bool,
    pub(crate) time: i64,
    latency: f64,
    status: i64,
    pub(crate) path: String,
    pub(crate) source: End,
    pub(crate) destination: End,
}

impl Shown {
    /// As a row of [`COLUMNS`].
    pub(crate) fn line(&self) -> String {
        let Self { time, latency, status, path, source, destination, .. } = self;
        format!(
            "{time} {} {} {} {} {path} {status} {latency:.6}",
            source.workload, source.address, destination.workload, destination.address
        )
    }

    pub(crate) fn matches(&self, filter: &Filter) -> bool {
        filter.matches(&Known { shown: self, is_strict: false }).is_certain()
    }

    pub(crate) fn is_allowed(&self, enforced: &Filter) -> bool {
        enforced.matches(&Known { shown: self, is_strict: true }).is_certain()
    }
}

pub(crate) const COLUMNS: &str = r#"["time", "source.workload", "source.address", "destination.workload",
    "destination.address", "url.path", "http.response.status_code", "latency"]"#;

struct Known<'a> {
    shown: &'a Shown,
    is_strict: bool,
}

impl Lookup for Known<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
        match field {
            Field::End(side, end) => {
                let of = if *side == Side::Source { &self.shown.source } else { &self.shown.destination };
                match end {
                    EndField::Address => text(&of.address),
                    _ if self.is_strict && !of.is_known => Value::Unknown,
                    EndField::Workload => text(&of.workload),
                    EndField::Namespace => of.namespace.as_deref().map_or(Value::Absent, text),
                    other => panic!("this world knows no {other:?}"),
                }
            }
            Field::UrlPath => text(&self.shown.path),
            Field::HttpStatus => Value::Integer(self.shown.status),
            Field::Latency => Value::Float(self.shown.latency),
            other => panic!("this world knows no {other}"),
        }
    }
}
