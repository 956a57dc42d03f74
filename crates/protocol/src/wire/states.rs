//! Columns of mergeable state: [`StateColumn`] as arrays.
//!
//! | state | columns |
//! |---|---|
//! | count | `state:<n>:count` (u64) |
//! | sum, min, max | `state:<n>:sum` and so on (f64); NaN in `min` and `max` is "none" |
//! | average | `state:<n>:average.sum` (f64), `state:<n>:average.count` (u64) |
//! | quantiles | `state:<n>:quantiles` (binary): a tag, then the values |
//!
//! The tag 0 is followed by all values as little-endian f64, the tag 1 by a sketch's own bytes.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryArray, Float64Array, RecordBatch, UInt64Array, builder::BinaryBuilder, cast::AsArray,
};
use arrow_schema::{DataType, Field};
use goldwire_answer::groups::{Quantiles, StateColumn};
use goldwire_sketch::Sketch;

use super::columns::{counts, floats, named};
use crate::decode::DecodeError;

const PREFIX: &str = "state:";
const EXACT: u8 = 0;
const SKETCH: u8 = 1;

fn name(number: usize, part: &str) -> String {
    format!("{PREFIX}{number}:{part}")
}

/// The Arrow fields of one column of state.
pub(crate) fn fields(number: usize, column: &StateColumn) -> Vec<Field> {
    let field = |part, data_type| Field::new(name(number, part), data_type, false);
    match column {
        StateColumn::Count(_) => vec![field("count", DataType::UInt64)],
        StateColumn::Sum(_) => vec![field("sum", DataType::Float64)],
        StateColumn::Min(_) => vec![field("min", DataType::Float64)],
        StateColumn::Max(_) => vec![field("max", DataType::Float64)],
        StateColumn::Average { .. } => {
            vec![field("average.sum", DataType::Float64), field("average.count", DataType::UInt64)]
        }
        StateColumn::Quantiles(_) => vec![field("quantiles", DataType::Binary)],
    }
}

/// How many rows the column has.
pub(crate) fn len(column: &StateColumn) -> usize {
    match column {
        StateColumn::Count(values) => values.len(),
        StateColumn::Sum(values) | StateColumn::Min(values) | StateColumn::Max(values) => values.len(),
        StateColumn::Average { counts, .. } => counts.len(),
        StateColumn::Quantiles(values) => values.len(),
    }
}

/// Some of its rows as arrays, one for each of [`fields`].
pub(crate) fn arrays(column: &StateColumn, rows: Range<usize>) -> Vec<ArrayRef> {
    let floats = |values: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(values[rows.clone()].to_vec())) };
    let counts = |values: &[u64]| -> ArrayRef { Arc::new(UInt64Array::from(values[rows.clone()].to_vec())) };
    match column {
        StateColumn::Count(values) => vec![counts(values)],
        StateColumn::Sum(values) | StateColumn::Min(values) | StateColumn::Max(values) => vec![floats(values)],
        StateColumn::Average { sums, counts: numbers } => vec![floats(sums), counts(numbers)],
        StateColumn::Quantiles(values) => vec![Arc::new(quantiles_array(&values[rows.clone()]))],
    }
}

fn quantiles_array(values: &[Quantiles]) -> BinaryArray {
    let mut builder = BinaryBuilder::with_capacity(values.len(), values.iter().map(bytes_of).sum());
    let mut bytes = Vec::new();
    for value in values {
        bytes.clear();
        write_quantiles(value, &mut bytes);
        builder.append_value(&bytes);
    }
    builder.finish()
}

