//! One stream: a request and its answer, as far as they were seen.

use goldwire_model::record::{Detail, ExchangeError, Protocol, Text};

use crate::{Direction, Exchange, Nanos, Position, Sink, http::TraceContext, protocol::reset_by};

use super::{fields::Fields, frame::code_name, messages::Messages};

/// Codes of gRPC that are a server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
const SERVER_FAULTS: [u32; 6] = [2, 4, 12, 13, 14, 15];

/// Where one direction of a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// More will come.
    Open,
    /// It may have ended in bytes that were not seen, since this time.
    Unsure(Nanos),
    /// It ended, at this time where that was seen.
    Seen(Option<Nanos>),
}

/// One direction of a stream.
#[derive(Debug)]
pub(super) struct Half {
    /// First byte of its head.
    pub(super) start: Option<Nanos>,
    /// Frames on the wire, with their headers.
    pub(super) bytes: u64,
    pub(super) messages: Messages,
    pub(super) end: End,
    /// Some of it was seen.
    is_seen: bool,
    /// Some of it may have passed unseen.
    has_gap: bool,
}

impl Half {
    fn new() -> Self {
        Self { start: None, bytes: 0, messages: Messages::default(), end: End::Open, is_seen: false, has_gap: false }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.end, End::Seen(_))
    }

    /// Its end may be among bytes that were not seen.
    pub(super) fn lose(&mut self, since: Nanos) {
        if self.end == End::Open {
            self.end = End::Unsure(since);
            self.messages.lose();
            self.has_gap = true;
        }
    }

    /// So many bytes of it were seen.
    pub(super) fn take(&mut self, bytes: u64) {
        self.revive();
        self.bytes += bytes;
        self.is_seen = true;
    }

    /// It cannot have ended, since something comes behind what was missed.
    fn revive(&mut self) {
        if matches!(self.end, End::Unsure(_)) {
            self.end = End::Open;
        }
    }
}

/// A header block on a stream.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) stream: u32,
    /// When its first byte came.
    pub(super) start: Nanos,
    /// When its last byte came, where that was seen.
    pub(super) end: Option<Nanos>,
    /// Its frames on the wire.
    pub(super) bytes: u64,
    pub(super) ends_stream: bool,
    pub(super) fields: Fields,
}

/// RST_STREAM.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reset {
    pub(super) time: Nanos,
    pub(super) by: Direction,
    /// Absent where it was not captured.
    pub(super) code: Option<u32>,
}

/// Why an exchange had no answer, or not all of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Reset(Reset),
    /// The server did not look at it, for this reason.
    Refused(Option<u32>),
    /// The connection ended.
    Closed,
}

#[derive(Debug)]
pub(super) struct Stream {
    number: u32,
    pub(super) request: Half,
    pub(super) response: Half,
    /// Its request is known to have passed unseen.
    pub(super) is_missed: bool,
    /// It was reset, and is not given up yet.
    pub(super) reset: Option<Reset>,
    /// When something of it was last seen.
    pub(super) last: Nanos,
    method: Option<Text>,
    path: Option<Text>,
    host: Option<Text>,
    user_agent: Option<Text>,
    trace: TraceContext,
    status: Option<u16>,
    is_grpc: Option<bool>,
    grpc_status: Option<u32>,
    has_trailers: bool,
    /// Headers refer to what was never heard, such as perhaps the content type.
    has_unknown: bool,
}

impl Stream {
    /// One whose request was not seen, or not yet.
    pub(super) fn unasked(number: u32, now: Nanos) -> Self {
        Self {
            number,
            request: Half { messages: Messages::UNSEEN, ..Half::new() },
            response: Half::new(),
            is_missed: false,
            reset: None,
            last: now,
            method: None,
            path: None,
            host: None,
            user_agent: None,
            trace: TraceContext::default(),
            status: None,
            is_grpc: None,
            grpc_status: None,
            has_trailers: false,
            has_unknown: false,
        }
    }

    pub(super) fn half(&self, direction: Direction) -> &Half {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }

