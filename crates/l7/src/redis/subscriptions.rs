//! What a connection listens to, as far as its confirmations tell.

/// What is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Remove,
}

/// The first word of a confirmation.
pub(super) const fn confirmation(kind: Kind, change: Change) -> &'static [u8] {
    match (kind, change) {
        (Kind::Channel, Change::Add) => b"subscribe",
        (Kind::Channel, Change::Remove) => b"unsubscribe",
        (Kind::Pattern, Change::Add) => b"psubscribe",
        (Kind::Pattern, Change::Remove) => b"punsubscribe",
        (Kind::Shard, Change::Add) => b"ssubscribe",
        (Kind::Shard, Change::Remove) => b"sunsubscribe",
    }
}

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    channels: u64,
    patterns: u64,
    shards: u64,
    /// They came as arrays, so messages will too (RESP2). RESP3 has a type of its own for them.
    as_arrays: bool,
    /// Some were made within a transaction, where nobody counts.
    uncounted: bool,
}

impl Subscriptions {
    /// Whether a message may come in the shape of an answer.
    pub(super) const fn is_listening(&self) -> bool {
        self.uncounted || (self.as_arrays && self.channels + self.patterns + self.shards > 0)
    }

    /// How many confirmations come for giving up `named` channels; none named means all there are. Giving up nothing is
    /// confirmed once.
    pub(super) fn removals(&self, kind: Kind, named: u64) -> u64 {
        let held = match kind {
            Kind::Channel => self.channels,
            Kind::Pattern => self.patterns,
            Kind::Shard => self.shards,
        };
        if named > 0 { named } else { held.max(1) }
    }

    /// A confirmation tells how many there are now: channels and patterns together, shard channels by themselves.
    pub(super) fn confirmed(&mut self, kind: Kind, total: Option<u64>, as_array: bool) {
        self.as_arrays = as_array;
        let Some(total) = total else { return };
        match kind {
            Kind::Channel => self.channels = total.saturating_sub(self.patterns),
            Kind::Pattern => self.patterns = total.saturating_sub(self.channels),
            Kind::Shard => self.shards = total,
        }
    }

    pub(super) fn made_in_transaction(&mut self) {
        self.uncounted = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_what_is_confirmed() {
        let mut own = Subscriptions::default();
        own.confirmed(Kind::Channel, Some(1), true);
        own.confirmed(Kind::Channel, Some(2), true);
        own.confirmed(Kind::Pattern, Some(3), true);
        assert!(own.is_listening());
        assert_eq!((own.removals(Kind::Channel, 0), own.removals(Kind::Channel, 5)), (2, 5));
        assert_eq!((own.removals(Kind::Pattern, 0), own.removals(Kind::Shard, 0)), (1, 1));
        own.confirmed(Kind::Channel, Some(2), true);
        own.confirmed(Kind::Channel, Some(1), true);
        own.confirmed(Kind::Pattern, Some(0), true);
        assert!(!own.is_listening());
    }
}
