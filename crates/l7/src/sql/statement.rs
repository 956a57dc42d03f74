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
