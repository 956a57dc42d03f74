//! One column of a frame.

use std::collections::BTreeMap;

use arrow_array::{
    Array, ArrayRef,
    cast::AsArray,
    types::{
        Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampNanosecondType, UInt8Type,
        UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use serde_json::Value;

const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

/// One column with what is said about it.
#[derive(Debug, Clone)]
pub struct FrameField {
    /// The column's name.
    pub name: String,
    /// What tells this series from others of the same name.
    pub labels: BTreeMap<String, String>,
    /// Unit, links, display name and the like; null where nothing is said.
    pub config: Value,
    /// Whether the schema allows nulls.
    pub nullable: bool,
    /// The values.
    pub values: ArrayRef,
}

impl FrameField {
    /// The values' Arrow type.
    pub fn data_type(&self) -> &DataType {
        self.values.data_type()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether this is a column of times.
    pub fn is_time(&self) -> bool {
        matches!(self.data_type(), DataType::Timestamp(..))
    }

    /// Whether this is a column of numbers.
    pub fn is_number(&self) -> bool {
        self.data_type().is_numeric()
    }

    /// The unit, by Grafana's name for it.
    pub fn unit(&self) -> Option<&str> {
        self.config["unit"].as_str()
    }

    /// The values as numbers; nothing but `None` for a column that holds none.
    pub fn numbers(&self) -> Vec<Option<f64>> {
        let nothing = || vec![None; self.len()];
        if !self.is_number() {
            return nothing();
        }
        cast(&self.values, &DataType::Float64)
            .map_or_else(|_uncastable| nothing(), |values| values.as_primitive::<Float64Type>().iter().collect())
    }

    /// The values as texts; nothing but `None` for a column that holds none.
    pub fn texts(&self) -> Vec<Option<&str>> {
        match self.data_type() {
            DataType::Utf8 => self.values.as_string::<i32>().iter().collect(),
            _ => vec![None; self.len()],
        }
    }

    /// The values as nanoseconds since the epoch; nothing but `None` for a column that holds no times.
    pub fn times_ns(&self) -> Vec<Option<i64>> {
        match self.data_type() {
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                self.values.as_primitive::<TimestampNanosecondType>().iter().collect()
            }
            _ => vec![None; self.len()],
        }
    }

    /// The values as milliseconds since the epoch, as the browser gets them.
    pub fn times_ms(&self) -> Vec<Option<i64>> {
        self.times_ns().into_iter().map(|time| time.map(|ns| ns.div_euclid(NANOSECONDS_PER_MILLISECOND))).collect()
    }

    /// The values as Grafana's JSON has them: times in milliseconds, and null for what JSON has no number for.
    pub fn values_as_json(&self) -> Vec<Value> {
        let values = &self.values;
        match self.data_type() {
            DataType::Int8 => json(values.as_primitive::<Int8Type>().iter()),
            DataType::Int16 => json(values.as_primitive::<Int16Type>().iter()),
            DataType::Int32 => json(values.as_primitive::<Int32Type>().iter()),
            DataType::Int64 => json(values.as_primitive::<Int64Type>().iter()),
            DataType::UInt8 => json(values.as_primitive::<UInt8Type>().iter()),
            DataType::UInt16 => json(values.as_primitive::<UInt16Type>().iter()),
            DataType::UInt32 => json(values.as_primitive::<UInt32Type>().iter()),
            DataType::UInt64 => json(values.as_primitive::<UInt64Type>().iter()),
            DataType::Float32 => json(values.as_primitive::<Float32Type>().iter()),
            DataType::Float64 => json(values.as_primitive::<Float64Type>().iter()),
            DataType::Boolean => json(values.as_boolean().iter()),
            DataType::Utf8 => json(values.as_string::<i32>().iter()),
            DataType::Binary => values.as_binary::<i32>().iter().map(embedded_json).collect(),
            _ => json(self.times_ms().into_iter()),
        }
    }
}

fn json<T: Into<Value>>(values: impl Iterator<Item = Option<T>>) -> Vec<Value> {
    values.map(|value| value.map_or(Value::Null, Into::into)).collect()
}

/// A binary column holds JSON texts.
fn embedded_json(value: Option<&[u8]>) -> Value {
    value.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Value::Null)
}
