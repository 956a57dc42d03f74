//! Data frames, as Grafana's server reads them from a plugin and as it hands them to the browser.

mod decode;
mod field;
mod json;
mod problems;

use serde_json::{Map, Value};

pub use self::{
    decode::FrameError,
    field::FrameField,
    json::to_json,
    problems::{problems_of, rules_of_one},
};

/// One data frame: columns of equal length with what is said about them.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The frame's name; may be empty.
    pub name: String,
    /// The letter of the query that it answers.
    pub ref_id: String,
    /// What the frame says about itself; null where it says nothing.
    pub meta: Value,
    /// The columns.
    pub fields: Vec<FrameField>,
}

impl Frame {
    /// The column of this name.
    pub fn field(&self, name: &str) -> Option<&FrameField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// How many rows the frame has.
    pub fn row_count(&self) -> usize {
        self.fields.first().map_or(0, FrameField::len)
    }

    /// The rows as JSON objects by column name; times are milliseconds.
    pub fn rows(&self) -> Vec<Map<String, Value>> {
        let columns: Vec<(&str, Vec<Value>)> =
            self.fields.iter().map(|field| (field.name.as_str(), field.values_as_json())).collect();
        let row =
            |index: usize| columns.iter().map(|(name, values)| ((*name).to_owned(), values[index].clone())).collect();
        (0..self.row_count()).map(row).collect()
    }

    /// What the answer says about nodes, loss and exactness; null where it says nothing.
    pub fn coverage(&self) -> &Value {
        &self.meta["custom"]["coverage"]
    }

    /// The texts of the frame's notices.
    pub fn notices(&self) -> Vec<&str> {
        let notices = self.meta["notices"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        notices.iter().filter_map(|notice| notice["text"].as_str()).collect()
    }

    /// What Grafana would refuse or quietly mistreat in this frame by itself.
    pub fn problems(&self) -> Vec<String> {
        rules_of_one(self)
    }
}
