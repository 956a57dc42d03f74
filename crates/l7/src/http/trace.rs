//! Trace context that callers put into headers: W3C `traceparent`, and B3 in one header or several.

/// What a request's headers said about the trace it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// 16 bytes; shorter B3 ids are the low half.
    pub trace_id: Option<[u8; 16]>,
    /// The caller's span.
    pub span_id: Option<[u8; 8]>,
}

impl TraceContext {
    /// Takes a header in. A `traceparent` wins over B3, whatever the order.
    pub(crate) fn header(&mut self, from_w3c: &mut bool, name: &str, value: &[u8]) {
        let found = if name.eq_ignore_ascii_case("traceparent") {
            let found = traceparent(value);
            *from_w3c |= found.is_some();
            found
        } else if *from_w3c {
            None
        } else if name.eq_ignore_ascii_case("b3") {
            b3(value)
        } else {
            self.b3_part(name, value)
        };
        if let Some(found) = found {
            *self = found;
        }
    }

    fn b3_part(&self, name: &str, value: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case("x-b3-traceid") {
            return Some(Self { trace_id: Some(trace_id(value)?), ..*self });
        }
        if name.eq_ignore_ascii_case("x-b3-spanid") {
            return Some(Self { span_id: Some(identifier(value)?), ..*self });
        }
        None
    }
}

/// `version-traceid-spanid-flags`, W3C Trace Context 3.2. Later versions may append fields.
fn traceparent(value: &[u8]) -> Option<TraceContext> {
    let mut parts = value.trim_ascii().split(|byte| *byte == b'-');
    let version: [u8; 1] = hex(parts.next()?)?;
    let trace_id = identifier(parts.next()?)?;
    let span_id = identifier(parts.next()?)?;
    let _flags: [u8; 1] = hex(parts.next()?)?;
    let valid = version[0] != 0xff && (version[0] != 0 || parts.next().is_none());
    valid.then_some(TraceContext { trace_id: Some(trace_id), span_id: Some(span_id) })
}

/// `traceid-spanid-sampled-parentspanid`; a lone sampling decision (`0`, `1`, `d`) names no trace.
fn b3(value: &[u8]) -> Option<TraceContext> {
    let mut parts = value.trim_ascii().split(|byte| *byte == b'-');
    let trace_id = trace_id(parts.next()?)?;
    let span_id = identifier(parts.next()?)?;
    Some(TraceContext { trace_id: Some(trace_id), span_id: Some(span_id) })
}

/// B3 allows ids of 64 bits; they are the low half of a longer one.
fn trace_id(value: &[u8]) -> Option<[u8; 16]> {
    let value = value.trim_ascii();
    if value.len() != 16 {
        return identifier(value);
    }
    let low: [u8; 8] = identifier(value)?;
    let mut id = [0; 16];
    id[8..].copy_from_slice(&low);
    Some(id)
}

/// Hex of the full length; an id of zeros is none.
fn identifier<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    hex(value.trim_ascii()).filter(|id| id.iter().any(|byte| *byte != 0))
}

fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = (pair[0] as char).to_digit(16)?;
        let low = (pair[1] as char).to_digit(16)?;
        *byte = (high * 16 + low) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> TraceContext {
        let (mut context, mut from_w3c) = (TraceContext::default(), false);
        for (name, value) in headers {
            context.header(&mut from_w3c, name, value.as_bytes());
        }
        context
    }

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn w3c_wins_in_any_order() {
        let w3c = format!("00-{TRACE}-{SPAN}-01");
        let b3 = format!("{}-{}-1", "1".repeat(32), "2".repeat(16));
        for headers in [[("traceparent", w3c.as_str()), ("b3", b3.as_str())], [("b3", &b3), ("Traceparent", &w3c)]] {
            let context = read(&headers);
            assert_eq!(context.trace_id.map(|id| id[0]), Some(0x0a));
            assert_eq!(context.span_id.map(|id| id[7]), Some(0x31));
        }
    }

    #[test]
    fn b3_in_parts_and_short() {
        let context = read(&[("X-B3-TraceId", "463ac35c9f6413ad"), ("X-B3-SpanId", SPAN)]);
        assert_eq!(context.trace_id.map(|id| (id[7], id[8])), Some((0, 0x46)));
        assert!(context.span_id.is_some());
    }

    #[test]
    fn the_invalid_names_no_trace() {
        let zeros = format!("00-{}-{SPAN}-01", "0".repeat(32));
        let long = format!("00-{TRACE}-{SPAN}-01-extra");
        let reserved = format!("ff-{TRACE}-{SPAN}-01");
        for value in ["", "00", "0", "00-zz-yy-01", &zeros, &long, &reserved] {
            assert_eq!(read(&[("traceparent", value)]), TraceContext::default(), "{value}");
        }
        assert_eq!(read(&[("b3", "0")]), TraceContext::default());
    }
}
