//! Joins the partial answers of nodes into one answer, and finishes it. Pure: no I/O, no clock.
//!
//! One node's finished answer is the merge of one partial answer, so the daemon, the command line and the plugin all
//! finish by the same code ([`Inquiry`]). The way of groups: what each node answered is checked ([`groups`]); exchanges
//! that two nodes saw are counted once, and an end that one node did not know gets its name from the other; the filter
//! is asked again where a node could not decide it; equal groups are added; then [`finish`] makes series, maps and
//! tables of them. The way of records ([`rows`]) is a search in rounds: join, name, filter, order, cut.

mod asked;
mod coverage;
mod finish;
mod groups;
mod inquiry;
mod limits;
mod live;
mod quantiles;
mod residual;
mod rounds;
mod rows;
mod states;
mod steps;
mod terms;

use goldwire_answer::{PartialAnswer, table::Answer};
use goldwire_model::query::Query;

pub use asked::{Asked, MergeError};
pub use inquiry::{Inquiry, Question};
pub use live::{Batch, LeftOut, LiveInquiry};

/// Joins what the nodes answered to this query and finishes it, without asking further.
///
/// A node whose answer does not fit the query is left out and named in the coverage.
///
/// # Errors
/// Where the query itself can't be finished: it has no window.
pub fn merge(query: &Query, answers: Vec<PartialAnswer>, asked: Asked) -> Result<Answer, MergeError> {
    let mut inquiry = Inquiry::new(query, answers, asked);
    inquiry.settle();
    inquiry.finish()
}
