//! From answers to Flight messages: what the daemon's `DoGet` sends. Large answers are encoded a part at a time, while
//! they are sent.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_flight::{
    FlightData,
    encode::{DictionaryHandling, FlightDataEncoderBuilder},
    error::FlightError,
};
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow_schema::{ArrowError, SchemaRef};
use bytes::Bytes;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use goldwire_answer::{
    Body, PartialAnswer,
    groups::Groups,
    rows::Rows,
    table::{Answer, Finished},
};
use goldwire_model::query::Query;
use serde::Serialize;

use crate::{
    live::LiveMetadata,
    wire::{finished, groups, rows, values},
};

/// Flight messages as tonic's services send them.
pub type Messages = BoxStream<'static, Result<FlightData, tonic::Status>>;

/// Rows in a batch, where rows are small.
const BATCH_ROWS: usize = 32 * 1024;

/// About how large a batch of groups may become, in bytes, before the next begins.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A node's mergeable answer, for whoever asked with `"partial": true`. The last message bears the
/// [`NodeCoverage`](goldwire_answer::coverage::NodeCoverage).
#[must_use]
pub fn partial_answer(answer: PartialAnswer) -> Messages {
    let coverage = json(&answer.coverage);
    match answer.body {
        Body::Groups(groups) => {
            let schema = groups::schema(&groups);
            let parts = group_parts(&groups);
            let encode = move |schema: &SchemaRef, rows| groups::batch(&groups, schema, rows);
            messages(schema, parts, encode, coverage)
        }
        Body::Rows(rows) => {
            let schema = rows::schema(&rows);
            let parts = row_parts(rows::len(&rows));
            let encode = move |schema: &SchemaRef, range| rows::batch(&rows, schema, range);
            messages(schema, parts, encode, coverage)
        }
        Body::Values { field, values } => {
            let schema = values::schema(&field);
            let parts = row_parts(values.len());
            let encode = move |schema: &SchemaRef, range: Range<usize>| values::batch(&values[range], schema);
            messages(schema, parts, encode, coverage)
        }
    }
}

/// A finished answer, for any Flight client. The last message bears the
/// [`Coverage`](goldwire_answer::coverage::Coverage).
#[must_use]
pub fn answer(query: &Query, answer: &Answer) -> Messages {
    let coverage = json(&answer.coverage);
    match finished::batch(query, &answer.body) {
        Ok(batch) => {
            let schema = batch.schema();
            let parts = row_parts(batch.num_rows());
            let encode = move |_: &SchemaRef, rows: Range<usize>| Ok(batch.slice(rows.start, rows.len()));
            messages(schema, parts, encode, coverage)
        }
        Err(error) => stream::iter([Err(failed(&error))]).boxed(),
    }
}

/// A finished answer as the one table that it is on the wire, for whoever shows or stores it without a wire.
///
/// # Errors
/// Where the answer's columns are not of one length.
pub fn finished_batch(query: &Query, body: &Finished) -> Result<RecordBatch, ArrowError> {
    finished::batch(query, body)
}

/// A live query's rows for as long as they come. All have the same columns; give one without rows first, so that the
/// client learns the columns before anything happens. The app metadata of each message is [`LiveMetadata`].
pub fn live<S>(parts: S) -> Messages
where
    S: Stream<Item = (Rows, LiveMetadata)> + Send + 'static,
{
    let messages = parts.map(|(rows, metadata)| live_part(&rows, &metadata)).flat_map(|part| match part {
        Ok(messages) => messages,
        Err(error) => stream::iter([Err(failed(&error))]).boxed(),
    });
    only_first_schema(messages).boxed()
}

fn live_part(part: &Rows, metadata: &LiveMetadata) -> Result<Messages, ArrowError> {
    let columns = Rows { columns: part.columns.clone(), ..Rows::default() };
    let schema = rows::schema(&columns);
    let batch = rows::batch(&columns, &schema, 0..rows::len(&columns))?;
    let metadata = json(metadata);
    if batch.num_rows() == 0 {
        return Ok(with_last(without_rows(&batch)?, metadata));
    }
    Ok(with_last(encoder(schema, stream::iter([Ok(batch)])), metadata))
}

