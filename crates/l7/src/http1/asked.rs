//! A request on its way, and the exchange that it becomes.

use goldwire_model::record::{Detail, ExchangeError, Protocol, Text};

use crate::{Exchange, Nanos, Position, http::TraceContext, stream::Place};

/// A request as it waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) start: Place,
    /// Bytes of the whole message, once it has ended.
    pub(super) bytes: Option<u64>,
    pub(super) said: Said,
    /// Requests may have been missed in front of it.
    pub(super) is_behind_gap: bool,
}

impl Asked {
    pub(super) const fn new(start: Place, said: Said) -> Self {
        Self { start, bytes: None, said, is_behind_gap: false }
    }
}

/// What a request's head says.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) method: Option<Text>,
    pub(super) path: Option<Text>,
    pub(super) route: Option<Text>,
    pub(super) host: Option<Text>,
    pub(super) user_agent: Option<Text>,
    pub(super) trace: TraceContext,
}

/// What was seen of an answer, in the words of an exchange.
pub(super) struct Seen {
    pub(super) first: Option<Nanos>,
    pub(super) last: Option<Nanos>,
    pub(super) time: Nanos,
    pub(super) response_bytes: u64,
    pub(super) error: Option<ExchangeError>,
}

/// Hands them out together, as far as they are there. A request that has not ended counts as far as it was seen: up to
/// `request_position`.
pub(super) fn exchange(asked: Option<Asked>, status: Option<u16>, request_position: u64, seen: Seen) -> Exchange {
    let Seen { first: answer_first, last: answer_last, time, response_bytes, error } = seen;
    let (position, request_start) =
        asked.as_ref().map(|asked| (Position::Offset(asked.start.offset), asked.start.time)).unzip();
    let request_bytes = asked
        .as_ref()
        .map_or(0, |asked| asked.bytes.unwrap_or_else(|| request_position.saturating_sub(asked.start.offset)));
    let Said { method, path, route, host, user_agent, trace } = asked.map(|asked| asked.said).unwrap_or_default();
    Exchange {
        protocol: Protocol::Http,
        position,
        request_start,
        answer_first,
        answer_last,
        time,
        request_bytes,
        response_bytes,
        error,
        trace_id: trace.trace_id,
        span_id: trace.span_id,
        detail: Detail::Http { method, path, route, host, status, user_agent, error_code: None },
    }
}
