//! A command on its way, and the exchange that it becomes.

use goldwire_model::record::{Detail, ExchangeError, Protocol, Text};

use crate::{Exchange, Nanos, Position, stream::Place};

use super::command::Said;

/// A command as it waits for its answer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) start: Place,
    pub(super) end: Place,
    pub(super) said: Said,
}

impl Asked {
    const fn bytes(&self) -> u64 {
        self.end.offset.saturating_sub(self.start.offset)
    }
}

/// What was seen of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) first: Option<Nanos>,
    pub(super) last: Option<Nanos>,
    pub(super) time: Nanos,
    pub(super) bytes: u64,
}

/// Hands them out together, as far as they are there.
pub(super) fn exchange(
    asked: Option<Asked>,
    error: Option<ExchangeError>,
    error_code: Option<Text>,
    seen: Seen,
) -> Exchange {
    let Seen { first: answer_first, last: answer_last, time, bytes: response_bytes } = seen;
    let (position, request_start) =
        asked.as_ref().map(|asked| (Position::Offset(asked.start.offset), asked.start.time)).unzip();
    let request_bytes = asked.as_ref().map_or(0, Asked::bytes);
    let (operation, target) = asked.map_or((None, None), |asked| (asked.said.operation, asked.said.target));
    Exchange {
        protocol: Protocol::Redis,
        position,
        request_start,
        answer_first,
        answer_last,
        time,
        request_bytes,
        response_bytes,
        error,
        trace_id: None,
        span_id: None,
        detail: Detail::Database { operation, target, statement: None, error_code },
    }
}
