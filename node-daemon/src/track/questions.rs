//! Joins the two ends of a conversation over UDP by what the client says first in it: of DNS a query, of QUIC its random
//! beginning. Addresses do not tell where something translates them.

use std::num::NonZeroUsize;

use goldwire_model::record::Protocol;
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::{decode::KernelTime, identity::IdentityLookup};

use super::{flow::FlowKey, pairing::digest, tracker::Tracker};

/// What is remembered of what clients said.
const MOST: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");
/// It arrives within so long.
const ON_THE_WAY: u64 = 2_000_000_000;
/// What is shorter says too little.
const SHORTEST: usize = 17;

/// What was said in a conversation that is not joined.
#[derive(Clone, Copy, Debug)]
struct Said {
    key: FlowKey,
    time: KernelTime,
    by_client: bool,
}

/// By digests of the datagrams. Where two conversations of one side said the same, none is remembered.
#[derive(Debug)]
pub(super) struct Questions(LruCache<u64, Option<Said>, FxBuildHasher>);

impl Questions {
    pub(super) fn new() -> Self {
        Self(LruCache::with_hasher(MOST, FxBuildHasher))
    }

    /// The flow of the other side in which the same was said just now.
    fn meet(&mut self, payload: &[u8], own: Said) -> Option<FlowKey> {
        let digest = digest(payload.iter().copied());
        let before = self.0.get(&digest).copied().flatten();
        let before = before.filter(|before| own.time.0.abs_diff(before.time.0) <= ON_THE_WAY);
        match before {
            Some(before) if before.by_client != own.by_client => {
                self.0.pop(&digest);
                Some(before.key)
            }
            Some(before) if before.key != own.key => {
                self.0.put(digest, None);
                None
            }
            _ => {
                self.0.put(digest, Some(own));
                None
            }
        }
    }
}

impl<I: IdentityLookup> Tracker<I> {
    /// Takes what a client said in a conversation whose other end is not known.
    pub(super) fn asked_by_datagram(&mut self, key: FlowKey, payload: &[u8], time: KernelTime) {
        let Some(flow) = self.flows.peek(&key).filter(|flow| flow.peer.is_none()) else { return };
        if payload.len() < SHORTEST || !matches!(flow.protocol, Some(Protocol::Dns | Protocol::Quic)) {
            return;
        }
        let own = Said { key, time, by_client: flow.is_client() };
        let Some(other) = self.questions.meet(payload, own) else { return };
        let is_free = |key: &FlowKey| self.flows.peek(key).is_some_and(|flow| flow.peer.is_none());
        if is_free(&other) {
            self.tuples.mark(self.flows.peek(&key).and_then(|flow| flow.tuple), key);
            self.tuples.mark(self.flows.peek(&other).and_then(|flow| flow.tuple), other);
            self.join(key, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Conversation, Cookie};

    fn said(cookie: u64, time: u64, by_client: bool) -> Said {
        let remote = "10.0.0.1:53".parse().expect("an address");
        let key = FlowKey::Udp(Conversation { cookie: Cookie(cookie), remote });
        Said { key, time: KernelTime(time), by_client }
    }

    #[test]
    fn the_same_words_on_both_sides_meet_once() {
        let mut questions = Questions::new();
        assert_eq!(questions.meet(b"who is it", said(1, 10, true)), None);
        assert_eq!(questions.meet(b"who is it", said(2, 20, false)), Some(said(1, 0, true).key));
        assert_eq!(questions.meet(b"who is it", said(3, 30, false)), None);
    }

    #[test]
    fn two_clients_with_the_same_words_meet_nobody() {
        let mut questions = Questions::new();
        assert_eq!(questions.meet(b"who is it", said(1, 10, true)), None);
        assert_eq!(questions.meet(b"who is it", said(2, 11, true)), None);
        assert_eq!(questions.meet(b"who is it", said(3, 20, false)), None);
    }

    #[test]
    fn words_of_long_ago_meet_nobody() {
        let mut questions = Questions::new();
        assert_eq!(questions.meet(b"who is it", said(1, 10, true)), None);
        assert_eq!(questions.meet(b"who is it", said(2, 11 + ON_THE_WAY, false)), None);
    }
}
