//! What a protocol hands out that does not begin with its connection: behind an upgrade, or what was spoken before it.

use crate::{Exchange, Position, Relay, Sink};

/// Counts places from the beginning of the connection.
pub(crate) struct Behind<'a> {
    /// Where the protocol begins in what the client sends.
    pub(crate) base: u64,
    pub(crate) sink: &'a mut dyn Sink,
}

impl Relay for Behind<'_> {
    fn sink(&mut self) -> &mut dyn Sink {
        self.sink
    }

    fn relay(&mut self, exchange: Exchange) {
        let position = exchange.position.map(|position| match position {
            Position::Offset(offset) => Position::Offset(self.base.saturating_add(offset)),
            number @ Position::Number(_) => number,
        });
        self.sink.exchange(Exchange { position, ..exchange });
    }
}
