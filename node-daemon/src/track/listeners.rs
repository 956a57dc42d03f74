//! Who listens where: a first guess at who will serve a connection, and which end of an adopted socket is the server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::decode::Cookie;

const CAPACITY: usize = 16_384;

#[derive(Clone, Copy, Debug)]
struct Listener {
    cookie: Cookie,
    owner_pid: Option<u32>,
    /// More than one socket listens here (another network namespace, SO_REUSEPORT), so that the owner is a guess.
    shared: bool,
}

#[derive(Debug)]
pub(super) struct Listeners {
    by_address: LruCache<SocketAddr, Listener, FxBuildHasher>,
}

impl Listeners {
    pub(super) fn new() -> Self {
        Self { by_address: LruCache::unbounded_with_hasher(FxBuildHasher) }
    }

    pub(super) fn opened(&mut self, local: SocketAddr, cookie: Cookie, owner_pid: Option<u32>) {
        let before = self.by_address.peek(&local).filter(|before| before.cookie != cookie);
        let shared = before.is_some_and(|before| before.shared || before.owner_pid != owner_pid);
        self.by_address.put(local, Listener { cookie, owner_pid, shared });
        if self.by_address.len() > CAPACITY {
            self.by_address.pop_lru();
        }
    }

    pub(super) fn closed(&mut self, local: SocketAddr, cookie: Cookie) {
        if self.by_address.peek(&local).is_some_and(|listener| listener.cookie == cookie) {
            self.by_address.pop(&local);
        }
    }

    /// Whether anybody listens for connections to this address.
    pub(super) fn listens(&mut self, address: SocketAddr) -> bool {
        self.find(address).is_some()
    }

    /// The one process that listens for connections to this address.
    pub(super) fn owner(&mut self, address: SocketAddr) -> Option<u32> {
        self.find(address).filter(|listener| !listener.shared)?.owner_pid
    }

    fn find(&mut self, address: SocketAddr) -> Option<Listener> {
        let any_v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), address.port());
        let any = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), address.port());
        [address, any_v4, any].iter().find_map(|key| self.by_address.get(key).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn wildcards_match_and_doubt_names_nobody() {
        let mut listeners = Listeners::new();
        listeners.opened(address("[::]:80"), Cookie(1), Some(10));
        assert_eq!(listeners.owner(address("10.0.0.1:80")), Some(10));
        assert_eq!(listeners.owner(address("10.0.0.1:81")), None);
        listeners.opened(address("[::]:80"), Cookie(2), Some(20));
        assert_eq!(listeners.owner(address("10.0.0.1:80")), None);
        assert!(listeners.listens(address("10.0.0.1:80")));
        listeners.closed(address("[::]:80"), Cookie(2));
        assert!(!listeners.listens(address("10.0.0.1:80")));
    }
}
