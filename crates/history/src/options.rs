//! How much history may hold, and how that is shared out.

use goldwire_model::time::Timestamp;

/// Rows of a full chunk at most: codes of two endpoints a row must fit 16 bits.
const MOST_CHUNK_ROWS: usize = 32_000;
/// Series of a step at most.
const MOST_SERIES: usize = 4_096;

/// What history is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes for everything that is kept: raw records, rollups, and what is being filled.
    pub memory: usize,
    /// Bytes that one query may take.
    pub query_memory: usize,
    /// Bytes that all queries may take together: those that run, and those whose answers are being sent.
    pub queries_memory: usize,
    /// Name of this node, `node.name` of every record.
    pub node: String,
    /// When recording begins. Nothing before it is known, and answers say so.
    pub recording_since: Timestamp,
}

impl Options {
    /// 256 MiB, the default of `--memory`.
    pub const DEFAULT_MEMORY: usize = 256 << 20;

    /// Of a node with the default memory.
    #[must_use]
    pub fn new(node: impl Into<String>, recording_since: Timestamp) -> Self {
        Self {
            memory: Self::DEFAULT_MEMORY,
            query_memory: Self::query_share(Self::queries_share(Self::DEFAULT_MEMORY)),
            queries_memory: Self::queries_share(Self::DEFAULT_MEMORY),
            node: node.into(),
            recording_since,
        }
    }

    /// What all queries may take of a memory, where nothing else is said.
    #[must_use]
    pub const fn queries_share(memory: usize) -> usize {
        memory / 8 * 3
    }

    /// What one query may take of what all may.
    #[must_use]
    pub const fn query_share(queries: usize) -> usize {
        queries / 8 * 7
    }

    /// A chunk is small beside the memory, so that freeing one frees little at once.
    pub(crate) fn chunk_rows(&self) -> usize {
        (self.memory / 8192).clamp(64, MOST_CHUNK_ROWS)
    }

    /// A full step is small beside the memory, too.
    pub(crate) fn series_per_step(&self) -> usize {
        (self.memory / 65_536).clamp(16, MOST_SERIES)
    }
}

/// What shares the memory. Room that one does not use, the others may; when all is full, the one that holds most beyond
/// its share gives its oldest piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Requests,
    Flows,
    Drops,
    Processes,
    Saturation,
    /// Rollups of a table, by place in [`TIERS`](crate::rollup::tiers::TIERS).
    RequestTier(usize),
    FlowTier(usize),
    DropTier(usize),
}

impl Holder {
    /// Everyone's share in percent of the memory. The rest, 6 %, is for what is being filled.
    pub(crate) const SHARES: [(Self, usize); 14] = [
        (Self::Requests, 38),
        (Self::Flows, 14),
        (Self::Drops, 3),
        (Self::Processes, 2),
        (Self::Saturation, 1),
        (Self::RequestTier(0), 9),
        (Self::RequestTier(1), 8),
        (Self::RequestTier(2), 7),
        (Self::FlowTier(0), 4),
        (Self::FlowTier(1), 4),
        (Self::FlowTier(2), 3),
        (Self::DropTier(0), 1),
        (Self::DropTier(1), 0),
        (Self::DropTier(2), 0),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_leave_room_for_what_is_being_filled() {
        let shares: usize = Holder::SHARES.iter().map(|(_, percent)| percent).sum();
        assert_eq!(shares, 94);
    }

    #[test]
    fn chunks_shrink_with_the_memory() {
        let rows = |memory| Options { memory, ..Options::new("n", Timestamp(0)) }.chunk_rows();
        assert_eq!(rows(Options::DEFAULT_MEMORY), MOST_CHUNK_ROWS);
        assert_eq!(rows(1 << 20), 128);
    }
}
