//! What a client may ask for (section "Command Phase").

use goldwire_model::record::Text;

use crate::{
    sql::{Statement, Step},
    stream::Place,
};

/// How a command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// OK, an error, or results.
    Results,
    /// A statement's number, and the descriptions of its parameters and columns.
    Prepare,
    /// Rows, or descriptions, without their number in front.
    Rows,
    /// One packet.
    Single,
    /// As at the start of a session.
    Authentication,
    /// Not at all.
    Nothing,
    /// Without an end.
    Replication,
}

/// A command: its name and how it is answered. Statements have their own names.
pub(super) fn command(code: u8) -> Option<(&'static str, Kind)> {
    let known = match code {
        0x01 => ("QUIT", Kind::Nothing),
        0x02 => ("INIT_DB", Kind::Single),
        0x03 => ("QUERY", Kind::Results),
        0x04 => ("FIELD_LIST", Kind::Rows),
        0x05 => ("CREATE_DB", Kind::Single),
        0x06 => ("DROP_DB", Kind::Single),
        0x07 => ("REFRESH", Kind::Single),
        0x08 => ("SHUTDOWN", Kind::Single),
        0x09 => ("STATISTICS", Kind::Single),
        0x0a => ("PROCESS_INFO", Kind::Results),
        0x0c => ("PROCESS_KILL", Kind::Single),
        0x0d => ("DEBUG", Kind::Single),
        0x0e => ("PING", Kind::Single),
        0x11 => ("CHANGE_USER", Kind::Authentication),
        0x12 => ("BINLOG_DUMP", Kind::Replication),
        0x15 => ("REGISTER_SLAVE", Kind::Single),
        0x16 => ("PREPARE", Kind::Prepare),
        0x17 => ("EXECUTE", Kind::Results),
        0x18 => ("SEND_LONG_DATA", Kind::Nothing),
        0x19 => ("STMT_CLOSE", Kind::Nothing),
        0x1a => ("STMT_RESET", Kind::Single),
        0x1b => ("SET_OPTION", Kind::Single),
        0x1c => ("STMT_FETCH", Kind::Rows),
        0x1e => ("BINLOG_DUMP_GTID", Kind::Replication),
        0x1f => ("RESET_CONNECTION", Kind::Single),
        0xfa => ("EXECUTE", Kind::Results),
        _ => return None,
    };
    Some(known)
}

/// A command that waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) statement: Statement,
    /// The statement is the last that will have been prepared when this is answered (MariaDB's number -1).
    pub(super) of_last_prepared: bool,
    /// What a statement that is to be prepared does.
    pub(super) prepares: Option<Text>,
    pub(super) start: Place,
    pub(super) bytes: u64,
    /// Of its last packet.
    pub(super) sequence: u8,
    pub(super) behind_gap: bool,
}

impl Step for Asked {
    fn start(&self) -> Place {
        self.start
    }

    fn ends_round(&self) -> bool {
        true
    }

    fn is_exchange(&self) -> bool {
        !matches!(self.kind, Kind::Authentication | Kind::Replication)
    }

    fn behind_gap(&mut self) -> &mut bool {
        &mut self.behind_gap
    }
}
