//! What tells one rollup series from another.

use std::{
    hash::{Hash, Hasher},
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use goldwire_model::{
    field::{EndField, Field, Side},
    record::{Endpoint, Text},
};

use crate::chunk::{
    endpoints::endpoint_value,
    ends::Flags,
    names,
    numbers::Numbers,
    resolve::{Entries, Resolved},
    value::{OTHER, Value},
};

/// Stands for an endpoint, or a text, that did not fit: everything beyond the bound is counted under it.
pub(crate) const OTHER_CODE: u16 = 0;
/// A text that the record does not have.
pub(crate) const ABSENT_TEXT: u16 = u16::MAX;
/// A status that the record does not have.
pub(crate) const ABSENT_STATUS: u32 = u32::MAX;

/// Which fields the texts of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Detail {
    None,
    /// method, route, host, status
    Http,
    /// -, method, -, status
    Grpc,
    /// type, name, code
    Dns,
    /// operation
    Database,
    /// -, destination
    Messaging,
    /// place, reason
    Drop,
}

/// Identity of a series; texts and endpoints by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) source: u16,
    pub(crate) destination: u16,
    pub(crate) destination_port: u16,
    pub(crate) transport: u8,
    pub(crate) flags: Flags,
    pub(crate) status: u32,
    pub(crate) protocol: u8,
    pub(crate) error: u8,
    pub(crate) verdict: u8,
    pub(crate) ending: u8,
    pub(crate) texts: [u16; 3],
    pub(crate) detail: Detail,
    /// Addresses, ports and texts were given up: see [`Series::coarse`].
    pub(crate) is_coarse: bool,
}

impl Series {
    /// Where this series is counted first when there is no room for it: workloads, protocol, status, and texts of
    /// which there are few, are kept. The codes are those of its endpoints' [`coarse`] forms.
    pub(crate) fn coarse(&self, source: u16, destination: u16) -> Self {
        let kept = match self.detail {
            Detail::Drop => [true; 3],
            Detail::Dns => [true, false, true],
            Detail::Http => [true, false, false],
            Detail::None | Detail::Grpc | Detail::Database | Detail::Messaging => [false; 3],
        };
        let text = |place: usize| match self.texts[place] {
            text if kept[place] || text == ABSENT_TEXT => text,
            _ => OTHER_CODE,
        };
        let texts = std::array::from_fn(text);
        Self { source, destination, destination_port: 0, texts, is_coarse: true, ..*self }
    }

    /// Where it is counted next: workloads, protocol and how it ended are kept.
    pub(crate) const fn of_pair(&self, source: u16, destination: u16) -> Self {
        Self { source, destination, ..self.folded() }
    }

    /// Where it is counted when there is no room for its workloads: only what de-duplication and the choice between
    /// protocols need is kept.
    pub(crate) const fn folded(&self) -> Self {
        Self {
            source: OTHER_CODE,
            destination: OTHER_CODE,
            destination_port: 0,
            transport: self.transport,
            flags: self.flags,
            status: ABSENT_STATUS,
            protocol: self.protocol,
            error: self.error,
            verdict: self.verdict,
            ending: self.ending,
            texts: [OTHER_CODE; 3],
            detail: self.detail,
            is_coarse: true,
        }
    }

    fn text(&self, detail: Detail, place: usize) -> Option<u16> {
        (self.detail == detail && self.texts[place] != ABSENT_TEXT).then_some(self.texts[place])
    }

    fn text_of(&self, field: &Field) -> Option<u16> {
        match field {
            Field::HttpMethod => self.text(Detail::Http, 0),
            Field::HttpRoute => self.text(Detail::Http, 1),
            Field::HttpHost => self.text(Detail::Http, 2),
            Field::RpcMethod => self.text(Detail::Grpc, 1),
            Field::DnsType => self.text(Detail::Dns, 0),
            Field::DnsName => self.text(Detail::Dns, 1),
            Field::DnsCode => self.text(Detail::Dns, 2),
            Field::DbOperation => self.text(Detail::Database, 0),
            Field::MessagingDestination => self.text(Detail::Messaging, 1),
            Field::DropPlace => self.text(Detail::Drop, 0),
            Field::DropReason => self.text(Detail::Drop, 1),
            _ => None,
        }
    }

    fn port_value(&self) -> Value<'_> {
        if self.is_coarse { Value::Text(OTHER) } else { Value::Integer(i64::from(self.destination_port)) }
    }

    fn status_of(&self, detail: Detail) -> Value<'static> {
        if self.detail == detail && self.status != ABSENT_STATUS {
            Value::Integer(i64::from(self.status))
        } else {
            Value::Absent
        }
    }
}

impl Hash for Series {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [first, second, third] = self.texts;
        let words = |a: u16, b: u16, c: u16, d: u16| {
            u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48
        };
        let bytes = |low: u8, high: u8| u16::from_le_bytes([low, high]);
        state.write_u64(words(
            self.source,
            self.destination,
            self.destination_port,
            bytes(self.transport, self.flags.0),
        ));
        state.write_u64(words(first, second, third, bytes(self.detail as u8, self.protocol)));
        state.write_u64(
            u64::from(self.status)
                | u64::from(u32::from_le_bytes([self.error, self.verdict, self.ending, u8::from(self.is_coarse)]))
                    << 32,
        );
    }
}

/// Distinct series and what their codes stand for; code 0 is [`OTHER`].
#[derive(Clone, Debug)]
pub(crate) struct SeriesTable {
    pub(crate) series: Vec<Series>,
    /// By code less one.
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    /// By code less one.
    pub(crate) texts: Vec<Text>,
}

