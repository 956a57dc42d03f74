//! From a state to the columns of records, or of rollups, that it is made from.

use goldwire_answer::{
    coverage::Records,
    plan::{Merging, Quantity, State},
};
use goldwire_model::{
    field::{EndField, Field, Kind, Side, Table},
    signal::Measure,
};

use crate::{
    chunk::{flows::event, sealed::Slot},
    rollup::{drops, flows, requests},
};

/// Nanoseconds of a second: durations are divided by it, so that they come out as near as can be.
pub(crate) const SECOND: f64 = 1e9;

/// Which rows count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always,
    Error,
    ClientClosed,
    Dns,
    DnsError,
    /// Of a flow's report.
    Event(u8),
}

/// What a row gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// 1.
    One,
    /// A column's value.
    Column(Slot),
    /// The sum of two columns.
    Both(Slot, Slot),
    /// See `query::gauge`.
    Gauge,
    /// See `query::network_time`.
    NetworkTime,
}

/// How a state is made from raw records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RawTake {
    pub(crate) condition: Condition,
    pub(crate) given: Given,
    /// What is stored is divided by it to give what answers show.
    pub(crate) unit: f64,
    /// See [`State::is_known_in_parts`].
    pub(crate) in_parts: bool,
    /// What is counted over the time of a report, and so spread over it.
    pub(crate) spread: bool,
}

/// How a state is made from rollups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RollupTake {
    Sum { at: usize, dns_only: bool },
    Sums { first: usize, second: usize },
    Distribution { at: usize, dns_only: bool, unit: f64 },
    Gauge,
}

/// How a state is made from raw records. A field that is no number counts its rows, and a record of drops is as many as it
/// stands for.
pub(crate) fn from_raw(source: Records, state: &State) -> RawTake {
    let (condition, given, unit) = match &state.quantity {
        Quantity::Measure(measure) => of_measure(*measure),
        Quantity::Rows | Quantity::Field(Field::Count) if source == Records::Drops => {
            (Condition::Always, Given::Column(Slot::Count), 1.0)
        }
        Quantity::Rows => (Condition::Always, Given::One, 1.0),
        Quantity::Field(field) => match slot_of(field) {
            Some((slot, unit)) => (Condition::Always, Given::Column(slot), unit),
            None => (Condition::Always, Given::One, 1.0),
        },
    };
    let spread =
        source == Records::Flows && matches!(state.merging, Merging::Count | Merging::Sum) && is_counter(given);
    RawTake { condition, given, unit, in_parts: state.is_known_in_parts(), spread }
}

/// True for what a report on a flow counts since the last one.
const fn is_counter(given: Given) -> bool {
    matches!(
        given,
        Given::Both(..)
            | Given::Column(
                Slot::BytesSent | Slot::BytesReceived | Slot::PacketsSent | Slot::PacketsReceived | Slot::Retransmits
            )
    )
}

fn of_measure(measure: Measure) -> (Condition, Given, f64) {
    use Condition::{Always, ClientClosed, Dns, DnsError, Error, Event};
    let whole = |slot| (Always, Given::Column(slot), 1.0);
    let duration = |slot| (Always, Given::Column(slot), SECOND);
    match measure {
        Measure::Exchanges => (Always, Given::One, 1.0),
        Measure::Errors => (Error, Given::One, 1.0),
        Measure::ClientClosed => (ClientClosed, Given::One, 1.0),
        Measure::DnsExchanges => (Dns, Given::One, 1.0),
        Measure::DnsErrors => (DnsError, Given::One, 1.0),
        Measure::Connects => (Event(event::START), Given::One, 1.0),
        Measure::ConnectFailures => (Event(event::FAILED), Given::One, 1.0),
        Measure::Latency => duration(Slot::Latency),
        Measure::DnsLatency => (Dns, Given::Column(Slot::Latency), SECOND),
        Measure::Rtt => duration(Slot::Rtt),
        Measure::ConnectLatency => duration(Slot::ConnectLatency),
        Measure::RequestBytes => whole(Slot::RequestBytes),
        Measure::ResponseBytes => whole(Slot::ResponseBytes),
        Measure::BytesSent => whole(Slot::BytesSent),
        Measure::BytesReceived => whole(Slot::BytesReceived),
        Measure::PacketsSent => whole(Slot::PacketsSent),
        Measure::PacketsReceived => whole(Slot::PacketsReceived),
        Measure::Segments => (Always, Given::Both(Slot::PacketsSent, Slot::PacketsReceived), 1.0),
        Measure::Retransmits => whole(Slot::Retransmits),
        Measure::Resets => whole(Slot::Resets),
        Measure::Drops => whole(Slot::Count),
        Measure::AcceptQueueOverflows => whole(Slot::AcceptQueueOverflows),
        Measure::ZeroWindows => whole(Slot::ZeroWindows),
        Measure::ActiveConnections => (Always, Given::Gauge, 1.0),
        Measure::NetworkTime => (Always, Given::NetworkTime, SECOND),
    }
}

fn slot_of(field: &Field) -> Option<(Slot, f64)> {
    let slot = match field {
        Field::Latency => Slot::Latency,
        Field::LatencyFirstByte => Slot::LatencyFirstByte,
        Field::Duration => Slot::Age,
        Field::ConnectLatency => Slot::ConnectLatency,
        Field::TlsHandshakeLatency => Slot::TlsHandshakeLatency,
        Field::RequestMessages => Slot::RequestMessages,
        Field::ResponseMessages => Slot::ResponseMessages,
        Field::DnsTtl => Slot::DnsTtl,
        Field::DnsRetries => Slot::DnsRetries,
        Field::Rtt => Slot::Rtt,
        Field::RttMin => Slot::RttMin,
        Field::RequestBytes => Slot::RequestBytes,
        Field::ResponseBytes => Slot::ResponseBytes,
        Field::BytesSent => Slot::BytesSent,
        Field::BytesReceived => Slot::BytesReceived,
        Field::PacketsSent => Slot::PacketsSent,
        Field::PacketsReceived => Slot::PacketsReceived,
        Field::Retransmits => Slot::Retransmits,
        Field::Resets => Slot::Resets,
        Field::DropBytes => Slot::DropBytes,
        _ => return None,
    };
    Some((slot, if field.kind() == Kind::Duration { SECOND } else { 1.0 }))
}

