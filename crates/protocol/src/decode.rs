//! From a stream of Flight messages to an answer. Everything a peer sends is checked here.

use arrow_array::RecordBatch;
use arrow_flight::{FlightData, decode::DecodedPayload, error::FlightError};
use arrow_schema::{Schema, SchemaRef};
use futures::Stream;
use goldwire_answer::{Body, PartialAnswer, coverage::NodeCoverage};
use serde::de::DeserializeOwned;

use crate::{
    MAX_ANSWER_BYTES,
    messages::Decoder,
    wire::{groups, kind::Kind, rows, values},
};

/// Why bytes are no answer.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The schema does not say what it is.
    #[error("the answer does not say what it is")]
    NoKind,
    /// It says what this version does not know.
    #[error("unknown kind of answer `{kind}`")]
    UnknownKind {
        /// As it was sent.
        kind: String,
    },
    /// It is an answer, but not to this question.
    #[error("got {got} where {wanted} were asked for")]
    OtherKind {
        /// What was asked for.
        wanted: &'static str,
        /// What came.
        got: &'static str,
    },
    /// A column is not there, or not what its name says.
    #[error("column `{column}` {reason}")]
    Column {
        /// Its name.
        column: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The stream ended before a schema.
    #[error("the answer is empty")]
    Empty,
    /// The coverage did not come, or is not readable.
    #[error("coverage is not readable: {reason}")]
    Coverage {
        /// What is wrong with it.
        reason: String,
    },
    /// More than a client takes.
    #[error("the answer is larger than {} MiB", MAX_ANSWER_BYTES / 1024 / 1024)]
    TooLarge,
    /// Not Arrow.
    #[error("not readable as Arrow: {0}")]
    Arrow(String),
    /// The call failed in the middle of the answer.
    #[error("{0}")]
    Call(Box<tonic::Status>),
}

impl DecodeError {
    pub(crate) fn column(column: &str, wanted: &str) -> Self {
        Self::Column { column: column.to_owned(), reason: format!("does not hold {wanted}") }
    }
}

impl From<FlightError> for DecodeError {
    fn from(error: FlightError) -> Self {
        match error {
            FlightError::Tonic(status) => Self::Call(status),
            FlightError::ExternalError(error) => match error.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::Arrow(other.to_string()),
            },
            other => Self::Arrow(other.to_string()),
        }
    }
}

/// A whole answer as it came: batches of one schema, and the app metadata of the last message.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// What all batches have in common.
    pub schema: SchemaRef,
    /// In the order in which they came.
    pub batches: Vec<RecordBatch>,
    /// Coverage as JSON.
    pub app_metadata: bytes::Bytes,
}

impl RawAnswer {
    /// The coverage: [`NodeCoverage`] of a partial answer, [`Coverage`](goldwire_answer::coverage::Coverage) of a
    /// finished one.
    ///
    /// # Errors
    /// Where it did not come or is not readable.
    pub fn coverage<C: DeserializeOwned>(&self) -> Result<C, DecodeError> {
        if self.app_metadata.is_empty() {
            return Err(DecodeError::Coverage { reason: "it did not come".to_owned() });
        }
        serde_json::from_slice(&self.app_metadata).map_err(|error| DecodeError::Coverage { reason: error.to_string() })
    }

    /// What the columns are.
    ///
    /// # Errors
    /// Where the schema does not say so.
    pub fn kind(&self) -> Result<Kind, DecodeError> {
        Kind::of(&self.schema)
    }
}

/// Reads a whole answer.
///
/// # Errors
/// Where the call fails, the bytes are not Arrow, or there are too many.
pub async fn collect<S>(messages: S) -> Result<RawAnswer, DecodeError>
where
    S: Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static,
{
    collect_of(messages, |_| Ok(())).await
}

/// The same of answers whose schema will do: it is looked at before any body is taken.
async fn collect_of<S>(
    messages: S,
    check: impl Fn(&Schema) -> Result<(), DecodeError>,
) -> Result<RawAnswer, DecodeError>
where
    S: Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static,
{
    let mut decoder = Decoder::new(messages, Some(MAX_ANSWER_BYTES));
    let mut schema = None;
    let mut batches = Vec::new();
    let mut app_metadata = bytes::Bytes::new();
    while let Some(message) = decoder.next().await? {
        app_metadata = message.inner.app_metadata;
        match message.payload {
            DecodedPayload::None => {}
            DecodedPayload::Schema(_) if schema.is_some() => {
                return Err(DecodeError::Arrow("a second schema in one answer".to_owned()));
            }
            DecodedPayload::Schema(announced) => {
                check(&announced)?;
                schema = Some(announced);
            }
            DecodedPayload::RecordBatch(_) if schema.is_none() => {
                return Err(DecodeError::Arrow("a body before its schema".to_owned()));
            }
            DecodedPayload::RecordBatch(batch) => batches.push(batch),
        }
    }
    Ok(RawAnswer { schema: schema.ok_or(DecodeError::Empty)?, batches, app_metadata })
}

/// Reads a node's mergeable answer.
///
/// # Errors
/// Where the call fails or what came is no partial answer.
pub async fn partial_answer<S>(messages: S) -> Result<PartialAnswer, DecodeError>
where
    S: Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static,
{
    let answer = collect_of(messages, |schema| mergeable(schema).map(|_| ())).await?;
    let coverage: NodeCoverage = answer.coverage()?;
    let body = match mergeable(&answer.schema)? {
        Mergeable::Groups => Body::Groups(groups::decode(&answer.schema, &answer.batches)?),
        Mergeable::Rows => Body::Rows(rows::decode(&answer.schema, &answer.batches)?),
        Mergeable::Values => values::decode(&answer.schema, &answer.batches)?,
    };
    Ok(PartialAnswer { body, coverage })
}

/// Kinds of answers that can be merged.
enum Mergeable {
    Groups,
    Rows,
    Values,
}

/// More columns than a query can ask for, by far.
const MOST_COLUMNS: usize = 4_096;

fn mergeable(schema: &Schema) -> Result<Mergeable, DecodeError> {
    if schema.fields().len() > MOST_COLUMNS {
        return Err(DecodeError::Arrow(format!("it has more than {MOST_COLUMNS} columns")));
    }
    match Kind::of(schema)? {
        Kind::Groups => Ok(Mergeable::Groups),
        Kind::Rows => Ok(Mergeable::Rows),
        Kind::Values => Ok(Mergeable::Values),
        finished => Err(DecodeError::OtherKind { wanted: "mergeable groups, rows or values", got: finished.name() }),
    }
}
