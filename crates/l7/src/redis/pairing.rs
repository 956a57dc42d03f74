//! Which answer belongs to which command: answers come in the order of their commands, except that some commands have none,
//! subscriptions have several, and some messages are no answers.
//!
//! After bytes were missed the queue cannot be trusted. Commands from before a gap in the requests keep their places. For the
//! rest nobody can tell until nothing is under way (see [`Rhythm`]): answers that could be read are handed out without their
//! command, each once, and what they do not explain counts as lost.

use std::collections::VecDeque;

use goldwire_model::record::{ExchangeError, Text};

use crate::{Nanos, Sink, stream::Place};

use super::{
    answer::Answer,
    asked::{Asked, Seen, exchange},
    command::Meaning,
    rhythm::Rhythm,
    subscriptions::{Change, Kind, Subscriptions, confirmation},
};

/// Commands that may wait for an answer on one connection.
const PENDING_MAX: usize = 65_536;

/// An answer under way whose end cannot be found by reading.
#[derive(Debug)]
struct Open {
    asked: Asked,
    first: Place,
    /// Nothing else was asked when it began.
    is_alone: bool,
    code: Option<Text>,
}

/// Whether commands are answered (`CLIENT REPLY`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Replies {
    #[default]
    On,
    SkipNext,
    Off,
}

#[derive(Debug)]
pub(super) struct Pairing {
    pending: VecDeque<Asked>,
    /// The queue can be trusted. Where it cannot, what is in it was asked before the gap.
    aligned: bool,
    open: Option<Open>,
    /// Confirmations of the front's subscription so far: the first byte, their bytes, and how many are still to come with the
    /// next.
    confirmed: Option<(Place, u64, u64)>,
    pub(super) rhythm: Rhythm,
    /// An answer came though nothing was asked: either a request was lost, or the queue is wrong.
    contradicted: bool,
    /// The server's bytes are not read until the queue can be trusted again.
    blind: bool,
    /// Commands that certainly happened and were not paired.
    unpaired: u64,
    /// Answers handed out without their command, each of which explains one.
    orphans: u64,
    replies: Replies,
    /// Commands are queued: an answer a command, whatever it is.
    in_transaction: bool,
    subscribes_in_transaction: bool,
    subscriptions: Subscriptions,
    monitors: bool,
    /// What follows is replication.
    pub(super) over: bool,
}

impl Pairing {
    pub(super) fn new(adopted: bool) -> Self {
        Self {
            pending: VecDeque::new(),
            aligned: !adopted,
            open: None,
            confirmed: None,
            rhythm: Rhythm::default(),
            contradicted: false,
            blind: adopted,
            unpaired: 0,
            orphans: 0,
            replies: Replies::On,
            in_transaction: false,
            subscribes_in_transaction: false,
            subscriptions: Subscriptions::default(),
            monitors: false,
            over: false,
        }
    }

    /// What is answered now was asked in bytes that were not seen.
    pub(super) fn answers_the_unseen(&self) -> bool {
        let is_certain = self.aligned || self.contradicted;
        is_certain && self.pending.is_empty() && !self.monitors && !self.subscriptions.is_listening()
    }

    /// A command begins. True where nothing is under way and the next byte of the server begins the answer to it, although
    /// that could not be known before.
    pub(super) fn request_begins(&mut self, at: Place, answers_end: Place, sink: &mut dyn Sink) -> bool {
        if std::mem::take(&mut self.contradicted) && self.rhythm.is_new(at.time) {
            self.rhythm.forget();
        }
        let was_alone = self.open.as_ref().is_some_and(|open| open.is_alone) && self.rhythm.has_its_answer(at.time);
        self.end_open(answers_end, at.time, sink);
        let begins_anew =
            !self.aligned && self.pending.is_empty() && (was_alone || self.rhythm.has_all_answers(at.time));
        if begins_anew {
            self.settle(sink);
            self.orphans = 0;
            (self.aligned, self.blind) = (true, false);
        }
        self.rhythm.request(at.time, self.aligned.then_some(self.pending.len()));
        begins_anew
    }

    /// A command is whole, or as much of it as will be seen.
    pub(super) fn asked(&mut self, asked: Asked, sink: &mut dyn Sink) {
        if !self.expects_answer(&asked) {
            let seen = Seen { time: asked.end.time, ..Seen::default() };
            return sink.exchange(exchange(Some(asked), None, None, seen));
        }
        if self.aligned && self.pending.len() < PENDING_MAX {
            return self.pending.push_back(asked);
        }
        // Of an answer that came before its command could be read, it is the explanation.
        (self.aligned, self.contradicted) = (false, false);
        self.miss_pair(1, sink);
    }

