//! Which tier answers: raw records where they reach, else the finest rollup that does.

use chrono::{DateTime, SecondsFormat};
use goldwire_answer::{
    coverage::{Records, Tier},
    plan::{Merging, Quantity, State},
};
use goldwire_model::{field::Field, filter::Filter, signal::Measure};

use super::{
    plan::{Plan, Span},
    take::{from_rollup, rollups_have, table_has},
};
use crate::rollup::tiers::{STEPS, TIERS};

/// How far back each tier of a table reaches, nanoseconds since the epoch; `None` is "nothing was freed yet".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) raw: Option<i64>,
    pub(crate) rollups: Option<[Option<i64>; 3]>,
}

/// What a table's part of the answer is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Place among the rollup tiers; `None` for raw records.
    pub(crate) rollup: Option<usize>,
    pub(crate) reaches: Option<i64>,
    pub(crate) note: Option<String>,
}

impl Choice {
    pub(crate) fn tier(&self) -> Tier {
        self.rollup.map_or(Tier::Raw, |tier| TIERS[tier])
    }

    /// The window in whole steps of the tier; where it ends because no more is complete, the last one that is complete.
    pub(crate) fn widen(&self, plan: &Plan<'_>, source: Records) -> (i64, i64) {
        let step = self.rollup.map_or(1, |tier| STEPS[tier]);
        let span = plan.span_of(source);
        let to = if span.to < plan.span.to { span.to - span.to.rem_euclid(step) } else { span.to };
        (span.from - span.from.rem_euclid(step), to)
    }
}

/// What a query needs that may be kept in raw records only.
pub(crate) struct Needs<'a> {
    pub(crate) filter: &'a Filter,
    pub(crate) keys: &'a [Field],
    pub(crate) states: &'a [State],
    /// Length of the query's steps in nanoseconds.
    pub(crate) step: Option<i64>,
}

impl<'a> Needs<'a> {
    pub(crate) fn of(plan: &'a Plan<'_>) -> Self {
        Self { filter: plan.filter, keys: &plan.keys, states: &plan.states, step: plan.steps.length }
    }

    /// Why only raw records will do.
    fn raw_only(&self, source: Records, of_source: impl Fn(&State) -> bool) -> Option<String> {
        let raw = |field: &&Field| table_has(source, field) && !rollups_have(source, field);
        if let Some(field) = self.filter.fields().iter().find(raw) {
            return Some(format!("the filter uses {}", field.name()));
        }
        if let Some(field) = self.keys.iter().find(raw) {
            return Some(format!("groups are by {}", field.name()));
        }
        let state = self.states.iter().find(|state| of_source(state) && from_rollup(source, state).is_none())?;
        Some(format!("the query asks for {}", name_of(state)))
    }
}

/// What a state is of, in words.
fn name_of(state: &State) -> String {
    let of = match (&state.quantity, state.merging) {
        (Quantity::Rows, _) => return "rows".to_owned(),
        (Quantity::Measure(Measure::NetworkTime), _) => return "network time".to_owned(),
        (_, Merging::Quantiles) => "the spread of ",
        (_, Merging::Min | Merging::Max) => "extremes of ",
        (_, Merging::Average) => "the average of ",
        (_, Merging::Count | Merging::Sum) => "",
    };
    let field = match &state.quantity {
        Quantity::Measure(measure) => measure.field(),
        Quantity::Field(field) => Some(field.clone()),
        Quantity::Rows => None,
    };
    format!("{of}{}", field.map(|field| field.name()).unwrap_or_default())
}

/// Chooses for one table.
pub(crate) fn choose(
    source: Records,
    reach: Reach,
    span: Span,
    needs: &Needs<'_>,
    of_source: impl Fn(&State) -> bool,
) -> Choice {
    let raw = Choice { rollup: None, reaches: reach.raw, note: None };
    let covers = |reaches: Option<i64>| reaches.is_none_or(|oldest| oldest <= span.from);
    let Some(rollups) = reach.rollups.filter(|_| !covers(reach.raw)) else { return raw };
    if let Some(reason) = needs.raw_only(source, of_source) {
        let since = reach.raw.map(moment).unwrap_or_default();
        let note = format!("{reason}, which only raw records have: they reach back to {since}");
        return Choice { note: Some(note), ..raw };
    }
    let divides = |tier: &usize| needs.step.is_none_or(|step| step % STEPS[*tier] == 0);
    let tiers = (0..3).filter(divides).map(|tier| Choice { rollup: Some(tier), reaches: rollups[tier], note: None });
    let mut candidates: Vec<Choice> = std::iter::once(raw).chain(tiers).collect();
    let fits = candidates.iter().position(|choice| covers(choice.reaches));
    // Where none reaches the window's start, the one that reaches farthest back; the finest among equals.
    let farthest = candidates.iter().enumerate().min_by_key(|(place, choice)| (choice.reaches, *place));
    let best = fits.or(farthest.map(|(place, _)| place)).unwrap_or_default();
    let mut choice = candidates.swap_remove(best);
    choice.note = rounding(&choice, span, needs.step);
    choice
}

/// A window that begins or ends amid a step of the tier, where the query has no steps that would show it.
fn rounding(choice: &Choice, span: Span, step: Option<i64>) -> Option<String> {
    let length = STEPS[choice.rollup?];
    let amid = span.from % length != 0 || span.to % length != 0;
    (amid && step.is_none()).then(|| format!("the window is rounded to whole steps of {} s", length / 1_000_000_000))
}

/// A time in words, to the second.
pub(crate) fn moment(nanoseconds: i64) -> String {
    DateTime::from_timestamp_nanos(nanoseconds).to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn chosen(filter: &str, raw: i64, rollups: [i64; 3], step: Option<i64>) -> Choice {
        let filter = filter.parse().unwrap();
        let needs = Needs { filter: &filter, keys: &[], states: &[], step: step.map(|step| step * SECOND) };
        let at = |second: i64| Some(second * SECOND);
        let reach = Reach { raw: at(raw), rollups: Some(rollups.map(at)) };
        choose(Records::Requests, reach, Span { from: 600 * SECOND, to: 1200 * SECOND }, &needs, |_| true)
    }

    #[test]
    fn raw_records_answer_where_they_reach() {
        assert_eq!(chosen("", 600, [0, 0, 0], Some(60)).rollup, None);
    }

    #[test]
    fn the_finest_that_reaches_and_divides_the_step_answers() {
        assert_eq!(chosen("", 700, [650, 500, 0], Some(60)).rollup, Some(1));
        assert_eq!(chosen("", 700, [650, 500, 0], Some(15)).rollup, Some(0), "10 s do not divide 15 s");
        assert_eq!(chosen("", 900, [800, 750, 700], Some(60)).rollup, Some(2), "none reaches");
    }

    #[test]
    fn what_only_raw_records_have_forces_them_and_says_so() {
        let choice = chosen("url.path = \"/a\"", 700, [0, 0, 0], None);
        assert_eq!(choice.rollup, None);
        let note = "the filter uses url.path, which only raw records have: they reach back to 1970-01-01T00:11:40Z";
        assert_eq!(choice.note.as_deref(), Some(note));
    }

    #[test]
    fn a_field_that_the_table_lacks_forces_nothing() {
        assert_eq!(chosen("tcp.state = \"close\"", 700, [0, 0, 0], None).rollup, Some(0));
    }
}
