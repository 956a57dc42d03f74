//! What a client asks for, each with an answer of its own.

use crate::{
    sql::{Statement, Step},
    stream::Place,
};

use super::names::Name;

/// Names are absent where they were too long to be read.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// The start of a session, up to the first ReadyForQuery.
    Startup,
    /// Everything up to ReadyForQuery: a simple query, a function call.
    Query(Statement),
    Parse {
        name: Option<Name>,
        statement: Statement,
    },
    Bind {
        portal: Option<Name>,
        statement: Option<Name>,
    },
    DescribeStatement(Option<Name>),
    DescribePortal(Option<Name>),
    CloseStatement(Option<Name>),
    ClosePortal(Option<Name>),
    Execute {
        portal: Option<Name>,
    },
    Sync,
}

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) what: What,
    pub(super) start: Place,
    pub(super) bytes: u64,
    /// The request of an exchange begins with it: nothing was executed, synced or flushed in between.
    pub(super) begins: bool,
    pub(super) behind_gap: bool,
}

impl Step for Asked {
    fn start(&self) -> Place {
        self.start
    }

    fn ends_round(&self) -> bool {
        matches!(self.what, What::Startup | What::Query(_) | What::Sync)
    }

    fn is_exchange(&self) -> bool {
        matches!(self.what, What::Query(_) | What::Execute { .. })
    }

    fn behind_gap(&mut self) -> &mut bool {
        &mut self.behind_gap
    }
}

/// The exchange that is being answered, as far as its steps are done.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Of its request.
    pub(super) start: Option<Place>,
    /// Of its request.
    pub(super) bytes: u64,
    /// Where its answer begins, if that was seen.
    pub(super) first: Option<Place>,
    /// The server waits for data to copy.
    pub(super) copying: bool,
    /// A simple query failed, with this code.
    pub(super) failed: Option<Option<String>>,
    /// It was handed out already, and its connection goes on as a stream of copied data.
    pub(super) is_told: bool,
}

impl Group {
    pub(super) fn begun(step: &Asked, first: Option<Place>) -> Self {
        Self { start: Some(step.start), first, ..Self::default() }
    }
}
