//! Names for the ends of a row: what its node knew, what the other side lends, else what stands for them.

use std::{borrow::Cow, sync::Arc};

use goldwire_answer::groups::Pair;
use goldwire_model::{
    field::{EndField, Field, Side},
    filter::{Lookup, Value},
};

use super::{pairs::Decision, plan::Part};

/// Values of all keys of a row. None is unknown any more: what nobody knows is the empty text.
pub(crate) struct Names<'a> {
    part: &'a Part,
    values: Vec<Arc<str>>,
    were_unknown: bool,
}

impl<'a> Names<'a> {
    pub(crate) fn of(part: &'a Part, row: usize, decision: &Decision<'_>) -> Self {
        let known = |number: usize| {
            let key = &part.groups.keys[number];
            let own = key.values[row].as_ref();
            if !key.field.is_end_identity() {
                return decision.place(number).or(own);
            }
            let name = own.or_else(|| decision.lent(number));
            name.filter(|name| !name.is_empty()).or_else(|| decision.place(number)).or(name)
        };
        let pair = part.pair(row);
        let values = (0..part.groups.keys.len())
            .map(|number| known(number).cloned().unwrap_or_else(|| stand_in(part, number, pair, known)))
            .collect();
        let were_unknown = part.groups.keys.iter().any(|key| key.field.is_end_identity() && key.values[row].is_none());
        Self { part, values, were_unknown }
    }

    /// The node did not know all names, so it could not decide a filter on them.
    pub(crate) const fn were_unknown(&self) -> bool {
        self.were_unknown
    }

    /// The values of the keys that were asked for; the others have served.
    pub(crate) fn into_asked(mut self, keys: usize) -> Vec<Arc<str>> {
        self.values.truncate(keys);
        self.values
    }
}

impl Lookup for Names<'_> {
    /// What the row is not keyed by, its node has decided.
    fn value(&self, field: &Field) -> Value<'_> {
        let number = self.part.groups.keys.iter().position(|key| key.field == *field);
        match number.map(|number| &*self.values[number]) {
            Some("") => Value::Absent,
            Some(name) => Value::Text(Cow::Borrowed(name)),
            None => Value::Unknown,
        }
    }
}

/// A workload that nobody knows is called by its DNS name, else by its address. Other unknown names are empty.
fn stand_in<'k>(
    part: &Part,
    number: usize,
    pair: Option<&Pair>,
    known: impl Fn(usize) -> Option<&'k Arc<str>>,
) -> Arc<str> {
    let Field::End(side, EndField::Workload) = &part.groups.keys[number].field else { return Arc::default() };
    let of_end = |end: &EndField| {
        let field = Field::End(*side, end.clone());
        let number = part.groups.keys.iter().position(|key| key.field == field)?;
        known(number).filter(|name| !name.is_empty()).cloned()
    };
    of_end(&EndField::Dns)
        .or_else(|| of_end(&EndField::Address))
        .or_else(|| pair.map(|pair| address(pair, *side).into()))
        .unwrap_or_default()
}

/// The address of one end of a pair, without its port.
fn address(pair: &Pair, side: Side) -> Cow<'_, str> {
    match side {
        Side::Source => Cow::Borrowed(&pair.source),
        Side::Destination => Cow::Borrowed(host_and_port(&pair.destination).0),
    }
}

/// Both parts of `address:port`, without the brackets of IPv6.
pub(super) fn host_and_port(place: &str) -> (&str, &str) {
    let (host, port) = place.rsplit_once(':').unwrap_or((place, ""));
    (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
}
