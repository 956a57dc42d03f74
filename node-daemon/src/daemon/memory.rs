//! How `--memory` is shared out between history and the queries on it.

use goldwire_history::Options;
use thiserror::Error;

use crate::command_line::arguments::DaemonArguments;

/// The least of all, of history, and of a query: less would not hold what is being filled, or one chunk's columns.
const LEAST: usize = 8 << 20;
const LEAST_HISTORY: usize = 4 << 20;
const LEAST_QUERY: usize = 1 << 20;

/// Bytes of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) history: usize,
    pub(super) queries: usize,
    pub(super) query: usize,
}

/// Why memory cannot be shared out as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum SharesError {
    #[error(
        "invalid --memory {memory} bytes: expected {}MiB or more, such as 256MiB; a number without a unit is of bytes", LEAST >> 20
    )]
    TooLittle { memory: usize },
    #[error(
        "invalid --queries-memory {queries} bytes: expected {most} bytes or less, which leaves {}MiB of --memory to history", LEAST_HISTORY >> 20
    )]
    NoHistory { queries: usize, most: usize },
    #[error(
        "invalid --query-memory {query} bytes: expected from {}MiB to the {queries} bytes of --queries-memory", LEAST_QUERY >> 20
    )]
    Query { query: usize, queries: usize },
}

impl Shares {
    pub(super) fn of(arguments: &DaemonArguments) -> Result<Self, SharesError> {
        let memory = arguments.memory.0;
        if memory < LEAST {
            return Err(SharesError::TooLittle { memory });
        }
        let queries = arguments.queries_memory.map_or(Options::queries_share(memory), |size| size.0);
        let query = arguments.query_memory.map_or(Options::query_share(queries), |size| size.0);
        let history = memory.saturating_sub(queries);
        if history < LEAST_HISTORY {
            return Err(SharesError::NoHistory { queries, most: memory - LEAST_HISTORY });
        }
        if query < LEAST_QUERY || query > queries {
            return Err(SharesError::Query { query, queries });
        }
        Ok(Self { history, queries, query })
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
        assert_eq!((shares.queries, shares.query), (96 << 20, 84 << 20));
        assert_eq!(shares.history + shares.queries, 256 << 20);
    }

    #[test]
    fn shares_that_leave_too_little_are_refused() {
        assert!(shares(&["--memory", "8MiB"]).is_ok());
        assert_eq!(
            shares(&["--memory", "5"]).expect_err("too little").to_string(),
            "invalid --memory 5 bytes: expected 8MiB or more, such as 256MiB; a number without a unit is of bytes"
        );
        for memory in ["1", "8388607", "8KiB"] {
            assert!(matches!(shares(&["--memory", memory]), Err(SharesError::TooLittle { .. })), "{memory}");
        }
        assert_eq!(
            shares(&["--queries-memory", "253MiB"]).expect_err("no history").to_string(),
            "invalid --queries-memory 265289728 bytes: expected 264241152 bytes or less, which leaves 4MiB of --memory to history"
        );
        assert!(shares(&["--queries-memory", "252MiB"]).is_ok());
        assert!(matches!(shares(&["--query-memory", "97MiB"]), Err(SharesError::Query { .. })));
        assert!(matches!(shares(&["--query-memory", "1023KiB"]), Err(SharesError::Query { .. })));
        assert!(shares(&["--query-memory", "96MiB"]).is_ok());
    }
}
