//! Fields: a column with its name, labels and how it is shown.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, BinaryArray, Float64Array, Int8Array, Int64Array, StringArray, TimestampNanosecondArray};
use goldwire_answer::column::Column;
use serde_json::{Map, Value};

/// A column of a frame.
#[derive(Clone, Debug)]
pub struct FrameField {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    /// Grafana's field config: unit, display name, links, colour.
    pub(super) config: Map<String, Value>,
    pub(super) nullable: bool,
    pub(super) values: ArrayRef,
}

/// Nanoseconds in a millisecond.
const NANOSECONDS: i64 = 1_000_000;

impl FrameField {
    fn new(name: impl Into<String>, nullable: bool, values: ArrayRef) -> Self {
        Self { name: name.into(), labels: BTreeMap::new(), config: Map::new(), nullable, values }
    }

    /// Moments in milliseconds since the epoch.
    pub(super) fn times(name: &str, millis: impl IntoIterator<Item = i64>) -> Self {
        let values = millis.into_iter().map(|millis| millis.saturating_mul(NANOSECONDS));
        Self::new(name, false, Arc::new(TimestampNanosecondArray::from_iter_values(values)))
    }

    pub(super) fn numbers(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        Self::new(name, false, Arc::new(Float64Array::from_iter_values(values)))
    }

    pub(super) fn integers(name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        Self::new(name, false, Arc::new(Int64Array::from_iter_values(values)))
    }

    pub(super) fn small_integers(name: &str, values: impl IntoIterator<Item = i8>) -> Self {
        Self::new(name, false, Arc::new(Int8Array::from_iter_values(values)))
    }

    pub(super) fn texts<T: AsRef<str>>(name: &str, values: impl IntoIterator<Item = T>) -> Self {
        Self::new(name, false, Arc::new(StringArray::from_iter_values(values)))
    }

    /// JSON values, which Grafana takes as binary.
    pub(super) fn json(name: &str, values: impl IntoIterator<Item = Value>) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        Self::new(name, false, Arc::new(BinaryArray::from_iter_values(values)))
    }

    /// A column of a table as it is. Any value may be absent.
    pub(super) fn column(name: &str, column: &Column) -> Self {
        let values: ArrayRef = match column {
            Column::Text(values) => Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>()),
            Column::Integer(values) => Arc::new(values.iter().copied().collect::<Int64Array>()),
            Column::Float(values) => Arc::new(values.iter().copied().collect::<Float64Array>()),
            Column::Time(values) => Arc::new(values.iter().copied().collect::<TimestampNanosecondArray>()),
        };
        Self::new(name, true, values)
    }

    /// Told apart by labels.
    pub(super) fn labelled(mut self, labels: BTreeMap<String, String>) -> Self {
        self.labels = labels;
        self
    }

    /// With a part of Grafana's field config.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// With a unit by Grafana's name, where there is one.
    pub(super) fn unit(self, unit: Option<&str>) -> Self {
        match unit {
            Some(unit) => self.with("unit", unit),
            None => self,
        }
    }

    /// Not shown in tables; links read it.
    pub(super) fn hidden(self) -> Self {
        self.with("custom", serde_json::json!({ "hidden": true }))
    }

    /// In one fixed colour.
    pub(super) fn colour(self, colour: &str) -> Self {
        self.with("color", serde_json::json!({ "mode": "fixed", "fixedColor": colour }))
    }
}