    /// Whether a command is answered; follows what it changes about that.
    fn expects_answer(&mut self, asked: &Asked) -> bool {
        match asked.said.meaning {
            Meaning::Multi => self.in_transaction = true,
            Meaning::EndMulti => self.in_transaction = false,
            Meaning::Reset => (self.in_transaction, self.replies) = (false, Replies::On),
            Meaning::Subscription(..) if self.in_transaction => self.subscribes_in_transaction = true,
            Meaning::ReplyOn if !self.in_transaction => self.replies = Replies::On,
            Meaning::ReplyOff if !self.in_transaction => self.replies = Replies::Off,
            Meaning::ReplySkip if !self.in_transaction && self.replies != Replies::Off => {
                self.replies = Replies::SkipNext;
                return false;
            }
            _ => {}
        }
        match self.replies {
            Replies::On => true,
            Replies::Off => false,
            Replies::SkipNext => {
                self.replies = Replies::On;
                false
            }
        }
    }

    /// Commands may have passed unread; `certain` where one has.
    pub(super) fn gap_in_requests(&mut self, certain: bool, sink: &mut dyn Sink) {
        (self.aligned, self.contradicted) = (false, false);
        self.rhythm.miss();
        self.miss_pair(u64::from(certain), sink);
    }

    /// Answers may have passed unread. One of them began before the gap at `first`, if it is told; it was seen to go on unless
    /// the bytes were `lost`.
    pub(super) fn gap_in_answers(
        &mut self,
        begun: Option<(&Answer, Place)>,
        lost: bool,
        at: Place,
        sink: &mut dyn Sink,
    ) {
        let begun = begun.filter(|(answer, _)| answer.has_begun() && !self.is_aside(answer));
        let first = self.confirmed.take().map(|(first, ..)| first).or(begun.map(|(_, first)| first));
        if let Some(first) = first {
            let code = begun.and_then(|(answer, _)| answer.error_code()).map(|code| sink.text(code));
            let asked = self.pending.pop_front();
            let is_alone = self.pending.is_empty();
            self.open = asked.map(|asked| Open { asked, first, is_alone, code });
        }
        let missed = self.pending.len() as u64;
        self.pending.clear();
        (self.aligned, self.contradicted, self.blind) = (false, false, true);
        self.rhythm.miss();
        self.miss_pair(missed, sink);
        if lost && let Some(open) = &mut self.open {
            open.is_alone = false;
            self.end_open(at, at.time, sink);
        }
    }

    /// What was under way is over at `now`, and its end is where the server's bytes end, if it can be told at all.
    pub(super) fn end_open(&mut self, end: Place, now: Nanos, sink: &mut dyn Sink) {
        let Some(Open { asked, first, is_alone, code }) = self.open.take() else { return };
        let has_end = is_alone && self.rhythm.has_its_answer(now);
        let (last, time) = if has_end { (Some(end.time), end.time) } else { (None, first.time) };
        let bytes = end.offset.saturating_sub(first.offset);
        let error = code.as_ref().map(|_| ExchangeError::Status);
        sink.exchange(exchange(Some(asked), error, code, Seen { first: Some(first.time), last, time, bytes }));
    }

    /// Whether a message is no answer: it was pushed (RESP3), or published, or monitored.
    fn is_aside(&self, answer: &Answer) -> bool {
        match answer.kind {
            b'>' => !self.is_confirmation(answer),
            b'*' => self.subscriptions.is_listening() && answer.is_message() && !self.is_confirmation(answer),
            b'+' => self.monitors && answer.is_monitored,
            _ => false,
        }
    }

    /// The subscription that waits in front, if there is one that is confirmed channel by channel.
    fn subscription(&self) -> Option<(Kind, Change, u64)> {
        match self.pending.front()?.said.meaning {
            Meaning::Subscription(kind, change, channels) => Some((kind, change, channels)),
            _ => None,
        }
    }

    fn is_confirmation(&self, answer: &Answer) -> bool {
        matches!(answer.kind, b'*' | b'>')
            && self.subscription().is_some_and(|(kind, change, _)| answer.begins_with(confirmation(kind, change)))
    }

