//! Records as rows.

use goldwire_model::field::Field;

use crate::column::Column;

/// Records in the columns that were asked for, already ordered and limited by the node.
///
/// Whatever was asked for, the columns that the merge joins by are present too: `time`, `reporter`, and the address
/// and port of both ends (flows and requests).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// All of one length: those asked for first.
    pub columns: Vec<(Field, Column)>,
    /// Rows that matched and were cut by the limit.
    pub cut: u64,
}
