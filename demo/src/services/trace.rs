//! W3C trace context, passed on from request to request.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::HeaderMap;

/// The header's name.
pub(super) const HEADER: &str = "traceparent";

/// Which trace a request belongs to, and which span asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceContext {
    trace: u128,
    span: u64,
}

impl TraceContext {
    /// Starts a trace.
    pub(super) fn start() -> Self {
        let trace = u128::from(random()) << 64 | u128::from(random());
        Self { trace, span: random() }
    }

    /// The caller's context, or a new trace where the caller sent none that can be read.
    pub(super) fn of_request(headers: &HeaderMap) -> Self {
        let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
        sent.and_then(Self::parse).unwrap_or_else(Self::start)
    }

    /// The context of a request made on behalf of this one.
    pub(super) fn child(self) -> Self {
        Self { span: random(), ..self }
    }

    /// The header's value.
    pub(super) fn header(self) -> String {
        format!("00-{:032x}-{:016x}-01", self.trace, self.span)
    }

    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let well_formed = version == "00" && trace.len() == 32 && span.len() == 16;
        well_formed.then(|| {
            Some(Self { trace: u128::from_str_radix(trace, 16).ok()?, span: u64::from_str_radix(span, 16).ok()? })
        })?
    }
}

/// Ids need to be unlikely to meet, not secret: the standard library's random hasher keys are enough.
fn random() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    RandomState::new().hash_one(COUNT.fetch_add(1, Ordering::Relaxed)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_the_journey() {
        let context = TraceContext::start();
        assert_eq!(TraceContext::parse(&context.header()), Some(context));
    }

    #[test]
    fn a_child_stays_in_the_trace_under_its_own_span() {
        let parent = TraceContext::start();
        let child = parent.child();
        assert_eq!(child.trace, parent.trace);
        assert_ne!(child.span, parent.span);
    }

    #[test]
    fn what_is_no_trace_context_starts_a_new_trace() {
        for header in ["", "00-xyz-1-01", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7-b7ad-01"]
        {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
    }
}
