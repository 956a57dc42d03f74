//! Which answer belongs to which command: answers come in the order of their commands, except that some commands have none,
//! subscriptions have several, and some messages are no answers.
//!
//! A pairing is right if both streams were read without a gap since a moment when nothing was under way, or if the command
//! was asked before the first gap in the requests and the answers have none. So, after bytes were missed:
//!
//! * Commands from before a gap in the requests keep their places. Answers behind theirs are handed out without their
//!   command, each once.
//! * For the rest nobody can tell until nothing is under way again ([`Rhythm`]). A command in front of which bytes of the
//!   client passed unread shows no such moment: what was in them may be under way. Nor does one while bytes of the server
//!   wait behind a gap.
//! * Behind a gap in the answers none is read until then but on trial ([`Trial`]).
//!
//! What is not explained by an answer without a command counts as lost.

use std::collections::VecDeque;

use goldwire_model::record::{ExchangeError, Text};

use crate::{
    Sink,
    stream::{Place, Rhythm},
};

use super::{
    answer::Answer,
    asked::{Asked, Seen, exchange},
    command::Meaning,
    subscriptions::{Change, Kind, Subscriptions, confirmation},
    trial::Trial,
};

/// Commands that may wait for an answer on one connection.
const PENDING_MAX: usize = 65_536;

/// An answer under way whose end cannot be found by reading.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) asked: Asked,
    pub(super) first: Place,
    /// Nothing else was asked when it began.
    pub(super) is_alone: bool,
    pub(super) code: Option<Text>,
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
    pub(super) pending: VecDeque<Asked>,
    /// The queue can be trusted. Where it cannot, what is in it was asked before the gap.
    pub(super) aligned: bool,
    pub(super) open: Option<Open>,
    /// Confirmations of the front's subscription so far: the first byte, their bytes, and how many are still to come with the
    /// next.
    pub(super) confirmed: Option<(Place, u64, u64)>,
    pub(super) rhythm: Rhythm,
    /// An answer came though nothing was asked: either a request was lost, or the queue is wrong.
    pub(super) contradicted: bool,
    /// The server's bytes are not read until the queue can be trusted again.
    pub(super) blind: bool,
    /// The queue is only supposed to be right.
    pub(super) trial: Trial,
    /// Bytes of the server wait behind a gap.
    pub(super) answers_wait: bool,
    /// Commands that certainly happened and were not paired.
    pub(super) unpaired: u64,
    /// Answers handed out without their command, each of which explains one.
    pub(super) orphans: u64,
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
            trial: Trial::default(),
            answers_wait: false,
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
        let nothing_waits = (was_alone || self.rhythm.has_all_answers(at.time)) && !self.answers_wait;
        if nothing_waits {
            self.end_trial(sink);
        }
        let begins_anew = !self.aligned && self.pending.is_empty() && (nothing_waits || self.may_try(at.time));
        if begins_anew {
            self.settle(sink);
            self.orphans = 0;
            (self.aligned, self.blind) = (true, false);
            if !nothing_waits {
                self.trial.begin();
            }
        }
        let is_certain = self.aligned && !self.trial.is_on();
        self.rhythm.request(at.time, is_certain.then_some(self.pending.len()));
        begins_anew
    }

    /// A command is whole, or as much of it as will be seen.
    pub(super) fn asked(&mut self, asked: Asked, sink: &mut dyn Sink) {
        if !self.expects_answer(&asked) {
            let seen = Seen { time: asked.end.time, ..Seen::default() };
            return self.trial.exchange(exchange(Some(asked), None, None, seen), sink);
        }
        if self.aligned && self.pending.len() < PENDING_MAX {
            return self.pending.push_back(asked);
        }
        self.fail_trial(sink);
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

    /// Whether a message is no answer: it was pushed (RESP3), or published, or monitored.
    pub(super) fn is_aside(&self, answer: &Answer) -> bool {
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
            None if self.fail_trial(sink) => return,
            None => {
                self.orphans += 1;
                self.contradicted |= self.aligned;
                self.aligned = false;
            }
        }
        self.trial.exchange(exchange(asked, error, code, Seen { first: Some(first.time), last, time, bytes }), sink);
        if self.over {
            self.fail_trial(sink);
        }
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
        if self.fail_trial(sink) {
            return;
        }
        let seen = Seen { first: Some(first.time), last: None, time: first.time, bytes: 0 };
        sink.exchange(exchange(self.pending.pop_front(), None, None, seen));
    }
}
