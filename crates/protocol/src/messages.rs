//! Flight messages, checked before Arrow's reader gets them: it trusts the places of buffers, and panics where a peer
//! lies about them.

use std::panic::AssertUnwindSafe;

use arrow_flight::{
    FlightData,
    decode::{DecodedFlightData, FlightDataDecoder},
    error::FlightError,
};
use arrow_ipc::{Message, RecordBatch, root_as_message};
use futures::{FutureExt, Stream, StreamExt};

use crate::decode::DecodeError;

/// Decodes messages whose buffers lie within them, up to so many bytes in all.
pub(crate) struct Decoder(FlightDataDecoder);

impl Decoder {
    /// `most` bounds the bytes of all messages together; a live stream has no bound.
    pub(crate) fn new<S>(messages: S, most: Option<usize>) -> Self
    where
        S: Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static,
    {
        let mut taken = 0_usize;
        Self(FlightDataDecoder::new(messages.map(move |message| {
            let message = message.map_err(|status| FlightError::Tonic(Box::new(status)))?;
            taken = taken.saturating_add(message.data_header.len() + message.data_body.len());
            if most.is_some_and(|most| taken > most) {
                return Err(FlightError::ExternalError(Box::new(DecodeError::TooLarge)));
            }
            check(&message).map_err(|error| FlightError::ExternalError(Box::new(error)))?;
            Ok(message)
        })))
    }

    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<DecodedFlightData>, DecodeError> {
        // The check knows of no lie that the reader falls for; should there be one, only this answer is lost.
        let message = AssertUnwindSafe(self.0.next()).catch_unwind().await;
        let message = message.map_err(|_| DecodeError::Arrow("the reader gave up".to_owned()))?;
        Ok(message.transpose()?)
    }
}

fn check(message: &FlightData) -> Result<(), DecodeError> {
    let header = root_as_message(&message.data_header).map_err(|error| DecodeError::Arrow(error.to_string()))?;
    let Some(batch) = batch_of(&header) else { return Ok(()) };
    if batch.compression().is_some() {
        return Err(DecodeError::Arrow("it is compressed, which no node does".to_owned()));
    }
    let room = message.data_body.len();
    let lies_within = |offset: i64, length: i64| {
        let end = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
        end.and_then(|(offset, length)| offset.checked_add(length)).is_some_and(|end| end <= room)
    };
    let mut buffers = batch.buffers().into_iter().flatten();
    if buffers.all(|buffer| lies_within(buffer.offset(), buffer.length())) {
        Ok(())
    } else {
        Err(DecodeError::Arrow("a buffer lies outside of its message".to_owned()))
    }
}

/// The batch in the message, or the dictionary's; a schema has none.
fn batch_of<'a>(header: &Message<'a>) -> Option<RecordBatch<'a>> {
    header.header_as_record_batch().or_else(|| header.header_as_dictionary_batch()?.data())
}
