//! A sealed chunk: Arrow arrays that no one changes any more.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, StringArray};
use arrow_buffer::Buffer;
use goldwire_model::{field::Field, record::Text};

use super::{
    endpoints::Endpoints,
    numbers::{Numbers, pack},
};

/// Columns of numbers and of codes, of whatever table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Nanoseconds since the chunk's first moment.
    Time,
    /// Nanoseconds from the record's start to its time.
    Age,
    /// Length of the time that a report's counters are about, nanoseconds up to its time.
    Covers,
    /// Less the chunk's smallest id.
    Connection,
    /// Code of an endpoint.
    Source,
    Destination,
    SourcePort,
    DestinationPort,
    /// Number of the IP protocol.
    Transport,
    /// See [`Flags`](super::ends::Flags).
    Flags,
    Protocol,
    Error,
    /// Nanoseconds, as all durations.
    Latency,
    LatencyFirstByte,
    RequestBytes,
    ResponseBytes,
    HttpStatus,
    RpcStatus,
    RequestMessages,
    ResponseMessages,
    /// Seconds.
    DnsTtl,
    DnsRetries,
    FlowEvent,
    TcpState,
    Ending,
    Verdict,
    TcpFlags,
    BytesSent,
    BytesReceived,
    PacketsSent,
    PacketsReceived,
    Retransmits,
    Resets,
    Rtt,
    RttMin,
    ConnectLatency,
    TlsHandshakeLatency,
    Count,
    DropBytes,
    Pid,
    Parent,
    /// Nanoseconds since the epoch.
    ProcessStart,
    ExitCode,
    ProcessEvent,
    AcceptQueueOverflows,
    ZeroWindows,
    /// Of an exchange on its connection.
    Position,
}

/// When the rows of a chunk were, nanoseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Of the earliest row.
    pub(crate) first: i64,
    /// Of the latest row.
    pub(crate) last: i64,
    /// The earliest moment that a row is about.
    since: i64,
}

impl Times {
    /// Of no rows.
    pub(crate) const NONE: Self = Self { first: i64::MAX, last: i64::MIN, since: i64::MAX };

    #[inline]
    pub(crate) fn add(&mut self, time: i64, since: i64) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.since = self.since.min(since);
    }

    /// True where a row may be about something in `[from, to)`.
    pub(crate) const fn touch(&self, from: i64, to: i64) -> bool {
        self.last >= from && self.since < to
    }

    /// True where all rows lie in `[from, to)`.
    pub(crate) const fn are_within(&self, from: i64, to: i64) -> bool {
        self.first >= from && self.last < to
    }
}

/// Codes by row, and what they stand for: code `n` is `values[n - 1]`, 0 is absent.
#[derive(Debug)]
pub(crate) struct Coded<V> {
    pub(crate) codes: ArrayRef,
    pub(crate) values: V,
}

/// Rows of one table, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Chunk {
    rows: usize,
    pub(crate) times: Times,
    base_connection: u64,
    numbers: Vec<(Slot, ArrayRef)>,
    texts: Vec<(Field, Coded<StringArray>)>,
    trace_ids: Option<Coded<FixedSizeBinaryArray>>,
    span_ids: Option<Coded<FixedSizeBinaryArray>>,
    pairings: Option<Coded<FixedSizeBinaryArray>>,
    pub(crate) endpoints: Endpoints,
    bytes: usize,
}

impl Chunk {
    pub(crate) const fn len(&self) -> usize {
        self.rows
    }

    /// Bytes that go when this chunk goes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// A column of numbers or codes. A column in which no row has a value is not stored and reads as absent.
    pub(crate) fn numbers(&self, slot: Slot) -> Numbers<'_> {
        let array = self.numbers.iter().find(|(stored, _)| *stored == slot).map(|(_, array)| array);
        let base = match slot {
            Slot::Time => self.times.first.cast_unsigned(),
            Slot::Connection => self.base_connection,
            _ => 0,
        };
        Numbers::open(array, base)
    }

    /// A column of texts; `None` where no row has one.
    pub(crate) fn texts(&self, field: &Field) -> Option<&Coded<StringArray>> {
        self.texts.iter().find(|(stored, _)| stored == field).map(|(_, coded)| coded)
    }

    pub(crate) const fn trace_ids(&self) -> Option<&Coded<FixedSizeBinaryArray>> {
        self.trace_ids.as_ref()
    }

    pub(crate) const fn span_ids(&self) -> Option<&Coded<FixedSizeBinaryArray>> {
        self.span_ids.as_ref()
    }

    /// What the reports of both ends of a connection have in common.
    pub(crate) const fn pairings(&self) -> Option<&Coded<FixedSizeBinaryArray>> {
        self.pairings.as_ref()
    }
}

