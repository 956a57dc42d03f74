//! Codes for series, their endpoints and their texts, bounded.

use std::sync::Arc;

use goldwire_model::record::{Endpoint, Text};
use rustc_hash::FxHashMap;

use super::series::{ABSENT_TEXT, OTHER_CODE, Series, SeriesTable, coarse};
use crate::chunk::{Interner, endpoints::endpoint_weight};

/// Codes must stay below [`ABSENT_TEXT`](super::series::ABSENT_TEXT), and below what a code map takes for "not asked yet".
const MOST_CODES: usize = 60_000;
/// Room beyond, for what stands for many.
const MOST_RESERVED: usize = 4_000;
/// No endpoint has this code.
const UNKNOWN_CODE: u16 = u16::MAX;

/// Gives each series a place. What does not fit is `other`.
#[derive(Debug)]
pub(crate) struct Registry {
    /// How many series there may be.
    limit: usize,
    places: FxHashMap<Series, u32>,
    series: Vec<Series>,
    endpoints: Interner<Endpoint>,
    /// By the pointer of an endpoint as it came: its code, and the endpoint itself, so that the pointer stays its own. As
    /// many as there may be series.
    originals: FxHashMap<usize, (u16, Arc<Endpoint>)>,
    texts: Interner<str>,
    /// Texts of a kind that may have any number of values: names and routes.
    open_ended: usize,
    /// Of the endpoints and the texts.
    value_bytes: usize,
    /// By code of an endpoint: that of its coarse form; [`UNKNOWN_CODE`] until it is needed.
    coarse_endpoints: Vec<u16>,
    /// Series that were given a place because there was none for a finer one.
    coarse_series: usize,
    /// By the coarse forms of both ends: series that have a place.
    of_pair: FxHashMap<(u16, u16), usize>,
    /// A pair of workloads has as many series as it may.
    pair_is_full: bool,
    /// How often everything was forgotten: codes are good for one generation.
    generation: u64,
}

