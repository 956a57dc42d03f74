//! What the two directions mean to the pairing.

use crate::{Direction, Nanos, Sink, http::UserAgents, stream::Place};

use super::{
    asked::{Asked, Said},
    body::Body,
    head::{Parsed, RequestHead, ResponseHead, parse_request, parse_response, salvage_request, salvage_status},
    known::Known,
    lane::Role,
    pairing::{AnswerEnd, Pairing},
};

/// Requests go into the queue.
pub(super) struct Asking<'a> {
    pub(super) pairing: &'a mut Pairing,
    pub(super) known: &'a mut Known<(Said, Body)>,
    pub(super) agents: &'a mut UserAgents,
    pub(super) sink: &'a mut dyn Sink,
}

fn said(head: &RequestHead<'_>, agents: &mut UserAgents, sink: &mut dyn Sink) -> Said {
    let method = Some(sink.text(head.method));
    let path = head.path.map(|path| sink.text(path));
    let route = path.as_ref().map(|path| sink.route(path));
    let host = head.host.as_deref().map(|host| sink.text(host));
    let user_agent = head.user_agent.map(|value| sink.text(agents.class(value)));
    Said { method, path, route, host, user_agent, trace: head.trace }
}

/// A request whose head is not whole, as far as it is there.
fn ask_salvaged(pairing: &mut Pairing, seen: &[u8], start: Place, sink: &mut dyn Sink) {
    match salvage_request(seen, |head| said(&head, &mut UserAgents::default(), sink)) {
        Some(said) => pairing.asked(Asked::new(start, said), sink),
        None => pairing.gap_in_requests(true, sink),
    }
}

impl Role for Asking<'_> {
    const DIRECTION: Direction = Direction::Request;

    fn head(&mut self, bytes: &[u8], start: Place) -> Parsed<Body> {
        if let Some(((said, body), length)) = self.known.again(bytes) {
            self.pairing.asked(Asked::new(start, said), self.sink);
            return Parsed::Whole(body, length);
        }
        match parse_request(bytes) {
            Parsed::Whole(head, length) => {
                let said = said(&head, self.agents, self.sink);
                self.known.remember(&bytes[..length], (said.clone(), head.body));
                self.pairing.asked(Asked::new(start, said), self.sink);
                Parsed::Whole(head.body, length)
            }
            Parsed::Partial => Parsed::Partial,
            Parsed::Invalid => Parsed::Invalid,
        }
    }

    fn broken_head(&mut self, seen: &[u8], start: Place) -> Body {
        ask_salvaged(self.pairing, seen, start, self.sink);
        Body::BLIND
    }

    fn may_have_no_body(&self) -> bool {
        false
    }

    fn is_followed(&self) -> bool {
        false
    }

    fn ended(&mut self, start: Place, end: Place) {
        self.pairing.request_ended(start, end.offset);
    }

    fn ended_unseen(&mut self, start: Place, end: u64) {
        self.pairing.request_ended(start, end);
    }

    fn gap(&mut self, certain: bool, _: Nanos) {
        self.pairing.gap_in_requests(certain, self.sink);
    }

    fn missed(&mut self, bytes: u64) {
        self.sink.missed(bytes);
    }
}

/// Answers take requests out of the queue.
pub(super) struct Answering<'a> {
    pub(super) pairing: &'a mut Pairing,
    pub(super) known: &'a mut Known<ResponseHead>,
    pub(super) sink: &'a mut dyn Sink,
    /// The beginning of a request whose head is not whole, in case it is answered all the same (408, 414, 431).
    pub(super) begun: Option<(&'a [u8], Place)>,
    /// It was.
    pub(super) begun_was_taken: bool,
}

impl Answering<'_> {
    /// Interim answers are passed over; 101 is final, and the last one.
    fn answer(&mut self, status: u16, start: Place) {
        if matches!(status, 100..=199) && status != 101 {
            return;
        }
        if self.pairing.is_idle()
            && let Some((seen, begun)) = self.begun.take()
        {
            ask_salvaged(self.pairing, seen, begun, self.sink);
            self.begun_was_taken = true;
        }
        self.pairing.answer_begins(status, start, self.sink);
    }

    fn take(&mut self, head: &ResponseHead, start: Place) -> Body {
        self.answer(head.status, start);
        let body = head.body.of_response(head.status, self.pairing.answered_method());
        self.pairing.tunnel |= body == Body::Tunnel;
        body
    }

    fn end(&mut self, end: AnswerEnd) {
        self.pairing.answer_ended(end, self.sink);
    }
}

impl Role for Answering<'_> {
    const DIRECTION: Direction = Direction::Response;

    fn head(&mut self, bytes: &[u8], start: Place) -> Parsed<Body> {
        if let Some((head, length)) = self.known.again(bytes) {
            return Parsed::Whole(self.take(&head, start), length);
        }
        match parse_response(bytes) {
            Parsed::Whole(head, length) => {
                self.known.remember(&bytes[..length], head.clone());
                Parsed::Whole(self.take(&head, start), length)
            }
            Parsed::Partial => Parsed::Partial,
            Parsed::Invalid => Parsed::Invalid,
        }
    }

    fn broken_head(&mut self, seen: &[u8], start: Place) -> Body {
        match salvage_status(seen) {
            Some(status) => self.answer(status, start),
            None => self.pairing.gap_in_answers(true, start.time, self.sink),
        }
        Body::BLIND
    }

    /// The answer to a HEAD that was not seen says a length and has no body.
    fn may_have_no_body(&self) -> bool {
        self.pairing.answers_unknown()
    }

    fn is_followed(&self) -> bool {
        self.pairing.has_pending()
    }

    fn ended(&mut self, _: Place, end: Place) {
        self.end(AnswerEnd::Seen(end));
    }

    fn ended_unseen(&mut self, _: Place, end: u64) {
        self.end(AnswerEnd::Unseen(end));
    }

    fn gap(&mut self, certain: bool, time: Nanos) {
        self.pairing.gap_in_answers(certain, time, self.sink);
    }

    fn missed(&mut self, bytes: u64) {
        self.sink.missed(bytes);
    }
}
