//! Whether Kafka runs on a connection. A header of small numbers is easily another protocol's, so it is a candidate until an
//! answer has confirmed it: of the same correlation id, and as its request wants it.

use crate::Standing;

use super::{
    answer,
    api::{self, Api},
    frames::{BEGINNING, Frame},
    request::{Body, Header, topic_name},
};

/// Requests that a candidate may have without any answer; clients have a few under way.
const REQUESTS_MAX: u16 = 256;
/// Produce requests that ask for no answer, each with its topic's name, which are as good as an answer.
const UNANSWERED: u8 = 4;
/// Answers that nobody asked for.
const UNASKED_MAX: u8 = 2;
/// Brokers' codes run up to some 130.
const CODES: std::ops::RangeInclusive<i16> = -1..=512;

/// What speaks for it and against it so far.
#[derive(Debug, Default)]
pub(super) struct Belief {
    is_confirmed: bool,
    is_refuted: bool,
    requests: u16,
    unanswered: u8,
    unasked: u8,
}

impl Belief {
    pub(super) const fn standing(&self) -> Standing {
        match (self.is_confirmed, self.is_refuted) {
            (true, _) => Standing::Confirmed,
            (false, true) => Standing::Refuted,
            (false, false) => Standing::Candidate,
        }
    }

    /// A frame of the client's.
    pub(super) fn asked(&mut self, frame: &Frame<'_>, header: Option<(&Header<'_>, &Body<'_>)>) {
        if self.is_confirmed {
            return;
        }
        self.requests += 1;
        let fits = match header {
            Some((header, body)) => request_fits(frame, header, body),
            None => is_cut(frame),
        };
        self.is_refuted |= !fits || self.requests > REQUESTS_MAX;
        if header.is_some_and(|(_, body)| body.is_unanswered && body.topic.is_some()) {
            self.unanswered += 1;
            self.is_confirmed = self.unanswered >= UNANSWERED && !self.is_refuted;
        }
    }

    /// An answer that has the correlation id of a request of this kind.
    pub(super) fn answered(&mut self, frame: &Frame<'_>, api: Option<&Api>, version: i16) {
        if self.is_confirmed || self.is_refuted {
            return;
        }
        let fits = answer_fits(frame, api, version);
        (self.is_confirmed, self.is_refuted) = (fits, !fits);
    }

    /// An answer to nothing that was asked, though nothing of that was missed.
    pub(super) fn heard_unasked(&mut self) {
        self.unasked = self.unasked.saturating_add(1);
        self.is_refuted |= self.unasked >= UNASKED_MAX;
    }
}

/// Not all of it was captured.
fn is_cut(frame: &Frame<'_>) -> bool {
    (frame.head.len() as u64) < frame.end.offset.saturating_sub(frame.start.offset)
}

/// A client says who it is, and what it asks about has a name. Where it does not say who it is, the whole request must fit.
fn request_fits(frame: &Frame<'_>, header: &Header<'_>, body: &Body<'_>) -> bool {
    if is_cut(frame) && body.topic.is_none() {
        return header.is_named;
    }
    let Some(api) = header.api.filter(|api| api.knows(header.version)) else { return header.is_named };
    match api.key {
        api::PRODUCE | api::LIST_OFFSETS | api::CREATE_TOPICS | api::DELETE_TOPICS => body.topic.is_some(),
        // In a session it tells what has changed.
        api::FETCH => body.topic.is_some() || (body.topics == 0 && body.session_epoch.is_some()),
        api::API_VERSIONS if header.version < 3 => header.rest().is_some_and(<[u8]>::is_empty),
        api::METADATA if header.version < 4 => asks_for_topics(header) == Some(true),
        _ => header.is_named,
    }
}

/// A request for topics by name, or for all, and nothing behind it.
fn asks_for_topics(header: &Header<'_>) -> Option<bool> {
    let mut fields = header.fields()?;
    for _ in 0..fields.count()? {
        topic_name(fields.text()?)?;
    }
    Some(fields.rest().is_empty())
}

/// An answer whose layout is known has an error code that brokers have, or the topics that were asked for.
fn answer_fits(frame: &Frame<'_>, api: Option<&Api>, version: i16) -> bool {
    let Some(api) = api.filter(|api| api.knows(version)) else { return true };
    let Some(fields) = frame.head.get(BEGINNING..).and_then(|bytes| answer::fields(api, version, bytes)) else {
        return is_cut(frame);
    };
    if api.key == api::METADATA {
        return answer::metadata(version, fields, |_| {}).is_some() || is_cut(frame);
    }
    match answer::error_code(api.key, version, fields) {
        Some(code) => CODES.contains(&code),
        None => is_cut(frame) || !answer::has_code(api.key, version),
    }
}
