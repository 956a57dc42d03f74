//! What a record has in each field.

use std::borrow::Cow;

use goldwire_model::{
    field::{EndField, Field, Side},
    filter::{Lookup, Value},
    record::{Detail, Endpoint, Ends, ExchangeError, Protocol, Record, Reporter, Text, Transport},
    time::Timestamp,
};

pub(crate) struct Named<'a>(pub(super) &'a Record);

pub(super) fn ends(record: &Record) -> Option<&Ends> {
    match record {
        Record::Request(request) => Some(&request.ends),
        Record::Flow(flow) => Some(&flow.ends),
        Record::Drop(dropped) => Some(&dropped.ends),
        Record::Process(_) | Record::Saturation(_) => None,
    }
}

pub(super) fn time(record: &Record) -> i64 {
    match record {
        Record::Request(request) => request.time.0,
        Record::Flow(flow) => flow.time.0,
        Record::Drop(dropped) => dropped.time.0,
        Record::Process(process) => process.time.0,
        Record::Saturation(saturation) => saturation.time.0,
    }
}

fn text<'a>(text: Option<&'a Text>) -> Value<'a> {
    text.map_or(Value::Absent, |text| Value::Text(Cow::Borrowed(text)))
}

fn end_value<'a>(ends: &'a Ends, side: Side, field: &EndField) -> Value<'a> {
    let (endpoint, port) = match side {
        Side::Source => (&ends.source, ends.source_port),
        Side::Destination => (&ends.destination, ends.destination_port),
    };
    let value = match field {
        EndField::Address => return Value::Address(endpoint.address),
        EndField::Port => return Value::Integer(i64::from(port)),
        EndField::Pid => endpoint.pid.map_or(Value::Absent, |pid| Value::Integer(i64::from(pid))),
        EndField::Workload => text(endpoint.workload.as_ref()),
        EndField::Namespace => text(endpoint.namespace.as_ref()),
        EndField::Process => text(endpoint.process.as_ref()),
        EndField::Ancestry => text(endpoint.ancestry.as_ref()),
        EndField::Node => text(endpoint.node.as_ref()),
        EndField::Dns => text(endpoint.dns.as_ref()),
        EndField::ReverseDns => text(endpoint.reverse_dns.as_ref()),
        EndField::ProxiedAddress => endpoint.proxied_address.map_or(Value::Absent, Value::Address),
        EndField::Label(key) => text(label(endpoint, key)),
        other => panic!("the model does not know {other:?}"),
    };
    if value == Value::Absent && !endpoint.local { Value::Unknown } else { value }
}

fn label<'a>(endpoint: &'a Endpoint, key: &str) -> Option<&'a Text> {
    endpoint.labels.iter().find(|(known, _)| **known == *key).map(|(_, value)| value)
}

fn fixed<'a>(text: &'static str) -> Value<'a> {
    Value::Text(Cow::Borrowed(text))
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "http",
        Protocol::Grpc => "grpc",
        Protocol::Dns => "dns",
        Protocol::Redis => "redis",
        Protocol::Tls => "tls",
        _ => "another",
    }
}

