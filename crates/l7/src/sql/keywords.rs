//! Words that SQL gives a meaning.

use super::lexer::{Kind, Lexer, Quoting};

/// Words that a statement begins with, in PostgreSQL, MySQL or MariaDB. Only these are an operation, so that there is a
/// bounded number of operations whatever clients send.
const OPERATIONS: [&str; 85] = [
    "ABORT",
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "BINLOG",
    "CACHE",
    "CALL",
    "CHANGE",
    "CHECK",
    "CHECKPOINT",
    "CHECKSUM",
    "CLONE",
    "CLOSE",
    "CLUSTER",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DISCARD",
    "DO",
    "DROP",
    "END",
    "EXECUTE",
    "EXPLAIN",
    "FETCH",
    "FLUSH",
    "GET",
    "GRANT",
    "HANDLER",
    "HELP",
    "IMPORT",
    "INSERT",
    "INSTALL",
    "KILL",
    "LISTEN",
    "LOAD",
    "LOCK",
    "MERGE",
    "MOVE",
    "NOTIFY",
    "OPTIMIZE",
    "PREPARE",
    "PURGE",
    "REASSIGN",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "RENAME",
    "REPAIR",
    "REPLACE",
    "RESET",
    "RESIGNAL",
    "RESTART",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SECURITY",
    "SELECT",
    "SET",
    "SHOW",
    "SHUTDOWN",
    "SIGNAL",
    "SLAVE",
    "START",
    "STOP",
    "TABLE",
    "TRUNCATE",
    "UNINSTALL",
    "UNLISTEN",
    "UNLOCK",
    "UPDATE",
    "USE",
    "VACUUM",
    "VALUES",
    "WITH",
    "XA",
    "IDENTIFY_SYSTEM",
    "START_REPLICATION",
    "CREATE_REPLICATION_SLOT",
    "BASE_BACKUP",
];

/// The operation that a statement's first word names.
pub(super) fn operation(word: &[u8]) -> Option<&'static str> {
    OPERATIONS.into_iter().find(|operation| operation.as_bytes().eq_ignore_ascii_case(word))
}

/// Whether `word` is one of `words`, in whatever case.
pub(super) fn is_any(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|one| one.as_bytes().eq_ignore_ascii_case(word))
}

/// Whether text begins as a statement does.
pub(crate) fn begins_statement(text: &[u8], quoting: Quoting) -> bool {
    let mut tokens = Lexer::new(text, false, quoting).skip_while(|token| token.kind == Kind::Open);
    tokens.next().is_some_and(|token| token.kind == Kind::Word && operation(token.bytes).is_some())
}
