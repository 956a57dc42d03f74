//! Rows of a live query, as they come.

use arrow_flight::{FlightData, decode::DecodedPayload};
use futures::{Stream, stream};
use goldwire_answer::rows::Rows;

use super::NodeError;
use crate::{
    decode::DecodeError,
    messages::Decoder,
    wire::{kind::Kind, rows},
};

/// The rows of one message; `cut` counts those that were cut since the message before, because the client is slower
/// than the node.
pub type LiveRows = Rows;

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
            rows.cut = cut(&message.inner.app_metadata)?;
            return Ok(Some(rows));
        }
    }
    Ok(None)
}

#[derive(serde::Deserialize)]
struct Cut {
    cut: u64,
}

fn cut(metadata: &[u8]) -> Result<u64, DecodeError> {
    if metadata.is_empty() {
        return Ok(0);
    }
    let cut: Cut =
        serde_json::from_slice(metadata).map_err(|error| DecodeError::Coverage { reason: error.to_string() })?;
    Ok(cut.cut)
}
