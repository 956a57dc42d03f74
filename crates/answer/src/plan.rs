//! What a node has to put into its [`Groups`](crate::groups::Groups) for a query: the one list by which history fills
//! columns and the merge finishes them. Keys and states stand in the answer in exactly this order.

use goldwire_model::{
    field::{EndField, Field, Side},
    query::{Aggregate, Function, MapBy, QueryKind},
    signal::Signal,
};

/// One column of state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub measure: Measure,
    pub merging: Merging,
}

/// How the column's values come about from records, and so how they merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Merging {
    Count,
    Sum,
    Min,
    Max,
    Average,
    Quantiles,
}

/// What is counted or measured.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Exchanges on any application protocol.
    Requests,
    /// Exchanges with an error.
    RequestErrors,
    /// Seconds from the first byte of the request to the last of the answer.
    Latency,
    RequestBytes,
    ResponseBytes,
    /// Payload bytes from source to destination, by the flow's reports.
    BytesSent,
    BytesReceived,
    PacketsSent,
    PacketsReceived,
    Retransmits,
    /// Smoothed RTT in seconds at each report that has one.
    Rtt,
    /// Connections that were tried: established, or failed to be.
    Connects,
    /// Of these, the ones that were not established.
    ConnectFailures,
    /// Seconds from SYN to established.
    ConnectLatency,
    Resets,
    /// Connections that were open at some time in the step.
    ActiveConnections,
    /// Dropped packets.
    Drops,
    /// Exchanges whose protocol is DNS.
    DnsRequests,
    DnsErrors,
    DnsLatency,
    AcceptQueueOverflows,
    ZeroWindows,
    /// Seconds by which the client's latency of an exchange is longer than the server's of the same exchange.
    NetworkTime,
    /// Rows of the table that the query names: `count()`.
    Rows,
    /// A field of the table that the query names.
    Field(Field),
}

impl State {
    const fn new(measure: Measure, merging: Merging) -> Self {
        Self { measure, merging }
    }
}

/// The fields that groups are keyed by, before those that only the filter needs.
#[must_use]
pub fn keys(kind: &QueryKind) -> Vec<Field> {
    match kind {
        QueryKind::Signals { group_by, .. } | QueryKind::Table { group_by, .. } => group_by.clone(),
        QueryKind::ServiceMap { group_by } => map_keys(group_by),
        QueryKind::Heatmap { .. } | QueryKind::Rows { .. } | QueryKind::Values { .. } => Vec::new(),
    }
}

