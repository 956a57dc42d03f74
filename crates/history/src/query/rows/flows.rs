//! The `flows` query's rows: one a connection, its reports within the window put together.

use std::sync::Arc;

use arrow_array::{Array, FixedSizeBinaryArray};
use arrow_buffer::Buffer;
use goldwire_model::field::{EndField, Field, Side};
use rustc_hash::FxHashMap;

use super::{
    candidates::Candidate,
    sides::{Reported, Sides},
};
use crate::{
    chunk::{
        ends::Flags,
        names,
        numbers::{ABSENT, Numbers},
        resolve::{Entries, NamedChunk, Resolved},
        sealed::{Chunk, Coded, Slot},
        value::Value,
    },
    query::{mask::start_of, plan::Span},
};

/// What adds up over the reports of a connection.
const SUMS: [(Slot, Field); 6] = [
    (Slot::BytesSent, Field::BytesSent),
    (Slot::BytesReceived, Field::BytesReceived),
    (Slot::PacketsSent, Field::PacketsSent),
    (Slot::PacketsReceived, Field::PacketsReceived),
    (Slot::Retransmits, Field::Retransmits),
    (Slot::Resets, Field::Resets),
];

/// Place of the retransmissions among the sums.
const RETRANSMITS: usize = 4;

/// Connections by column. Fields that do not change, and names, are those of the last report.
pub(super) struct Connections<'a> {
    chunks: &'a [Arc<Chunk>],
    node: &'a str,
    /// Chunk and row of the last report.
    last: Vec<(u32, u32)>,
    places: Vec<u64>,
    sums: [Vec<u64>; SUMS.len()],
    times: Vec<u64>,
    ages: Vec<u64>,
    rtts: Vec<u64>,
    least_rtts: Vec<u64>,
    connect_latencies: Vec<u64>,
    tls_latencies: Vec<u64>,
    ids: Vec<u64>,
    source_ports: Vec<u64>,
    destination_ports: Vec<u64>,
    /// Each connection's own, one more than its place; 0 where there is none.
    pairing_codes: Vec<u64>,
    pairings: FixedSizeBinaryArray,
    verdicts: Vec<u64>,
}

/// Connections that are put together at once: all, or those that a number falls to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    number: u64,
    of: u64,
}

/// What a connection takes while its reports are put together, and in the columns that are made of them.
const CONNECTION_BYTES: usize = 512;

impl Part {
    /// As many parts as `bytes` make necessary.
    pub(super) fn of(chunks: &[Arc<Chunk>], bytes: usize) -> Vec<Self> {
        let rows: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        let of = (rows * CONNECTION_BYTES).div_ceil(bytes.max(1)).max(1) as u64;
        (0..of).map(|number| Self { number, of }).collect()
    }

    /// Ids may be of any kind, so their bits are mixed.
    const fn has(self, connection: u64) -> bool {
        self.of == 1 || (connection.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % self.of == self.number
    }
}

/// From when on reports are put together.
#[derive(Clone, Copy)]
pub(super) struct Spans {
    /// Reports of these count.
    pub(super) counted: Span,
    /// Reports of these name connections, if none of the others does.
    pub(super) known: Span,
}

/// Puts the reports together. With `deduplicate`, the client's report of a joined connection gives only what the
/// server's cannot know: the latency of the connect, and the segments that the client sent again.
pub(super) fn combine<'a>(
    chunks: &'a [Arc<Chunk>],
    node: &'a str,
    spans: Spans,
    deduplicate: bool,
    part: Part,
) -> Connections<'a> {
    let mut gathering = Gathering::default();
    for (number, chunk) in chunks.iter().enumerate() {
        gathering.add(chunk, number as u32, spans, deduplicate, part);
    }
    gathering.finish(chunks, node)
}

/// One connection while its reports come.
#[derive(Clone, Debug)]
struct Gathered {
    last: Option<(u32, u32)>,
    /// The client's report of a joined connection was among its reports, the server's was.
    has_second: bool,
    has_first: bool,
    /// The last report counts.
    is_counted: bool,
    time: i64,
    start: i64,
    sums: [u64; SUMS.len()],
    rtt: u64,
    least_rtt: u64,
    connect_latency: u64,
    tls_latency: u64,
    /// The worst of its reports: the codes are in that order.
    verdict: u64,
}

impl Gathered {
    /// What the client reported before its connection was joined, under an id of its own, is in the server's report.
    fn last_shown(&self) -> Option<(u32, u32)> {
        self.last.filter(|_| self.has_first || !self.has_second)
    }
}

#[derive(Default)]
struct Gathering {
    /// By id, and by reporter where both reports are wanted.
    places: FxHashMap<(u64, bool), usize>,
    found: Vec<Gathered>,
}

