//! Whether MySQL runs on a connection that was joined. A command of one byte may be a message of another protocol, so that it
//! takes a statement or an answer to be certain.

use crate::Standing;

use super::packets::Packet;

/// Commands that a candidate may have that tell nothing.
const COMMANDS_MAX: u8 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belief {
    Candidate { commands: u8 },
    Confirmed,
    Refuted,
}

impl Belief {
    pub(super) const fn standing(self) -> Standing {
        match self {
            Self::Candidate { .. } => Standing::Candidate,
            Self::Confirmed => Standing::Confirmed,
            Self::Refuted => Standing::Refuted,
        }
    }

    /// A command came, which has a statement or not.
    pub(super) fn asked(&mut self, has_statement: bool) {
        let Self::Candidate { commands } = self else { return };
        *commands += 1;
        if has_statement {
            *self = Self::Confirmed;
        } else if *commands >= COMMANDS_MAX {
            *self = Self::Refuted;
        }
    }

    /// The first packet of an answer came: OK, or an error with its state.
    pub(super) fn answered(&mut self, packet: &Packet<'_>) {
        let is_ok = packet.first() == Some(0) && packet.length >= 7 && packet.status().is_some();
        let is_error = packet.is_error() && packet.payload.get(3) == Some(&b'#') && packet.payload.len() >= 9;
        if matches!(self, Self::Candidate { .. }) && (is_ok || is_error) {
            *self = Self::Confirmed;
        }
    }
}