/// Both ends by the map's field, then what titles and edges are told by.
fn map_keys(by: &MapBy) -> Vec<Field> {
    let mut keys = Vec::new();
    for end in [by.0.clone(), EndField::Namespace, EndField::Node] {
        for side in [Side::Source, Side::Destination] {
            let key = Field::End(side, end.clone());
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys.extend([Field::NetworkProtocol, Field::NetworkTransport]);
    keys
}

/// The columns of state, each needed one once, in the order in which the query first needs them.
#[must_use]
pub fn states(kind: &QueryKind) -> Vec<State> {
    let wanted: Vec<State> = match kind {
        QueryKind::Signals { signals, .. } => signals.iter().flat_map(|signal| of_signal(*signal)).collect(),
        QueryKind::Heatmap { signal, .. } => of_signal(*signal),
        QueryKind::ServiceMap { .. } => of_map(),
        QueryKind::Table { aggregates, .. } => aggregates.iter().map(of_aggregate).collect(),
        QueryKind::Rows { .. } | QueryKind::Values { .. } => Vec::new(),
    };
    let mut states = Vec::with_capacity(wanted.len());
    for state in wanted {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    states
}

/// The states that one signal is finished from; a ratio's numerator comes first.
#[must_use]
pub fn of_signal(signal: Signal) -> Vec<State> {
    use Merging::{Average, Count, Max, Quantiles, Sum};
    let list: &[(Measure, Merging)] = match signal {
        Signal::RequestRate => &[(Measure::Requests, Count)],
        Signal::ErrorRate => &[(Measure::RequestErrors, Count)],
        Signal::ErrorRatio => &[(Measure::RequestErrors, Count), (Measure::Requests, Count)],
        Signal::LatencyP50 | Signal::LatencyP90 | Signal::LatencyP95 | Signal::LatencyP99 => {
            &[(Measure::Latency, Quantiles)]
        }
        Signal::LatencyAvg => &[(Measure::Latency, Average)],
        Signal::LatencyMax => &[(Measure::Latency, Max)],
        Signal::RequestBytes => &[(Measure::RequestBytes, Sum)],
        Signal::ResponseBytes => &[(Measure::ResponseBytes, Sum)],
        Signal::BytesSent => &[(Measure::BytesSent, Sum)],
        Signal::BytesReceived => &[(Measure::BytesReceived, Sum)],
        Signal::PacketsSent => &[(Measure::PacketsSent, Sum)],
        Signal::PacketsReceived => &[(Measure::PacketsReceived, Sum)],
        Signal::RetransmitRate => &[(Measure::Retransmits, Sum)],
        Signal::RetransmitRatio => {
            &[(Measure::Retransmits, Sum), (Measure::PacketsSent, Sum), (Measure::PacketsReceived, Sum)]
        }
        Signal::RttP50 | Signal::RttP95 | Signal::RttP99 => &[(Measure::Rtt, Quantiles)],
        Signal::ConnectRate => &[(Measure::Connects, Count)],
        Signal::ConnectFailureRate => &[(Measure::ConnectFailures, Count)],
        Signal::ConnectLatencyP95 => &[(Measure::ConnectLatency, Quantiles)],
        Signal::ResetRate => &[(Measure::Resets, Sum)],
        Signal::ActiveConnections => &[(Measure::ActiveConnections, Count)],
        Signal::DropRate => &[(Measure::Drops, Sum)],
        Signal::DnsRate => &[(Measure::DnsRequests, Count)],
        Signal::DnsErrorRate => &[(Measure::DnsErrors, Count)],
        Signal::DnsLatencyP95 => &[(Measure::DnsLatency, Quantiles)],
        Signal::AcceptQueueOverflowRate => &[(Measure::AcceptQueueOverflows, Sum)],
        Signal::ZeroWindowRate => &[(Measure::ZeroWindows, Sum)],
        Signal::NetworkTimeP95 => &[(Measure::NetworkTime, Quantiles)],
    };
    list.iter().map(|(measure, merging)| State::new(measure.clone(), *merging)).collect()
}

/// What [`Golden`](crate::table::Golden) is made from.
fn of_map() -> Vec<State> {
    vec![
        State::new(Measure::Requests, Merging::Count),
        State::new(Measure::RequestErrors, Merging::Count),
        State::new(Measure::Latency, Merging::Quantiles),
        State::new(Measure::BytesSent, Merging::Sum),
        State::new(Measure::BytesReceived, Merging::Sum),
        State::new(Measure::Connects, Merging::Count),
        State::new(Measure::ConnectFailures, Merging::Count),
        State::new(Measure::Retransmits, Merging::Sum),
        State::new(Measure::Rtt, Merging::Quantiles),
    ]
}

/// The state behind one aggregate of a `table` query.
#[must_use]
pub fn of_aggregate(aggregate: &Aggregate) -> State {
    let measure = aggregate.argument.clone().map_or(Measure::Rows, Measure::Field);
    let merging = match aggregate.function {
        Function::Count => Merging::Count,
        Function::Sum => Merging::Sum,
        Function::Min => Merging::Min,
        Function::Max => Merging::Max,
        Function::Average => Merging::Average,
        Function::Quantile(_) => Merging::Quantiles,
    };
    State::new(measure, merging)
}