impl Gathering {
    fn add(&mut self, chunk: &Chunk, number: u32, spans: Spans, deduplicate: bool, part: Part) {
        let (times, ages) = (chunk.numbers(Slot::Time), chunk.numbers(Slot::Age));
        let (ids, flags) = (chunk.numbers(Slot::Connection), chunk.numbers(Slot::Flags));
        let sums = SUMS.map(|(slot, _)| chunk.numbers(slot));
        let (rtts, least) = (chunk.numbers(Slot::Rtt), chunk.numbers(Slot::RttMin));
        let connects = chunk.numbers(Slot::ConnectLatency);
        let handshakes = chunk.numbers(Slot::TlsHandshakeLatency);
        let verdicts = chunk.numbers(Slot::Verdict);
        for row in 0..chunk.len() {
            let time = times.get(row).cast_signed();
            let is_within = |span: Span| (span.from..span.to).contains(&time);
            let is_counted = is_within(spans.counted);
            if (!is_counted && !is_within(spans.known)) || !part.has(ids.get(row)) {
                continue;
            }
            let flags = Flags(flags.get(row) as u8);
            let second = deduplicate && flags.is_second_report();
            let into = self.connection(ids.get(row), !deduplicate && flags.is_by_client());
            into.has_second |= second;
            into.has_first |= !flags.is_by_client();
            if is_counted {
                into.connect_latency = into.connect_latency.min(connects.get(row));
                into.tls_latency = into.tls_latency.min(handshakes.get(row));
            }
            if second {
                if is_counted {
                    into.sums[RETRANSMITS] = into.sums[RETRANSMITS].saturating_add(sums[RETRANSMITS].get(row));
                }
                continue;
            }
            if is_counted {
                for (sum, column) in into.sums.iter_mut().zip(&sums) {
                    *sum = sum.saturating_add(column.get(row));
                }
                into.least_rtt = into.least_rtt.min(least.get(row));
            }
            if is_counted {
                into.verdict = into.verdict.max(verdicts.get(row));
            }
            into.start = into.start.min(start_of(times, ages, row));
            if (is_counted, time) >= (into.is_counted, into.time) {
                (into.is_counted, into.time) = (is_counted, time);
                into.last = Some((number, row as u32));
                if rtts.get(row) != ABSENT {
                    into.rtt = rtts.get(row);
                }
            }
        }
    }

    fn connection(&mut self, id: u64, by_client: bool) -> &mut Gathered {
        let place = *self.places.entry((id, by_client)).or_insert_with(|| {
            self.found.push(Gathered {
                last: None,
                has_second: false,
                has_first: false,
                is_counted: false,
                time: i64::MIN,
                start: i64::MAX,
                sums: [0; SUMS.len()],
                rtt: ABSENT,
                least_rtt: ABSENT,
                connect_latency: ABSENT,
                tls_latency: ABSENT,
                verdict: 0,
            });
            self.found.len() - 1
        });
        &mut self.found[place]
    }

    fn finish<'a>(self, chunks: &'a [Arc<Chunk>], node: &'a str) -> Connections<'a> {
        let found: Vec<(Gathered, (u32, u32))> =
            self.found.into_iter().filter_map(|found| found.last_shown().map(|last| (found, last))).collect();
        let column = |value: &dyn Fn(&Gathered) -> u64| found.iter().map(|(found, _)| value(found)).collect();
        let of_last = |slot| {
            let value = |(chunk, row): (u32, u32)| chunks[chunk as usize].numbers(slot).get(row as usize);
            found.iter().map(|(_, last)| value(*last)).collect()
        };
        let pairings: Vec<Option<&[u8]>> =
            found.iter().map(|(_, (chunk, row))| pairing_of(&chunks[*chunk as usize], *row as usize)).collect();
        let (pairing_codes, pairings) = coded(&pairings);
        Connections {
            pairing_codes,
            pairings,
            chunks,
            node,
            last: found.iter().map(|(_, last)| *last).collect(),
            places: (0..found.len() as u64).collect(),
            sums: std::array::from_fn(|at| column(&|found| found.sums[at])),
            times: column(&|found| found.time.cast_unsigned()),
            ages: column(&|found| found.time.saturating_sub(found.start).max(0).cast_unsigned()),
            rtts: column(&|found| found.rtt),
            least_rtts: column(&|found| found.least_rtt),
            connect_latencies: column(&|found| found.connect_latency),
            tls_latencies: column(&|found| found.tls_latency),
            ids: of_last(Slot::Connection),
            source_ports: of_last(Slot::SourcePort),
            destination_ports: of_last(Slot::DestinationPort),
            verdicts: column(&|found| found.verdict),
        }
    }
}

/// Ids by connection, as codes from 1 on, and the ids by code less one.
fn coded(pairings: &[Option<&[u8]>]) -> (Vec<u64>, FixedSizeBinaryArray) {
    let codes = (1..).zip(pairings).map(|(code, id)| if id.is_some() { code } else { 0 }).collect();
    let bytes: Vec<u8> = pairings.iter().flat_map(|id| id.unwrap_or(&[0; 8])).copied().collect();
    (codes, FixedSizeBinaryArray::new(8, Buffer::from_vec(bytes), None))
}

