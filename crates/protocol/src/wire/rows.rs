//! Records: [`Rows`] as record batches. A column is named as its field; text is a dictionary, durations are seconds
//! (f64), times nanoseconds since the epoch. How many rows the limit cut stands in the schema's metadata
//! ([`CUT_KEY`], [`DOUBTFUL_KEY`]).

use std::{ops::Range, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Field as ArrowField, Schema, SchemaRef};
use goldwire_answer::rows::Rows;
use goldwire_model::field::Field;

use super::{
    columns::{append, empty_of, named, wire_array, wire_type},
    kind::{CUT_KEY, DOUBTFUL_KEY, Kind},
};
use crate::decode::DecodeError;

/// The schema that these rows are sent with.
pub(crate) fn schema(rows: &Rows) -> SchemaRef {
    let fields =
        rows.columns.iter().map(|(field, column)| ArrowField::new(field.name(), wire_type(column), true)).collect();
    Kind::Rows.schema_with(fields, [(CUT_KEY, rows.cut.to_string()), (DOUBTFUL_KEY, rows.doubtful.to_string())])
}

/// How many rows there are.
pub(crate) fn len(rows: &Rows) -> usize {
    rows.columns.first().map_or(0, |(_, column)| column.len())
}

/// Some of the rows as a batch.
pub(crate) fn batch(rows: &Rows, schema: &SchemaRef, range: Range<usize>) -> Result<RecordBatch, ArrowError> {
    let arrays = rows.columns.iter().map(|(_, column)| wire_array(column, range.clone())).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(range.len()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
}

/// Reads batches of [`Kind::Rows`].
///
/// # Errors
/// Where a column is of an unknown field or type.
pub fn decode(schema: &Schema, batches: &[RecordBatch]) -> Result<Rows, DecodeError> {
    let mut rows =
        Rows { columns: announced(schema)?, cut: count(schema, CUT_KEY)?, doubtful: count(schema, DOUBTFUL_KEY)? };
    for batch in batches {
        for (field, column) in &mut rows.columns {
            let name = field.name();
            append(column, named(batch, &name)?, &name)?;
        }
    }
    Ok(rows)
}

fn announced(schema: &Schema) -> Result<Vec<(Field, goldwire_answer::column::Column)>, DecodeError> {
    schema
        .fields()
        .iter()
        .map(|announced| {
            let field = Field::of_column(announced.name()).ok_or_else(|| DecodeError::Column {
                column: announced.name().clone(),
                reason: "is a field that this version does not know".to_owned(),
            })?;
            Ok((field, empty_of(announced.data_type(), announced.name())?))
        })
        .collect()
}

fn count(schema: &Schema, key: &str) -> Result<u64, DecodeError> {
    schema.metadata().get(key).map_or(Ok(0), |text| {
        text.parse().map_err(|_| DecodeError::Column { column: key.to_owned(), reason: "is no number".to_owned() })
    })
}
