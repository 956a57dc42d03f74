//! A filter in parts that every node can decide as far as it knows the names.
//!
//! What a record is like, its node decides; who is at its ends, only the merge knows for sure. Where both stand under one
//! `or` (or `not`), neither can: so the query is put once for each case of what records are like, each time with a filter
//! whose two kinds of conditions are joined by `and`. The cases exclude each other, so their answers add up.

use goldwire_model::filter::{Comparison, Filter};

/// Conditions on records that are told apart, at most: their cases are all asked for.
const MOST_CONDITIONS: usize = 5;

/// One case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    /// What nodes are asked.
    pub(crate) filter: Filter,
    /// What ends must be like, by as much as is known and shown.
    pub(crate) residual: Filter,
    /// What ends must be like for certain.
    pub(crate) enforced: Filter,
}

/// The cases of a filter of which a part is enforced, and whether these are all.
pub(crate) fn terms(filter: &Filter, enforced: &Filter) -> (Vec<Term>, bool) {
    let mut conditions: Vec<&Comparison> = Vec::new();
    for condition in parts(filter).into_iter().filter(|part| is_mixed(part)).flat_map(Filter::comparisons) {
        if !is_of_ends(condition) && !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    let is_whole = conditions.len() <= MOST_CONDITIONS;
    conditions.truncate(MOST_CONDITIONS);
    let cases = 0..1_u32 << conditions.len();
    let terms = cases.filter_map(|case| term(filter, enforced, &conditions, case));
    (terms.collect(), is_whole)
}

fn term(filter: &Filter, enforced: &Filter, conditions: &[&Comparison], case: u32) -> Option<Term> {
    let holds = |condition: &Comparison| {
        let place = conditions.iter().position(|known| *known == condition)?;
        Some(case & (1 << place) != 0)
    };
    let mut asked = Filter::All;
    for condition in conditions {
        let literal = Filter::Compare((*condition).clone());
        let literal = if holds(condition) == Some(true) { literal } else { Filter::Not(Box::new(literal)) };
        asked = Filter::and(asked, literal);
    }
    let mut residual = Filter::All;
    for part in parts(filter) {
        if is_mixed(part) {
            match settle(part, &holds) {
                Settled::True => {}
                Settled::False => return None,
                Settled::Open(rest) => residual = Filter::and(residual, rest),
            }
        } else if part.comparisons().into_iter().any(is_of_ends) {
            residual = Filter::and(residual, part.clone());
        } else {
            asked = Filter::and(asked, part.clone());
        }
    }
    let asked = Filter::and(asked, residual.clone());
    Some(Term { filter: asked, residual, enforced: of_ends(enforced, &holds)? })
}

/// What is enforced of ends in this case.
fn of_ends(enforced: &Filter, holds: &impl Fn(&Comparison) -> Option<bool>) -> Option<Filter> {
    let mut kept = Filter::All;
    for part in parts(enforced).into_iter().filter(|part| part.comparisons().into_iter().any(is_of_ends)) {
        match settle(part, holds) {
            Settled::True => {}
            Settled::False => return None,
            Settled::Open(rest) => kept = Filter::and(kept, rest),
        }
    }
    Some(kept)
}

fn parts(filter: &Filter) -> Vec<&Filter> {
    match filter {
        Filter::All => Vec::new(),
        Filter::And(parts) => parts.iter().collect(),
        one => vec![one],
    }
}

fn is_of_ends(condition: &Comparison) -> bool {
    condition.field.fields().any(|field| field.is_end_identity())
}

fn is_mixed(filter: &Filter) -> bool {
    let conditions = filter.comparisons();
    let of_ends = conditions.iter().filter(|condition| is_of_ends(condition)).count();
    of_ends > 0 && of_ends < conditions.len()
}

/// A filter of which some conditions are decided.
enum Settled {
    True,
    False,
    Open(Filter),
}

fn settle(filter: &Filter, holds: &impl Fn(&Comparison) -> Option<bool>) -> Settled {
    match filter {
        Filter::All => Settled::True,
        Filter::Compare(condition) => match holds(condition) {
            Some(true) => Settled::True,
            Some(false) => Settled::False,
            None => Settled::Open(filter.clone()),
        },
        Filter::Not(inner) => match settle(inner, holds) {
            Settled::True => Settled::False,
            Settled::False => Settled::True,
            Settled::Open(rest) => Settled::Open(Filter::Not(Box::new(rest))),
        },
        Filter::And(parts) => join(parts, holds, true),
        Filter::Or(parts) => join(parts, holds, false),
    }
}

fn join(parts: &[Filter], holds: &impl Fn(&Comparison) -> Option<bool>, all: bool) -> Settled {
    let constant = |truth: bool| if truth { Settled::True } else { Settled::False };
    let mut open = Vec::new();
    for part in parts {
        match settle(part, holds) {
            Settled::True if all => {}
            Settled::False if !all => {}
            Settled::True | Settled::False => return constant(!all),
            Settled::Open(rest) => open.push(rest),
        }
    }
    match open.len() {
        0 => constant(all),
        1 => Settled::Open(open.remove(0)),
        _ if all => Settled::Open(Filter::And(open)),
        _ => Settled::Open(Filter::Or(open)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(filter: &str, enforced: &str) -> Vec<[String; 3]> {
        let enforced = Filter::parse(enforced).unwrap();
        let filter = Filter::and(enforced.clone(), Filter::parse(filter).unwrap());
        let (terms, is_whole) = terms(&filter, &enforced);
        assert!(is_whole);
        terms.iter().map(|term| [&term.filter, &term.residual, &term.enforced].map(ToString::to_string)).collect()
    }

    #[test]
    fn conditions_joined_by_and_are_one_term() {
        let found = texts("url.path = a and source.workload != b", "either.namespace = c");
        let residual = "either.namespace = \"c\" and source.workload != \"b\"";
        assert_eq!(found.len(), 1);
        assert_eq!(found[0][1], residual);
        assert_eq!(found[0][2], "either.namespace = \"c\"");
        assert_eq!(found[0][0], format!("url.path = \"a\" and {residual}"));
    }

    #[test]
    fn conditions_joined_by_or_are_a_term_a_case() {
        let found = texts("url.path = a or source.workload = b", "");
        let [without, with] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(without[0], "not url.path = \"a\" and source.workload = \"b\"");
        assert_eq!((&*with[0], &*with[1]), ("url.path = \"a\"", ""));
    }

    #[test]
    fn no_condition_is_one_term() {
        assert_eq!(texts("", ""), [["", "", ""].map(String::from)]);
    }

    #[test]
    fn what_is_enforced_is_settled_too() {
        let found = texts("latency > 1s", "url.path = a or source.workload = b");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0][2], "source.workload = \"b\"");
        assert_eq!(found[1][2], "");
    }
}
