//! Names for the ends of a row: what its node knew, what the other side lends, else what stands for them.

use std::{borrow::Cow, sync::Arc};

use goldwire_answer::groups::Pair;
use goldwire_model::{
    field::{EndField, Field, Side},
    filter::{Lookup, Value},
};

use super::{OTHER, pairs::Decision, plan::Part};

/// Values of all keys of a row. None is unknown any more: what nobody knows is the empty text.
pub(crate) struct Names<'a> {
    part: &'a Part,
    values: Vec<Arc<str>>,
    /// What is known for certain; empty where it is certain that there is none.
    known: Vec<Option<Arc<str>>>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(part: &'a Part, row: usize, decision: &Decision<'_>) -> Self {
        let said = |number: usize, lent: bool| {
            let key = &part.groups.keys[number];
            let own = key.values[row].as_ref();
            if !key.field.is_end_identity() {
                return decision.place(number).or(own);
            }
            let name = own.or_else(|| if lent { decision.lent(number) } else { None });
            name.filter(|name| !name.is_empty()).or_else(|| decision.place(number)).or(name)
        };
        let known = |number: usize| said(number, true);
        let pair = part.pair(row);
        let numbers = 0..part.groups.keys.len();
        let values = numbers
            .clone()
            .map(|number| known(number).cloned().unwrap_or_else(|| stand_in(part, number, pair, known)))
            .collect();
        let known = numbers.map(|number| said(number, decision.lends_for_certain()).cloned()).collect();
        Self { part, values, known }
    }

    /// What is known for certain, for what is enforced.
    pub(crate) fn known(&self) -> KnownNames<'_> {
        KnownNames { part: self.part, known: &self.known }
    }

    /// True where somebody knows the value of the key of that number.
    pub(crate) fn is_known(&self, number: usize) -> bool {
        self.known.get(number).is_some_and(Option::is_some)
    }

    /// The values of the keys that were asked for; the others have served.
    pub(crate) fn into_asked(mut self, keys: usize) -> Vec<Arc<str>> {
        self.values.truncate(keys);
        self.values
    }
}

impl Lookup for Names<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let number = self.part.groups.keys.iter().position(|key| key.field == *field);
        number.map_or(Value::Unknown, |number| text(&self.values[number]))
    }
}

/// Names as far as somebody knows them.
pub(crate) struct KnownNames<'a> {
    part: &'a Part,
    known: &'a [Option<Arc<str>>],
}

impl Lookup for KnownNames<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let number = self.part.groups.keys.iter().position(|key| key.field == *field);
        let known = number.and_then(|number| self.known[number].as_ref());
        // What did not fit was counted together, whatever its names are.
        known.filter(|name| ***name != *OTHER).map_or(Value::Unknown, |name| text(name))
    }
}

fn text(name: &str) -> Value<'_> {
    if name.is_empty() { Value::Absent } else { Value::Text(Cow::Borrowed(name)) }
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
