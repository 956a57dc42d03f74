//! What a frame says of itself, beside its values.

use goldwire_answer::coverage::Coverage;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Metadata of a frame. Its JSON is Grafana's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// What kind of frame it is and in which version, by Grafana's data plane contract.
    pub frame_type: Option<(&'static str, [u8; 2])>,
    /// The panel that suits it.
    pub visualisation: Option<&'static str>,
    /// Shown on the panel.
    pub notices: Vec<Notice>,
    /// How complete the answer is.
    pub coverage: Option<Coverage>,
    /// The query as nodes got it.
    pub executed_query: Option<String>,
}

/// A remark on the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// How bad it is.
    pub severity: Severity,
    /// What to know.
    pub text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Numbers are, or may be, lower than the truth.
    Warning,
}

impl Meta {
    /// As Grafana reads it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        if let Some((name, version)) = self.frame_type {
            map.insert("type".to_owned(), name.into());
            map.insert("typeVersion".to_owned(), json!(version));
        }
        if let Some(visualisation) = self.visualisation {
            map.insert("preferredVisualisationType".to_owned(), visualisation.into());
        }
        if !self.notices.is_empty() {
            map.insert("notices".to_owned(), json!(self.notices));
        }
        if let Some(coverage) = &self.coverage {
            map.insert("custom".to_owned(), json!({ "coverage": coverage }));
        }
        if let Some(query) = &self.executed_query {
            map.insert("executedQueryString".to_owned(), query.as_str().into());
        }
        Value::Object(map)
    }
}