impl Lookup for Named<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        if let Some(value) = self.of_ends(field) {
            return value;
        }
        match (self.0, field) {
            (_, Field::NodeName) => fixed("node-1"),
            (record, Field::Time) => Value::Time(Timestamp(time(record))),
            (Record::Request(request), Field::Latency) => {
                request.latency.map_or(Value::Absent, |latency| Value::Float(latency.as_secs_f64()))
            }
            (Record::Request(request), Field::RequestBytes) => Value::Float(request.request_bytes as f64),
            (Record::Request(request), Field::ResponseBytes) => Value::Float(request.response_bytes as f64),
            (Record::Request(request), Field::NetworkProtocol) => fixed(protocol(request.protocol)),
            (Record::Request(request), Field::ErrorType) => request.error.map_or(Value::Absent, |error| {
                fixed(match error {
                    ExchangeError::Status => "status",
                    ExchangeError::NoAnswer => "no_answer",
                    ExchangeError::Truncated => "truncated",
                    ExchangeError::ClosedByClient => "closed_by_client",
                    ExchangeError::ResetByClient => "reset_by_client",
                    ExchangeError::ResetByServer => "reset_by_server",
                    ExchangeError::Refused => "refused",
                })
            }),
            (Record::Request(request), field) => detail(&request.detail, field),
            (Record::Flow(flow), Field::BytesSent) => Value::Float(flow.bytes_sent as f64),
            (Record::Flow(flow), Field::BytesReceived) => Value::Float(flow.bytes_received as f64),
            (Record::Flow(flow), Field::Retransmits) => Value::Float(flow.retransmits as f64),
            (Record::Flow(flow), Field::Rtt) => flow.rtt.map_or(Value::Absent, |rtt| Value::Float(rtt.as_secs_f64())),
            (Record::Flow(flow), Field::NetworkProtocol) => {
                flow.protocol.map_or(Value::Absent, |known| fixed(protocol(known)))
            }
            (Record::Drop(dropped), Field::DropReason) => text(Some(&dropped.reason)),
            (Record::Drop(dropped), Field::DropPlace) => text(dropped.place.as_ref()),
            (Record::Drop(dropped), Field::DropBytes) => Value::Float(dropped.bytes as f64),
            _ => Value::Absent,
        }
    }
}

/// A record of which is not said who is at its ends.
pub(super) struct Left<'a>(pub(super) Named<'a>);

impl Lookup for Left<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        if field.is_end_identity() { Value::Unknown } else { self.0.value(field) }
    }
}

impl Named<'_> {
    fn of_ends(&self, field: &Field) -> Option<Value<'_>> {
        let ends = ends(self.0)?;
        let by_client = ends.reporter == Reporter::Client;
        Some(match field {
            Field::End(side, end) => end_value(ends, *side, end),
            Field::Reporter => fixed(if by_client { "client" } else { "server" }),
            Field::Direction => fixed(if by_client { "egress" } else { "ingress" }),
            Field::NetworkTransport => fixed(transport(ends.transport)),
            Field::NetworkType => fixed(if ends.source.address.is_ipv4() { "ipv4" } else { "ipv6" }),
            _ => return None,
        })
    }
}

fn detail<'a>(detail: &'a Detail, field: &Field) -> Value<'a> {
    match (detail, field) {
        (Detail::Http { method, .. }, Field::HttpMethod) => text(method.as_ref()),
        (Detail::Http { path, .. }, Field::UrlPath) => text(path.as_ref()),
        (Detail::Http { route, .. }, Field::HttpRoute) => text(route.as_ref()),
        (Detail::Http { host, .. }, Field::HttpHost) => text(host.as_ref()),
        (Detail::Http { status, .. }, Field::HttpStatus) => {
            status.map_or(Value::Absent, |status| Value::Integer(i64::from(status)))
        }
        (Detail::Grpc { method, .. }, Field::RpcMethod) => text(method.as_ref()),
        (Detail::Dns { name, .. }, Field::DnsName) => text(Some(name)),
        (Detail::Dns { code, .. }, Field::DnsCode) => text(code.as_ref()),
        (Detail::Dns { ttl, .. }, Field::DnsTtl) => count(*ttl),
        (Detail::Dns { retries, .. }, Field::DnsRetries) => count(*retries),
        (Detail::Database { operation, .. }, Field::DbOperation) => text(operation.as_ref()),
        (Detail::Database { target, .. }, Field::DbTarget) => text(target.as_ref()),
        _ => Value::Absent,
    }
}

fn count(count: Option<u32>) -> Value<'static> {
    count.map_or(Value::Absent, |count| Value::Float(f64::from(count)))
}

pub(super) const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        _ => "udp",
    }
}
