//! Groups the slow way: one record at a time, by the words of the contract.

use std::{borrow::Cow, collections::BTreeMap};

use goldwire_answer::{
    groups::{Groups, Pair, Quantiles, StateColumn},
    plan::{self, Merging, Quantity, State},
};
use goldwire_model::{
    field::{EndField, Field, Side, Table},
    filter::{Lookup, Value},
    query::{Query, QueryKind, nice_step},
    record::{Detail, Ending, Endpoint, Ends, ExchangeError, FlowEvent, Protocol, Record, Reporter, Text, Transport},
    signal::Measure,
    time::Timestamp,
};

use super::SECOND;

/// Step, keys, pair.
pub(crate) type Key = (i64, Vec<Option<String>>, Option<Pair>);

/// One state of one group and step: all that its values say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Values {
    pub(crate) count: u64,
    pub(crate) values: Vec<f64>,
}

pub(crate) struct Named<'a>(&'a Record);

fn ends(record: &Record) -> Option<&Ends> {
    match record {
        Record::Request(request) => Some(&request.ends),
        Record::Flow(flow) => Some(&flow.ends),
        Record::Drop(dropped) => Some(&dropped.ends),
        Record::Process(_) | Record::Saturation(_) => None,
    }
}

fn time(record: &Record) -> i64 {
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
struct Left<'a>(Named<'a>);

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

const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        _ => "udp",
    }
}

fn key(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Unknown => None,
        Value::Absent => Some(String::new()),
        Value::Text(text) => Some(text.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Address(address) => Some(address.to_string()),
        other => panic!("no key: {other:?}"),
    }
}

fn pair(record: &Record) -> Option<Pair> {
    if !matches!(record, Record::Request(_) | Record::Flow(_)) {
        return None;
    }
    let ends = ends(record)?;
    let by_client = ends.reporter == Reporter::Client;
    let other = if by_client { &ends.destination } else { &ends.source };
    (!other.local).then(|| Pair {
        by_client,
        source: ends.source.address.to_string().into(),
        destination: std::net::SocketAddr::new(ends.destination.address, ends.destination_port).to_string().into(),
        transport: transport(ends.transport).into(),
    })
}

fn table(record: &Record) -> Option<Table> {
    Some(match record {
        Record::Request(_) => Table::Requests,
        Record::Flow(_) => Table::Flows,
        Record::Drop(_) => Table::Drops,
        Record::Process(_) => Table::Processes,
        Record::Saturation(_) => return None,
    })
}