impl SeriesTable {
    /// Bytes of the table itself. Its endpoints are shared between tables: see [`Ledger`](super::ledger::Ledger).
    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(|text| text.len() + 32).sum();
        self.series.capacity() * size_of::<Series>() + self.endpoints.capacity() * 8 + texts
    }
}

/// A series table of a node whose name is known.
pub(crate) struct NamedSeries<'a> {
    pub(crate) table: &'a SeriesTable,
    node: &'a str,
    /// Place of each series: 0, 1, 2 …
    places: Vec<u64>,
    /// Codes of each series' endpoints.
    sources: Vec<u64>,
    destinations: Vec<u64>,
}

impl<'a> NamedSeries<'a> {
    pub(crate) fn new(table: &'a SeriesTable, node: &'a str) -> Self {
        let column = |value: fn(&Series) -> u16| table.series.iter().map(|series| u64::from(value(series))).collect();
        Self {
            table,
            node,
            places: (0..table.series.len() as u64).collect(),
            sources: column(|series| series.source),
            destinations: column(|series| series.destination),
        }
    }
}

impl NamedSeries<'_> {
    fn each<'a>(&'a self, value: impl Fn(&'a Series) -> Value<'a>) -> Resolved<'a> {
        Resolved::Coded { codes: Numbers::plain(&self.places), values: self.table.series.iter().map(value).collect() }
    }

    fn end<'a>(&'a self, side: Side, end: &EndField) -> Resolved<'a> {
        let codes = match (side, end) {
            (Side::Destination, EndField::Port) => return self.each(Series::port_value),
            (Side::Source, EndField::Port) => return Resolved::Constant(Value::Absent),
            (Side::Source, _) => &self.sources,
            (Side::Destination, _) => &self.destinations,
        };
        let known = self.table.endpoints.iter().map(|endpoint| value_of(endpoint, end));
        let values = std::iter::once(Value::Text(OTHER)).chain(known).collect();
        Resolved::Coded { codes: Numbers::plain(codes), values }
    }

    fn text(&self, field: &Field) -> Resolved<'_> {
        self.each(|series| match series.text_of(field) {
            None => Value::Absent,
            Some(OTHER_CODE) => Value::Text(OTHER),
            Some(code) => Value::Text(&self.table.texts[usize::from(code) - 1]),
        })
    }

    fn network_type<'a>(&'a self, series: &'a Series) -> Value<'a> {
        match series.source.checked_sub(1) {
            None => Value::Text(OTHER),
            Some(_) if series.is_coarse => Value::Text(OTHER),
            Some(at) if self.table.endpoints[usize::from(at)].address.is_ipv4() => Value::Text("ipv4"),
            Some(_) => Value::Text("ipv6"),
        }
    }
}

/// Stands for any address: it is reserved, so that no record has it (RFC 4291 section 2.7.1).
const ANY_ADDRESS: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0));

/// An endpoint with what many of its like have in common.
pub(crate) fn coarse(endpoint: &Endpoint) -> Endpoint {
    Endpoint {
        address: ANY_ADDRESS,
        local: endpoint.local,
        workload: endpoint.workload.clone(),
        namespace: endpoint.namespace.clone(),
        service: endpoint.service.clone(),
        node: endpoint.node.clone(),
        pod: None,
        container: None,
        image: None,
        process: None,
        executable: None,
        pid: None,
        ancestry: None,
        dns: None,
        reverse_dns: None,
        proxied_address: None,
        labels: Arc::default(),
    }
}

/// True for a coarse endpoint.
pub(crate) fn is_coarse(endpoint: &Endpoint) -> bool {
    endpoint.address == ANY_ADDRESS
}

fn value_of<'a>(endpoint: &'a Endpoint, field: &EndField) -> Value<'a> {
    let is_kept = matches!(field, EndField::Workload | EndField::Namespace | EndField::Service | EndField::Node);
    match (is_coarse(endpoint), is_kept, field) {
        (true, false, EndField::Address) => Value::Text(OTHER),
        (true, false, _) if endpoint.local => Value::Text(OTHER),
        _ => endpoint_value(endpoint, field),
    }
}

fn by_code(names: &[Value<'static>], code: u8) -> Value<'static> {
    names.get(usize::from(code)).copied().unwrap_or(Value::Absent)
}

impl Entries for NamedSeries<'_> {
    fn count(&self) -> usize {
        self.table.series.len()
    }

    fn resolve(&self, field: &Field) -> Resolved<'_> {
        let reporter = |client, server| self.each(move |series| Value::Text(series.flags.by_reporter(client, server)));
        match field {
            Field::End(side, end) => self.end(*side, end),
            Field::NodeName => Resolved::Constant(Value::Text(self.node)),
            Field::Reporter => reporter("client", "server"),
            Field::Direction => reporter("egress", "ingress"),
            Field::NetworkType => self.each(|series| self.network_type(series)),
            Field::NetworkTransport => self.each(|series| Value::Text(names::transport_name(series.transport))),
            Field::NetworkProtocol => {
                let protocols = names::protocols();
                self.each(move |series| by_code(&protocols, series.protocol))
            }
            Field::DbSystem => {
                let systems = names::database_systems();
                self.each(move |series| by_code(&systems, series.protocol))
            }
            Field::ErrorType => self.each(|series| by_code(names::ERRORS, series.error)),
            Field::Verdict => self.each(|series| by_code(names::VERDICTS, series.verdict)),
            Field::Ending => self.each(|series| by_code(names::ENDINGS, series.ending)),
            Field::HttpStatus => self.each(|series| series.status_of(Detail::Http)),
            Field::RpcStatus => self.each(|series| series.status_of(Detail::Grpc)),
            text => self.text(text),
        }
    }
}
