//! Joins the partial answers of nodes into one answer, and finishes it. Pure: no I/O, no clock.
//!
//! One node's finished answer is the merge of one partial answer, so the daemon, the command line and the plugin all
//! finish by the same code. The way of groups: what each node answered is checked ([`groups`]); exchanges that two nodes
//! saw are counted once, and an end that one node did not know gets its name from the other; the filter is asked again
//! where a node could not decide it; equal groups are added; then [`finish`] makes series, maps and tables of them. The
//! way of records is shorter ([`rows`]): join, name, order, cut.

mod asked;
mod coverage;
mod finish;
mod groups;
mod limits;
mod quantiles;
mod residual;
mod rows;
mod states;
mod steps;

use goldwire_answer::{
    Body, PartialAnswer,
    rows::Rows,
    table::{Answer, Finished, Table},
};
use goldwire_model::query::{Query, QueryKind};

pub use asked::{Asked, MergeError};

/// Joins what came of a live query at about the same time, and names its ends. Also gives what a reader must know of it,
/// as sentences.
#[must_use]
pub fn merge_live(query: &Query, parts: Vec<Rows>) -> (Table, Vec<String>) {
    let mut joined = coverage::Joined::new(Asked::default());
    let table = rows::merge(query, parts, &mut joined);
    (table, joined.finish().notes)
}

/// Joins what the nodes answered to this query and finishes it.
///
/// A node whose answer does not fit the query is left out and named in the coverage.
///
/// # Errors
/// Where the query itself can't be finished: it has no window.
pub fn merge(query: &Query, answers: Vec<PartialAnswer>, asked: Asked) -> Result<Answer, MergeError> {
    let mut joined = coverage::Joined::new(asked);
    let body = match &query.kind {
        QueryKind::Rows { .. } => {
            let parts = joined.take(answers, |body| match body {
                Body::Rows(rows) => Ok(rows),
                _ => Err("it answered no records".to_owned()),
            });
            Finished::Table(rows::merge(query, parts, &mut joined))
        }
        QueryKind::Values { field, limit, .. } => {
            let parts = joined.take(answers, |body| match body {
                Body::Values { field: of, values } if of == *field => Ok(values),
                _ => Err("it answered no values of the field".to_owned()),
            });
            Finished::Values(finish::values(parts, *limit))
        }
        kind => {
            let plan = groups::Plan::new(kind);
            let parts = joined.take(answers, |body| match body {
                Body::Groups(groups) => plan.check(groups),
                _ => Err("it answered no groups".to_owned()),
            });
            let steps = steps::Steps::of(query, &joined)?;
            let merged = groups::merge(query, &plan, &parts, &steps, &mut joined);
            finish::groups(kind, &plan, &merged, &steps, &mut joined)
        }
    };
    Ok(Answer { body, coverage: joined.finish() })
}
