//! A frame as Grafana's server hands it to the browser: `{schema, data: {values, nanos, entities}}`.

use arrow_schema::DataType;
use serde_json::{Map, Value, json};

use super::{Frame, FrameField};

const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

/// The frame in the browser's form.
pub fn to_json(frame: &Frame) -> Value {
    json!({ "schema": schema(frame), "data": data(frame) })
}

fn schema(frame: &Frame) -> Value {
    let mut schema = Map::new();
    if !frame.name.is_empty() {
        schema.insert("name".into(), frame.name.clone().into());
    }
    schema.insert("refId".into(), frame.ref_id.clone().into());
    if !frame.meta.is_null() {
        schema.insert("meta".into(), frame.meta.clone());
    }
    schema.insert("fields".into(), frame.fields.iter().map(field_schema).collect());
    Value::Object(schema)
}

fn field_schema(field: &FrameField) -> Value {
    let (kind, go_type) = kinds(field.data_type());
    let mut type_info = json!({ "frame": go_type });
    if field.nullable {
        type_info["nullable"] = true.into();
    }
    let mut schema = json!({ "name": field.name, "type": kind, "typeInfo": type_info });
    if !field.labels.is_empty() {
        schema["labels"] = json!(field.labels);
    }
    if !field.config.is_null() {
        schema["config"] = field.config.clone();
    }
    schema
}

/// The browser's word for a type, and the server's.
fn kinds(data_type: &DataType) -> (&'static str, &'static str) {
    match data_type {
        DataType::Int8 => ("number", "int8"),
        DataType::Int16 => ("number", "int16"),
        DataType::Int32 => ("number", "int32"),
        DataType::Int64 => ("number", "int64"),
        DataType::UInt8 => ("number", "uint8"),
        DataType::UInt16 => ("number", "uint16"),
        DataType::UInt32 => ("number", "uint32"),
        DataType::UInt64 => ("number", "uint64"),
        DataType::Float32 => ("number", "float32"),
        DataType::Float64 => ("number", "float64"),
        DataType::Boolean => ("boolean", "bool"),
        DataType::Timestamp(..) => ("time", "time.Time"),
        DataType::Binary => ("other", "json.RawMessage"),
        _ => ("string", "string"),
    }
}

fn data(frame: &Frame) -> Value {
    let mut data = json!({ "values": frame.fields.iter().map(FrameField::values_as_json).collect::<Vec<_>>() });
    let mut add = |key: &str, extra: Vec<Value>| {
        if extra.iter().any(|value| !value.is_null()) {
            data[key] = extra.into();
        }
    };
    add("nanos", frame.fields.iter().map(nanos).collect());
    add("entities", frame.fields.iter().map(entities).collect());
    data
}

/// The nanoseconds that milliseconds cannot hold; null where there are none.
fn nanos(field: &FrameField) -> Value {
    let rest = |time: Option<i64>| time.map_or(0, |ns| ns.rem_euclid(NANOSECONDS_PER_MILLISECOND));
    let rests: Vec<i64> = field.times_ns().into_iter().map(rest).collect();
    if rests.iter().all(|rest| *rest == 0) { Value::Null } else { rests.into() }
}

/// Where the numbers are that JSON cannot hold; null where there are none.
fn entities(field: &FrameField) -> Value {
    if !field.data_type().is_floating() {
        return Value::Null;
    }
    let numbers = field.numbers();
    let places = |is: fn(f64) -> bool| -> Vec<usize> {
        numbers.iter().enumerate().filter(|(_, number)| number.is_some_and(is)).map(|(index, _)| index).collect()
    };
    let found = [
        ("NaN", places(f64::is_nan)),
        ("Inf", places(|number| number == f64::INFINITY)),
        ("NegInf", places(|number| number == f64::NEG_INFINITY)),
    ];
    let entities: Map<String, Value> = found
        .into_iter()
        .filter(|(_, places)| !places.is_empty())
        .map(|(name, places)| (name.to_owned(), places.into()))
        .collect();
    if entities.is_empty() { Value::Null } else { entities.into() }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, io::Cursor, sync::Arc};

    use arrow_array::{
        ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray,
    };
    use arrow_ipc::writer::FileWriter;
    use arrow_schema::{Field, Schema};

    use super::*;
    use crate::frame::FrameError;

    fn encode(schema: Schema, columns: Vec<ArrayRef>) -> Vec<u8> {
        let schema = Arc::new(schema);
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let mut file = FileWriter::try_new(Cursor::new(Vec::new()), &schema).unwrap();
        file.write(&batch).unwrap();
        file.finish().unwrap();
        file.into_inner().unwrap().into_inner()
    }

    fn metadata(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_frame_is_written_as_grafana_writes_it() {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(TimestampNanosecondArray::from(vec![1_500_000, 3_000_007])),
            Arc::new(Float64Array::from(vec![Some(f64::NAN), None])),
            Arc::new(Int64Array::from(vec![7, -1])),
            Arc::new(StringArray::from(vec!["a", "b"])),
            Arc::new(BooleanArray::from(vec![true, false])),
        ];
        let value = Field::new("value", DataType::Float64, true)
            .with_metadata(metadata(&[("labels", r#"{"pod":"x"}"#), ("config", r#"{"unit":"s"}"#)]));
        let fields = vec![
            Field::new("time", columns[0].data_type().clone(), false),
            value,
            Field::new("n", DataType::Int64, false),
            Field::new("text", DataType::Utf8, false),
            Field::new("yes", DataType::Boolean, false),
        ];
        let schema = Schema::new(fields).with_metadata(metadata(&[
            ("name", "f"),
            ("refId", "A"),
            ("meta", r#"{"type":"table"}"#),
        ]));
        let frame = Frame::decode(&encode(schema, columns)).unwrap();
        let written = to_json(&frame);
        assert_eq!(written["schema"]["meta"], json!({"type": "table"}));
        assert_eq!(
            written["schema"]["fields"][1],
            json!({"name": "value", "type": "number", "typeInfo": {"frame": "float64", "nullable": true},
                   "labels": {"pod": "x"}, "config": {"unit": "s"}})
        );
        assert_eq!(
            written["data"],
            json!({"values": [[1, 3], [null, null], [7, -1], ["a", "b"], [true, false]],
                   "nanos": [[500_000, 7], null, null, null, null],
                   "entities": [null, {"NaN": [0]}, null, null, null]})
        );
        assert_eq!(frame.rows()[1]["text"], "b");
    }

    #[test]
    fn bytes_that_are_no_frame_are_refused() {
        assert!(matches!(Frame::decode(b"nonsense"), Err(FrameError::NotAFile)));
        let broken = Field::new("a", DataType::Int64, false).with_metadata(metadata(&[("labels", "{")]));
        let bytes = encode(Schema::new(vec![broken]), vec![Arc::new(Int64Array::from(vec![1]))]);
        let refused = Frame::decode(&bytes).unwrap_err();
        assert!(refused.to_string().starts_with("labels of the field a is not JSON"), "{refused}");
        assert!(matches!(Frame::decode(&bytes[..40]), Err(FrameError::Arrow(_))));
    }
}
