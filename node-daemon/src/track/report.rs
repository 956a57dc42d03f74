//! Reports on flows: what changed since the last one.

use std::time::Duration;

use goldwire_model::{
    record::{Ending, FlowEvent, FlowRecord, Record, Reporter},
    time::Timestamp,
};

use crate::decode::KernelTime;

use super::{
    anchor::Anchor,
    ending::verdict,
    flow::{Flow, Stage, Totals},
    outlets::RecordSink,
};

/// Bits of the TCP header.
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// What a report is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) time: Timestamp,
    /// When what changed began to.
    pub(super) since: Timestamp,
    pub(super) start: Timestamp,
    pub(super) event: FlowEvent,
    pub(super) ending: Option<Ending>,
    pub(super) tcp_flags: u8,
    pub(super) totals: Totals,
}

impl Flow {
    /// The first report, where it was not made yet.
    pub(super) fn report_start(&mut self, anchor: Anchor, records: &mut dyn RecordSink) {
        if self.stage != Stage::Established {
            return;
        }
        self.stage = Stage::Reported;
        let event = if self.adopted { FlowEvent::Adopted } else { FlowEvent::Start };
        let is_handshake = self.state.is_some() && !self.adopted;
        let tcp_flags = if is_handshake { SYN | ACK } else { 0 };
        let (time, start, totals) = (anchor.wall(self.established), anchor.wall(self.opened), self.reported);
        self.report(Report { time, since: time, start, event, ending: None, tcp_flags, totals }, records);
        self.connect_latency = None;
    }

    /// A report while it goes on; none where nothing moved since `since`.
    pub(super) fn report_update(
        &mut self,
        (since, time): (KernelTime, KernelTime),
        anchor: Anchor,
        totals: Totals,
        records: &mut dyn RecordSink,
    ) {
        if self.stage == Stage::Reported && totals != self.reported {
            let since = anchor.wall(self.counted_until(since, time));
            let (time, start) = (anchor.wall(time), anchor.wall(self.opened));
            let event = FlowEvent::Update;
            self.report(Report { time, since, start, event, ending: None, tcp_flags: 0, totals }, records);
        }
    }

    /// The beginning of a report's time: the last moment at which nothing was left to report. The next one begins at `time`.
    pub(super) fn counted_until(&mut self, known: KernelTime, time: KernelTime) -> KernelTime {
        let since = self.counted.max(known).min(time);
        self.counted = self.counted.max(time);
        since
    }

    /// The end of a flow that ended in a way nobody saw, with no more than was reported of it.
    pub(super) fn report_unseen_end(&mut self, time: Timestamp, anchor: Anchor, records: &mut dyn RecordSink) {
        let (start, totals) = (anchor.wall(self.opened), self.reported);
        let event = FlowEvent::End;
        self.report(Report { time, since: time, start, event, ending: None, tcp_flags: 0, totals }, records);
    }

    pub(super) fn report(&mut self, report: Report, records: &mut dyn RecordSink) {
        let Report { time, since, start, event, ending, tcp_flags, totals } = report;
        let delta = totals.since(&self.reported);
        let tls_handshake_latency = self.tls.latency.filter(|_| !self.tls_latency_is_told).map(Duration::from_nanos);
        self.tls_latency_is_told |= tls_handshake_latency.is_some();
        self.reported = totals;
        let (sent, received) = match self.about.ends.reporter {
            Reporter::Client => {
                ((delta.bytes_sent, delta.packets_sent), (delta.bytes_received, delta.packets_received))
            }
            Reporter::Server => {
                ((delta.bytes_received, delta.packets_received), (delta.bytes_sent, delta.packets_sent))
            }
        };
        records.record(Record::Flow(FlowRecord {
            time,
            since,
            start,
            connection: self.about.connection,
            ends: self.about.ends.clone(),
            event,
            state: self.state,
            ending,
            verdict: verdict(ending, std::mem::take(&mut self.is_dropped)),
            tcp_flags,
            bytes_sent: sent.0,
            bytes_received: received.0,
            packets_sent: sent.1,
            packets_received: received.1,
            retransmits: delta.retransmits,
            resets: u32::from(matches!(ending, Some(Ending::ResetBySource | Ending::ResetByDestination))),
            rtt: self.rtt,
            rtt_min: self.rtt_min,
            connect_latency: self.connect_latency.filter(|_| event == FlowEvent::Start),
            tls_sni: self.tls.server_name.clone(),
            tls_alpn: self.tls.alpn.clone(),
            tls_version: self.tls.version.clone(),
            tls_handshake_latency,
            protocol: self.protocol(),
        }));
    }

    /// The flags of the whole connection without those that the first report had.
    pub(super) fn flags_not_reported(&self, seen: u8) -> u8 {
        if self.stage == Stage::Reported && !self.adopted { seen & !SYN } else { seen }
    }
}

impl Totals {
    /// Counters never run backwards; where they seem to, nothing moved.
    fn since(&self, earlier: &Self) -> Self {
        Self {
            bytes_sent: self.bytes_sent.saturating_sub(earlier.bytes_sent),
            bytes_received: self.bytes_received.saturating_sub(earlier.bytes_received),
            packets_sent: self.packets_sent.saturating_sub(earlier.packets_sent),
            packets_received: self.packets_received.saturating_sub(earlier.packets_received),
            retransmits: self.retransmits.saturating_sub(earlier.retransmits),
        }
    }

    /// The larger of both, counter by counter: a report that is overtaken by a later one takes nothing back.
    pub(super) fn furthest(&self, other: &Self) -> Self {
        Self {
            bytes_sent: self.bytes_sent.max(other.bytes_sent),
            bytes_received: self.bytes_received.max(other.bytes_received),
            packets_sent: self.packets_sent.max(other.packets_sent),
            packets_received: self.packets_received.max(other.packets_received),
            retransmits: self.retransmits.max(other.retransmits),
        }
    }
}
