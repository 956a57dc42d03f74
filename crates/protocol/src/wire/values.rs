//! Distinct values of a field: `value` (text), `count` (u64: how often each was seen), most frequent first. The field
//! stands in the schema's metadata.

use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field as ArrowField, Schema, SchemaRef};
use goldwire_answer::Body;
use goldwire_model::field::Field;

use super::{
    columns::{append_text, counts, named},
    kind::Kind,
};
use crate::decode::DecodeError;

/// Key of the schema metadata that names the field.
const FIELD_KEY: &str = "goldwire.field";
const VALUE: &str = "value";
const COUNT: &str = "count";

/// The schema that values of this field are sent with.
pub(crate) fn schema(field: &Field) -> SchemaRef {
    Kind::Values.schema_with(
        vec![ArrowField::new(VALUE, DataType::Utf8, false), ArrowField::new(COUNT, DataType::UInt64, false)],
        [(FIELD_KEY, field.name().into_owned())],
    )
}

/// Some of the values as a batch.
pub(crate) fn batch(values: &[(String, u64)], schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let texts = StringArray::from_iter_values(values.iter().map(|(value, _)| value));
    let numbers = UInt64Array::from_iter_values(values.iter().map(|(_, count)| *count));
    RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(texts), Arc::new(numbers)])
}

/// Reads batches of [`Kind::Values`].
///
/// # Errors
/// Where the field is not named or a column is not of its type.
pub fn decode(schema: &Schema, batches: &[RecordBatch]) -> Result<Body, DecodeError> {
    // The keys of labels have values too.
    let name = schema.metadata().get(FIELD_KEY);
    let field = name.and_then(|name| Field::parse_with_label_keys(name).ok()).ok_or_else(|| DecodeError::Column {
        column: FIELD_KEY.to_owned(),
        reason: "names no field that this version knows".to_owned(),
    })?;
    let mut values = Vec::new();
    for batch in batches {
        let mut texts = Vec::new();
        append_text(&mut texts, named(batch, VALUE)?, VALUE)?;
        let texts = texts.into_iter().map(|text| text.map(|text| text.to_string()).unwrap_or_default());
        values.extend(texts.zip(counts(batch, COUNT)?.iter().copied()));
    }
    Ok(Body::Values { field, values })
}
