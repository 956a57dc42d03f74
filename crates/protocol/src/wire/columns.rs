//! Columns of an answer to Arrow arrays and back.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array, cast::AsArray, types::Int32Type,
};
use arrow_schema::{DataType, TimeUnit};
use goldwire_answer::column::Column;

use crate::decode::DecodeError;

/// Text that many rows share, as it is sent between nodes and those who merge.
pub(crate) fn dictionary_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Nanoseconds since the epoch; no time zone, which readers take as UTC.
pub(crate) const NANOSECONDS: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);

/// Milliseconds since the epoch.
pub(crate) const MILLISECONDS: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

/// Each text once, and a number for each row.
pub(crate) fn dictionary(values: &[Option<Arc<str>>]) -> DictionaryArray<Int32Type> {
    let mut numbers: HashMap<&str, i32> = HashMap::new();
    let mut texts: Vec<&str> = Vec::new();
    let keys: Int32Array = values
        .iter()
        .map(|value| {
            value.as_deref().map(|text| {
                *numbers.entry(text).or_insert_with(|| {
                    texts.push(text);
                    // A chunk has fewer rows than an i32 can count.
                    i32::try_from(texts.len() - 1).unwrap_or(i32::MAX)
                })
            })
        })
        .collect();
    DictionaryArray::new(keys, Arc::new(StringArray::from_iter_values(texts)))
}

/// The type of a column of rows between nodes and those who merge.
pub(crate) fn wire_type(column: &Column) -> DataType {
    match column {
        Column::Text(_) => dictionary_type(),
        Column::Integer(_) => DataType::Int64,
        Column::Float(_) => DataType::Float64,
        Column::Time(_) => NANOSECONDS,
    }
}

/// A part of a column, with repeated text sent once.
pub(crate) fn wire_array(column: &Column, rows: std::ops::Range<usize>) -> ArrayRef {
    match column {
        Column::Text(values) => Arc::new(dictionary(&values[rows])),
        other => shown_array(other, rows),
    }
}

/// The type of a finished column, which any Flight client reads.
pub(crate) fn shown_type(column: &Column) -> DataType {
    match column {
        Column::Text(_) => DataType::Utf8,
        other => wire_type(other),
    }
}

/// A part of a column in plain types.
pub(crate) fn shown_array(column: &Column, rows: std::ops::Range<usize>) -> ArrayRef {
    match column {
        Column::Text(values) => Arc::new(values[rows].iter().map(Option::as_deref).collect::<StringArray>()),
        Column::Integer(values) => Arc::new(values[rows].iter().copied().collect::<Int64Array>()),
        Column::Float(values) => Arc::new(values[rows].iter().copied().collect::<Float64Array>()),
        Column::Time(values) => Arc::new(values[rows].iter().copied().collect::<TimestampNanosecondArray>()),
    }
}

/// Appends a batch's column to what earlier batches gave.
pub(crate) fn append(column: &mut Column, array: &dyn Array, name: &str) -> Result<(), DecodeError> {
    match column {
        Column::Text(values) => append_text(values, array, name)?,
        Column::Integer(values) => values.extend(
            array
                .as_primitive_opt::<arrow_array::types::Int64Type>()
                .ok_or_else(|| DecodeError::column(name, "integers"))?
                .iter(),
        ),
        Column::Float(values) => values.extend(
            array
                .as_primitive_opt::<arrow_array::types::Float64Type>()
                .ok_or_else(|| DecodeError::column(name, "numbers"))?
                .iter(),
        ),
        Column::Time(values) => values.extend(
            array
                .as_primitive_opt::<arrow_array::types::TimestampNanosecondType>()
                .ok_or_else(|| DecodeError::column(name, "times"))?
                .iter(),
        ),
    }
    Ok(())
}

/// An empty column for what a schema announces.
pub(crate) fn empty_of(data_type: &DataType, name: &str) -> Result<Column, DecodeError> {
    match data_type {
        DataType::Utf8 => Ok(Column::Text(Vec::new())),
        DataType::Dictionary(_, _) if *data_type == dictionary_type() => Ok(Column::Text(Vec::new())),
        DataType::Int64 => Ok(Column::Integer(Vec::new())),
        DataType::Float64 => Ok(Column::Float(Vec::new())),
        other if *other == NANOSECONDS => Ok(Column::Time(Vec::new())),
        other => Err(DecodeError::Column { column: name.to_owned(), reason: format!("unknown type {other}") }),
    }
}

/// Text from a dictionary (each text becomes one shared allocation) or from plain strings.
pub(crate) fn append_text(
    values: &mut Vec<Option<Arc<str>>>,
    array: &dyn Array,
    name: &str,
) -> Result<(), DecodeError> {
    if let Some(plain) = array.as_string_opt::<i32>() {
        values.extend(plain.iter().map(|text| text.map(Arc::from)));
        return Ok(());
    }
    let dictionary = array.as_dictionary_opt::<Int32Type>().ok_or_else(|| DecodeError::column(name, "text"))?;
    let texts: Vec<Option<Arc<str>>> = dictionary
        .values()
        .as_string_opt::<i32>()
        .ok_or_else(|| DecodeError::column(name, "text"))?
        .iter()
        .map(|text| text.map(Arc::from))
        .collect();
    for key in dictionary.keys() {
        let text = match key {
            None => None,
            Some(key) => usize::try_from(key)
                .ok()
                .and_then(|index| texts.get(index))
                .ok_or_else(|| DecodeError::column(name, "text"))?
                .clone(),
        };
        values.push(text);
    }
    Ok(())
}

/// The column of that name.
pub(crate) fn named<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, DecodeError> {
    batch
        .column_by_name(name)
        .ok_or_else(|| DecodeError::Column { column: name.to_owned(), reason: "is missing".to_owned() })
}

/// Numbers without gaps: what states are made of.
pub(crate) fn floats<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [f64], DecodeError> {
    let array = named(batch, name)?
        .as_primitive_opt::<arrow_array::types::Float64Type>()
        .filter(|array| array.null_count() == 0)
        .ok_or_else(|| DecodeError::column(name, "numbers without gaps"))?;
    Ok(array.values())
}

/// Counts without gaps.
pub(crate) fn counts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [u64], DecodeError> {
    let array: &UInt64Array = named(batch, name)?
        .as_primitive_opt()
        .filter(|array: &&UInt64Array| array.null_count() == 0)
        .ok_or_else(|| DecodeError::column(name, "counts without gaps"))?;
    Ok(array.values())
}

/// Milliseconds without gaps.
pub(crate) fn milliseconds<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [i64], DecodeError> {
    let array: &TimestampMillisecondArray = named(batch, name)?
        .as_primitive_opt()
        .filter(|array: &&TimestampMillisecondArray| array.null_count() == 0)
        .ok_or_else(|| DecodeError::column(name, "times without gaps"))?;
    Ok(array.values())
}
