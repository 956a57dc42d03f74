//! The words of the domain: records, fields, signals, the filter language and the query. No I/O, no clock.
//!
//! Everything that crosses a border between Goldwire's rooms is named here once: a record as the daemon writes it
//! ([`record`]), a field as users spell it ([`field`]), a query as the editor sends it ([`query`]).

pub mod field;
pub mod filter;
pub mod limits;
pub mod query;
pub mod record;
pub mod signal;
pub mod suggest;
pub mod time;