impl Registry {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: limit.min(MOST_CODES / 2),
            places: FxHashMap::default(),
            series: Vec::new(),
            endpoints: Interner::of_copies(),
            originals: FxHashMap::default(),
            texts: Interner::of_copies(),
            open_ended: 0,
            value_bytes: 0,
            coarse_endpoints: Vec::new(),
            coarse_series: 0,
            of_pair: FxHashMap::default(),
            pair_is_full: false,
            generation: 0,
        }
    }

    /// The code of an endpoint of a record, less what rollups do not tell apart.
    pub(crate) fn reduced_endpoint(&mut self, original: &Arc<Endpoint>) -> u16 {
        let pointer = Arc::as_ptr(original) as usize;
        if let Some((code, _)) = self.originals.get(&pointer) {
            return *code;
        }
        let code = self.endpoint(&reduced(original));
        if self.originals.len() >= self.limit {
            self.originals.clear();
        }
        self.originals.insert(pointer, (code, original.clone()));
        code
    }

    /// The code of an endpoint; of its coarse form, or [`OTHER_CODE`], where there is no room for a new one.
    pub(crate) fn endpoint(&mut self, endpoint: &Arc<Endpoint>) -> u16 {
        if self.endpoints.values().len() < 2 * self.limit {
            return self.intern_endpoint(endpoint);
        }
        self.endpoints
            .find(endpoint)
            .map_or_else(|| self.reserved_endpoint(&Arc::new(coarse(endpoint))), |code| code as u16)
    }

    /// Some room is kept for coarse endpoints.
    fn reserved_endpoint(&mut self, endpoint: &Arc<Endpoint>) -> u16 {
        match self.endpoints.find(endpoint) {
            Some(code) => code as u16,
            None if self.endpoints.values().len() < 2 * self.limit + self.reserve() => self.intern_endpoint(endpoint),
            None => OTHER_CODE,
        }
    }

    /// Series and endpoints that have room beyond the limits, as they stand for many.
    fn reserve(&self) -> usize {
        (self.limit / 4).clamp(8, MOST_RESERVED)
    }

    fn intern_endpoint(&mut self, endpoint: &Arc<Endpoint>) -> u16 {
        let (code, new) = self.endpoints.intern(endpoint);
        if new {
            self.value_bytes += endpoint_weight(endpoint);
        }
        code as u16
    }

    /// The code of a text of which there are few values.
    pub(crate) fn text(&mut self, text: &Text) -> u16 {
        if self.texts.values().len() >= 2 * self.limit {
            return self.texts.find(text).map_or(OTHER_CODE, |code| code as u16);
        }
        let (code, new) = self.texts.intern(text);
        if new {
            self.value_bytes += text.len() + 24;
        }
        code as u16
    }

    /// The code of a text of which there may be any number of values: a quarter of the series' limit of them is told
    /// apart, so that one noisy name cannot push all other series out.
    pub(crate) fn open_ended_text(&mut self, text: &Text) -> u16 {
        if let Some(code) = self.texts.find(text) {
            return code as u16;
        }
        if self.open_ended >= self.limit.div_ceil(4) {
            return OTHER_CODE;
        }
        self.open_ended += 1;
        self.text(text)
    }

    /// The place of a series, where it has one or there is room: for each pair of workloads an eighth of all, so that a noisy
    /// one leaves the others theirs.
    #[inline]
    pub(crate) fn place(&mut self, series: &Series) -> Option<u32> {
        if let Some(place) = self.places.get(series) {
            return Some(*place);
        }
        if self.series.len() >= self.limit {
            return None;
        }
        let pair = self.coarse_pair(series);
        let limit = self.limit.div_ceil(8);
        let of_pair = self.of_pair.entry(pair).or_default();
        if *of_pair >= limit {
            self.pair_is_full = true;
            return None;
        }
        *of_pair += 1;
        Some(self.insert(series))
    }

    /// The place of the coarse form of a series, or of all of its pair of workloads, where it has one or there is room: half of
    /// the reserve is for pairs.
    pub(crate) fn coarse_place(&mut self, series: &Series) -> Option<u32> {
        let (source, destination) = self.coarse_pair(series);
        let forms = [series.coarse(source, destination), series.of_pair(source, destination)];
        let reserve = self.reserve();
        for (form, most) in forms.iter().zip([reserve / 2, reserve]) {
            if let Some(place) = self.places.get(form) {
                return Some(*place);
            }
            if self.coarse_series < most {
                self.coarse_series += 1;
                return Some(self.insert(form));
            }
        }
        None
    }

    fn coarse_pair(&mut self, series: &Series) -> (u16, u16) {
        (self.coarse_endpoint(series.source), self.coarse_endpoint(series.destination))
    }

    fn coarse_endpoint(&mut self, code: u16) -> u16 {
        let at = usize::from(code);
        if code == OTHER_CODE {
            return OTHER_CODE;
        }
        if let Some(known) = self.coarse_endpoints.get(at).filter(|known| **known != UNKNOWN_CODE) {
            return *known;
        }
        let coarse = self.reserved_endpoint(&Arc::new(coarse(&self.endpoints.values()[at - 1])));
        if at >= self.coarse_endpoints.len() {
            self.coarse_endpoints.resize(at + 1, UNKNOWN_CODE);
        }
        self.coarse_endpoints[at] = coarse;
        coarse
    }

    /// The place of a series of which there are few, room or not.
    pub(crate) fn place_always(&mut self, series: &Series) -> u32 {
        match self.places.get(series) {
            Some(place) => *place,
            None => self.insert(series),
        }
    }

    fn insert(&mut self, series: &Series) -> u32 {
        let place = self.series.len() as u32;
        self.series.push(*series);
        self.places.insert(*series, place);
        place
    }

    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// A pair of workloads has no room left: time to forget who it was, so that its next clients have theirs.
    pub(crate) const fn has_full_pair(&self) -> bool {
        self.pair_is_full
    }

    /// Half of the room is taken: time to begin anew.
    pub(crate) fn is_crowded(&self) -> bool {
        let most = self.series.len().max(self.endpoints.values().len() / 2).max(self.texts.values().len() / 2);
        2 * most >= self.limit || 8 * self.open_ended >= self.limit
    }

    /// A table of the series that `places` names, and no others; each place becomes the place in that table.
    pub(crate) fn table_of<'a>(&self, places: impl Iterator<Item = &'a mut u32>) -> SeriesTable {
        let mut kept = vec![u32::MAX; self.series.len()];
        let mut copy = TableCopy::new(self);
        for place in places {
            let new = &mut kept[*place as usize];
            if *new == u32::MAX {
                *new = copy.table.series.len() as u32;
                copy.add(&self.series[*place as usize]);
            }
            *place = *new;
        }
        copy.table
    }

    pub(crate) fn bytes(&self) -> usize {
        self.series.capacity() * size_of::<Series>()
            + self.places.capacity() * (size_of::<(Series, u32)>() + 1)
            + self.endpoints.table_bytes()
            + self.texts.table_bytes()
            + self.originals.capacity() * (size_of::<(usize, (u16, Arc<Endpoint>))>() + 1)
            + self.originals.len() * (size_of::<Endpoint>() + 16)
            + self.coarse_endpoints.capacity() * size_of::<u16>()
            + self.of_pair.capacity() * size_of::<((u16, u16), usize)>()
            + self.value_bytes
    }

    /// Forgets all codes.
    pub(crate) fn clear(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::new(self.limit) };
    }
}

