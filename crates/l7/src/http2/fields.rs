//! What header fields say that an exchange shows.

use goldwire_model::record::Text;

use crate::{
    Sink,
    http::{TraceContext, UserAgents, host_name, plain_path},
};

/// Names of fields, as far as they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Authority,
    Method,
    Path,
    Status,
    /// `:scheme`, `:protocol`: they say that a block is the head of a message.
    Pseudo,
    ContentType,
    Host,
    UserAgent,
    GrpcStatus,
    /// `traceparent`, `b3` and its parts.
    Trace(&'static str),
    /// Nothing of this field is shown, so nothing of it is kept.
    Hidden,
    /// It was said where it could not be heard.
    Unknown,
}

impl Name {
    pub(super) const fn of(name: &[u8]) -> Self {
        match name {
            b":authority" => Self::Authority,
            b":method" => Self::Method,
            b":path" => Self::Path,
            b":status" => Self::Status,
            [b':', ..] => Self::Pseudo,
            b"content-type" => Self::ContentType,
            b"host" => Self::Host,
            b"user-agent" => Self::UserAgent,
            b"grpc-status" => Self::GrpcStatus,
            b"traceparent" => Self::Trace("traceparent"),
            b"b3" => Self::Trace("b3"),
            b"x-b3-traceid" => Self::Trace("x-b3-traceid"),
            b"x-b3-spanid" => Self::Trace("x-b3-spanid"),
            _ => Self::Hidden,
        }
    }

    /// Whether something of the value is of use.
    pub(super) const fn has_use(self) -> bool {
        !matches!(self, Self::Hidden | Self::Unknown | Self::Pseudo)
    }
}

/// What a field says: its meaning, never its text beyond that. This is what the dynamic table holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Meaning {
    Method(Text),
    Path(Text),
    Host(Text),
    Status(u16),
    UserAgent(Text),
    IsGrpc(bool),
    GrpcStatus(u32),
    Trace(TraceContext),
    /// Nothing that is shown.
    #[default]
    Nothing,
}

impl Meaning {
    pub(super) fn of(name: Name, value: &[u8], agents: &mut UserAgents, sink: &mut dyn Sink) -> Self {
        let text = || std::str::from_utf8(value).ok();
        let meaning = match name {
            Name::Method => text().filter(|method| is_method(method)).map(|method| Self::Method(sink.text(method))),
            Name::Path => text().map(|path| Self::Path(sink.text(plain_path(path)))),
            Name::Authority | Name::Host => {
                let host = text().map(host_name).filter(|host| !host.is_empty());
                host.map(|host| Self::Host(sink.text(&host)))
            }
            Name::Status => text().filter(|code| code.len() == 3).and_then(|code| code.parse().ok()).map(Self::Status),
            Name::UserAgent => Some(Self::UserAgent(sink.text(agents.class(value)))),
            Name::ContentType => Some(Self::IsGrpc(value.starts_with(b"application/grpc"))),
            Name::GrpcStatus => text().and_then(|code| code.parse().ok()).map(Self::GrpcStatus),
            Name::Trace(name) => {
                let mut trace = TraceContext::default();
                trace.header(&mut false, name, value);
                Some(Self::Trace(trace))
            }
            Name::Pseudo | Name::Hidden | Name::Unknown => None,
        };
        meaning.unwrap_or_default()
    }
}

/// Longest method that is taken for one, as in HTTP/1.
const METHOD_MAX: usize = 24;

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.len() <= METHOD_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A header block, as far as it was heard and is shown.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) method: Option<Text>,
    pub(super) path: Option<Text>,
    authority: Option<Text>,
    host: Option<Text>,
    pub(super) status: Option<u16>,
    pub(super) user_agent: Option<Text>,
    pub(super) is_grpc: Option<bool>,
    pub(super) grpc_status: Option<u32>,
    pub(super) trace: TraceContext,
    trace_is_w3c: bool,
    /// It is the head of a message, as its pseudo-header fields say (RFC 9113 section 8.3); trailers have none.
    pub(super) is_head: bool,
    /// Some of it refers to what was never heard.
    pub(super) has_unknown: bool,
}

impl Fields {
    pub(super) fn take(&mut self, name: Name, meaning: Meaning) {
        match name {
            Name::Unknown => self.has_unknown = true,
            Name::Authority | Name::Method | Name::Path | Name::Status | Name::Pseudo => self.is_head = true,
            _ => {}
        }
        match meaning {
            Meaning::Method(method) => self.method = Some(method),
            Meaning::Path(path) => self.path = Some(path),
            Meaning::Host(host) if name == Name::Authority => self.authority = Some(host),
            Meaning::Host(host) => self.host = Some(host),
            Meaning::Status(status) => self.status = Some(status),
            Meaning::UserAgent(class) => self.user_agent = Some(class),
            Meaning::IsGrpc(is_grpc) => self.is_grpc = Some(is_grpc),
            Meaning::GrpcStatus(status) => self.grpc_status = Some(status),
            Meaning::Trace(trace) => self.take_trace(name, trace),
            Meaning::Nothing => {}
        }
    }

    /// As with [`TraceContext::header`]: W3C wins, and the parts of B3 add up.
    fn take_trace(&mut self, name: Name, trace: TraceContext) {
        let is_w3c = name == Name::Trace("traceparent");
        if trace == TraceContext::default() || (self.trace_is_w3c && !is_w3c) {
            return;
        }
        self.trace_is_w3c |= is_w3c;
        match name {
            Name::Trace("x-b3-traceid") => self.trace.trace_id = trace.trace_id,
            Name::Trace("x-b3-spanid") => self.trace.span_id = trace.span_id,
            _ => self.trace = trace,
        }
    }

    /// `:authority`, else `host` (RFC 9113 section 8.3.1).
    pub(super) fn host(&mut self) -> Option<Text> {
        self.authority.take().or(self.host.take())
    }
}
