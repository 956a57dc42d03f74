//! Which answer belongs to which query: by id and question, on one conversation.

use std::collections::VecDeque;

use goldwire_model::record::{Detail, ExchangeError, Protocol};

use crate::{Exchange, Nanos, Sink};

use super::{
    message::{Message, Question},
    names,
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
    bytes: u64,
}

/// Queries of one conversation that have no answer yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct Matching {
    waiting: VecDeque<Waiting>,
}

impl Matching {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A query. The same one again is a retry of it.
    pub(super) fn query(&mut self, message: Message, bytes: u64, time: Nanos, sink: &mut dyn Sink) {
        if let Some(index) = self.find(message.id, &message.question) {
            self.waiting[index].last_sent = time;
            return;
        }
        if self.waiting.len() >= WAITING_MAX && self.waiting.pop_front().is_some() {
            sink.lost(1);
        }
        let Message { id, question, .. } = message;
        self.waiting.push_back(Waiting { id, question, first_sent: time, last_sent: time, bytes });
    }

    /// An answer. One that nobody waits for (a second answer to a retry, one that comes too late) is passed over.
    pub(super) fn answer(&mut self, message: &Message, bytes: u64, time: Nanos, sink: &mut dyn Sink) {
        let Some(waiting) = self.find(message.id, &message.question).and_then(|index| self.waiting.remove(index))
        else {
            return;
        };
        let name = sink.text(&waiting.question.name);
        for (address, seconds) in &message.addresses {
            sink.resolved(&name, *address, *seconds);
        }
        let answers = (!message.answers.is_empty()).then(|| sink.text(&message.answers));
        let code = Some(sink.text(&names::code(message.code)));
        let error = names::is_error(message.code).then_some(ExchangeError::Status);
        let detail = Detail::Dns { name, question_type: sink.text(&waiting.question.kind_name()), code, answers };
        sink.exchange(exchange(&waiting, Some((time, bytes)), time, error, detail));
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
                let name = sink.text(&waiting.question.name);
                let question_type = sink.text(&waiting.question.kind_name());
                let detail = Detail::Dns { name, question_type, code: None, answers: None };
                sink.exchange(exchange(waiting, None, now, Some(ExchangeError::NoAnswer), detail));
            }
            !over
        });
    }

    fn find(&self, id: u16, question: &Question) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.id == id && waiting.question == *question)
    }
}

fn exchange(
    waiting: &Waiting,
    answer: Option<(Nanos, u64)>,
    time: Nanos,
    error: Option<ExchangeError>,
    detail: Detail,
) -> Exchange {
    Exchange {
        protocol: Protocol::Dns,
        request_start: Some(waiting.first_sent),
        answer_first: answer.map(|(time, _)| time),
        answer_last: answer.map(|(time, _)| time),
        time,
        request_bytes: waiting.bytes,
        response_bytes: answer.map_or(0, |(_, bytes)| bytes),
        error,
        trace_id: None,
        span_id: None,
        detail,
    }
}