    pub(super) fn half_mut(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// How many bytes ahead tell nothing: of what is certainly no gRPC all of them.
    pub(super) fn needless(&self, direction: Direction) -> u64 {
        if self.is_grpc == Some(false) { u64::MAX } else { self.half(direction).messages.needless() }
    }

    pub(super) fn is_asked(&self) -> bool {
        self.request.start.is_some()
    }

    /// What the server says now comes too late.
    pub(super) fn was_reset_before(&self, now: Nanos) -> bool {
        self.reset.is_some_and(|reset| reset.time < now)
    }

    pub(super) fn is_begun(&self) -> bool {
        self.response.is_seen
    }

    fn take_common(&mut self, fields: &Fields) {
        self.has_unknown |= fields.has_unknown;
        if self.is_grpc != Some(true) {
            self.is_grpc = fields.is_grpc.or(self.is_grpc);
        }
    }

    /// A block of the client's: the head of the request, or its trailers.
    pub(super) fn ask(&mut self, head: Head, is_head: bool) {
        let Head { start, end, bytes, ends_stream, mut fields, .. } = head;
        self.last = start;
        self.request.take(bytes);
        if !self.is_asked() && is_head {
            self.request = Half { start: Some(start), bytes, ..Half::new() };
            self.take_common(&fields);
            (self.host, self.trace) = (fields.host(), fields.trace);
            (self.method, self.path, self.user_agent) = (fields.method, fields.path, fields.user_agent);
        }
        if ends_stream {
            self.request.end = End::Seen(end);
        }
    }

    /// A block of the server's: an interim head, the head of the answer, or its trailers.
    pub(super) fn answer(&mut self, head: Head) {
        let Head { start, end, bytes, ends_stream, fields, .. } = head;
        self.last = end.unwrap_or(start);
        if matches!(fields.status, Some(100..=199)) {
            self.response.revive();
            return;
        }
        let is_first = !self.is_begun() && !self.response.has_gap;
        self.response.take(bytes);
        if fields.is_head || is_first {
            self.response = Half { start: Some(start), bytes, is_seen: true, ..Half::new() };
            self.status = fields.status;
        } else {
            self.has_trailers = true;
        }
        self.take_common(&fields);
        self.grpc_status = fields.grpc_status.or(self.grpc_status);
        if ends_stream || self.opens_tunnel() {
            self.response.end = End::Seen(end);
        }
    }

    /// What follows belongs to whoever uses the tunnel (RFC 9113 section 8.5, RFC 8441).
    pub(super) fn opens_tunnel(&self) -> bool {
        self.method.as_deref() == Some("CONNECT") && matches!(self.status, Some(200..=299))
    }

    /// By the content type. Where that was not heard: by a status of gRPC, or by a body that is nothing but messages,
    /// with trailers behind.
    fn is_grpc_call(&self) -> bool {
        let halves = [&self.request.messages, &self.response.messages];
        let speaks =
            halves.iter().any(|messages| messages.is_evidence()) && !halves.iter().any(|messages| messages.is_other());
        match self.is_grpc {
            Some(is_grpc) => is_grpc || self.grpc_status.is_some(),
            None => self.grpc_status.is_some() || (self.has_unknown && self.has_trailers && speaks),
        }
    }

    /// Why a whole answer counts as an error.
    fn fault(&self) -> Option<ExchangeError> {
        let by_grpc = self.grpc_status.is_some_and(|status| SERVER_FAULTS.contains(&status));
        let by_http = self.status.is_some_and(|status| status >= 500);
        (by_grpc || by_http).then_some(ExchangeError::Status)
    }

    /// An exchange whose answer ended.
    pub(super) fn answered(self, sink: &mut dyn Sink) -> Exchange {
        let last = if let End::Seen(last) = self.response.end { last } else { None };
        let (time, error) = (last.unwrap_or(self.last), self.fault());
        self.exchange(last, time, error, sink)
    }

    /// An exchange whose answer never came, or was cut off.
    pub(super) fn unanswered(self, failure: Failure, time: Nanos, sink: &mut dyn Sink) -> Exchange {
        let cut_off = if self.is_begun() { ExchangeError::Truncated } else { ExchangeError::NoAnswer };
        let (error, code, time) = match failure {
            Failure::Reset(reset) => (reset_by(reset.by), reset.code, reset.time),
            Failure::Refused(code) => (ExchangeError::Refused, code, time),
            Failure::Closed => (cut_off, None, time),
        };
        let mut exchange = self.exchange(None, time, Some(error), sink);
        if let Detail::Http { error_code, .. } | Detail::Grpc { error_code, .. } = &mut exchange.detail {
            *error_code = code.map(|code| sink.text(code_name(code)));
        }
        exchange
    }

    /// An exchange whose answer began and may have ended unseen.
    pub(super) fn left_open(self, sink: &mut dyn Sink) -> Exchange {
        let (time, error) = (self.last, self.fault());
        self.exchange(None, time, error, sink)
    }

    fn exchange(
        self,
        answer_last: Option<Nanos>,
        time: Nanos,
        error: Option<ExchangeError>,
        sink: &mut dyn Sink,
    ) -> Exchange {
        let is_grpc = self.is_grpc_call();
        Exchange {
            protocol: if is_grpc { Protocol::Grpc } else { Protocol::Http2 },
            position: Some(Position::Number(self.number)),
            request_start: self.request.start,
            answer_first: self.response.start,
            answer_last,
            time,
            request_bytes: self.request.bytes,
            response_bytes: self.response.bytes,
            error,
            trace_id: self.trace.trace_id,
            span_id: self.trace.span_id,
            detail: if is_grpc { self.grpc_detail(sink) } else { self.http_detail(sink) },
        }
    }

    fn grpc_detail(self, sink: &mut dyn Sink) -> Detail {
        let method = self.path.as_deref().map(|path| sink.text(path.strip_prefix('/').unwrap_or(path)));
        Detail::Grpc {
            method,
            status: self.grpc_status,
            request_messages: self.request.messages.count(),
            response_messages: self.response.messages.count(),
            error_code: None,
        }
    }

    fn http_detail(self, sink: &mut dyn Sink) -> Detail {
        let route = self.path.as_ref().map(|path| sink.route(path));
        let Self { method, path, host, status, user_agent, .. } = self;
        Detail::Http { method, path, route, host, status, user_agent, error_code: None }
    }
}
