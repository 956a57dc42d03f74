//! A statement as far as it may be told: what it does, to what, and its text without values.

use goldwire_model::record::Text;

use crate::Sink;

use super::{
    lexer::{Lexer, Quoting},
    subject, text,
};

/// What is told of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Its first keyword, behind `WITH` and comments.
    pub(crate) operation: Option<Text>,
    /// The first table, as far as it is clear.
    pub(crate) target: Option<Text>,
    /// Its text, literals replaced.
    pub(crate) text: Option<Text>,
}

impl Statement {
    /// Reads a statement; `whole` where nothing is missing at its end. Operation and target are those of the first, where it is
    /// several. True with it where no value was in it.
    pub(super) fn read(sql: &[u8], whole: bool, quoting: Quoting, sink: &mut dyn Sink) -> (Self, bool) {
        let lexer = Lexer::new(sql, whole, quoting);
        let (operation, target) = subject::find(lexer);
        let written = text::without_values(lexer);
        let plain = written.as_ref().is_some_and(|written| written.plain);
        let text = written.filter(|written| !written.text.is_empty()).map(|written| sink.text(&written.text));
        let operation = operation.map(|operation| sink.text(operation));
        (Self { operation, target: target.map(|target| sink.text(&target)), text }, plain)
    }

    /// Something a database does without SQL.
    pub(crate) fn command(name: &str, sink: &mut dyn Sink) -> Self {
        Self { operation: Some(sink.text(name)), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::Texts;

    /// Literals in every quoting: `secret` is in all of them.
    const POSTGRESQL: [&str; 8] = [
        "'secret'",
        "'it''s secret'",
        "E'it\\'s secret'",
        "$$it's secret$$",
        "$tag$ $$secret$$ $tag$",
        "U&'secret'",
        "-- secret\n",
        "/* /* */ secret */",
    ];
    const MYSQL: [&str; 8] = [
        "'secret'",
        "'it''s secret'",
        "'it\\'s secret'",
        "\"it's \\\"secret\"",
        "_utf8'secret'",
        "N'secret'",
        "# secret\n",
        "-- secret\n",
    ];
    const BETWEEN: [&str; 8] = [" , ", " SELECT ", "\"a'b\"", " IN (", ") ", "VALUES (", " $1 = ", " - "];

    proptest! {
        #[test]
        fn no_value_is_told(
            parts in proptest::collection::vec((0..8_usize, 0..8_usize), 1..8),
            cut in any::<prop::sample::Index>(),
            mysql: bool,
        ) {
            let (literals, quoting) =
                if mysql { (MYSQL, Quoting::MYSQL) } else { (POSTGRESQL, Quoting::POSTGRESQL) };
            let text: String = parts.iter().flat_map(|(literal, between)| [literals[*literal], BETWEEN[*between]]).collect();
            let cut = cut.index(text.len());
            for (text, whole) in [(text.as_str(), true), (&text[..cut], false)] {
                let (statement, _) = Statement::read(text.as_bytes(), whole, quoting, &mut Texts);
                for told in [statement.operation, statement.target, statement.text].into_iter().flatten() {
                    prop_assert!(!told.contains("sec"), "{} of {}", told, text);
                }
            }
        }
    }
}