/// The record's value for a state; `None` where it has none.
fn value(record: &Record, state: &State, of: Option<Table>) -> Option<f64> {
    match &state.quantity {
        Quantity::Rows | Quantity::Field(Field::Count) => (table(record) == of).then_some(match record {
            Record::Drop(dropped) => dropped.count as f64,
            _ => 1.0,
        }),
        Quantity::Field(field) => (table(record) == of).then(|| number(&Named(record).value(field))).flatten(),
        Quantity::Measure(measure) => measured(record, *measure),
    }
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn measured(record: &Record, measure: Measure) -> Option<f64> {
    let when = |holds: bool| holds.then_some(1.0);
    match record {
        Record::Request(request) => match measure {
            Measure::Exchanges => Some(1.0),
            Measure::Errors => when(request.error.is_some_and(ExchangeError::is_counted)),
            Measure::ClientClosed => when(request.error.is_some_and(ExchangeError::is_left_by_client)),
            Measure::DnsExchanges => when(request.protocol == Protocol::Dns),
            Measure::DnsErrors => {
                when(request.protocol == Protocol::Dns && request.error.is_some_and(ExchangeError::is_counted))
            }
            Measure::DnsLatency if request.protocol != Protocol::Dns => None,
            Measure::Latency | Measure::DnsLatency => request.latency.map(|latency| latency.as_secs_f64()),
            Measure::RequestBytes => Some(request.request_bytes as f64),
            Measure::ResponseBytes => Some(request.response_bytes as f64),
            _ => None,
        },
        Record::Flow(flow) => match measure {
            Measure::BytesSent => Some(flow.bytes_sent as f64),
            Measure::BytesReceived => Some(flow.bytes_received as f64),
            Measure::Segments => Some((flow.packets_sent + flow.packets_received) as f64),
            Measure::Retransmits => Some(flow.retransmits as f64),
            Measure::Resets => Some(f64::from(flow.resets)),
            Measure::Rtt => flow.rtt.map(|rtt| rtt.as_secs_f64()),
            Measure::ConnectLatency => flow.connect_latency.map(|latency| latency.as_secs_f64()),
            Measure::Connects => when(flow.event == FlowEvent::Start),
            Measure::ConnectFailures => when(matches!(flow.ending, Some(Ending::Refused | Ending::Unreachable))),
            _ => None,
        },
        Record::Drop(dropped) => (measure == Measure::Drops).then_some(dropped.count as f64),
        Record::Saturation(saturation) => match measure {
            Measure::AcceptQueueOverflows => Some(saturation.accept_queue_overflows as f64),
            Measure::ZeroWindows => Some(saturation.zero_windows as f64),
            _ => None,
        },
        Record::Process(_) => None,
    }
}

/// What `execute` has to give for a query of groups; `earliest`: what lies before it is not held.
pub(crate) fn group(query: &Query, records: &[Record], earliest: i64) -> BTreeMap<Key, Vec<Values>> {
    let window = query.window.unwrap();
    let (from, to) = (window.from * 1_000_000, window.to * 1_000_000);
    let step = match &query.kind {
        QueryKind::Signals { step_millis, .. } | QueryKind::Heatmap { step_millis, .. } => {
            Some(step_millis.unwrap_or_else(|| nice_step(window, 120)) * 1_000_000)
        }
        _ => None,
    };
    let of = match &query.kind {
        QueryKind::Table { table, .. } => Some(*table),
        _ => None,
    };
    let (states, keys) = (plan::states(&query.kind), keys(query));
    let mut groups: BTreeMap<Key, Vec<Values>> = BTreeMap::new();
    let window = (from.max(earliest), to);
    for record in records {
        let second = ends(record).is_some_and(|ends| ends.joined && ends.reporter == Reporter::Client);
        let twofold = matches!(record, Record::Request(_) | Record::Flow(_));
        // Who is at the ends is left to the merge where the other end's node has a report too.
        let is_left = twofold && !query.mentions_reporter() && pair(record).is_some();
        let is_possible = query.filter.matches(&Named(record)).is_possible()
            || (is_left && query.filter.matches(&Left(Named(record))).is_possible());
        if !is_possible {
            continue;
        }
        // Of the report that is not counted, only what no other report has.
        let in_parts_only = second && twofold && !query.mentions_reporter();
        let keys: Vec<_> = keys.iter().map(|field| key(&Named(record).value(field))).collect();
        let pair = if query.mentions_reporter() { None } else { pair(record) };
        for (number, state) in states.iter().enumerate() {
            if !is_about(record, state, of) || (in_parts_only && !state.is_known_in_parts()) {
                continue;
            }
            for (step, part) in parts(record, state, window, step) {
                let group = groups.entry((step, keys.clone(), pair.clone()));
                let values = &mut group.or_insert_with(|| vec![Values::default(); states.len()])[number];
                if let Some(value) = value(record, state, of) {
                    values.count += 1;
                    values.values.push(part.map_or(value, |part| spread(record, state, &part, value)));
                }
            }
        }
    }
    groups
}

/// A part of what a report counts, in 2^-24 of its time.
struct Part(u128, u128);

impl Part {
    fn of(&self, amount: f64) -> f64 {
        let before = |share: u128| (amount as u128 * share) >> 24;
        (before(self.1) - before(self.0)) as f64
    }
}

/// Segments are counted each way.
fn spread(record: &Record, state: &State, part: &Part, value: f64) -> f64 {
    match (&state.quantity, record) {
        (Quantity::Measure(Measure::Segments), Record::Flow(flow)) => {
            part.of(flow.packets_sent as f64) + part.of(flow.packets_received as f64)
        }
        _ => part.of(value),
    }
}

/// The steps in which a record counts for a state, in milliseconds, and with which part; `None` is the whole of it.
fn parts(record: &Record, state: &State, (from, to): (i64, i64), step: Option<i64>) -> Vec<(i64, Option<Part>)> {
    let step_of = |time: i64| step.map_or(0, |step| time - time.rem_euclid(step));
    let whole = |time: i64| {
        let is_within = (from..to).contains(&time);
        is_within.then(|| (step_of(time) / 1_000_000, None)).into_iter().collect()
    };
    let Record::Flow(flow) = record else { return whole(time(record)) };
    let (since, until) = (flow.since.0.max(flow.time.0 - 120 * SECOND), flow.time.0);
    if !is_spread(state) || since == until {
        return whole(until);
    }
    let before = |time: i64| ((time.clamp(since, until) - since) as u128) * (1 << 24) / ((until - since) as u128);
    let mut parts = Vec::new();
    let mut begin = step_of(since.max(from));
    while begin < until.min(to) {
        let end = step.map_or(to, |step| begin + step);
        let part = Part(before(if step.is_some() { begin.max(from) } else { from }), before(end.min(to)));
        parts.push((begin / 1_000_000, Some(part)));
        if step.is_none() {
            break;
        }
        begin = end;
    }
    parts
}

/// True for what is counted over the time of a report.
fn is_spread(state: &State) -> bool {
    let field = match &state.quantity {
        Quantity::Measure(Measure::Segments) => return true,
        Quantity::Measure(measure) => measure.field(),
        Quantity::Field(field) => Some(field.clone()),
        Quantity::Rows => None,
    };
    let is_counter = matches!(
        field,
        Some(
            Field::BytesSent | Field::BytesReceived | Field::PacketsSent | Field::PacketsReceived | Field::Retransmits
        )
    );
    is_counter && matches!(state.merging, Merging::Count | Merging::Sum)
}

/// True where records of this kind have a part in the state, even if this one gives no value.
fn is_about(record: &Record, state: &State, of: Option<Table>) -> bool {
    match &state.quantity {
        Quantity::Rows | Quantity::Field(_) => table(record) == of,
        Quantity::Measure(measure) if measure.is_node_wide() => table(record).is_none(),
        Quantity::Measure(measure) => table(record) == Some(measure.table()),
    }
}

fn keys(query: &Query) -> Vec<Field> {
    let mut keys = plan::keys(&query.kind);
    let beside: Vec<Field> = plan::fallback_keys(query).into_iter().chain(query.filter.end_identity_fields()).collect();
    for key in beside {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Compares an answer with the model; quantiles of sketches within one percent.
pub(crate) fn assert_same(query: &Query, groups: &Groups, expected: &BTreeMap<Key, Vec<Values>>) {
    let states = plan::states(&query.kind);
    let rows = groups.states.first().map_or(0, column_len);
    let nothing = vec![Values::default(); states.len()];
    let mut seen = std::collections::BTreeSet::new();
    for row in 0..rows {
        let keys = groups.keys.iter().map(|column| column.values[row].as_ref().map(ToString::to_string)).collect();
        let step = groups.steps.get(row).copied().unwrap_or_default();
        let key = (step, keys, groups.pairs.get(row).and_then(|pair| pair.as_deref().cloned()));
        let values = expected.get(&key).unwrap_or(&nothing);
        for ((state, column), values) in states.iter().zip(&groups.states).zip(values) {
            assert_state(state, column, row, values, &key);
        }
        assert!(seen.insert(key.clone()), "twice: {key:?}");
    }
    for (key, values) in expected.iter().filter(|(key, _)| !seen.contains(*key)) {
        let is_nothing = values.iter().all(|values| values.values.iter().all(|value| *value == 0.0));
        assert!(is_nothing, "missing: {key:?} {values:?}");
    }
}

fn column_len(column: &StateColumn) -> usize {
    match column {
        StateColumn::Count(values) => values.len(),
        StateColumn::Sum(values) | StateColumn::Min(values) | StateColumn::Max(values) => values.len(),
        StateColumn::Average { sums, .. } => sums.len(),
        StateColumn::Quantiles(values) => values.len(),
    }
}

fn assert_state(state: &State, column: &StateColumn, row: usize, values: &Values, key: &Key) {
    let sum: f64 = values.values.iter().sum();
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1e-9);
    let (least, most) = (
        values.values.iter().copied().fold(f64::NAN, f64::min),
        values.values.iter().copied().fold(f64::NAN, f64::max),
    );
    let same = match (state.merging, column) {
        (Merging::Count, StateColumn::Count(counts)) => counts[row] as f64 == sum,
        (Merging::Sum, StateColumn::Sum(sums)) => near(sums[row], sum),
        (Merging::Min, StateColumn::Min(column)) => same_or_both_nan(column[row], least),
        (Merging::Max, StateColumn::Max(column)) => same_or_both_nan(column[row], most),
        (Merging::Average, StateColumn::Average { sums, counts }) => {
            near(sums[row], sum) && counts[row] == values.count
        }
        (Merging::Quantiles, StateColumn::Quantiles(column)) => same_quantiles(&column[row], &values.values),
        _ => false,
    };
    assert!(same, "{state:?} of {key:?}: {column:?} at {row}, expected {values:?}");
}

fn same_or_both_nan(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn same_quantiles(got: &Quantiles, values: &[f64]) -> bool {
    let mut values = values.to_vec();
    match got {
        Quantiles::Exact(got) => {
            let mut got = got.clone();
            got.sort_by(f64::total_cmp);
            values.sort_by(f64::total_cmp);
            got == values
        }
        Quantiles::Sketch(sketch) => {
            sketch.count() == values.len() as u64
                && [0.0, 0.1, 0.5, 0.95, 0.99, 1.0].into_iter().all(|q| {
                    match (sketch.quantile(q), goldwire_sketch::quantile_of(&mut values, q)) {
                        (Some(got), Some(exact)) => (got - exact).abs() <= exact.abs() * 0.010_001 + 1e-9,
                        (got, exact) => got == exact,
                    }
                })
        }
    }
}
