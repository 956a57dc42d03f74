//! A filter over all entries of a chunk at once: each distinct value is tested once.

use goldwire_answer::rows::ClientSays;
use goldwire_model::{
    field::{EndField, Field, Kind, Side},
    filter::{Comparison, Filter, Test, Truth, Value as FilterValue},
    time::Timestamp,
};

use crate::chunk::{
    numbers::{ABSENT, Numbers},
    resolve::{Entries, Resolved},
    value::{Value, keys_text},
};

/// One truth an entry. The order of the numbers makes `and` the smaller and `or` the larger.
pub(crate) type Mask = Vec<u8>;

pub(crate) const FALSE: u8 = 0;
pub(crate) const UNKNOWN: u8 = 1;
pub(crate) const TRUE: u8 = 2;

const fn of_truth(truth: Truth) -> u8 {
    match truth {
        Truth::False => FALSE,
        Truth::Unknown => UNKNOWN,
        Truth::True => TRUE,
    }
}

/// What it means that an entry has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The name of an end that runs elsewhere is unknown, everything else is absent.
    AsHeld,
    /// Nobody knows it: it is as it will be shown.
    Settled,
    /// The entry is a server's report, and the client's may say it, or say it better.
    Open,
    /// The other end's node has a report too: who is at the ends is left to the merge, which both are sent to.
    Paired,
}

/// Whether each entry matches; `None` where there is no condition.
pub(crate) fn mask(filter: &Filter, entries: &impl Entries) -> Option<Mask> {
    mask_where(filter, entries, Missing::AsHeld)
}

/// The same, with what a missing value means.
pub(crate) fn mask_where(filter: &Filter, entries: &impl Entries, missing: Missing) -> Option<Mask> {
    (!filter.is_all()).then(|| evaluate(filter, entries, missing))
}

fn evaluate(filter: &Filter, entries: &impl Entries, missing: Missing) -> Mask {
    let evaluate = |filter: &Filter| evaluate(filter, entries, missing);
    match filter {
        Filter::All => vec![TRUE; entries.count()],
        Filter::Compare(comparison) => compare(comparison, entries, missing),
        Filter::Not(inner) => evaluate(inner).into_iter().map(|truth| TRUE - truth).collect(),
        Filter::And(parts) => join(parts.iter().map(evaluate), u8::min),
        Filter::Or(parts) => join(parts.iter().map(evaluate), u8::max),
    }
}

fn join(mut masks: impl Iterator<Item = Mask>, both: fn(u8, u8) -> u8) -> Mask {
    let mut joined = masks.next().unwrap_or_default();
    for mask in masks {
        joined.iter_mut().zip(mask).for_each(|(left, right)| *left = both(*left, right));
    }
    joined
}

fn compare(comparison: &Comparison, entries: &impl Entries, missing: Missing) -> Mask {
    let both: fn(u8, u8) -> u8 = if comparison.test.is_negated() { u8::min } else { u8::max };
    join(comparison.field.fields().map(|field| compare_field(&field, &comparison.test, entries, missing)), both)
}

