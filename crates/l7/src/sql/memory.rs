//! Statements that were read before, by their exact bytes: programs say the same ones again and again, and comparing is
//! cheaper than reading.

use crate::Sink;

use super::{lexer::Quoting, statement::Statement};

/// Statements remembered on a connection: as many as a busy transaction has.
const REMEMBERED: usize = 16;
/// Longer ones are read each time.
const LENGTH_MAX: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: Vec<(Box<[u8]>, Statement)>,
    /// The oldest, once all places are taken.
    oldest: usize,
}

impl Memory {
    /// What a statement says. Only statements without any literal are remembered: what is private is not kept.
    pub(crate) fn read(&mut self, sql: &[u8], whole: bool, quoting: Quoting, sink: &mut dyn Sink) -> Statement {
        if let Some((_, statement)) = self.known.iter().find(|(bytes, _)| **bytes == *sql) {
            return statement.clone();
        }
        let (statement, plain) = Statement::read(sql, whole, quoting, sink);
        if plain && whole && sql.len() <= LENGTH_MAX {
            self.remember(sql, statement.clone());
        }
        statement
    }

    fn remember(&mut self, sql: &[u8], statement: Statement) {
        if self.known.len() < REMEMBERED {
            self.known.push((sql.into(), statement));
            return;
        }
        self.known[self.oldest] = (sql.into(), statement);
        self.oldest = (self.oldest + 1) % REMEMBERED;
    }
}
