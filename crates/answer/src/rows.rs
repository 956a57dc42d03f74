//! Records as rows.

use goldwire_model::field::{EndField, Field, Side};

use crate::column::Column;

/// Records in the columns that were asked for, already ordered and limited by the node.
///
/// Whatever was asked for, the columns that the merge joins, orders and decides by are present too: `time`, `reporter`,
/// the address and port of both ends, `pairing`, `position` and `elsewhere` (flows and requests), the fields that rows
/// are ordered by and those that the filter mentions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// All of one length: those asked for first.
    pub columns: Vec<(Field, Column)>,
    /// Rows that match for sure, each one exchange or connection, and were cut.
    pub cut: u64,
    /// Further reports that were cut: whether they match, or are of an exchange that another report stands for, only
    /// the merge could tell.
    pub doubtful: u64,
}

/// What the client's report says of an exchange whose server's report is there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientSays {
    /// Nothing: the server's report counts.
    Nothing,
    /// What the server's report does not say.
    WhereAbsent,
    /// It better than the server's, or a part of it.
    Better,
}

impl ClientSays {
    /// What it says of this field. Who is at an end is best said by the side that the end runs on. Of a connection, each
    /// socket knows the segments that itself sent again, and only the client's how long the connect took.
    #[must_use]
    pub const fn of(field: &Field) -> Self {
        match field {
            Field::End(Side::Source, _) | Field::Retransmits | Field::ConnectLatency | Field::TlsHandshakeLatency => {
                Self::Better
            }
            Field::End(Side::Destination, EndField::Address | EndField::Port) => Self::Nothing,
            Field::End(Side::Destination, _) => Self::WhereAbsent,
            _ => Self::Nothing,
        }
    }
}
