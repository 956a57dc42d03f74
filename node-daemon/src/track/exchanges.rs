//! Turns what protocols hand out into records of the flow they ran on.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use goldwire_answer::coverage::{LossStage, UnreadKind};
use goldwire_l7::{Exchange, Proxied, Sink, TlsHandshake};
use goldwire_model::record::{Detail, Protocol, Record, Reporter, RequestRecord, Text};

use crate::decode::KernelTime;

use super::{
    anchor::Anchor,
    dns_names::{Answered, DnsNames},
    flow::About,
    outlets::RecordSink,
    pairing,
    texts::Texts,
};

/// What records of all flows are made with.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) anchor: Anchor,
    pub(super) texts: Texts,
    pub(super) names: DnsNames,
}

impl Shared {
    pub(super) fn new(anchor: Anchor) -> Self {
        Self { anchor, texts: Texts::new(), names: DnsNames::new() }
    }

    /// The same at a moment, with whoever takes the records.
    pub(super) fn common<'a>(&'a mut self, now: KernelTime, records: &'a mut dyn RecordSink) -> Common<'a> {
        let Self { anchor, texts, names } = self;
        Common { anchor: *anchor, now, texts, names, records, proxied: None, is_compressed: false }
    }
}

/// What exchanges of any flow need.
pub(super) struct Common<'a> {
    pub(super) anchor: Anchor,
    pub(super) now: KernelTime,
    pub(super) texts: &'a mut Texts,
    pub(super) names: &'a mut DnsNames,
    pub(super) records: &'a mut dyn RecordSink,
    /// What a proxy has said just now.
    pub(super) proxied: Option<Proxied>,
    /// The session has just become compressed.
    pub(super) is_compressed: bool,
}

/// Takes the exchanges of one flow.
pub(super) struct Exchanges<'a, 'b> {
    pub(super) about: &'a About,
    /// As of [`Flow::origin`](super::flow::Flow::origin), for the stream that is read.
    pub(super) origin: Option<u32>,
    pub(super) tls: &'a mut TlsHandshake,
    pub(super) common: &'a mut Common<'b>,
}

impl Sink for Exchanges<'_, '_> {
    fn text(&mut self, text: &str) -> Text {
        self.common.texts.share(text)
    }

    fn route(&mut self, path: &Text) -> Text {
        self.common.texts.route(path)
    }

    fn key_pattern(&mut self, pattern: &str) -> Text {
        self.common.texts.key_pattern(pattern)
    }

    fn tls(&mut self, handshake: TlsHandshake) {
        *self.tls = handshake;
    }

    fn proxied(&mut self, proxied: Proxied) {
        self.common.proxied = Some(proxied);
    }

    fn compressed(&mut self) {
        self.common.is_compressed = true;
    }

    /// Only the client's own socket tells which process asked.
    fn resolved(&mut self, name: &Text, address: IpAddr, seconds: u32) {
        let ends = &self.about.ends;
        if ends.reporter == Reporter::Client {
            // Of a translated flow the client's own word for the server is the address that it asked.
            let asked = ends.destination.service.as_deref().and_then(|asked| asked.parse::<SocketAddr>().ok());
            let server = asked.map_or(ends.destination.address, |asked| asked.ip());
            let (pid, workload, name) = (ends.source.pid, ends.source.workload.clone(), name.clone());
            self.common.names.answered(Answered { server, pid, workload, address, name, seconds }, self.common.now);
        }
    }

    fn exchange(&mut self, exchange: Exchange) {
        let wall = |time| self.common.anchor.wall(KernelTime(time));
        let since_request =
            |time: Option<u64>| Some(Duration::from_nanos(time?.saturating_sub(exchange.request_start?)));
        let start = exchange.request_start.or(exchange.answer_first).unwrap_or(exchange.time);
        let mut ends = self.about.ends.clone();
        ends.pairing = ends.pairing.or_else(|| pairing::of_datagrams(&ends, exchange.position, &exchange.detail));
        if is_without_method(&exchange) && (ends.reporter == Reporter::Server || !ends.joined) {
            self.common.records.unread(UnreadKind::Http2Joined, wall(exchange.time), 1);
        }
        let record = RequestRecord {
            time: wall(exchange.time),
            start: wall(start),
            connection: self.about.connection,
            ends,
            position: pairing::position(exchange.position, self.origin),
            protocol: exchange.protocol,
            latency: since_request(exchange.answer_last),
            latency_first_byte: since_request(exchange.answer_first),
            request_bytes: exchange.request_bytes,
            response_bytes: exchange.response_bytes,
            error: exchange.error,
            trace_id: exchange.trace_id,
            span_id: exchange.span_id,
            detail: exchange.detail,
        };
        self.common.records.record(Record::Request(record));
    }

    fn lost(&mut self, exchanges: u64) {
        let time = self.common.anchor.wall(self.common.now);
        self.common.records.loss(LossStage::Tracker, time, exchanges);
    }

    fn missed(&mut self, bytes: u64) {
        let time = self.common.anchor.wall(self.common.now);
        self.common.records.missed(time, bytes);
    }
}

/// On HTTP/2 headers refer to what was said before, perhaps before anybody listened.
fn is_without_method(exchange: &Exchange) -> bool {
    match &exchange.detail {
        Detail::Http { method, .. } => exchange.protocol == Protocol::Http2 && method.is_none(),
        Detail::Grpc { method, .. } => method.is_none(),
        _ => false,
    }
}
