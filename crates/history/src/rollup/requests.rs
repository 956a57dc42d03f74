//! Rollups of `requests`.

use super::{
    codes::CodeMap,
    registry::Registry,
    series::{ABSENT_STATUS, ABSENT_TEXT, Detail, Series},
    tiers::Tiers,
};
use crate::chunk::{
    names::{is_counted_error, is_left_by_client},
    numbers::ABSENT,
    open::Dictionaries,
    requests::{RequestRow, text},
};

/// Places of the sums.
pub(crate) const COUNT: usize = 0;
pub(crate) const ERRORS: usize = 1;
pub(crate) const REQUEST_BYTES: usize = 2;
pub(crate) const RESPONSE_BYTES: usize = 3;
pub(crate) const CLIENT_CLOSED: usize = 4;
const SUMS: usize = 5;

/// Places of the distributions.
pub(crate) const LATENCY: usize = 0;
const DISTRIBUTIONS: usize = 1;

/// Column of a [`CodeMap`] for endpoints; the texts follow.
const ENDPOINTS: usize = 0;

/// The tiers, and how to get from a chunk's codes to theirs.
#[derive(Debug)]
pub(crate) struct RequestRollup {
    pub(crate) tiers: Tiers<SUMS, DISTRIBUTIONS>,
    codes: CodeMap,
}

impl RequestRollup {
    pub(crate) fn new(limit: usize) -> Self {
        Self { tiers: Tiers::new(limit), codes: CodeMap::new(1 + text::COUNT) }
    }

    /// The open chunk begins anew.
    pub(crate) fn forget_codes(&mut self) {
        self.codes.clear();
    }

    /// Counts a row in its series and step.
    #[inline]
    pub(crate) fn add(&mut self, row: &RequestRow, dictionaries: &Dictionaries) {
        let registry = &mut self.tiers.open.registry;
        self.codes.follow(registry.generation());
        let series = series_of(row, registry, &mut self.codes, dictionaries);
        self.tiers.add(row.time, &series, |into| {
            into.sums[COUNT] += 1;
            into.sums[ERRORS] += u64::from(is_counted_error(row.error));
            into.sums[CLIENT_CLOSED] += u64::from(is_left_by_client(row.error));
            into.sums[REQUEST_BYTES] += row.request_bytes;
            into.sums[RESPONSE_BYTES] += row.response_bytes;
            if row.latency != ABSENT {
                into.distributions[LATENCY].add_nanoseconds(row.latency);
            }
        });
    }
}

/// What tells the texts of a row apart: the kind, then for each place the column and whether it is open-ended.
type Places = (Detail, [Option<(usize, bool)>; 3]);

const fn places_of(row: &RequestRow) -> Places {
    let codes = &row.texts;
    if codes[text::DNS_NAME] != 0 {
        (Detail::Dns, [Some((text::DNS_TYPE, false)), Some((text::DNS_NAME, true)), Some((text::DNS_CODE, false))])
    } else if codes[text::RPC_METHOD] != 0 || row.rpc_status != u32::MAX {
        (Detail::Grpc, [None, Some((text::RPC_METHOD, true)), None])
    } else if codes[text::MESSAGING_DESTINATION] != 0 {
        (Detail::Messaging, [None, Some((text::MESSAGING_DESTINATION, true)), None])
    } else if codes[text::OPERATION] != 0 {
        (Detail::Database, [Some((text::OPERATION, true)), None, None])
    } else {
        (
            Detail::Http,
            [Some((text::HTTP_METHOD, false)), Some((text::HTTP_ROUTE, true)), Some((text::HTTP_HOST, true))],
        )
    }
}

#[inline]
fn series_of(row: &RequestRow, registry: &mut Registry, codes: &mut CodeMap, known: &Dictionaries) -> Series {
    let mut endpoint =
        |code: u16| codes.get(ENDPOINTS, code, || registry.reduced_endpoint(&known.endpoints()[usize::from(code) - 1]));
    let (source, destination) = (endpoint(row.ends.source), endpoint(row.ends.destination));
    let (detail, places) = places_of(row);
    let texts = places.map(|place| {
        let Some((column, open_ended)) = place else { return ABSENT_TEXT };
        let code = row.texts[column];
        if code == 0 {
            return ABSENT_TEXT;
        }
        codes.get(1 + column, code, || {
            let text = &known.texts(column)[usize::from(code) - 1];
            if open_ended { registry.open_ended_text(text) } else { registry.text(text) }
        })
    });
    Series {
        source,
        destination,
        destination_port: row.ends.destination_port,
        transport: row.ends.transport,
        flags: row.ends.flags,
        status: u32::try_from(row.status()).unwrap_or(ABSENT_STATUS),
        protocol: row.protocol,
        error: row.error,
        verdict: 0,
        ending: 0,
        texts,
        detail,
        is_coarse: false,
    }
}