    /// A message of the server is whole. Its end has no time where it was not seen.
    pub(super) fn answered(&mut self, answer: &Answer, first: Place, end: Place, end_seen: bool, sink: &mut dyn Sink) {
        if self.is_aside(answer) || (self.is_confirmation(answer) && self.confirm(answer, first, end)) {
            return;
        }
        let own = end.offset.saturating_sub(first.offset);
        let (first, before, _) = self.confirmed.take().unwrap_or((first, 0, 0));
        let code = answer.error_code().map(|code| sink.text(code));
        let error = code.as_ref().map(|_| ExchangeError::Status);
        let bytes = before + own;
        let (last, time) = if end_seen { (Some(end.time), end.time) } else { (None, first.time) };
        // Nothing is answered before it is asked.
        let asked = self.pending.pop_front_if(|asked| asked.start.time <= first.time);
        match &asked {
            Some(asked) => self.take_effect(asked, answer),
            None => {
                self.orphans += 1;
                self.contradicted |= self.aligned;
                self.aligned = false;
            }
        }
        sink.exchange(exchange(asked, error, code, Seen { first: Some(first.time), last, time, bytes }));
    }

    /// One of a subscription's confirmations. True where others are still to come.
    fn confirm(&mut self, answer: &Answer, first: Place, end: Place) -> bool {
        let Some((kind, change, channels)) = self.subscription() else { return false };
        let expected = match change {
            Change::Add => channels,
            Change::Remove => self.subscriptions.removals(kind, channels),
        };
        let (begun, bytes, left) = self.confirmed.unwrap_or((first, 0, expected));
        self.subscriptions.confirmed(kind, answer.last_integer, answer.kind == b'*');
        if left <= 1 {
            self.confirmed = Some((begun, bytes, 0));
            return false;
        }
        self.confirmed = Some((begun, bytes + end.offset.saturating_sub(first.offset), left - 1));
        true
    }

    fn take_effect(&mut self, asked: &Asked, answer: &Answer) {
        if answer.is_error() {
            return;
        }
        match asked.said.meaning {
            Meaning::Monitor => self.monitors = true,
            Meaning::Psync => self.over = true,
            Meaning::Reset => (self.monitors, self.subscriptions) = (false, Subscriptions::default()),
            Meaning::EndMulti if std::mem::take(&mut self.subscribes_in_transaction) => {
                self.subscriptions.made_in_transaction();
            }
            _ => {}
        }
    }

    /// The whole database comes next instead of an answer.
    pub(super) fn expects_dump(&self) -> bool {
        self.pending.front().is_some_and(|asked| asked.said.meaning == Meaning::Sync)
    }

    /// It begins. Nobody reads on to its end.
    pub(super) fn dump_begins(&mut self, first: Place, sink: &mut dyn Sink) {
        self.over = true;
        let seen = Seen { first: Some(first.time), last: None, time: first.time, bytes: 0 };
        sink.exchange(exchange(self.pending.pop_front(), None, None, seen));
    }

    /// So many commands will not be paired. Where nothing is read that could explain them, they are lost.
    fn miss_pair(&mut self, commands: u64, sink: &mut dyn Sink) {
        self.unpaired += commands;
        if self.blind {
            self.settle(sink);
        }
    }

    /// What answers without a command do not explain was lost.
    fn settle(&mut self, sink: &mut dyn Sink) {
        let explained = self.unpaired.min(self.orphans);
        let lost = std::mem::take(&mut self.unpaired) - explained;
        self.orphans -= explained;
        if lost > 0 {
            sink.lost(lost);
        }
    }

    /// The connection is over, and this answer with it.
    pub(super) fn cut_off(&mut self, answer: &Answer, first: Place, end: Place, time: Nanos, sink: &mut dyn Sink) {
        let first = self.confirmed.take().map_or(first, |(first, ..)| first);
        if !self.is_aside(answer)
            && let Some(asked) = self.pending.pop_front()
        {
            let bytes = end.offset.saturating_sub(first.offset);
            let seen = Seen { first: Some(first.time), last: None, time, bytes };
            sink.exchange(exchange(Some(asked), Some(ExchangeError::Truncated), None, seen));
        }
    }

    /// The connection is over: what is still asked has no answer. Shutting down the server has none by design.
    pub(super) fn close(&mut self, time: Nanos, sink: &mut dyn Sink) {
        for asked in std::mem::take(&mut self.pending) {
            let is_wanted = asked.said.meaning == Meaning::Shutdown;
            let error = (!is_wanted).then_some(ExchangeError::NoAnswer);
            sink.exchange(exchange(Some(asked), error, None, Seen { time, ..Seen::default() }));
        }
        self.settle(sink);
    }
}