/// Builds a [`Chunk`] column by column.
pub(crate) struct Packer {
    scratch: Vec<u64>,
    chunk: Chunk,
}

impl Packer {
    pub(crate) fn new(rows: usize, times: Times, endpoints: Endpoints) -> Self {
        let bytes = endpoints.bytes() + size_of::<Chunk>();
        let chunk = Chunk {
            rows,
            times,
            base_connection: 0,
            numbers: Vec::new(),
            texts: Vec::new(),
            trace_ids: None,
            span_ids: None,
            pairings: None,
            endpoints,
            bytes,
        };
        Self { scratch: Vec::with_capacity(rows), chunk }
    }

    /// The time from which [`Slot::Time`] counts.
    pub(crate) const fn first_time(&self) -> i64 {
        self.chunk.times.first
    }

    /// Adds a column of numbers.
    #[inline]
    pub(crate) fn column<R>(&mut self, slot: Slot, rows: &[R], value: impl Fn(&R) -> u64) {
        self.scratch.clear();
        self.scratch.extend(rows.iter().map(value));
        if let Some(array) = pack(&self.scratch) {
            self.count(&array);
            self.chunk.numbers.push((slot, array));
        }
    }

    /// Adds the ids of connections, less the smallest of them.
    #[inline]
    pub(crate) fn connections<R>(&mut self, rows: &[R], id: impl Fn(&R) -> u64) {
        let base = rows.iter().map(&id).min().unwrap_or_default();
        self.chunk.base_connection = base;
        self.column(Slot::Connection, rows, |row| id(row) - base);
    }

    /// Adds a column of texts by code.
    pub(crate) fn texts<R>(&mut self, field: &Field, rows: &[R], code: impl Fn(&R) -> u16, values: &[Text]) {
        if let Some(codes) = self.codes(rows, code, values.is_empty()) {
            let values = StringArray::from_iter_values(values);
            self.count(&values);
            self.chunk.texts.push((field.clone(), Coded { codes, values }));
        }
    }

    /// Adds trace ids by code.
    pub(crate) fn trace_ids<R>(&mut self, rows: &[R], code: impl Fn(&R) -> u16, values: &[Arc<[u8; 16]>]) {
        self.chunk.trace_ids = self.ids(rows, code, values);
    }

    /// Adds span ids by code.
    pub(crate) fn span_ids<R>(&mut self, rows: &[R], code: impl Fn(&R) -> u16, values: &[Arc<[u8; 8]>]) {
        self.chunk.span_ids = self.ids(rows, code, values);
    }

    fn ids<R, const N: usize>(
        &mut self,
        rows: &[R],
        code: impl Fn(&R) -> u16,
        values: &[Arc<[u8; N]>],
    ) -> Option<Coded<FixedSizeBinaryArray>> {
        let codes = self.codes(rows, code, values.is_empty())?;
        let bytes: Vec<u8> = values.iter().flat_map(|id| id.iter().copied()).collect();
        let values = FixedSizeBinaryArray::new(N as i32, Buffer::from_vec(bytes), None);
        self.count(&values);
        Some(Coded { codes, values })
    }

    /// Adds pairing ids by code.
    pub(crate) fn pairings<R>(&mut self, rows: &[R], code: impl Fn(&R) -> u16, values: &[u64]) {
        let Some(codes) = self.codes(rows, code, values.is_empty()) else { return };
        let bytes: Vec<u8> = values.iter().flat_map(|id| id.to_be_bytes()).collect();
        let values = FixedSizeBinaryArray::new(size_of::<u64>() as i32, Buffer::from_vec(bytes), None);
        self.count(&values);
        self.chunk.pairings = Some(Coded { codes, values });
    }

    fn codes<R>(&mut self, rows: &[R], code: impl Fn(&R) -> u16, nothing: bool) -> Option<ArrayRef> {
        if nothing {
            return None;
        }
        self.scratch.clear();
        self.scratch.extend(rows.iter().map(|row| u64::from(code(row))));
        let codes = pack(&self.scratch)?;
        self.count(&codes);
        Some(codes)
    }

    fn count(&mut self, array: &dyn Array) {
        self.chunk.bytes += array.get_array_memory_size() + size_of::<(Field, Coded<StringArray>)>();
    }

    pub(crate) fn finish(self) -> Chunk {
        self.chunk
    }
}
