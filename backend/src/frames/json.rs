//! Frames as Grafana's live channels carry them: `{"schema": …, "data": …}`.

use arrow_array::{
    Array, BinaryArray, BooleanArray, Float64Array, Int8Array, Int64Array, StringArray, TimestampNanosecondArray,
};
use serde_json::{Value, json};

use super::{CheckedFrame, FrameField};

impl CheckedFrame {
    /// The frame as JSON, with its schema.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let fields: Vec<Value> = self.0.fields.iter().map(schema).collect();
        let values: Vec<Value> = self.0.fields.iter().map(values).collect();
        json!({
            "schema": {
                "name": self.0.name,
                "refId": self.0.ref_id,
                "meta": self.0.meta.to_json(),
                "fields": fields,
            },
            "data": { "values": values },
        })
    }
}

fn schema(field: &FrameField) -> Value {
    let (name, of) = type_of(field.values.as_ref());
    let mut schema = json!({
        "name": field.name,
        "type": name,
        "typeInfo": { "frame": of, "nullable": field.nullable },
    });
    if !field.labels.is_empty() {
        schema["labels"] = json!(field.labels);
    }
    if !field.config.is_empty() {
        schema["config"] = Value::Object(field.config.clone());
    }
    schema
}

/// Grafana's name of a type in the browser and on the server.
fn type_of(array: &dyn Array) -> (&'static str, &'static str) {
    let any = array.as_any();
    if any.is::<TimestampNanosecondArray>() {
        ("time", "time.Time")
    } else if any.is::<StringArray>() {
        ("string", "string")
    } else if any.is::<BooleanArray>() {
        ("boolean", "bool")
    } else if any.is::<BinaryArray>() {
        ("other", "json.RawMessage")
    } else if any.is::<Int64Array>() {
        ("number", "int64")
    } else if any.is::<Int8Array>() {
        ("number", "int8")
    } else {
        ("number", "float64")
    }
}

/// Times are milliseconds here; what is no number in JSON is null.
fn values(field: &FrameField) -> Value {
    let any = field.values.as_any();
    if let Some(times) = any.downcast_ref::<TimestampNanosecondArray>() {
        times.iter().map(|time| time.map(|time| time.div_euclid(1_000_000))).map(Value::from).collect()
    } else if let Some(texts) = any.downcast_ref::<StringArray>() {
        texts.iter().map(Value::from).collect()
    } else if let Some(flags) = any.downcast_ref::<BooleanArray>() {
        flags.iter().map(Value::from).collect()
    } else if let Some(raw) = any.downcast_ref::<BinaryArray>() {
        raw.iter().map(|json| json.and_then(|json| serde_json::from_slice(json).ok()).unwrap_or(Value::Null)).collect()
    } else if let Some(numbers) = any.downcast_ref::<Int64Array>() {
        numbers.iter().map(Value::from).collect()
    } else if let Some(numbers) = any.downcast_ref::<Int8Array>() {
        numbers.iter().map(Value::from).collect()
    } else if let Some(numbers) = any.downcast_ref::<Float64Array>() {
        numbers.iter().map(Value::from).collect()
    } else {
        Value::Array(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use goldwire_answer::column::Column;

    use super::*;
    use crate::frames::Frame;

    #[test]
    fn a_frame_is_what_live_channels_carry() {
        let frame = Frame::new("live")
            .field(FrameField::times("time", [1_500]))
            .field(FrameField::column("latency", &Column::Float(vec![None])).unit(Some("s")))
            .field(FrameField::json("labels", [json!({"a": "b"})]));
        let json = frame.check().unwrap().to_json();
        assert_eq!(json["data"]["values"], json!([[1_500], [null], [{"a": "b"}]]));
        assert_eq!(json["schema"]["fields"][0]["type"], "time");
        assert_eq!(json["schema"]["fields"][1]["config"], json!({"unit": "s"}));
        assert_eq!(json["schema"]["fields"][2]["typeInfo"]["frame"], "json.RawMessage");
    }
}
