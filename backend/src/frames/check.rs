//! What Grafana would refuse, or quietly mistreat, is found here rather than on a panel.

use std::collections::HashSet;

use arrow_array::Array;
use arrow_schema::{DataType, TimeUnit};

use super::{FrameField, Meta};

/// Columns of one length under one name. Only a [`CheckedFrame`] can be sent.
#[derive(Clone, Debug)]
pub struct Frame {
    pub(super) name: String,
    pub(super) ref_id: String,
    pub(super) meta: Meta,
    pub(super) fields: Vec<FrameField>,
}

/// A frame that Grafana takes.
#[derive(Clone, Debug)]
pub struct CheckedFrame(pub(super) Frame);

/// Why Grafana would not take a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Columns differ in length.
    #[error("field `{0}` has another length than the first")]
    Length(String),
    /// An Arrow type that Grafana can't read.
    #[error("field `{name}` is of type {data_type}, which Grafana can't read")]
    Type {
        /// The field.
        name: String,
        /// What it is.
        data_type: String,
    },
    /// Absent values where there must be none.
    #[error("field `{0}` lacks values")]
    Absent(String),
    /// Two fields that nothing tells apart.
    #[error("field `{0}` is there twice with the same labels")]
    Twice(String),
    /// A time series whose times are not in order.
    #[error("times of series `{0}` are not ascending")]
    Order(String),
}

impl Frame {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ref_id: String::new(), meta: Meta::default(), fields: Vec::new() }
    }

    pub(super) fn of(mut self, frame_type: &'static str, version: [u8; 2]) -> Self {
        self.meta.frame_type = Some((frame_type, version));
        self
    }

    pub(super) fn shown_as(mut self, visualisation: &'static str) -> Self {
        self.meta.visualisation = Some(visualisation);
        self
    }

    pub(super) fn field(mut self, field: FrameField) -> Self {
        self.fields.push(field);
        self
    }

    /// Checks everything that can be checked of one frame.
    ///
    /// # Errors
    /// The first thing that Grafana would not take.
    pub fn check(self) -> Result<CheckedFrame, CheckError> {
        let rows = self.fields.first().map_or(0, |field| field.values.len());
        let mut seen = HashSet::new();
        for field in &self.fields {
            let name = || field.name.clone();
            if field.values.len() != rows {
                return Err(CheckError::Length(name()));
            }
            if !is_readable(field.values.data_type()) {
                return Err(CheckError::Type { name: name(), data_type: field.values.data_type().to_string() });
            }
            if !field.nullable && field.values.null_count() > 0 {
                return Err(CheckError::Absent(name()));
            }
            if !seen.insert((&field.name, &field.labels)) {
                return Err(CheckError::Twice(name()));
            }
        }
        self.check_order()?;
        Ok(CheckedFrame(self))
    }

    fn check_order(&self) -> Result<(), CheckError> {
        let is_series = self.meta.frame_type.is_some_and(|(name, _)| name.starts_with("timeseries"));
        let times = self.fields.iter().find_map(|field| {
            field.values.as_any().downcast_ref::<arrow_array::TimestampNanosecondArray>().filter(|_| is_series)
        });
        if times.is_some_and(|times| !times.values().is_sorted()) {
            return Err(CheckError::Order(self.name.clone()));
        }
        Ok(())
    }
}

impl CheckedFrame {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it says of itself.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        &self.0.meta
    }
}

/// The types that Grafana's server reads.
const fn is_readable(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int8
            | DataType::Int64
            | DataType::UInt64
            | DataType::Float64
            | DataType::Utf8
            | DataType::Boolean
            | DataType::Binary
            | DataType::Timestamp(TimeUnit::Nanosecond, None)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grafana_would_not_take_is_found() {
        let numbers = |name| FrameField::numbers(name, [1.0, 2.0]);
        let twice = Frame::new("f").field(numbers("a")).field(numbers("a"));
        assert_eq!(twice.check().unwrap_err(), CheckError::Twice("a".into()));
        let uneven = Frame::new("f").field(numbers("a")).field(FrameField::numbers("b", [1.0]));
        assert_eq!(uneven.check().unwrap_err(), CheckError::Length("b".into()));
        let unordered = Frame::new("f").of("timeseries-multi", [0, 1]).field(FrameField::times("time", [2, 1]));
        assert_eq!(unordered.check().unwrap_err(), CheckError::Order("f".into()));
        assert!(Frame::new("f").check().is_ok());
    }

    #[test]
    fn labels_tell_fields_of_one_name_apart() {
        let field = |value: &str| FrameField::numbers("a", [1.0]).labelled([("x".to_owned(), value.to_owned())].into());
        assert!(Frame::new("f").field(field("1")).field(field("2")).check().is_ok());
    }
}
