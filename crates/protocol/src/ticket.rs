//! Tickets: the query that a `DoGet` brings.

use arrow_flight::Ticket;
use goldwire_model::query::{Query, QueryError};

/// Why a ticket is no query.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// The bytes are no text.
    #[error("the ticket is not UTF-8: it must be the query's JSON")]
    NotText,
    /// The text is no query.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl From<TicketError> for tonic::Status {
    fn from(error: TicketError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

/// Reads a ticket.
///
/// # Errors
/// Where it is not the JSON of a query; fit to be sent to the client as it is.
pub fn parse(ticket: &Ticket) -> Result<Query, TicketError> {
    let text = std::str::from_utf8(&ticket.ticket).map_err(|_| TicketError::NotText)?;
    Ok(Query::from_json(text)?)
}
