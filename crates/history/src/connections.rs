//! Connections that are open now.

use std::sync::Arc;

use goldwire_model::{
    field::{EndField, Field, Side},
    record::{Endpoint, FlowEvent, FlowRecord, Reporter},
};
use rustc_hash::FxHashMap;

use crate::chunk::{
    endpoints::endpoint_value,
    ends::{Flags, transport_number},
    names,
    numbers::Numbers,
    resolve::{Entries, Resolved},
    value::Value,
};

/// One end's view of an open connection, with the identity known at last.
#[derive(Clone, Debug)]
pub(crate) struct OpenConnection {
    pub(crate) source: Arc<Endpoint>,
    pub(crate) destination: Arc<Endpoint>,
    /// Nanoseconds since the epoch.
    pub(crate) start: i64,
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) transport: u8,
    pub(crate) flags: Flags,
    protocol: u8,
}

/// Keyed by the connection and the side that reports.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: FxHashMap<(u64, bool), OpenConnection>,
}

impl Connections {
    /// Takes a report in. True where it ends a connection that was open.
    pub(crate) fn observe(&mut self, record: &FlowRecord) -> bool {
        let key = (record.connection.0, record.ends.reporter == Reporter::Client);
        match record.event {
            FlowEvent::End => self.open.remove(&key).is_some(),
            FlowEvent::Start | FlowEvent::Adopted => {
                self.open.insert(key, OpenConnection::of(record));
                false
            }
            FlowEvent::Update => {
                if let Some(known) = self.open.get_mut(&key) {
                    known.learn(record);
                }
                false
            }
        }
    }

    pub(crate) fn copy(&self) -> Vec<OpenConnection> {
        self.open.values().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.open.capacity() * (size_of::<((u64, bool), OpenConnection)>() + 1)
    }
}

impl OpenConnection {
    fn of(record: &FlowRecord) -> Self {
        Self {
            source: record.ends.source.clone(),
            destination: record.ends.destination.clone(),
            start: record.start.0,
            source_port: record.ends.source_port,
            destination_port: record.ends.destination_port,
            transport: transport_number(record.ends.transport),
            flags: Flags::of(&record.ends),
            protocol: names::protocol_code(record.protocol),
        }
    }

    fn learn(&mut self, record: &FlowRecord) {
        if !Arc::ptr_eq(&self.source, &record.ends.source) {
            self.source = record.ends.source.clone();
        }
        if !Arc::ptr_eq(&self.destination, &record.ends.destination) {
            self.destination = record.ends.destination.clone();
        }
        self.flags = Flags::of(&record.ends);
        self.protocol = names::protocol_code(record.protocol);
    }
}

/// Open connections of a node whose name is known.
#[derive(Clone, Copy)]
pub(crate) struct NamedConnections<'a> {
    pub(crate) open: &'a [OpenConnection],
    pub(crate) node: &'a str,
    /// Place of each connection: 0, 1, 2 …
    pub(crate) places: &'a [u64],
}

impl NamedConnections<'_> {
    fn each<'a>(&'a self, value: impl Fn(&'a OpenConnection) -> Value<'a>) -> Resolved<'a> {
        Resolved::Coded {
            codes: Numbers::plain(&self.places[..self.open.len()]),
            values: self.open.iter().map(value).collect(),
        }
    }

    fn end<'a>(&'a self, side: Side, end: &EndField) -> Resolved<'a> {
        self.each(|connection| match (end, side) {
            (EndField::Port, Side::Source) => Value::Integer(i64::from(connection.source_port)),
            (EndField::Port, Side::Destination) => Value::Integer(i64::from(connection.destination_port)),
            (end, Side::Source) => endpoint_value(&connection.source, end),
            (end, Side::Destination) => endpoint_value(&connection.destination, end),
        })
    }
}

impl Entries for NamedConnections<'_> {
    fn count(&self) -> usize {
        self.open.len()
    }

    fn resolve(&self, field: &Field) -> Resolved<'_> {
        let reporter = |client, server| self.each(move |open| Value::Text(open.flags.by_reporter(client, server)));
        match field {
            Field::End(side, end) => self.end(*side, end),
            Field::NodeName => Resolved::Constant(Value::Text(self.node)),
            Field::Reporter => reporter("client", "server"),
            Field::Direction => reporter("egress", "ingress"),
            Field::NetworkType => {
                self.each(|open| Value::Text(if open.source.address.is_ipv4() { "ipv4" } else { "ipv6" }))
            }
            Field::NetworkTransport => self.each(|open| Value::Text(names::transport_name(open.transport))),
            Field::NetworkProtocol => {
                let protocols = names::protocols();
                self.each(move |open| protocols[usize::from(open.protocol)])
            }
            Field::Verdict => Resolved::Constant(Value::Text("forwarded")),
            Field::Count => Resolved::Constant(Value::Integer(1)),
            _ => Resolved::Constant(Value::Absent),
        }
    }
}