/// The pairing id of a row.
fn pairing_of(chunk: &Chunk, row: usize) -> Option<&[u8]> {
    let Coded { codes, values } = chunk.pairings()?;
    let at = Numbers::open(Some(codes), 0).get(row).checked_sub(1)?;
    usize::try_from(at).ok().filter(|at| *at < values.len()).map(|at| values.value(at))
}

impl Connections<'_> {
    /// These rows alone: those of `rows` that are of this table, whose places there become their new ones.
    pub(super) fn only(self, table: u32, rows: &mut [Candidate]) -> Self {
        let mut kept = Vec::new();
        for candidate in rows.iter_mut().filter(|candidate| candidate.row.0 == table) {
            kept.push(candidate.row.1 as usize);
            candidate.row.1 = kept.len() as u32 - 1;
        }
        let pick = |column: &[u64]| kept.iter().map(|row| column[*row]).collect::<Vec<u64>>();
        let pairing = |row: &usize| (self.pairing_codes[*row] > 0).then(|| self.pairings.value(*row));
        let (pairing_codes, pairings) = coded(&kept.iter().map(pairing).collect::<Vec<_>>());
        Connections {
            pairing_codes,
            pairings,
            chunks: self.chunks,
            node: self.node,
            last: kept.iter().map(|row| self.last[*row]).collect(),
            places: (0..kept.len() as u64).collect(),
            sums: std::array::from_fn(|at| pick(&self.sums[at])),
            times: pick(&self.times),
            ages: pick(&self.ages),
            rtts: pick(&self.rtts),
            least_rtts: pick(&self.least_rtts),
            connect_latencies: pick(&self.connect_latencies),
            tls_latencies: pick(&self.tls_latencies),
            ids: pick(&self.ids),
            source_ports: pick(&self.source_ports),
            destination_ports: pick(&self.destination_ports),
            verdicts: pick(&self.verdicts),
        }
    }

    /// A field that is the last report's, by the place of the connection.
    fn of_last_report(&self, field: &Field) -> Resolved<'_> {
        let mut resolved: FxHashMap<u32, Resolved<'_>> = FxHashMap::default();
        let mut value = |(chunk, row): (u32, u32)| {
            let node = self.node;
            let of_chunk = resolved.entry(chunk).or_insert_with(|| self.chunks[chunk as usize].resolve(node, field));
            match of_chunk {
                Resolved::Coded { codes, values } => {
                    values.get(codes.get(row as usize) as usize).copied().unwrap_or(Value::Absent)
                }
                Resolved::Constant(value) => *value,
                _ => Value::Absent,
            }
        };
        let values = self.last.iter().map(|last| value(*last)).collect();
        Resolved::Coded { codes: Numbers::plain(&self.places), values }
    }
}

impl Reported for Connections<'_> {
    fn sides(&self) -> Vec<Sides> {
        let mut of_chunks: FxHashMap<u32, Vec<Sides>> = FxHashMap::default();
        let mut sides = |(chunk, row): (u32, u32)| {
            let named = NamedChunk { chunk: &self.chunks[chunk as usize], node: self.node };
            of_chunks.entry(chunk).or_insert_with(|| named.sides())[row as usize]
        };
        self.last.iter().map(|last| sides(*last)).collect()
    }
}

impl Entries for Connections<'_> {
    fn count(&self) -> usize {
        self.last.len()
    }

    fn resolve(&self, field: &Field) -> Resolved<'_> {
        if let Some(at) = SUMS.iter().position(|(_, summed)| summed == field) {
            return Resolved::Numbers(Numbers::plain(&self.sums[at]));
        }
        let plain = |column| Resolved::Numbers(Numbers::plain(column));
        match field {
            Field::Time => plain(&self.times),
            Field::Start => Resolved::Starts { times: Numbers::plain(&self.times), ages: Numbers::plain(&self.ages) },
            Field::Duration => plain(&self.ages),
            Field::Rtt => plain(&self.rtts),
            Field::RttMin => plain(&self.least_rtts),
            Field::ConnectLatency => plain(&self.connect_latencies),
            Field::TlsHandshakeLatency => plain(&self.tls_latencies),
            Field::Connection => plain(&self.ids),
            Field::Pairing => Resolved::Ids { codes: Numbers::plain(&self.pairing_codes), ids: &self.pairings },
            Field::End(Side::Source, EndField::Port) => plain(&self.source_ports),
            Field::End(Side::Destination, EndField::Port) => plain(&self.destination_ports),
            Field::Verdict => {
                Resolved::Coded { codes: Numbers::plain(&self.verdicts), values: names::VERDICTS.to_vec() }
            }
            other => self.of_last_report(other),
        }
    }
}
