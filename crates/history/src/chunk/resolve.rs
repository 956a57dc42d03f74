//! From a field's name to its values in a chunk.

use arrow_array::FixedSizeBinaryArray;
use goldwire_model::field::{EndField, Field, Side};

use super::{
    ends::Flags,
    names,
    numbers::Numbers,
    sealed::{Chunk, Coded, Slot},
    value::Value,
};

/// Values of one field over the entries of a chunk (or over the series of a block).
#[derive(Debug)]
pub(crate) enum Resolved<'a> {
    /// Few distinct values: an entry's code says which.
    Coded { codes: Numbers<'a>, values: Vec<Value<'a>> },
    /// Whole numbers, [`ABSENT`](super::numbers::ABSENT) where there is none.
    Numbers(Numbers<'a>),
    /// 16 or 8 bytes, shown in hexadecimal digits.
    Ids { codes: Numbers<'a>, ids: &'a FixedSizeBinaryArray },
    /// Moments: each entry's time less its age.
    Starts { times: Numbers<'a>, ages: Numbers<'a> },
    /// The same for every entry.
    Constant(Value<'a>),
}

/// Anything whose entries have fields.
pub(crate) trait Entries {
    /// How many entries there are.
    fn count(&self) -> usize;
    /// The values of `field`; a field that entries of this kind do not have is absent in all.
    fn resolve(&self, field: &Field) -> Resolved<'_>;
}

/// A sealed chunk of a node whose name is known.
#[derive(Clone, Copy)]
pub(crate) struct NamedChunk<'a> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) node: &'a str,
}

impl Entries for NamedChunk<'_> {
    fn count(&self) -> usize {
        self.chunk.len()
    }

    fn resolve(&self, field: &Field) -> Resolved<'_> {
        self.chunk.resolve(self.node, field)
    }
}

impl Chunk {
    /// The values of `field` over the rows; `node` is the name of this node.
    pub(crate) fn resolve<'a>(&'a self, node: &'a str, field: &Field) -> Resolved<'a> {
        let numbers = |slot| Resolved::Numbers(self.numbers(slot));
        match field {
            Field::End(side, end) => self.end(*side, end),
            Field::NodeName => Resolved::Constant(Value::Text(node)),
            Field::Time => numbers(Slot::Time),
            Field::Start => Resolved::Starts { times: self.numbers(Slot::Time), ages: self.numbers(Slot::Age) },
            Field::Duration => numbers(Slot::Age),
            Field::Connection => numbers(Slot::Connection),
            Field::HttpStatus => numbers(Slot::HttpStatus),
            Field::RpcStatus => numbers(Slot::RpcStatus),
            Field::RequestMessages => numbers(Slot::RequestMessages),
            Field::ResponseMessages => numbers(Slot::ResponseMessages),
            Field::DnsTtl => numbers(Slot::DnsTtl),
            Field::DnsRetries => numbers(Slot::DnsRetries),
            Field::Latency => numbers(Slot::Latency),
            Field::LatencyFirstByte => numbers(Slot::LatencyFirstByte),
            Field::ConnectLatency => numbers(Slot::ConnectLatency),
            Field::TlsHandshakeLatency => numbers(Slot::TlsHandshakeLatency),
            Field::Rtt => numbers(Slot::Rtt),
            Field::RttMin => numbers(Slot::RttMin),
            Field::RequestBytes => numbers(Slot::RequestBytes),
            Field::ResponseBytes => numbers(Slot::ResponseBytes),
            Field::BytesSent => numbers(Slot::BytesSent),
            Field::BytesReceived => numbers(Slot::BytesReceived),
            Field::PacketsSent => numbers(Slot::PacketsSent),
            Field::PacketsReceived => numbers(Slot::PacketsReceived),
            Field::Retransmits => numbers(Slot::Retransmits),
            Field::Resets => numbers(Slot::Resets),
            Field::DropBytes => numbers(Slot::DropBytes),
            Field::ProcessPid => numbers(Slot::Pid),
            Field::ProcessParent => numbers(Slot::Parent),
            Field::ProcessStart => numbers(Slot::ProcessStart),
            Field::ProcessExitCode => numbers(Slot::ExitCode),
            Field::Count => self.counts(),
            Field::TraceId => ids(self.trace_ids()),
            Field::SpanId => ids(self.span_ids()),
            Field::Pairing => ids(self.pairings()),
            Field::Position => numbers(Slot::Position),
            names => self.name(names),
        }
    }

