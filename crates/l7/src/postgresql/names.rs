//! Prepared statements and portals by their names, as the server knows them.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::sql::Statement;

/// The server cuts longer names (`NAMEDATALEN`).
const NAME_MAX: usize = 63;
/// Statements and portals remembered on a connection. Executions of others are exchanges without a statement.
const REMEMBERED: usize = 1_024;

/// A name as the server keeps it. The empty one is the unnamed statement's or portal's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Name(SmallVec<[u8; 24]>);

impl From<&[u8]> for Name {
    fn from(name: &[u8]) -> Self {
        Self(SmallVec::from_slice(&name[..name.len().min(NAME_MAX)]))
    }
}

impl Name {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What names stand for, on one side of them.
#[derive(Debug, Default)]
struct Table {
    unnamed: Option<Statement>,
    named: HashMap<Name, Statement>,
}

impl Table {
    fn get(&self, name: &Name) -> Option<&Statement> {
        if name.is_empty() { self.unnamed.as_ref() } else { self.named.get(name) }
    }

    fn set(&mut self, name: &Name, statement: Option<Statement>) {
        if name.is_empty() {
            self.unnamed = statement;
            return;
        }
        match statement {
            Some(statement) if self.named.len() < REMEMBERED || self.named.contains_key(name) => {
                self.named.insert(name.clone(), statement);
            }
            _ => {
                self.named.remove(name);
            }
        }
    }
}

/// Both kinds of names. A name that could not be read (`None`) stands for nothing.
#[derive(Debug, Default)]
pub(super) struct Names {
    statements: Table,
    portals: Table,
}

impl Names {
    pub(super) fn prepare(&mut self, name: Option<&Name>, statement: Statement) {
        if let Some(name) = name {
            self.statements.set(name, Some(statement));
        }
    }

    pub(super) fn bind(&mut self, portal: Option<&Name>, statement: Option<&Name>) {
        let statement = statement.and_then(|name| self.statements.get(name)).cloned();
        match portal {
            Some(portal) => self.portals.set(portal, statement),
            None => self.portals = Table::default(),
        }
    }

    pub(super) fn statement(&self, name: Option<&Name>) -> Statement {
        name.and_then(|name| self.statements.get(name)).cloned().unwrap_or_default()
    }

    pub(super) fn portal(&self, name: Option<&Name>) -> Statement {
        name.and_then(|name| self.portals.get(name)).cloned().unwrap_or_default()
    }

    pub(super) fn close_statement(&mut self, name: Option<&Name>) {
        match name {
            Some(name) => self.statements.set(name, None),
            None => self.statements = Table::default(),
        }
    }

    pub(super) fn close_portal(&mut self, name: Option<&Name>) {
        match name {
            Some(name) => self.portals.set(name, None),
            None => self.portals = Table::default(),
        }
    }

    /// A simple query ends the unnamed statement and portal. One that gives SQL names of its own to statements may do so with
    /// any name.
    pub(super) fn queried(&mut self, statement: &Statement) {
        (self.statements.unnamed, self.portals.unnamed) = (None, None);
        if matches!(statement.operation.as_deref(), Some("PREPARE" | "DISCARD")) {
            self.statements.named.clear();
        }
    }

    /// Messages may have been missed: what is used once is forgotten. Names of statements stay, until something says that one
    /// was prepared unseen.
    pub(super) fn doubt(&mut self) {
        self.statements.unnamed = None;
        self.portals = Table::default();
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Statement {
        Statement { operation: Some(text.into()), ..Statement::default() }
    }

    #[test]
    fn portals_keep_what_they_were_bound_to() {
        let mut names = Names::default();
        let (unnamed, a) = (Name::default(), Name::from(&b"a"[..]));
        names.prepare(Some(&a), named("SELECT"));
        names.bind(Some(&unnamed), Some(&a));
        names.close_statement(Some(&a));
        assert_eq!(names.portal(Some(&unnamed)), named("SELECT"));
        assert_eq!(names.statement(Some(&a)), Statement::default());
        names.queried(&named("SELECT"));
        assert_eq!(names.portal(Some(&unnamed)), Statement::default());
    }

    #[test]
    fn names_are_cut_as_the_server_cuts_them() {
        let (long, longer) = ([b'x'; 63], [b'x'; 80]);
        assert_eq!(Name::from(&long[..]), Name::from(&longer[..]));
    }

    #[test]
    fn remembering_is_bounded() {
        let mut names = Names::default();
        for index in 0..2 * REMEMBERED {
            names.prepare(Some(&Name::from(index.to_string().as_bytes())), named("SELECT"));
        }
        assert_eq!(names.statements.named.len(), REMEMBERED);
        assert_eq!(names.statement(Some(&Name::from(&b"2000"[..]))), Statement::default());
    }
}