fn compare_field(field: &Field, test: &Test, entries: &impl Entries, missing: Missing) -> Mask {
    let count = entries.count();
    if missing == Missing::Open && ClientSays::of(field) == ClientSays::Better {
        return vec![UNKNOWN; count];
    }
    if missing == Missing::Paired && field.is_end_identity() {
        return vec![UNKNOWN; count];
    }
    if let (Missing::Settled, Field::End(side, EndField::Workload)) = (missing, field)
        && let Some(mask) = compare_workload(*side, test, entries)
    {
        return mask;
    }
    let is_open = missing == Missing::Open && ClientSays::of(field) == ClientSays::WhereAbsent;
    let of_value = |value: &Value<'_>| match value {
        Value::Absent | Value::Unknown if is_open => UNKNOWN,
        Value::Unknown if missing == Missing::Settled => of_value(test, &Value::Absent),
        value => of_value(test, value),
    };
    match entries.resolve(field) {
        Resolved::Constant(value) => vec![of_value(&value); count],
        Resolved::Coded { codes, values } => {
            let truths: Vec<u8> = values.iter().map(of_value).collect();
            by_code(codes, &truths, count)
        }
        Resolved::Ids { codes, ids } => {
            let absent = [of_truth(test.matches_absent().into())];
            let hexadecimal = ids.iter().flatten().map(|id| of_truth(test.matches_text(&hex(id)).into()));
            by_code(codes, &absent.into_iter().chain(hexadecimal).collect::<Vec<_>>(), count)
        }
        Resolved::Numbers(numbers) => {
            let kind = field.kind();
            let absent = of_truth(test.matches_absent().into());
            let truth = |number: u64| match number {
                ABSENT => absent,
                number => of_truth(test.matches_number(number_of(field, kind, number)).into()),
            };
            (0..count).map(|entry| truth(numbers.get(entry))).collect()
        }
        Resolved::Starts { times, ages } => {
            let truth = |entry| {
                let start = start_of(times, ages, entry);
                of_truth(test.matches(&FilterValue::Time(Timestamp(start))))
            };
            (0..count).map(truth).collect()
        }
    }
}

/// A workload that nobody knows is called by its DNS name, else by its address. `None` where entries have no such ends.
fn compare_workload(side: Side, test: &Test, entries: &impl Entries) -> Option<Mask> {
    let values = |end| match entries.resolve(&Field::End(side, end)) {
        Resolved::Coded { codes, values } => Some((codes, values)),
        _ => None,
    };
    let (codes, workloads) = values(EndField::Workload)?;
    let ((_, names), (_, addresses)) = (values(EndField::Dns)?, values(EndField::Address)?);
    let truth = |((workload, name), address): ((&Value<'_>, &Value<'_>), &Value<'_>)| {
        let known = [workload, name].into_iter().find(|value| matches!(value, Value::Text(_)));
        match (known, address) {
            (Some(known), _) => of_value(test, known),
            (None, Value::Address(address)) => of_truth(test.matches_text(&address.to_string()).into()),
            (None, _) => of_value(test, &Value::Absent),
        }
    };
    let truths: Vec<u8> = workloads.iter().zip(&names).zip(&addresses).map(truth).collect();
    Some(by_code(codes, &truths, entries.count()))
}

/// When the entry began: nanoseconds since the epoch.
pub(crate) fn start_of(times: Numbers<'_>, ages: Numbers<'_>, entry: usize) -> i64 {
    let age = ages.get(entry);
    times.get(entry).cast_signed() - if age == ABSENT { 0 } else { age.cast_signed() }
}

fn by_code(codes: Numbers<'_>, truths: &[u8], count: usize) -> Mask {
    if codes.is_nothing() {
        return vec![truths.first().copied().unwrap_or(FALSE); count];
    }
    (0..count).map(|entry| truths[codes.get(entry) as usize]).collect()
}

fn of_value(test: &Test, value: &Value<'_>) -> u8 {
    of_truth(match value {
        Value::Absent => test.matches_absent().into(),
        Value::Unknown => Truth::Unknown,
        Value::Text(text) => test.matches_text(text).into(),
        Value::Keys(labels) => test.matches_text(&keys_text(labels)).into(),
        Value::Address(address) => test.matches_address(*address).into(),
        Value::Integer(number) => test.matches_number(*number as f64).into(),
    })
}

/// A stored number as filters and answers see it: seconds for durations, milliseconds for moments.
pub(crate) fn number_of(field: &Field, kind: Kind, stored: u64) -> f64 {
    match kind {
        Kind::Duration => stored as f64 / 1e9,
        Kind::Time => stored.cast_signed() as f64 / 1e6,
        _ if *field == Field::ProcessExitCode => f64::from((stored as u32).cast_signed()),
        _ => stored as f64,
    }
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}