/// A table that grows by the series it needs.
struct TableCopy<'a> {
    from: &'a Registry,
    /// New codes by old ones; 0 where there is none yet.
    endpoints: Vec<u16>,
    texts: Vec<u16>,
    table: SeriesTable,
}

impl<'a> TableCopy<'a> {
    fn new(from: &'a Registry) -> Self {
        let table = SeriesTable { series: Vec::new(), endpoints: Vec::new(), texts: Vec::new() };
        let endpoints = vec![0; from.endpoints.values().len() + 1];
        let texts = vec![0; from.texts.values().len() + 1];
        Self { from, endpoints, texts, table }
    }

    fn add(&mut self, series: &Series) {
        let (source, destination) = (self.endpoint(series.source), self.endpoint(series.destination));
        let texts = series.texts.map(|text| self.text(text));
        self.table.series.push(Series { source, destination, texts, ..*series });
    }

    fn endpoint(&mut self, code: u16) -> u16 {
        if code == OTHER_CODE {
            return OTHER_CODE;
        }
        let new = &mut self.endpoints[usize::from(code)];
        if *new == 0 {
            self.table.endpoints.push(self.from.endpoints.values()[usize::from(code) - 1].clone());
            *new = self.table.endpoints.len() as u16;
        }
        *new
    }

    fn text(&mut self, code: u16) -> u16 {
        if code == OTHER_CODE || code == ABSENT_TEXT {
            return code;
        }
        let new = &mut self.texts[usize::from(code)];
        if *new == 0 {
            self.table.texts.push(self.from.texts.values()[usize::from(code) - 1].clone());
            *new = self.table.texts.len() as u16;
        }
        *new
    }
}

/// An endpoint without what rollups do not tell apart: the process id, the ancestry, and whom a proxy speaks for.
fn reduced(endpoint: &Arc<Endpoint>) -> Arc<Endpoint> {
    if endpoint.pid.is_none() && endpoint.ancestry.is_none() && endpoint.proxied_address.is_none() {
        return endpoint.clone();
    }
    Arc::new(Endpoint { pid: None, ancestry: None, proxied_address: None, ..Endpoint::clone(endpoint) })
}