/// How a state is made from the rollups of its table; `None` where they do not have it.
pub(crate) fn from_rollup(source: Records, state: &State) -> Option<RollupTake> {
    let sum = |at| Some(RollupTake::Sum { at, dns_only: false });
    let take = match &state.quantity {
        Quantity::Rows | Quantity::Field(Field::Count) if source == Records::Drops => sum(drops::COUNT),
        Quantity::Rows => sum(0),
        Quantity::Measure(measure) => match measure {
            Measure::Exchanges => sum(requests::COUNT),
            Measure::Errors => sum(requests::ERRORS),
            Measure::ClientClosed => sum(requests::CLIENT_CLOSED),
            Measure::DnsExchanges => Some(RollupTake::Sum { at: requests::COUNT, dns_only: true }),
            Measure::DnsErrors => Some(RollupTake::Sum { at: requests::ERRORS, dns_only: true }),
            Measure::DnsLatency => {
                Some(RollupTake::Distribution { at: requests::LATENCY, dns_only: true, unit: SECOND })
            }
            Measure::Segments => Some(RollupTake::Sums { first: flows::PACKETS_SENT, second: flows::PACKETS_RECEIVED }),
            Measure::Connects => sum(flows::CONNECTS),
            Measure::ConnectFailures => sum(flows::CONNECT_FAILURES),
            Measure::ActiveConnections => Some(RollupTake::Gauge),
            Measure::Drops => sum(drops::COUNT),
            measure => measure.field().as_ref().and_then(|field| of_field(source, field)),
        },
        Quantity::Field(Field::Count) => sum(0),
        Quantity::Field(field) => of_field(source, field),
    };
    let is_sum = matches!(take, Some(RollupTake::Sum { .. } | RollupTake::Sums { .. }));
    let sums_do = matches!(state.merging, Merging::Count | Merging::Sum);
    // Of a sum over many records no smallest, largest or quantile can be had.
    take.filter(|_| !is_sum || sums_do)
}

fn of_field(source: Records, field: &Field) -> Option<RollupTake> {
    let sum = |at| Some(RollupTake::Sum { at, dns_only: false });
    match (source, field) {
        (Records::Requests, Field::RequestBytes) => sum(requests::REQUEST_BYTES),
        (Records::Requests, Field::ResponseBytes) => sum(requests::RESPONSE_BYTES),
        (Records::Flows, Field::BytesSent) => sum(flows::BYTES_SENT),
        (Records::Flows, Field::BytesReceived) => sum(flows::BYTES_RECEIVED),
        (Records::Flows, Field::PacketsSent) => sum(flows::PACKETS_SENT),
        (Records::Flows, Field::PacketsReceived) => sum(flows::PACKETS_RECEIVED),
        (Records::Flows, Field::Retransmits) => sum(flows::RETRANSMITS),
        (Records::Flows, Field::Resets) => sum(flows::RESETS),
        (Records::Drops, Field::DropBytes) => sum(drops::BYTES),
        _ => spread_field(source, field).map(|(at, unit)| RollupTake::Distribution { at, dns_only: false, unit }),
    }
}

fn spread_field(source: Records, field: &Field) -> Option<(usize, f64)> {
    match (source, field) {
        (Records::Requests, Field::Latency) => Some((requests::LATENCY, SECOND)),
        (Records::Flows, Field::Rtt) => Some((flows::RTT, SECOND)),
        (Records::Flows, Field::ConnectLatency) => Some((flows::CONNECT_LATENCY, SECOND)),
        _ => None,
    }
}

/// True where rollups of the table tell values of the field apart.
pub(crate) fn rollups_have(source: Records, field: &Field) -> bool {
    match field {
        Field::End(Side::Source, EndField::Port) => false,
        Field::End(_, EndField::Pid | EndField::Ancestry | EndField::ProxiedAddress) => false,
        Field::End(..) | Field::NodeName | Field::Reporter | Field::Direction => true,
        Field::NetworkType | Field::NetworkTransport => true,
        Field::NetworkProtocol => matches!(source, Records::Requests | Records::Flows),
        Field::Ending => source == Records::Flows,
        Field::Verdict => matches!(source, Records::Flows | Records::Drops),
        Field::DropReason | Field::DropPlace => source == Records::Drops,
        Field::HttpMethod
        | Field::HttpRoute
        | Field::HttpHost
        | Field::HttpStatus
        | Field::RpcMethod
        | Field::RpcStatus
        | Field::DnsName
        | Field::DnsType
        | Field::DnsCode
        | Field::DbSystem
        | Field::DbOperation
        | Field::MessagingDestination
        | Field::ErrorType => source == Records::Requests,
        _ => false,
    }
}

/// True where records of the table have the field at all.
pub(crate) fn table_has(source: Records, field: &Field) -> bool {
    match source {
        Records::Requests => field.is_in(Table::Requests),
        Records::Flows => field.is_in(Table::Flows),
        Records::Drops => field.is_in(Table::Drops),
        Records::Processes => field.is_in(Table::Processes),
        Records::Saturation => *field == Field::NodeName,
    }
}
