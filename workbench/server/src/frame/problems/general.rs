//! Rules for every frame.

use std::collections::HashSet;

use arrow_array::Array;
use arrow_schema::{DataType, TimeUnit};
use serde_json::Value;

use crate::frame::{Frame, FrameField};

const SEVERITIES: [&str; 3] = ["info", "warning", "error"];

pub(super) fn problems(frame: &Frame) -> Vec<String> {
    let mut found: Vec<String> = frame.fields.iter().flat_map(problems_of_field).collect();
    found.extend(repeated_fields(frame));
    found.extend(problems_of_meta(&frame.meta));
    found
}

fn problems_of_field(field: &FrameField) -> Vec<String> {
    let mut found = Vec::new();
    let name = &field.name;
    if !is_readable(field.data_type()) {
        found.push(format!("field {name}: Arrow type {} cannot be read by Grafana", field.data_type()));
    }
    if !field.nullable && field.values.null_count() > 0 {
        found.push(format!("field {name}: has nulls but is declared not nullable"));
    }
    if !field.config.is_null() && !field.config.is_object() {
        found.push(format!("field {name}: config must be an object"));
    }
    found
}

/// Anything else makes Grafana's server refuse the whole answer, or (other time units) misread it.
fn is_readable(data_type: &DataType) -> bool {
    use DataType::{
        Binary, Boolean, Float32, Float64, Int8, Int16, Int32, Int64, Timestamp, UInt8, UInt16, UInt32, UInt64, Utf8,
    };
    match data_type {
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 => true,
        Float32 | Float64 | Utf8 | Boolean | Binary => true,
        Timestamp(unit, _) => *unit == TimeUnit::Nanosecond,
        _ => false,
    }
}

fn repeated_fields(frame: &Frame) -> Vec<String> {
    let mut seen = HashSet::new();
    let repeated = frame.fields.iter().filter(|field| !seen.insert((&field.name, &field.labels)));
    repeated.map(|field| format!("field {}: name and labels are not unique in the frame", field.name)).collect()
}

fn problems_of_meta(meta: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if !meta.is_null() && !meta.is_object() {
        found.push("meta must be an object".to_owned());
    }
    let version = &meta["typeVersion"];
    let is_version = version.as_array().is_some_and(|parts| parts.len() == 2 && parts.iter().all(Value::is_u64));
    if !version.is_null() && !is_version {
        found.push(format!("meta.typeVersion must be [major, minor], got {version}"));
    }
    found.extend(problems_of_notices(&meta["notices"]));
    found.extend(problem_of_channel(&meta["channel"]));
    found
}

fn problems_of_notices(notices: &Value) -> Vec<String> {
    let Some(notices) = notices.as_array() else { return Vec::new() };
    let is_bad = |notice: &&Value| {
        let known = notice["severity"].as_str().is_some_and(|severity| SEVERITIES.contains(&severity));
        !known || notice["text"].as_str().is_none_or(str::is_empty)
    };
    notices.iter().filter(is_bad).map(|notice| format!("notice without a severity or a text: {notice}")).collect()
}

/// `scope/namespace/path`, of the characters that Grafana Live takes.
fn problem_of_channel(channel: &Value) -> Option<String> {
    let channel = channel.as_str()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-=/.".contains(c);
    let well_formed = channel.splitn(3, '/').filter(|part| !part.is_empty()).count() == 3;
    (!well_formed || !channel.chars().all(allowed)).then(|| format!("Grafana Live refuses the channel {channel:?}"))
}