    fn name(&self, field: &Field) -> Resolved<'_> {
        let coded = |slot, values| Resolved::Coded { codes: self.numbers(slot), values };
        match field {
            Field::NetworkTransport => coded(Slot::Transport, names::transports()),
            Field::NetworkProtocol => coded(Slot::Protocol, names::protocols()),
            Field::DbSystem => coded(Slot::Protocol, names::database_systems()),
            Field::NetworkType => coded(Slot::Source, network_types(&self.endpoints.values(&EndField::Address))),
            Field::Direction => coded(Slot::Flags, by_reporter("egress", "ingress")),
            Field::Reporter => coded(Slot::Flags, by_reporter("client", "server")),
            // Drops have no other.
            Field::Verdict if !self.numbers(Slot::DropBytes).is_nothing() => Resolved::Constant(Value::Text("dropped")),
            Field::Verdict => coded(Slot::Verdict, names::VERDICTS.to_vec()),
            Field::TcpFlags => coded(Slot::TcpFlags, names::tcp_flags()),
            Field::TcpState => coded(Slot::TcpState, names::TCP_STATES.to_vec()),
            Field::Ending => coded(Slot::Ending, names::ENDINGS.to_vec()),
            Field::ErrorType => coded(Slot::Error, names::ERRORS.to_vec()),
            Field::ProcessEvent => coded(Slot::ProcessEvent, names::PROCESS_EVENTS.to_vec()),
            text => self.text_values(text),
        }
    }

    fn text_values(&self, field: &Field) -> Resolved<'_> {
        let Some(Coded { codes, values }) = self.texts(field) else {
            return Resolved::Constant(Value::Absent);
        };
        let texts = values.iter().map(|text| text.map_or(Value::Absent, Value::Text));
        let values = [Value::Absent].into_iter().chain(texts).collect();
        Resolved::Coded { codes: Numbers::open(Some(codes), 0), values }
    }

    fn end(&self, side: Side, end: &EndField) -> Resolved<'_> {
        let (endpoint, port) = match side {
            Side::Source => (Slot::Source, Slot::SourcePort),
            Side::Destination => (Slot::Destination, Slot::DestinationPort),
        };
        if *end == EndField::Port {
            return Resolved::Numbers(self.numbers(port));
        }
        Resolved::Coded { codes: self.numbers(endpoint), values: self.endpoints.values(end) }
    }

    /// 1 for a record, except for a group of drops.
    fn counts(&self) -> Resolved<'_> {
        let counts = self.numbers(Slot::Count);
        if counts.is_nothing() { Resolved::Constant(Value::Integer(1)) } else { Resolved::Numbers(counts) }
    }
}

fn ids(coded: Option<&Coded<FixedSizeBinaryArray>>) -> Resolved<'_> {
    coded.map_or(Resolved::Constant(Value::Absent), |Coded { codes, values }| Resolved::Ids {
        codes: Numbers::open(Some(codes), 0),
        ids: values,
    })
}

/// One value for each combination of flags.
pub(crate) fn by_reporter(client: &'static str, server: &'static str) -> Vec<Value<'static>> {
    (0..Flags::COUNT).map(|bits| Value::Text(Flags(bits).by_reporter(client, server))).collect()
}

/// `network.type` of each address.
pub(crate) fn network_types(addresses: &[Value<'_>]) -> Vec<Value<'static>> {
    let types = addresses.iter().map(|address| match address {
        Value::Address(address) => Value::Text(if address.is_ipv4() { "ipv4" } else { "ipv6" }),
        _ => Value::Absent,
    });
    types.collect()
}
