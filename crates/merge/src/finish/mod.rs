//! From merged state to what is shown.

use goldwire_answer::{plan::State, table::Finished};
use goldwire_model::query::QueryKind;

use crate::{
    coverage::Joined,
    groups::{Merged, Plan},
    steps::Steps,
};

mod golden;
mod heatmap;
mod map;
mod rank;
mod signals;
mod table;
mod values;

pub(crate) use values::values;

/// Finishes a query whose answer is made of groups.
pub(crate) fn groups(kind: &QueryKind, plan: &Plan, merged: &Merged, steps: &Steps, joined: &mut Joined) -> Finished {
    match kind {
        QueryKind::Signals { signals, group_by, limit, .. } => {
            Finished::Series(signals::series(signals, group_by, *limit, plan, merged, steps, joined))
        }
        QueryKind::Heatmap { signal, .. } => Finished::Heatmap(heatmap::heatmap(*signal, merged, steps)),
        QueryKind::ServiceMap { group_by } => Finished::Map(map::map(group_by, plan, merged, steps, joined)),
        QueryKind::Table { group_by, aggregates, order_by, limit, .. } => {
            Finished::Table(table::table(group_by, aggregates, order_by, *limit, plan, merged, joined))
        }
        // These are no groups and do not come here.
        QueryKind::Rows { .. } | QueryKind::Values { .. } => Finished::Values(Vec::new()),
    }
}

/// The places of states in the plan.
fn places(plan: &Plan, states: &[State]) -> Vec<usize> {
    states.iter().filter_map(|state| plan.place(state)).collect()
}
