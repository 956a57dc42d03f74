//! Reports that the merge asks for by what they have in common with those of other nodes.

use std::net::SocketAddr;

use goldwire_model::{
    field::{EndField, Field, Side},
    query::Partner,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chunk::{
    ends::{TCP, UDP},
    numbers::{ABSENT, Numbers},
    resolve::{Entries, Resolved},
    value::Value,
};

/// What is asked for, ready to be looked up.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Positions by pairing.
    pairings: FxHashMap<u64, FxHashSet<Option<u32>>>,
    ends: FxHashSet<(u8, SocketAddr, SocketAddr)>,
}

impl Links {
    pub(super) fn of(partners: &[Partner]) -> Self {
        let mut links = Self::default();
        for partner in partners {
            match partner {
                Partner::Pairing(pairing, position) => {
                    links.pairings.entry(*pairing).or_default().insert(*position);
                }
                Partner::Ends(transport, source, destination) => {
                    links.ends.extend(number(transport).map(|number| (number, *source, *destination)));
                }
            }
        }
        links
    }

    /// Those of the rows that are asked for. An entry with a pairing is found by that and not by its ends.
    pub(super) fn find(&self, entries: &impl Entries, rows: &[u32]) -> Vec<u32> {
        let paired = Paired::of(entries, self);
        let ends = (!self.ends.is_empty()).then(|| Ends::of(entries));
        let is_asked = |row: &u32| {
            let row = *row as usize;
            match paired.code(row) {
                0 => ends.as_ref().and_then(|ends| ends.of_row(row)).is_some_and(|ends| self.ends.contains(&ends)),
                code => paired.is_asked(code, row),
            }
        };
        rows.iter().copied().filter(is_asked).collect()
    }
}

/// Pairings and positions of entries.
struct Paired<'e, 'l> {
    codes: Numbers<'e>,
    /// Positions that are asked for, by the code of the pairing.
    asked: Vec<Option<&'l FxHashSet<Option<u32>>>>,
    positions: Resolved<'e>,
}

impl<'e, 'l> Paired<'e, 'l> {
    fn of(entries: &'e impl Entries, links: &'l Links) -> Self {
        let positions = entries.resolve(&Field::Position);
        let Resolved::Ids { codes, ids } = entries.resolve(&Field::Pairing) else {
            return Self { codes: Numbers::NOTHING, asked: Vec::new(), positions };
        };
        let pairing = |id: &[u8]| id.try_into().ok().map(u64::from_be_bytes);
        let asked = ids.iter().map(|id| links.pairings.get(&pairing(id?)?));
        Self { codes, asked: std::iter::once(None).chain(asked).collect(), positions }
    }

    /// 0 where there is no pairing.
    fn code(&self, row: usize) -> usize {
        match self.codes.get(row) {
            ABSENT => 0,
            code => usize::try_from(code).unwrap_or(0),
        }
    }

    fn is_asked(&self, code: usize, row: usize) -> bool {
        let asked = self.asked.get(code).copied().flatten();
        asked.is_some_and(|positions| positions.contains(&self.position(row)))
    }

    fn position(&self, row: usize) -> Option<u32> {
        let Resolved::Numbers(positions) = &self.positions else { return None };
        u32::try_from(positions.get(row)).ok()
    }
}

/// Transports, addresses and ports of entries.
struct Ends<'e>([Resolved<'e>; 5]);

impl<'e> Ends<'e> {
    fn of(entries: &'e impl Entries) -> Self {
        let end = |side, end| entries.resolve(&Field::End(side, end));
        Self([
            entries.resolve(&Field::NetworkTransport),
            end(Side::Source, EndField::Address),
            end(Side::Source, EndField::Port),
            end(Side::Destination, EndField::Address),
            end(Side::Destination, EndField::Port),
        ])
    }

    fn of_row(&self, row: usize) -> Option<(u8, SocketAddr, SocketAddr)> {
        let [transport, source, source_port, destination, destination_port] = &self.0;
        let Value::Text(transport) = coded(transport, row)? else { return None };
        let socket = |address: &Resolved<'e>, port: &Resolved<'e>| {
            let (Value::Address(address), Resolved::Numbers(ports)) = (coded(address, row)?, port) else { return None };
            Some(SocketAddr::new(address, u16::try_from(ports.get(row)).ok()?))
        };
        Some((number(transport)?, socket(source, source_port)?, socket(destination, destination_port)?))
    }
}

fn coded<'e>(resolved: &Resolved<'e>, row: usize) -> Option<Value<'e>> {
    let Resolved::Coded { codes, values } = resolved else { return None };
    values.get(usize::try_from(codes.get(row)).ok()?).copied()
}

fn number(transport: &str) -> Option<u8> {
    match transport {
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        other => other.parse().ok(),
    }
}
