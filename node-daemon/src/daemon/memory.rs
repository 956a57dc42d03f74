//! How `--memory` is shared out between history and the queries on it.

use thiserror::Error;

use crate::command_line::arguments::DaemonArguments;

/// The least that history may have, and a query: less would not hold what is being filled, or one chunk's columns.
const LEAST_HISTORY: usize = 4 << 20;
const LEAST_QUERY: usize = 1 << 20;

/// Bytes of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) history: usize,
    pub(super) queries: usize,
    pub(super) query: usize,
    pub(super) live: usize,
}

/// Why memory cannot be shared out as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum SharesError {
    #[error("invalid --memory: expected at least {least} bytes beside the {queries} of --queries-memory")]
    Little { least: usize, queries: usize },
    #[error(
        "invalid --query-memory {query} bytes: expected from {LEAST_QUERY} bytes to the {queries} of --queries-memory"
    )]
    Query { query: usize, queries: usize },
}

impl Shares {
    pub(super) fn of(arguments: &DaemonArguments) -> Result<Self, SharesError> {
        let memory = arguments.memory.0;
        let queries = arguments.queries_memory.map_or(memory / 4, |size| size.0);
        let query = arguments.query_memory.map_or(queries / 4 * 3, |size| size.0);
        let live = memory / 32;
        let history = memory.saturating_sub(queries.saturating_add(live));
        if history < LEAST_HISTORY {
            return Err(SharesError::Little { least: LEAST_HISTORY + live, queries });
        }
        if query < LEAST_QUERY || query > queries {
            return Err(SharesError::Query { query, queries });
        }
        Ok(Self { history, queries, query, live })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::command_line::arguments::{Arguments, Command};

    fn shares(extra: &[&str]) -> Result<Shares, SharesError> {
        match Arguments::parse_from(["goldwire", "daemon"].iter().chain(extra)).command {
            Command::Daemon(arguments) => Shares::of(&arguments),
            other => panic!("not a daemon: {other:?}"),
        }
    }

    #[test]
    fn shares_of_the_default_are_within_it() {
        let shares = shares(&[]).expect("shares");
        assert_eq!((shares.queries, shares.query, shares.live), (64 << 20, 48 << 20, 8 << 20));
        assert_eq!(shares.history + shares.queries + shares.live, 256 << 20);
    }

    #[test]
    fn shares_that_leave_too_little_are_refused() {
        assert!(shares(&["--memory", "8MiB"]).is_ok());
        assert!(matches!(shares(&["--memory", "4MiB"]), Err(SharesError::Little { .. })));
        assert!(matches!(shares(&["--queries-memory", "256MiB"]), Err(SharesError::Little { .. })));
        assert!(matches!(shares(&["--query-memory", "65MiB"]), Err(SharesError::Query { .. })));
        assert!(matches!(shares(&["--query-memory", "1023KiB"]), Err(SharesError::Query { .. })));
        assert!(shares(&["--query-memory", "64MiB"]).is_ok());
    }
}
