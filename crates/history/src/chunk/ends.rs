//! The two ends of a record as codes and small numbers.

use goldwire_model::record::{Ends, Reporter, Transport};

use super::{
    open::Dictionaries,
    sealed::{Packer, Slot},
};

/// Number of TCP among IP protocols.
pub(crate) const TCP: u8 = 6;
/// Number of UDP among IP protocols.
pub(crate) const UDP: u8 = 17;

/// What is a yes or no about a record's ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flags(pub(crate) u8);

impl Flags {
    pub(crate) const BY_CLIENT: u8 = 1;
    pub(crate) const JOINED: u8 = 2;
    /// Of a flow's end: the connection had been open, so it leaves the gauge.
    pub(crate) const WAS_OPEN: u8 = 4;
    /// Which end reports is not known for sure.
    pub(crate) const GUESSED: u8 = 8;
    /// So many different ones there are.
    pub(crate) const COUNT: u8 = 16;

    pub(crate) fn of(ends: &Ends) -> Self {
        let by_client = if ends.reporter == Reporter::Client { Self::BY_CLIENT } else { 0 };
        let joined = if ends.joined { Self::JOINED } else { 0 };
        let guessed = if ends.role_is_guess { Self::GUESSED } else { 0 };
        Self(by_client | joined | guessed)
    }

    /// The report that is not counted by default: the other end's stands for it.
    pub(crate) const fn is_second_report(self) -> bool {
        const SECOND: u8 = Flags::BY_CLIENT | Flags::JOINED;
        self.0 & SECOND == SECOND
    }

    pub(crate) const fn is_joined(self) -> bool {
        self.0 & Self::JOINED != 0
    }

    /// What is shown of the reporter.
    pub(crate) const fn by_reporter(self, client: &'static str, server: &'static str) -> &'static str {
        match (self.0 & Self::GUESSED, self.is_by_client()) {
            (0, true) => client,
            (0, false) => server,
            _ => "unknown",
        }
    }

    pub(crate) const fn is_by_client(self) -> bool {
        self.0 & Self::BY_CLIENT != 0
    }
}

/// Ends by code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndCodes {
    pub(crate) source: u16,
    pub(crate) destination: u16,
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) transport: u8,
    pub(crate) flags: Flags,
    /// Of the connection's pairing id; 0 where that is not known.
    pub(crate) pairing: u16,
}

/// A transport's number among IP protocols.
pub(crate) const fn transport_number(transport: Transport) -> u8 {
    match transport {
        Transport::Tcp => TCP,
        Transport::Udp => UDP,
        Transport::Other(number) => number,
    }
}

impl EndCodes {
    #[inline]
    pub(crate) fn make(ends: &Ends, dictionaries: &mut Dictionaries) -> Self {
        Self {
            source: dictionaries.endpoint(&ends.source),
            destination: dictionaries.endpoint(&ends.destination),
            source_port: ends.source_port,
            destination_port: ends.destination_port,
            transport: transport_number(ends.transport),
            flags: Flags::of(ends),
            pairing: dictionaries.pairing(ends.pairing),
        }
    }
}

/// Packs the ends of all rows.
pub(crate) fn pack_ends<R>(packer: &mut Packer, rows: &[R], pairings: &[u64], ends: impl Fn(&R) -> &EndCodes) {
    packer.column(Slot::Source, rows, |row| u64::from(ends(row).source));
    packer.column(Slot::Destination, rows, |row| u64::from(ends(row).destination));
    packer.column(Slot::SourcePort, rows, |row| u64::from(ends(row).source_port));
    packer.column(Slot::DestinationPort, rows, |row| u64::from(ends(row).destination_port));
    packer.column(Slot::Transport, rows, |row| u64::from(ends(row).transport));
    packer.column(Slot::Flags, rows, |row| u64::from(ends(row).flags.0));
    packer.pairings(rows, |row| ends(row).pairing, pairings);
}
