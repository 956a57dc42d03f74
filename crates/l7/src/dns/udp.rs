//! DNS over UDP: one message a datagram.

use crate::{Datagram, Direction, Nanos, Sink};

use super::{matching::Matching, message::Message};

/// Queries and answers between one client socket and one server.
#[derive(Debug, Default)]
pub struct Conversation {
    matching: Matching,
}

impl Conversation {
    /// Takes a datagram. What is no DNS message is passed over.
    pub fn datagram(&mut self, datagram: Datagram<'_>, sink: &mut dyn Sink) {
        let Datagram { direction, payload, length, time } = datagram;
        let Ok(message) = Message::parse(payload) else { return };
        match (direction, message.is_answer) {
            (Direction::Request, false) => self.matching.query(message, u64::from(length), time, sink),
            (Direction::Response, true) => self.matching.answer(&message, u64::from(length), time, sink),
            _ => {}
        }
    }

    /// Whether nothing waits for an answer.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.matching.is_empty()
    }

    /// Hands out, without answer, what has waited for more than 5 s.
    pub fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        self.matching.expire(now, sink);
    }

    /// The client's socket was closed: nothing will be answered any more.
    pub fn close(&mut self, now: Nanos, sink: &mut dyn Sink) {
        self.matching.close(now, sink);
    }
}
