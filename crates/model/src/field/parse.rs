//! From a name to a field, and from a wrong name to the one that was meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{EndField, Field, LABEL_KEYS, Side, catalogue::HIDDEN};
use crate::suggest::{did_you_mean, nearest};

/// No field has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", unknown(.name, .suggestion.as_deref()))]
pub struct UnknownField {
    /// As it was written.
    pub name: String,
    /// The nearest name there is, where one is near.
    pub suggestion: Option<String>,
}

fn unknown(name: &str, suggestion: Option<&str>) -> String {
    match name.strip_prefix("either.").filter(|end| EndField::from_name(end).is_some()) {
        Some(end) => format!(
            "`{name}` stands for both ends, which only a filter can ask for: expected `source.{end}` or `destination.{end}`"
        ),
        None => format!("there is no field `{name}`{}", did_you_mean(suggestion)),
    }
}

/// Words that people bring from other tools, and ours.
const SYNONYMS: &[(&str, &str)] = &[
    ("ip", "destination.address"),
    ("host", "http.host"),
    ("method", "http.request.method"),
    ("path", "url.path"),
    ("url", "url.path"),
    ("status", "http.response.status_code"),
    ("status_code", "http.response.status_code"),
    ("code", "http.response.status_code"),
    ("http.status_code", "http.response.status_code"),
    ("http.status", "http.response.status_code"),
    ("http.method", "http.request.method"),
    ("http.path", "url.path"),
    ("protocol", "network.protocol"),
    ("transport", "network.transport"),
    ("reason", "drop.reason"),
    ("flags", "tcp.flags"),
    ("query", "dns.question.name"),
    ("node", "node.name"),
    ("type", "network.type"),
    ("error", "error.type"),
    ("bytes", "bytes_sent"),
];

impl EndField {
    /// Reads what stands behind `source.` or `destination.`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(key) = name.strip_prefix("labels.") {
            return (!key.is_empty() && key != LABEL_KEYS).then(|| Self::Label(key.into()));
        }
        Self::all().iter().find(|field| field.facts().name == name).cloned()
    }
}

impl Field {
    /// Reads a name as users spell it.
    ///
    /// # Errors
    /// Where there is no such field; the error has the nearest name.
    pub fn parse(name: &str) -> Result<Self, UnknownField> {
        find(name).ok_or_else(|| UnknownField { name: name.to_owned(), suggestion: suggest(name) })
    }

    /// Reads the name of an answer's column: of any field, those included that nobody may ask for.
    #[must_use]
    pub fn of_column(name: &str) -> Option<Self> {
        find(name).or_else(|| HIDDEN.iter().find(|field| field.name() == name).cloned())
    }

    /// The same as [`Field::parse`], or the keys of labels ([`Field::is_label_keys`]).
    ///
    /// # Errors
    /// As [`Field::parse`].
    pub fn parse_with_label_keys(name: &str) -> Result<Self, UnknownField> {
        let side = [Side::Source, Side::Destination]
            .into_iter()
            .find(|side| name.strip_prefix(side.name()) == Some(".labels.*"));
        match side {
            Some(side) => Ok(Self::End(side, EndField::Label(LABEL_KEYS.into()))),
            None => Self::parse(name),
        }
    }
}

fn find(name: &str) -> Option<Field> {
    if let Some(end) = name.strip_prefix("source.") {
        return EndField::from_name(end).map(|end| Field::End(Side::Source, end));
    }
    if let Some(end) = name.strip_prefix("destination.") {
        return EndField::from_name(end).map(|end| Field::End(Side::Destination, end));
    }
    Field::all().find(|field| field.name() == name)
}

/// The name that was probably meant: `src.` and `dst.` written out, an end's field without its side, a word of another
/// tool, else the name with the fewest edits.
pub(crate) fn suggest(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let spelled_out = spell_out_side(&name);
    if find(&spelled_out).is_some() {
        return Some(spelled_out);
    }
    if let Some((_, ours)) = SYNONYMS.iter().find(|(theirs, _)| *theirs == name) {
        return Some((*ours).to_owned());
    }
    if EndField::from_name(&name).is_some() {
        return Some(format!("destination.{name}"));
    }
    nearest(&spelled_out, candidates())
}

