//! Rows of `flows`.

use goldwire_model::{
    field::Field,
    record::{Ending, FlowEvent, FlowRecord},
};

use super::{
    ends::{EndCodes, Flags, pack_ends},
    names::{ending_code, nanoseconds, protocol_code, verdict_code},
    numbers::ABSENT,
    open::{Dictionaries, Row, Values},
    sealed::{Packer, Slot},
};
use crate::interval::Interval;

/// Codes of [`FlowEvent`] in [`Slot::FlowEvent`].
pub(crate) mod event {
    pub(crate) const START: u8 = 1;
    pub(crate) const ADOPTED: u8 = 2;
    pub(crate) const UPDATE: u8 = 3;
    pub(crate) const END: u8 = 4;
    /// An end of a connection that never was established.
    pub(crate) const FAILED: u8 = 5;
}

/// A report on a flow by code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowRow {
    pub(crate) time: i64,
    pub(crate) start: i64,
    /// When the time that the counters are about begins.
    pub(crate) since: i64,
    pub(crate) connection: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) packets_sent: u64,
    pub(crate) packets_received: u64,
    pub(crate) retransmits: u64,
    /// Durations in nanoseconds.
    pub(crate) rtt: u64,
    rtt_min: u64,
    pub(crate) connect_latency: u64,
    tls_handshake_latency: u64,
    pub(crate) resets: u32,
    pub(crate) ends: EndCodes,
    texts: [u16; 3],
    pub(crate) event: u8,
    state: u8,
    pub(crate) ending: u8,
    pub(crate) verdict: u8,
    tcp_flags: u8,
    pub(crate) protocol: u8,
}

impl FlowRow {
    /// Marks the end of a connection that had been open, or the failure of one that had not.
    pub(crate) fn mark_end(&mut self, was_open: bool, ending: Option<Ending>) {
        if was_open {
            self.ends.flags.0 |= Flags::WAS_OPEN;
        }
        if is_failure(ending, was_open) {
            self.event = event::FAILED;
        }
    }

    /// The time that the counters are about.
    #[inline]
    pub(crate) fn interval(&self) -> Interval {
        Interval::new(self.since, self.time)
    }

    /// What is counted over the interval, in the order of the rollups' sums.
    pub(crate) const fn counters(&self) -> [u64; 5] {
        [self.bytes_sent, self.bytes_received, self.packets_sent, self.packets_received, self.retransmits]
    }

    pub(crate) const fn was_open(&self) -> bool {
        self.ends.flags.0 & Flags::WAS_OPEN != 0
    }
}

const fn is_failure(ending: Option<Ending>, was_open: bool) -> bool {
    match ending {
        Some(Ending::Refused | Ending::Unreachable | Ending::Aborted) => true,
        Some(Ending::TimedOut) => !was_open,
        Some(Ending::Closed | Ending::ResetBySource | Ending::ResetByDestination) | None => false,
    }
}

impl Row for FlowRow {
    const TEXTS: &'static [Field] = &[Field::TlsSni, Field::TlsAlpn, Field::TlsVersion];
    type Record = FlowRecord;

    #[inline]
    fn make(record: &FlowRecord, dictionaries: &mut Dictionaries) -> Self {
        Self {
            time: record.time.0,
            start: record.start.0,
            since: Interval::new(record.since.0, record.time.0).since(),
            connection: record.connection.0,
            bytes_sent: record.bytes_sent,
            bytes_received: record.bytes_received,
            packets_sent: record.packets_sent,
            packets_received: record.packets_received,
            retransmits: record.retransmits,
            rtt: record.rtt.map_or(ABSENT, nanoseconds),
            rtt_min: record.rtt_min.map_or(ABSENT, nanoseconds),
            connect_latency: record.connect_latency.map_or(ABSENT, nanoseconds),
            tls_handshake_latency: record.tls_handshake_latency.map_or(ABSENT, nanoseconds),
            resets: record.resets,
            ends: EndCodes::make(&record.ends, dictionaries),
            texts: [
                dictionaries.text(0, record.tls_sni.as_ref()),
                dictionaries.text(1, record.tls_alpn.as_ref()),
                dictionaries.text(2, record.tls_version.as_ref()),
            ],
            event: match record.event {
                FlowEvent::Start => event::START,
                FlowEvent::Adopted => event::ADOPTED,
                FlowEvent::Update => event::UPDATE,
                FlowEvent::End => event::END,
            },
            state: record.state.map_or(0, |state| state as u8),
            ending: ending_code(record.ending),
            verdict: verdict_code(record.verdict),
            tcp_flags: record.tcp_flags,
            protocol: protocol_code(record.protocol),
        }
    }

    fn time(&self) -> i64 {
        self.time
    }

    fn since(&self) -> i64 {
        self.since
    }

    fn text_codes(&self) -> &[u16] {
        &self.texts
    }

    fn pack(rows: &[Self], values: &Values, packer: &mut Packer) {
        let first = packer.first_time();
        packer.column(Slot::Time, rows, |row| row.time.abs_diff(first));
        packer.column(Slot::Age, rows, |row| row.time.saturating_sub(row.start).max(0).cast_unsigned());
        packer.column(Slot::Covers, rows, |row| row.time.abs_diff(row.since));
        packer.connections(rows, |row| row.connection);
        pack_ends(packer, rows, &values.pairings, |row| &row.ends);
        packer.column(Slot::BytesSent, rows, |row| row.bytes_sent);
        packer.column(Slot::BytesReceived, rows, |row| row.bytes_received);
        packer.column(Slot::PacketsSent, rows, |row| row.packets_sent);
        packer.column(Slot::PacketsReceived, rows, |row| row.packets_received);
        packer.column(Slot::Retransmits, rows, |row| row.retransmits);
        packer.column(Slot::Resets, rows, |row| u64::from(row.resets));
        packer.column(Slot::Rtt, rows, |row| row.rtt);
        packer.column(Slot::RttMin, rows, |row| row.rtt_min);
        packer.column(Slot::ConnectLatency, rows, |row| row.connect_latency);
        packer.column(Slot::TlsHandshakeLatency, rows, |row| row.tls_handshake_latency);
        packer.column(Slot::FlowEvent, rows, |row| u64::from(row.event));
        packer.column(Slot::TcpState, rows, |row| u64::from(row.state));
        packer.column(Slot::Ending, rows, |row| u64::from(row.ending));
        packer.column(Slot::Verdict, rows, |row| u64::from(row.verdict));
        packer.column(Slot::TcpFlags, rows, |row| u64::from(row.tcp_flags));
        packer.column(Slot::Protocol, rows, |row| u64::from(row.protocol));
    }
}
