//! The chunk that is being filled: rows as they come, with codes for what repeats.

use std::{mem, ops::Range, sync::Arc};

use goldwire_model::{
    field::Field,
    record::{Endpoint, PairingId, Text},
};

use super::{
    endpoints::{Endpoints, endpoint_weight},
    interner::Interner,
    pairings::Pairings,
    sealed::{Chunk, Packer, Times},
};

/// A record of one table as history keeps it while its chunk is open.
pub(crate) trait Row: Copy + Send + 'static {
    /// Fields of text, in the order of their codes in a row.
    const TEXTS: &'static [Field];
    /// How the record came.
    type Record;

    /// Codes the record; new values enter the dictionaries.
    fn make(record: &Self::Record, dictionaries: &mut Dictionaries) -> Self;
    /// Nanoseconds since the epoch.
    fn time(&self) -> i64;
    /// When the time that the record is about begins.
    fn since(&self) -> i64 {
        self.time()
    }
    fn text_codes(&self) -> &[u16];
    /// Packs all columns but the texts.
    fn pack(rows: &[Self], dictionaries: &Values, packer: &mut Packer);
}

/// What a chunk's codes stand for.
#[derive(Debug)]
pub(crate) struct Dictionaries {
    endpoints: Interner<Endpoint>,
    texts: Vec<Interner<str>>,
    trace_ids: Interner<[u8; 16]>,
    span_ids: Interner<[u8; 8]>,
    pairings: Pairings,
    /// Bytes of the values themselves, as they will weigh when sealed; an estimate from above.
    value_bytes: usize,
}

/// Values by code, without the means to find a value's code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    pub(crate) texts: Vec<Vec<Text>>,
    pub(crate) trace_ids: Vec<Arc<[u8; 16]>>,
    pub(crate) span_ids: Vec<Arc<[u8; 8]>>,
    pub(crate) pairings: Vec<u64>,
}

impl Dictionaries {
    fn new(texts: usize) -> Self {
        Self {
            endpoints: Interner::of_shared(),
            texts: (0..texts).map(|_| Interner::of_copies()).collect(),
            trace_ids: Interner::of_copies(),
            span_ids: Interner::of_copies(),
            pairings: Pairings::default(),
            value_bytes: 0,
        }
    }

    /// The code of an endpoint. A chunk has fewer than 2^15 rows, so that codes of two a row fit.
    #[inline]
    pub(crate) fn endpoint(&mut self, endpoint: &Arc<Endpoint>) -> u16 {
        let (code, new) = self.endpoints.intern(endpoint);
        if new {
            self.value_bytes += endpoint_weight(endpoint);
        }
        code as u16
    }

    /// The code of a text in its column.
    #[inline]
    pub(crate) fn text(&mut self, column: usize, text: Option<&Text>) -> u16 {
        let Some(text) = text else { return 0 };
        let (code, new) = self.texts[column].intern(text);
        if new {
            self.value_bytes += text.len() + 24;
        }
        code as u16
    }

    pub(crate) fn trace_id(&mut self, id: Option<[u8; 16]>) -> u16 {
        id.map_or(0, |id| self.trace_ids.intern(&Arc::new(id)).0 as u16)
    }

    pub(crate) fn span_id(&mut self, id: Option<[u8; 8]>) -> u16 {
        id.map_or(0, |id| self.span_ids.intern(&Arc::new(id)).0 as u16)
    }

    #[inline]
    pub(crate) fn pairing(&mut self, id: Option<PairingId>) -> u16 {
        id.map_or(0, |id| self.pairings.code(id.0))
    }

    /// Endpoints by code less one.
    pub(crate) fn endpoints(&self) -> &[Arc<Endpoint>] {
        self.endpoints.values()
    }

    /// Texts of a column by code less one.
    pub(crate) fn texts(&self, column: usize) -> &[Text] {
        self.texts[column].values()
    }

    fn values(&self) -> Values {
        Values {
            endpoints: self.endpoints.values().to_vec(),
            texts: self.texts.iter().map(|texts| texts.values().to_vec()).collect(),
            trace_ids: self.trace_ids.values().to_vec(),
            span_ids: self.span_ids.values().to_vec(),
            pairings: self.pairings.values().to_vec(),
        }
    }

