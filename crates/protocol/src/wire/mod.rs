//! What the columns of each kind of answer mean.
//!
//! | `goldwire.kind` | columns |
//! |---|---|
//! | `groups` | [`groups`]: mergeable state, one row a group and step |
//! | `rows` | [`rows`]: records, one column a field |
//! | `values` | [`values`]: `value`, `count` |
//! | `series`, `heatmap`, `map-edges`, `table` | [`finished`]: what is shown |

pub mod columns;
pub mod finished;
pub mod groups;
pub mod kind;
mod links;
pub mod rows;
pub mod states;
pub mod values;
