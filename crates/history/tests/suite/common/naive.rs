//! Groups the slow way: one record at a time, by the words of the contract.

use std::collections::BTreeMap;

use goldwire_answer::{
    groups::Pair,
    plan::{self, Merging, Quantity, State},
};
use goldwire_model::{
    field::{Field, Table},
    filter::{Lookup, Value},
    query::{Query, QueryKind, nice_step},
    record::{Ending, ExchangeError, FlowEvent, Protocol, Record, Reporter},
    signal::Measure,
};

mod named;
mod same;

pub(crate) use named::Named;
pub(crate) use same::assert_same;

use self::named::{Left, ends, time, transport};
use super::SECOND;

/// Step, keys, pair.
pub(crate) type Key = (i64, Vec<Option<String>>, Option<Pair>);

/// One state of one group and step: all that its values say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Values {
    pub(crate) count: u64,
    pub(crate) values: Vec<f64>,
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
