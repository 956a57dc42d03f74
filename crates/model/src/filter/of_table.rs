//! What a filter says of the records of one table.

use super::Filter;
use crate::field::Table;

/// A filter after what is decided already was taken out of it.
enum Decided {
    /// It is true or false of each record.
    Constant(bool),
    /// It depends on the record.
    Open(Filter),
}

impl Filter {
    /// The same filter without fields that the table lacks: these are absent from each of its records. `None` where no
    /// record of the table can match.
    #[must_use]
    pub fn of_table(&self, table: Table) -> Option<Self> {
        match self.decide(table) {
            Decided::Constant(true) => Some(Self::All),
            Decided::Constant(false) => None,
            Decided::Open(filter) => Some(filter),
        }
    }

    fn decide(&self, table: Table) -> Decided {
        match self {
            Self::All => Decided::Constant(true),
            Self::Compare(comparison) if comparison.field.fields().all(|field| field.is_in(table)) => {
                Decided::Open(self.clone())
            }
            Self::Compare(comparison) => Decided::Constant(comparison.test.matches_absent()),
            Self::Not(inner) => match inner.decide(table) {
                Decided::Constant(truth) => Decided::Constant(!truth),
                Decided::Open(inner) => Decided::Open(Self::Not(Box::new(inner))),
            },
            Self::And(parts) => join(parts, table, false, Self::And),
            Self::Or(parts) => join(parts, table, true, Self::Or),
        }
    }
}

/// One part that is `decisive` decides the whole; one that is constant otherwise adds nothing.
fn join(parts: &[Filter], table: Table, decisive: bool, joined: fn(Vec<Filter>) -> Filter) -> Decided {
    let mut open = Vec::new();
    for part in parts {
        match part.decide(table) {
            Decided::Constant(truth) if truth == decisive => return Decided::Constant(decisive),
            Decided::Constant(_) => {}
            Decided::Open(part) => open.push(part),
        }
    }
    match open.len() {
        0 => Decided::Constant(!decisive),
        1 => Decided::Open(open.remove(0)),
        _ => Decided::Open(joined(open)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_a_table_lacks_are_absent_there() {
        let cases = [
            ("source.port = 1 and url.path = \"/a\"", None),
            ("source.port = 1 and url.path != \"/a\"", Some("source.port = 1")),
            ("source.port = 1 or url.path = \"/a\"", Some("source.port = 1")),
            ("source.port = 1 or not url.path = \"/a\"", Some("")),
            ("not (url.path = \"/a\" or source.port = 1)", Some("not source.port = 1")),
            ("latency > 1s", None),
            ("", Some("")),
            ("either.workload = \"a\" and bytes_sent > 1", Some("either.workload = \"a\" and bytes_sent > 1")),
        ];
        for (text, expected) in cases {
            let of_flows = Filter::parse(text).unwrap().of_table(Table::Flows).map(|filter| filter.to_string());
            assert_eq!(of_flows.as_deref(), expected, "{text}");
        }
    }
}