fn write_quantiles(value: &Quantiles, bytes: &mut Vec<u8>) {
    match value {
        Quantiles::Exact(values) => {
            bytes.push(EXACT);
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        Quantiles::Sketch(sketch) => {
            bytes.push(SKETCH);
            bytes.extend_from_slice(&sketch.to_bytes());
        }
    }
}

fn read_quantiles(bytes: &[u8]) -> Result<Quantiles, String> {
    match bytes.split_first() {
        Some((&EXACT, values)) if values.len() % 8 == 0 => Ok(Quantiles::Exact(
            values.chunks_exact(8).map(|value| f64::from_le_bytes(value.try_into().unwrap_or_default())).collect(),
        )),
        Some((&EXACT, _)) => Err("holds values that are cut".to_owned()),
        Some((&SKETCH, sketch)) => {
            Sketch::from_bytes(sketch).map(Quantiles::Sketch).map_err(|error| format!("holds no sketch: {error}"))
        }
        Some((tag, _)) => Err(format!("holds quantiles of unknown form {tag}")),
        None => Err("holds empty quantiles".to_owned()),
    }
}

/// An empty column for the state that a schema announces by this name; `None` for names that are no state's first part.
pub(crate) fn announced(number: usize, column: &str) -> Result<Option<StateColumn>, DecodeError> {
    let Some(rest) = column.strip_prefix(PREFIX) else { return Ok(None) };
    let part = rest.split_once(':').filter(|(at, _)| at.parse() == Ok(number)).map(|(_, part)| part);
    Ok(Some(match part {
        Some("count") => StateColumn::Count(Vec::new()),
        Some("sum") => StateColumn::Sum(Vec::new()),
        Some("min") => StateColumn::Min(Vec::new()),
        Some("max") => StateColumn::Max(Vec::new()),
        Some("average.sum") => StateColumn::Average { sums: Vec::new(), counts: Vec::new() },
        Some("quantiles") => StateColumn::Quantiles(Vec::new()),
        _ if rest.ends_with(":average.count") => return Ok(None),
        _ => {
            return Err(DecodeError::Column {
                column: column.to_owned(),
                reason: "is a state that this version does not know".to_owned(),
            });
        }
    }))
}

/// Appends a batch's values.
pub(crate) fn append(column: &mut StateColumn, number: usize, batch: &RecordBatch) -> Result<(), DecodeError> {
    match column {
        StateColumn::Count(values) => values.extend_from_slice(counts(batch, &name(number, "count"))?),
        StateColumn::Sum(values) => values.extend_from_slice(floats(batch, &name(number, "sum"))?),
        StateColumn::Min(values) => values.extend_from_slice(floats(batch, &name(number, "min"))?),
        StateColumn::Max(values) => values.extend_from_slice(floats(batch, &name(number, "max"))?),
        StateColumn::Average { sums, counts: numbers } => {
            sums.extend_from_slice(floats(batch, &name(number, "average.sum"))?);
            numbers.extend_from_slice(counts(batch, &name(number, "average.count"))?);
        }
        StateColumn::Quantiles(values) => append_quantiles(values, batch, &name(number, "quantiles"))?,
    }
    Ok(())
}

fn append_quantiles(values: &mut Vec<Quantiles>, batch: &RecordBatch, name: &str) -> Result<(), DecodeError> {
    let array = named(batch, name)?
        .as_binary_opt::<i32>()
        .filter(|array| array.null_count() == 0)
        .ok_or_else(|| DecodeError::column(name, "quantiles without gaps"))?;
    for bytes in array.iter().flatten() {
        values.push(read_quantiles(bytes).map_err(|reason| DecodeError::Column { column: name.to_owned(), reason })?);
    }
    Ok(())
}

/// Roughly what one row of the column takes on the wire, in bytes.
pub(crate) fn weight(column: &StateColumn, row: usize) -> usize {
    match column {
        StateColumn::Quantiles(values) => values.get(row).map_or(0, bytes_of),
        StateColumn::Average { .. } => 16,
        _ => 8,
    }
}

fn bytes_of(value: &Quantiles) -> usize {
    // A sketch of latencies over five decades has a few hundred buckets of a byte or two.
    const SKETCH_BYTES: usize = 1024;
    match value {
        Quantiles::Exact(values) => 1 + values.len() * 8,
        Quantiles::Sketch(_) => SKETCH_BYTES,
    }
}
