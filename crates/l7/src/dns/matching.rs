//! Which answer belongs to which query: by id and question, on one conversation.

use std::collections::VecDeque;

use goldwire_model::record::{Detail, ExchangeError, Protocol};

use crate::{Exchange, Nanos, Position, Sink};

use super::{
    message::{Message, Question},
    names,
    settled::Settled,
};

/// How long an answer is waited for, after the last time the query was sent.
const TIMEOUT: Nanos = 5_000_000_000;
/// Resolvers ask again after exactly five seconds. Such a second try must meet its first one.
const GRACE: Nanos = 500_000_000;
/// Queries that may wait on one conversation.
const WAITING_MAX: usize = 1_024;

#[derive(Debug)]
struct Waiting {
    id: u16,
    question: Question,
    first_sent: Nanos,
    last_sent: Nanos,
    /// How often it was sent again.
    retries: u32,
    /// Of all its sendings.
    bytes: u64,
    /// Its answer may have passed unseen.
    may_be_answered: bool,
}

/// Queries of one conversation that have no answer yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct Matching {
    waiting: VecDeque<Waiting>,
    settled: Settled,
}

impl Matching {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A query. The same one again is a retry of it.
    pub(super) fn query(&mut self, message: Message, bytes: u64, time: Nanos, sink: &mut dyn Sink) {
        if let Some(index) = self.find(message.id, &message.question) {
            let waiting = &mut self.waiting[index];
            waiting.last_sent = time;
            waiting.retries = waiting.retries.saturating_add(1);
            waiting.bytes += bytes;
            return;
        }
        if self.waiting.len() >= WAITING_MAX
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.settled.add(oldest.id, &oldest.question, time);
            sink.lost(1);
        }
        let Message { id, question, .. } = message;
        self.waiting.push_back(Waiting {
            id,
            question,
            first_sent: time,
            last_sent: time,
            retries: 0,
            bytes,
            may_be_answered: false,
        });
    }

    /// An answer. One to a query that was not seen is an exchange too; a second one (to a retry), or one that comes too late,
    /// is none.
    pub(super) fn answer(&mut self, message: &Message, bytes: u64, time: Nanos, sink: &mut dyn Sink) {
        let Message { id, question, .. } = message;
        let waiting = self.find(*id, question).and_then(|index| self.waiting.remove(index));
        if waiting.is_none() && !(message.is_beyond_doubt && self.settled.is_new(*id, question, time)) {
            return;
        }
        self.settled.add(*id, question, time);
        let name = sink.text(&question.name);
        for (address, seconds) in &message.addresses {
            sink.resolved(&name, *address, *seconds);
        }
        let answers = (!message.answers.is_empty()).then(|| sink.text(&message.answers));
        let code = Some(sink.text(&names::code(message.code)));
        let error = names::is_error(message.code).then_some(ExchangeError::Status);
        let retries = waiting.as_ref().map(|waiting| waiting.retries);
        let detail = Detail::Dns {
            name,
            question_type: sink.text(&question.kind_name()),
            code,
            answers,
            ttl: message.ttl,
            retries,
        };
        sink.exchange(exchange(*id, waiting.as_ref(), Some((time, bytes)), time, error, detail));
    }

    /// Answers may have passed unseen.
    pub(super) fn missed_answers(&mut self) {
        for waiting in &mut self.waiting {
            waiting.may_be_answered = true;
        }
    }

    /// Gives up on what was last asked too long before `now`.
    pub(super) fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) {
        self.give_up(now, sink, |waiting| now.saturating_sub(waiting.last_sent) > TIMEOUT + GRACE);
    }

    /// The conversation is over: nothing will be answered any more.
    pub(super) fn close(&mut self, now: Nanos, sink: &mut dyn Sink) {
        self.give_up(now, sink, |_| true);
    }

    fn give_up(&mut self, now: Nanos, sink: &mut dyn Sink, is_over: impl Fn(&Waiting) -> bool) {
        self.waiting.retain(|waiting| {
            let over = is_over(waiting);
            if over {
                self.settled.add(waiting.id, &waiting.question, now);
                hand_out_unanswered(waiting, now, sink);
            }
            !over
        });
    }

    fn find(&self, id: u16, question: &Question) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.id == id && waiting.question == *question)
    }
}

fn hand_out_unanswered(waiting: &Waiting, now: Nanos, sink: &mut dyn Sink) {
    if waiting.may_be_answered {
        return sink.lost(1);
    }
    let name = sink.text(&waiting.question.name);
    let question_type = sink.text(&waiting.question.kind_name());
    let detail =
        Detail::Dns { name, question_type, code: None, answers: None, ttl: None, retries: Some(waiting.retries) };
    sink.exchange(exchange(waiting.id, Some(waiting), None, now, Some(ExchangeError::NoAnswer), detail));
}

fn exchange(
    id: u16,
    waiting: Option<&Waiting>,
    answer: Option<(Nanos, u64)>,
    time: Nanos,
    error: Option<ExchangeError>,
    detail: Detail,
) -> Exchange {
    Exchange {
        protocol: Protocol::Dns,
        position: Some(Position::Number(u32::from(id))),
        request_start: waiting.map(|waiting| waiting.first_sent),
        answer_first: answer.map(|(time, _)| time),
        answer_last: answer.map(|(time, _)| time),
        time,
        request_bytes: waiting.map_or(0, |waiting| waiting.bytes),
        response_bytes: answer.map_or(0, |(_, bytes)| bytes),
        error,
        trace_id: None,
        span_id: None,
        detail,
    }
}
