//! Random records, and a model of history that looks at each of them.

pub(crate) mod naive;
pub(crate) mod records;

use goldwire_answer::{Body, PartialAnswer, groups::Groups, rows::Rows};
use goldwire_history::{Execute, History, Options};
use goldwire_model::{query::Query, record::Record, time::Timestamp};

/// A round moment long after the epoch, in seconds: steps of all tiers begin here.
pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;

/// A history that began at [`START`].
pub(crate) fn history(memory: usize, records: &[Record]) -> History {
    let options = Options { memory, ..Options::new("node-1", Timestamp(START * SECOND)) };
    let history = History::new(options);
    history.append_all(records);
    history
}

/// A query over seconds after [`START`]; `rest` is JSON without braces.
pub(crate) fn query(from: i64, to: i64, rest: &str) -> Query {
    let (from, to) = ((START + from) * 1_000, (START + to) * 1_000);
    let json = format!("{{\"refId\":\"A\",\"partial\":true,\"from\":{from},\"to\":{to},{rest}}}");
    Query::from_json(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    Timestamp((START + seconds) * SECOND)
}

pub(crate) fn execute(history: &History, query: &Query, now: i64) -> PartialAnswer {
    history.execute(query, after(now), Execute::default()).unwrap()
}

pub(crate) fn groups(answer: PartialAnswer) -> Groups {
    match answer.body {
        Body::Groups(groups) => groups,
        other => panic!("no groups: {other:?}"),
    }
}

pub(crate) fn rows(answer: PartialAnswer) -> Rows {
    match answer.body {
        Body::Rows(rows) => rows,
        other => panic!("no rows: {other:?}"),
    }
}
