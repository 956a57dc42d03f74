//! What history counts, sums and ranks.

use crate::field::{Field, Table};

/// A quantity of records that signals are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// Requests, each with its answer or without.
    Exchanges,
    /// Exchanges with an `error.type` that counts as an error.
    Errors,
    /// Exchanges that the client gave up: see [`ExchangeError::is_left_by_client`](crate::record::ExchangeError).
    ClientClosed,
    /// Seconds, of exchanges whose answer ended.
    Latency,
    /// Bytes of a request.
    RequestBytes,
    /// Bytes of an answer.
    ResponseBytes,
    /// Payload bytes, source to destination.
    BytesSent,
    /// Payload bytes, destination to source.
    BytesReceived,
    /// Segments or datagrams, source to destination.
    PacketsSent,
    /// Segments or datagrams, destination to source.
    PacketsReceived,
    /// TCP segments of both directions.
    Segments,
    /// Retransmitted segments.
    Retransmits,
    /// Seconds; one value a report on a flow that has one.
    Rtt,
    /// Connections established: reports of the event `Start`.
    Connects,
    /// Connects that ended as refused, timed out, unreachable or aborted before they were established.
    ConnectFailures,
    /// Seconds; one value a connection, on the client's side.
    ConnectLatency,
    /// TCP resets.
    Resets,
    /// Connections open at the end of the step.
    ActiveConnections,
    /// Dropped packets.
    Drops,
    /// Exchanges whose protocol is DNS.
    DnsExchanges,
    /// DNS exchanges with an `error.type`.
    DnsErrors,
    /// Seconds, of DNS exchanges that were answered.
    DnsLatency,
    /// Connections that a full accept queue refused, of a whole node.
    AcceptQueueOverflows,
    /// Zero windows that a whole node advertised.
    ZeroWindows,
    /// Seconds: the client's latency less the server's, of exchanges that both ends report.
    NetworkTime,
}

impl Measure {
    /// The table that it is counted in.
    #[must_use]
    pub const fn table(self) -> Table {
        match self {
            Self::Exchanges
            | Self::Errors
            | Self::ClientClosed
            | Self::Latency
            | Self::RequestBytes
            | Self::ResponseBytes
            | Self::DnsExchanges
            | Self::DnsErrors
            | Self::DnsLatency
            | Self::NetworkTime => Table::Requests,
            Self::BytesSent
            | Self::BytesReceived
            | Self::PacketsSent
            | Self::PacketsReceived
            | Self::Segments
            | Self::Retransmits
            | Self::Rtt
            | Self::Connects
            | Self::ConnectFailures
            | Self::ConnectLatency
            | Self::Resets
            | Self::ActiveConnections
            | Self::AcceptQueueOverflows
            | Self::ZeroWindows => Table::Flows,
            Self::Drops => Table::Drops,
        }
    }

    /// The field whose values it takes from each record; absent where it counts records instead.
    #[must_use]
    pub const fn field(self) -> Option<Field> {
        Some(match self {
            Self::Latency | Self::DnsLatency => Field::Latency,
            Self::RequestBytes => Field::RequestBytes,
            Self::ResponseBytes => Field::ResponseBytes,
            Self::BytesSent => Field::BytesSent,
            Self::BytesReceived => Field::BytesReceived,
            Self::PacketsSent => Field::PacketsSent,
            Self::PacketsReceived => Field::PacketsReceived,
            Self::Retransmits => Field::Retransmits,
            Self::Rtt => Field::Rtt,
            Self::ConnectLatency => Field::ConnectLatency,
            Self::Resets => Field::Resets,
            Self::Drops => Field::Count,
            _ => return None,
        })
    }

    /// Each record has one value whose spread is worth showing: a latency or a size.
    #[must_use]
    pub const fn is_distribution(self) -> bool {
        matches!(
            self,
            Self::Latency
                | Self::RequestBytes
                | Self::ResponseBytes
                | Self::Rtt
                | Self::ConnectLatency
                | Self::DnsLatency
        )
    }

    /// Counted by the kernel for a whole node.
    #[must_use]
    pub const fn is_node_wide(self) -> bool {
        matches!(self, Self::AcceptQueueOverflows | Self::ZeroWindows)
    }

    /// How Grafana names the unit of one value.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Latency | Self::Rtt | Self::ConnectLatency | Self::DnsLatency | Self::NetworkTime => "s",
            Self::RequestBytes | Self::ResponseBytes | Self::BytesSent | Self::BytesReceived => "bytes",
            _ => "short",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_s_field_is_in_its_table() {
        for measure in [Measure::Latency, Measure::BytesSent, Measure::Rtt, Measure::Drops, Measure::DnsLatency] {
            assert!(measure.field().is_some_and(|field| field.is_in(measure.table())), "{measure:?}");
        }
    }
}