    fn bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(Interner::table_bytes).sum();
        // An `Arc` of an id costs its two counters, too.
        let ids = self.trace_ids.values().len() * 32 + self.span_ids.values().len() * 24;
        let tables = self.endpoints.table_bytes() + self.trace_ids.table_bytes() + self.span_ids.table_bytes();
        texts + tables + ids + self.pairings.bytes() + self.value_bytes
    }

    fn clear(&mut self) {
        self.endpoints.clear();
        self.texts.iter_mut().for_each(Interner::clear);
        self.trace_ids.clear();
        self.span_ids.clear();
        self.pairings.clear();
        self.value_bytes = 0;
    }
}

/// Rows of one table that still has room.
#[derive(Debug)]
pub(crate) struct OpenChunk<R> {
    rows: Vec<R>,
    limit: usize,
    /// Most rows that there ever were at once: their pages stay.
    touched: usize,
    pub(crate) dictionaries: Dictionaries,
    times: Times,
}

/// A copy of an open chunk, for a reader to seal outside of the writer's lock.
pub(crate) struct OpenCopy<R> {
    rows: Vec<R>,
    values: Values,
    times: Times,
}

impl<R: Row> OpenChunk<R> {
    /// `limit` rows at most; below 2^15, so that codes of two endpoints a row fit 16 bits.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            rows: Vec::with_capacity(limit),
            limit,
            touched: 0,
            dictionaries: Dictionaries::new(R::TEXTS.len()),
            times: Times::NONE,
        }
    }

    /// Adds a record and gives its coded form.
    #[inline]
    pub(crate) fn push(&mut self, record: &R::Record) -> R {
        let row = self.make(record);
        self.push_row(row);
        row
    }

    /// The coded form of a record that is not here yet.
    #[inline]
    pub(crate) fn make(&mut self, record: &R::Record) -> R {
        R::make(record, &mut self.dictionaries)
    }

    #[inline]
    pub(crate) fn push_row(&mut self, row: R) {
        self.times.add(row.time(), row.since());
        self.rows.push(row);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What is taken now: rows that are reserved and not yet written take no page.
    pub(crate) fn bytes(&self) -> usize {
        self.touched.max(self.rows.len()) * size_of::<R>() + self.dictionaries.bytes()
    }

    /// Time of the latest row; before all times where there is none.
    pub(crate) const fn latest(&self) -> i64 {
        self.times.last
    }

    /// True where a row may lie in `[from, to)`.
    pub(crate) fn overlaps(&self, from: i64, to: i64) -> bool {
        self.times.touch(from, to)
    }

    pub(crate) fn copy(&self) -> OpenCopy<R> {
        OpenCopy { rows: self.rows.clone(), values: self.dictionaries.values(), times: self.times }
    }

    /// A copy of some rows.
    pub(crate) fn copy_rows(&self, rows: Range<usize>) -> OpenCopy<R> {
        let rows = self.rows[rows].to_vec();
        let mut times = Times::NONE;
        rows.iter().for_each(|row| times.add(row.time(), row.since()));
        OpenCopy { rows, values: self.dictionaries.values(), times }
    }

    /// Packs what is here and begins anew.
    pub(crate) fn seal(&mut self) -> Chunk {
        self.touched = self.touched.max(self.rows.len());
        let copy = OpenCopy { rows: mem::take(&mut self.rows), values: self.dictionaries.values(), times: self.times };
        self.dictionaries.clear();
        self.times = Times::NONE;
        let chunk = copy.seal();
        self.rows = copy.rows;
        self.rows.clear();
        chunk
    }
}

impl<R: Row> OpenCopy<R> {
    pub(crate) fn seal(&self) -> Chunk {
        let endpoints = Endpoints::seal(&self.values.endpoints);
        let mut packer = Packer::new(self.rows.len(), self.times, endpoints);
        R::pack(&self.rows, &self.values, &mut packer);
        for (column, field) in R::TEXTS.iter().enumerate() {
            packer.texts(field, &self.rows, |row| row.text_codes()[column], &self.values.texts[column]);
        }
        packer.finish()
    }
}
