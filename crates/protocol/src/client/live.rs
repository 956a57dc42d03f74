//! Rows of a live query, as they come.

use arrow_flight::{FlightData, decode::DecodedPayload};
use futures::{Stream, stream};
use goldwire_answer::rows::Rows;

use super::NodeError;
use crate::{
    decode::DecodeError,
    live::LiveMetadata,
    messages::Decoder,
    wire::{kind::Kind, rows},
};

/// The rows of one message.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRows {
    /// Rows that may match; `cut` and `doubtful` count those that were left out since the message before.
    pub rows: Rows,
    /// What else the node said.
    pub metadata: LiveMetadata,
}

/// Reads a live stream. It ends after the first error.
pub fn live_rows<S>(messages: S) -> impl Stream<Item = Result<LiveRows, NodeError>> + Send
where
    S: Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static,
{
    let decoder = Decoder::new(messages, None);
    stream::unfold(Some(decoder), |decoder| async move {
        let mut decoder = decoder?;
        match next(&mut decoder).await {
            Ok(Some(rows)) => Some((Ok(rows), Some(decoder))),
            Ok(None) => None,
            Err(error) => Some((Err(NodeError::from(error)), None)),
        }
    })
}

async fn next(decoder: &mut Decoder) -> Result<Option<LiveRows>, DecodeError> {
    while let Some(message) = decoder.next().await? {
        if let DecodedPayload::RecordBatch(batch) = message.payload {
            match Kind::of(batch.schema_ref())? {
                Kind::Rows => {}
                other => return Err(DecodeError::OtherKind { wanted: "live rows", got: other.name() }),
            }
            let mut rows = rows::decode(batch.schema_ref(), std::slice::from_ref(&batch))?;
            let metadata = metadata(&message.inner.app_metadata)?;
            (rows.cut, rows.doubtful) = (metadata.cut, metadata.doubtful);
            return Ok(Some(LiveRows { rows, metadata }));
        }
    }
    Ok(None)
}

fn metadata(metadata: &[u8]) -> Result<LiveMetadata, DecodeError> {
    if metadata.is_empty() {
        return Ok(LiveMetadata::default());
    }
    serde_json::from_slice(metadata).map_err(|error| DecodeError::Coverage { reason: error.to_string() })
}
