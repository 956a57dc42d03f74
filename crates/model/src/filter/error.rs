//! What is wrong with a filter, and where.

use std::{fmt, ops::Range};

use serde::Serialize;

use crate::field::{Field, Table};

/// How many characters of a line are shown around the fault.
const SHOWN: usize = 100;

/// A filter that cannot be read. `Display` shows the place with a caret under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FilterError {
    /// What is wrong, in one line.
    pub message: String,
    /// Where, in characters from the start of the text.
    pub position: usize,
    /// How many characters are wrong; 0 at the end of the text.
    pub length: usize,
    /// What could stand there.
    pub expected: Vec<String>,
    /// What was probably meant to stand there.
    pub suggestion: Option<String>,
    #[serde(skip)]
    excerpt: Box<Excerpt>,
}

/// The line at fault and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    line: String,
    column: usize,
    width: usize,
}

/// Records of a table do not have a field that a filter mentions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("table {table} has no field `{field}`; it is in {}", list_tables(.field))]
pub struct FieldNotInTable {
    /// The field.
    pub field: Field,
    /// The table without it.
    pub table: Table,
}

pub(crate) fn list_tables(field: &Field) -> String {
    field.tables().iter().map(|table| table.name()).collect::<Vec<_>>().join(", ")
}

impl FilterError {
    /// The place is in bytes of the text.
    pub(super) fn new(text: &str, place: &Range<usize>, message: String) -> Self {
        let characters = |range: Range<usize>| text.get(range).map_or(0, |part| part.chars().count());
        Self {
            message,
            position: characters(0..place.start),
            length: characters(place.clone()),
            expected: Vec::new(),
            suggestion: None,
            excerpt: Box::new(Excerpt::new(text, place)),
        }
    }

    pub(super) fn expecting<S: Into<String>>(mut self, expected: impl IntoIterator<Item = S>) -> Self {
        self.expected = expected.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn suggesting(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }
}

impl Excerpt {
    fn new(text: &str, place: &Range<usize>) -> Self {
        let before = text.get(..place.start).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        let column = text.get(start..place.start).map_or(0, |part| part.chars().count());
        let width = text.get(place.clone()).map_or(0, |part| part.chars().count());
        // A long line is cut to the part around the fault.
        let skipped = column.saturating_sub(SHOWN / 2);
        let line: String = line.chars().skip(skipped).take(SHOWN).map(visible).collect();
        let column = column - skipped;
        let room = line.chars().count().saturating_sub(column);
        Self { line, column, width: width.min(room).max(1) }
    }
}

/// Control characters would move the caret.
fn visible(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Excerpt { line, column, width } = &*self.excerpt;
        writeln!(f, "{}", self.message)?;
        writeln!(f, "  {line}")?;
        write!(f, "  {:column$}{:^<width$}", "", "")
    }
}

impl std::error::Error for FilterError {}