/// Each part is encoded by itself and so has a schema message; a Flight stream has one.
fn only_first_schema(
    messages: impl Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static,
) -> impl Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static {
    let mut seen = false;
    messages.filter(move |message| {
        let schema = message.as_ref().is_ok_and(is_schema);
        let keep = !(schema && seen);
        seen |= schema;
        std::future::ready(keep)
    })
}

/// Batches and dictionaries are messages of other kinds.
fn is_schema(message: &FlightData) -> bool {
    arrow_schema::Schema::try_from(message).is_ok()
}

/// Rows of groups with quantiles may be large, so parts are cut by weight.
fn group_parts(groups: &Groups) -> Vec<Range<usize>> {
    let rows = groups::len(groups);
    let mut parts = Vec::new();
    let (mut start, mut weight) = (0, 0);
    for row in 0..rows {
        let next = groups::weight(groups, row);
        if row > start && (weight + next > BATCH_BYTES || row - start >= BATCH_ROWS) {
            parts.push(start..row);
            (start, weight) = (row, 0);
        }
        weight += next;
    }
    parts.push(start..rows);
    parts
}

/// At least one part, so that there is always a message to bear the coverage.
fn row_parts(rows: usize) -> Vec<Range<usize>> {
    (0..rows.max(1)).step_by(BATCH_ROWS).map(|start| start..rows.min(start + BATCH_ROWS)).collect()
}

fn messages<E>(schema: SchemaRef, parts: Vec<Range<usize>>, encode: E, last_metadata: Bytes) -> Messages
where
    E: Fn(&SchemaRef, Range<usize>) -> Result<RecordBatch, ArrowError> + Send + 'static,
{
    if let [only] = parts.as_slice()
        && only.is_empty()
    {
        let messages = encode(&schema, only.clone()).and_then(|batch| without_rows(&batch));
        return match messages {
            Ok(messages) => with_last(messages, last_metadata),
            Err(error) => stream::iter([Err(failed(&error))]).boxed(),
        };
    }
    let of_batches = SchemaRef::clone(&schema);
    let batches = stream::iter(parts).map(move |part| encode(&of_batches, part).map_err(FlightError::from));
    with_last(encoder(schema, batches), last_metadata)
}

fn encoder<S>(schema: SchemaRef, batches: S) -> impl Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static
where
    S: Stream<Item = Result<RecordBatch, FlightError>> + Send + 'static,
{
    FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .with_dictionary_handling(DictionaryHandling::Resend)
        .build(batches)
        .map(|message| message.map_err(|error| failed(&error)))
}

/// The encoder leaves a batch without rows out; but readers look for the coverage on a batch.
fn without_rows(batch: &RecordBatch) -> Result<Messages, ArrowError> {
    let (encoder, options) = (IpcDataGenerator::default(), IpcWriteOptions::default());
    let mut dictionaries = DictionaryTracker::new(false);
    let schema = encoder.schema_to_bytes_with_dictionary_tracker(batch.schema_ref(), &mut dictionaries, &options);
    let (texts, rows) = encoder.encode(batch, &mut dictionaries, &options, &mut IpcWriteContext::default())?;
    let messages = std::iter::once(schema).chain(texts).chain([rows]).map(|part| Ok(part.into()));
    Ok(stream::iter(messages.collect::<Vec<_>>()).boxed())
}

/// Puts the metadata on the last message, which is known to be the last only when no other follows.
fn with_last<S>(messages: S, metadata: Bytes) -> Messages
where
    S: Stream<Item = Result<FlightData, tonic::Status>> + Send + 'static,
{
    let messages = Box::pin(messages.peekable());
    stream::unfold((messages, metadata), |(mut messages, metadata)| async move {
        let mut message = messages.next().await?;
        let is_last = messages.as_mut().peek().await.is_none();
        if let (Ok(message), true) = (&mut message, is_last) {
            message.app_metadata = metadata.clone();
        }
        Some((message, (messages, metadata)))
    })
    .boxed()
}

fn json<C: Serialize>(coverage: &C) -> Bytes {
    // These types have text keys only, so that nothing can fail; an empty text would be refused by the reader.
    serde_json::to_vec(coverage).map(Bytes::from).unwrap_or_default()
}

fn failed(error: &dyn std::error::Error) -> tonic::Status {
    tonic::Status::internal(format!("failed to encode the answer: {error}"))
}
