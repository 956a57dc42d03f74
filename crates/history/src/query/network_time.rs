//! Network time: of one exchange, the client's latency less the server's, where both ends report on this node.
//!
//! The ends' reports are matched within their connection by order: the n-th exchange of the one is the n-th of the
//! other, counted from the latest, since both see the same exchanges and the earliest may lie outside the window.

use std::sync::Arc;

use goldwire_answer::coverage::Records;
use rustc_hash::FxHashMap;

use super::{
    mask::{FALSE, mask},
    plan::{Plan, Span},
    space::Space,
    states::Filling,
    table::GroupTable,
    take::SECOND,
};
use crate::{
    cancel::Cancelled,
    chunk::{
        ends::Flags,
        numbers::ABSENT,
        resolve::NamedChunk,
        sealed::{Chunk, Slot},
    },
};

/// A latency that waits for its other end.
#[derive(Clone, Copy)]
struct Seen {
    time: i64,
    latency: u64,
    /// Chunk and row, for the keys.
    at: (u32, u32),
}

/// Reports of one connection, in the order of time.
#[derive(Default)]
struct Connection {
    by_client: Vec<Seen>,
    by_server: Vec<Seen>,
}

/// What an exchange takes while its other end is looked for: on both sides, in lists that grow, with its connection.
const EXCHANGE_BYTES: usize = 256;

/// Fills the column with one value for each exchange that both ends report. It counts under the server's report. Where there
/// are many, they are looked at in parts, each of whole connections.
pub(crate) fn fill(
    chunks: &[Arc<Chunk>],
    node: &str,
    plan: &Plan<'_>,
    table: &mut GroupTable<'_, '_>,
    at: usize,
) -> Result<(), Cancelled> {
    let rows: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let parts = (rows * EXCHANGE_BYTES).div_ceil(table.space.room.most() / 4).max(1) as u64;
    for part in 0..parts {
        let mut connections = FxHashMap::<u64, Connection>::default();
        for (number, chunk) in chunks.iter().enumerate() {
            gather(
                chunk,
                number as u32,
                plan.span_of(Records::Requests),
                |id| part_of(id, parts) == part,
                &mut connections,
            );
            table.space.room.check()?;
        }
        let mut matched: Vec<Vec<(u32, u64)>> = vec![Vec::new(); chunks.len()];
        for connection in connections.into_values() {
            for (row, value) in connection.matched() {
                matched[row.0 as usize].push((row.1, value));
            }
        }
        for (chunk, mut values) in chunks.iter().zip(matched) {
            values.sort_unstable();
            add(NamedChunk { chunk, node }, &values, plan, &mut table.space, &mut table.fillings[at]);
            table.after_part()?;
        }
    }
    Ok(())
}

/// The part of a connection. Ids may be of any kind, so their bits are mixed.
fn part_of(connection: u64, parts: u64) -> u64 {
    (connection.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % parts
}

fn gather(
    chunk: &Chunk,
    number: u32,
    span: Span,
    is_in_part: impl Fn(u64) -> bool,
    connections: &mut FxHashMap<u64, Connection>,
) {
    let (times, ids) = (chunk.numbers(Slot::Time), chunk.numbers(Slot::Connection));
    let (flags, latencies) = (chunk.numbers(Slot::Flags), chunk.numbers(Slot::Latency));
    for row in 0..chunk.len() {
        let (time, flags) = (times.get(row).cast_signed(), Flags(flags.get(row) as u8));
        if !flags.is_joined() || !(span.from..span.to).contains(&time) || !is_in_part(ids.get(row)) {
            continue;
        }
        let seen = Seen { time, latency: latencies.get(row), at: (number, row as u32) };
        let connection = connections.entry(ids.get(row)).or_default();
        if flags.is_by_client() { connection.by_client.push(seen) } else { connection.by_server.push(seen) }
    }
}

impl Connection {
    /// Place of the server's report, and network time in nanoseconds.
    fn matched(mut self) -> impl Iterator<Item = ((u32, u32), u64)> {
        self.by_client.sort_by_key(|seen| seen.time);
        self.by_server.sort_by_key(|seen| seen.time);
        let both = self.by_client.into_iter().rev().zip(self.by_server.into_iter().rev());
        let known = both.filter(|(client, server)| client.latency != ABSENT && server.latency != ABSENT);
        // The ends' clocks agree here, but the moments at which they look do not quite: less than nothing is nothing.
        known.map(|(client, server)| (server.at, client.latency.saturating_sub(server.latency)))
    }
}

fn add(entries: NamedChunk<'_>, values: &[(u32, u64)], plan: &Plan<'_>, space: &mut Space, filling: &mut Filling) {
    let truths = mask(plan.filter, &entries);
    let matching = values.iter().filter(|(row, _)| truths.as_ref().is_none_or(|truths| truths[*row as usize] != FALSE));
    let (rows, values): (Vec<u32>, Vec<u64>) = matching.copied().unzip();
    let groups = space.combine_reports(&entries, &rows);
    let times = entries.chunk.numbers(Slot::Time);
    for ((row, group), value) in rows.iter().zip(groups).zip(values) {
        let step = space.steps.index(times.get(*row as usize).cast_signed());
        let slot = space.slot(group, step);
        filling.grow(space.slots.len());
        filling.take(&[slot], &[value], SECOND);
    }
}
