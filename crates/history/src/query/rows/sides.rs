//! Whose report an entry is, and which of its ends run elsewhere.

use std::sync::Arc;

use goldwire_answer::column::Column;

use crate::chunk::{
    ends::Flags,
    resolve::{Entries, NamedChunk},
    sealed::Slot,
};

/// Who reports, and whether the ends run on other nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) by_client: bool,
    source_elsewhere: bool,
    destination_elsewhere: bool,
}

/// Which report of a record an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// The only one, or the one that stands for both.
    Whole,
    /// The client's, and the server is elsewhere.
    Client,
    /// The server's, and the client is elsewhere.
    Server,
}

/// Entries that are reports on records with two ends.
pub(super) trait Reported: Entries {
    /// One an entry.
    fn sides(&self) -> Vec<Sides>;
}

impl Sides {
    /// Which report it is, where the other end's node may have one too.
    pub(super) const fn half(self) -> Half {
        match (self.by_client, self.source_elsewhere, self.destination_elsewhere) {
            (true, _, true) => Half::Client,
            (false, true, _) => Half::Server,
            _ => Half::Whole,
        }
    }

    const fn elsewhere(self) -> Option<&'static str> {
        match (self.source_elsewhere, self.destination_elsewhere) {
            (false, false) => None,
            (true, false) => Some("source"),
            (false, true) => Some("destination"),
            (true, true) => Some("both"),
        }
    }
}

/// The column `elsewhere`.
pub(super) fn elsewhere(sides: impl Iterator<Item = Sides>) -> Column {
    let texts: [Arc<str>; 3] = ["source", "destination", "both"].map(Arc::from);
    let shared = |text: &str| texts.iter().find(|shared| ***shared == *text).cloned();
    Column::Text(sides.map(|sides| sides.elsewhere().and_then(shared)).collect())
}

impl Reported for NamedChunk<'_> {
    fn sides(&self) -> Vec<Sides> {
        let chunk = self.chunk;
        let (flags, endpoints) = (chunk.numbers(Slot::Flags), &chunk.endpoints);
        let (sources, destinations) = (chunk.numbers(Slot::Source), chunk.numbers(Slot::Destination));
        let remote: Vec<bool> = (0..endpoints.codes()).map(|code| endpoints.is_remote(code)).collect();
        // Records without ends have no codes.
        let is_remote = |code: u64| usize::try_from(code).is_ok_and(|code| remote.get(code).copied().unwrap_or(false));
        let sides = |row| Sides {
            by_client: Flags(flags.get(row) as u8).is_by_client(),
            source_elsewhere: is_remote(sources.get(row)),
            destination_elsewhere: is_remote(destinations.get(row)),
        };
        (0..chunk.len()).map(sides).collect()
    }
}