fn spell_out_side(name: &str) -> String {
    let sides = [("src", "source"), ("dst", "destination"), ("dest", "destination"), ("client", "source")];
    let found = sides.into_iter().find_map(|(short, long)| {
        let rest = name.strip_prefix(short)?.strip_prefix(['.', '_'])?;
        let rest = if rest == "ip" { "address" } else { rest };
        Some(format!("{long}.{rest}"))
    });
    found.unwrap_or_else(|| name.to_owned())
}

/// Of equally near names the first is taken, and most people mean the destination.
fn candidates() -> impl Iterator<Item = String> {
    let ends = ["destination", "source", "either"]
        .into_iter()
        .flat_map(|side| EndField::all().iter().map(move |end| format!("{side}.{}", end.name())));
    ends.chain(Field::all().map(|field| field.name().into_owned()))
}

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, UnknownField> {
        Self::parse(name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_read_back_and_stands_alone() {
        let mut names = HashSet::new();
        for field in Field::all() {
            assert_eq!(Field::parse(&field.name()), Ok(field.clone()));
            assert!(names.insert(field.name()), "{field} twice");
            assert!(!field.tables().is_empty(), "{field}");
        }
        assert!(names.len() > 80);
    }

    #[test]
    fn hidden_fields_are_columns_and_no_names() {
        for field in HIDDEN {
            assert!(Field::parse(&field.name()).is_err());
            assert_eq!(Field::of_column(&field.name()).as_ref(), Some(field));
        }
        assert_eq!(Field::of_column("latency"), Some(Field::Latency));
        assert_eq!(Field::of_column("nothing"), None);
    }

    #[test]
    fn keys_of_labels_are_no_field_of_records() {
        assert!(Field::parse("source.labels.*").is_err());
        let keys = Field::parse_with_label_keys("destination.labels.*").expect("keys");
        assert!(keys.is_label_keys());
        assert_eq!(keys.name(), "destination.labels.*");
        let label = Field::parse_with_label_keys("source.labels.app");
        assert_eq!(label, Field::parse("source.labels.app"));
    }

    #[test]
    fn labels_have_any_key() {
        let field = Field::End(Side::Source, EndField::Label("app.kubernetes.io/name".into()));
        assert_eq!(field.name(), "source.labels.app.kubernetes.io/name");
        assert_eq!(Field::parse("source.labels.app.kubernetes.io/name"), Ok(field));
        assert!(Field::parse("source.labels.").is_err());
        assert!(Field::parse("source.labels").is_err());
    }

    #[test]
    fn a_wrong_name_brings_the_one_that_was_meant() {
        let cases = [
            ("destination.worklaod", Some("destination.workload")),
            ("workload", Some("destination.workload")),
            ("workloda", Some("destination.workload")),
            ("src.ip", Some("source.address")),
            ("dst_port", Some("destination.port")),
            ("status", Some("http.response.status_code")),
            ("http.status_code", Some("http.response.status_code")),
            ("latancy", Some("latency")),
            ("Reporter", Some("reporter")),
            ("either.namespcae", Some("either.namespace")),
            ("xyzzy", None),
        ];
        for (wrong, meant) in cases {
            let error = Field::parse(wrong).unwrap_err();
            assert_eq!(error.suggestion.as_deref(), meant, "{wrong}");
        }
        assert_eq!(
            Field::parse("latancy").unwrap_err().to_string(),
            "there is no field `latancy`: did you mean `latency`?"
        );
    }

    #[test]
    fn json_has_the_name() {
        let json = serde_json::to_string(&Field::HttpStatus).unwrap();
        assert_eq!(json, r#""http.response.status_code""#);
        assert_eq!(serde_json::from_str::<Field>(&json).unwrap(), Field::HttpStatus);
        assert!(serde_json::from_str::<Field>(r#""no""#).is_err());
    }
}
