//! Traffic that is there and is not read, by time.

use goldwire_answer::coverage::{Unread, UnreadKind};
use goldwire_model::{
    field::Field,
    filter::{Filter, Lookup, Value},
    record::Protocol,
    time::Timestamp,
};

use crate::spans::Spans;

const KINDS: [UnreadKind; 3] = [UnreadKind::CompressedMysql, UnreadKind::Http2Joined, UnreadKind::UnixSockets];

#[derive(Debug)]
pub(crate) struct UnreadTraffic {
    spans: Spans<{ KINDS.len() }>,
}

impl Default for UnreadTraffic {
    fn default() -> Self {
        Self { spans: Spans::new([u64::max, u64::saturating_add, u64::max]) }
    }
}

impl UnreadTraffic {
    pub(crate) fn record(&mut self, kind: UnreadKind, time: Timestamp, count: u64) {
        if let Some(place) = KINDS.iter().position(|known| *known == kind) {
            self.spans.record(place, time, count);
        }
    }

    /// What was there in `[from, to)`, nanoseconds since the epoch.
    pub(crate) fn within(&self, from: i64, to: i64) -> Vec<Unread> {
        let there = KINDS.into_iter().zip(self.spans.within(from, to)).filter(|(_, count)| *count > 0);
        there.map(|(kind, count)| Unread { kind, count }).collect()
    }
}

/// Whether a filter may match what was not read. Of that, only the protocol is known.
pub(crate) fn may_match(kind: UnreadKind, filter: &Filter) -> bool {
    let protocols: &[Protocol] = match kind {
        UnreadKind::CompressedMysql => &[Protocol::Mysql],
        UnreadKind::Http2Joined => &[Protocol::Http2, Protocol::Grpc],
        UnreadKind::UnixSockets => return true,
    };
    protocols.iter().any(|protocol| filter.matches(&OfProtocol(*protocol)).is_possible())
}

struct OfProtocol(Protocol);

impl Lookup for OfProtocol {
    fn value(&self, field: &Field) -> Value<'_> {
        match field {
            Field::NetworkProtocol => Value::Text(self.0.name().into()),
            _ => Value::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::NANOS;

    #[test]
    fn unread_connections_count_by_the_most_and_exchanges_by_their_sum() {
        let mut unread = UnreadTraffic::default();
        for (second, count) in [(10, 3), (11, 5), (12, 4)] {
            for kind in KINDS {
                unread.record(kind, Timestamp(second * NANOS), count);
            }
        }
        let counts = |from, to| -> Vec<u64> {
            unread.within(from * NANOS, to * NANOS).iter().map(|unread| unread.count).collect()
        };
        assert_eq!(counts(10, 13), [5, 12, 5]);
        assert_eq!(counts(12, 13), [4, 4, 4]);
        assert_eq!(counts(13, 14), [0_u64; 0]);
    }
    #[test]
    fn a_filter_for_another_protocol_leaves_it_out() {
        for (text, expected) in [
            ("", [true, true, true]),
            ("network.protocol = \"grpc\"", [false, true, true]),
            ("network.protocol = \"mysql\" and latency > 1s", [true, false, true]),
            ("network.protocol in (\"redis\", \"dns\")", [false, false, true]),
            ("not network.protocol = \"mysql\" or url.path = \"/x\"", [true, true, true]),
            ("url.path = \"/x\"", [true, true, true]),
        ] {
            let filter: Filter = text.parse().expect(text);
            assert_eq!(KINDS.map(|kind| may_match(kind, &filter)), expected, "{text}");
        }
    }
}
