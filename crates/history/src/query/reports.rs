//! Which reports of a chunk, a series table or the open connections may have a twin on another node.

use super::space::{PairKey, Reports};
use crate::{
    chunk::{
        ends::Flags,
        resolve::{Entries, NamedChunk},
        sealed::Slot,
    },
    connections::NamedConnections,
    rollup::series::{NamedSeries, OTHER_CODE, is_coarse},
};

impl Reports for NamedChunk<'_> {
    fn flags(&self, entry: usize) -> Flags {
        Flags(self.chunk.numbers(Slot::Flags).get(entry) as u8)
    }

    fn pair(&self, entry: usize) -> Option<PairKey> {
        let endpoints = &self.chunk.endpoints;
        let source = self.chunk.numbers(Slot::Source).get(entry) as usize;
        let destination = self.chunk.numbers(Slot::Destination).get(entry) as usize;
        let by_client = self.flags(entry).is_by_client();
        if !endpoints.is_remote(if by_client { destination } else { source }) {
            return None;
        }
        Some(PairKey {
            by_client,
            source: endpoints.address(source)?,
            destination: endpoints.address(destination)?,
            port: self.chunk.numbers(Slot::DestinationPort).get(entry) as u16,
            transport: self.chunk.numbers(Slot::Transport).get(entry) as u8,
        })
    }

    fn may_have_pairs(&self) -> bool {
        !self.chunk.endpoints.all_local()
    }
}

impl Reports for NamedSeries<'_> {
    fn flags(&self, entry: usize) -> Flags {
        self.table.series[entry].flags
    }

    fn pair(&self, entry: usize) -> Option<PairKey> {
        let series = &self.table.series[entry];
        let endpoint = |code: u16| {
            let at = code.checked_sub(OTHER_CODE + 1)?;
            self.table.endpoints.get(usize::from(at))
        };
        let (source, destination) = (endpoint(series.source)?, endpoint(series.destination)?);
        if is_coarse(source) || is_coarse(destination) {
            return None;
        }
        PairKey::remote(series.flags.is_by_client(), source, destination, series.destination_port, series.transport)
    }

    fn may_have_pairs(&self) -> bool {
        self.table.endpoints.iter().any(|endpoint| !endpoint.local)
    }
}

impl Reports for NamedConnections<'_> {
    fn flags(&self, entry: usize) -> Flags {
        self.open[entry].flags
    }

    fn pair(&self, entry: usize) -> Option<PairKey> {
        let open = &self.open[entry];
        PairKey::remote(
            open.flags.is_by_client(),
            &open.source,
            &open.destination,
            open.destination_port,
            open.transport,
        )
    }

    fn may_have_pairs(&self) -> bool {
        self.count() > 0
    }
}
