//! Both directions of a connection, and what is between them.

use goldwire_model::record::{Detail, ExchangeError, Protocol};

use crate::{
    Direction, Exchange, Nanos, Next, Position, Sink,
    sql::{After, Gap, Measure, Memory, Message, Quoting, Rounds, Statement, Wire},
    stream::Place,
};

use super::{
    detect::{STARTUP_HEADER, startup},
    messages::{
        HEADER, begins_answer, begins_asking, end_of_answer, end_of_asking, measure_of_client, measure_of_server,
    },
    names::Names,
    steps::{Asked, Group, What},
};

/// What the client's next message looks like, and the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A packet without a type byte.
    Opening,
    /// The same, but the server first says with one byte whether it encrypts. The request for that ended at this offset.
    Encrypting {
        asked_until: u64,
    },
    Speaking,
}

#[derive(Debug)]
pub(super) struct Postgresql {
    pub(super) phase: Phase,
    pub(super) rounds: Rounds<Asked>,
    pub(super) names: Names,
    pub(super) memory: Memory,
    pub(super) quoting: Quoting,
    /// The next message begins the request of an exchange.
    pub(super) is_fresh: bool,
    /// Bytes that the client copied into the present exchange.
    pub(super) copied: u64,
    pub(super) group: Group,
    /// The server answers nothing more of this round, after an error.
    pub(super) is_skipping: bool,
    /// An answer to something that was not seen, as far as it came.
    pub(super) orphan: Option<Orphan>,
    pub(super) next: Next,
}

/// What an answer that belongs to nothing certain says of what it answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Orphan {
    /// It was asked by extended query: each end of a command is an exchange.
    pub(super) is_extended: bool,
    /// Ends of commands.
    pub(super) ends: u64,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Behind its answer, where that was seen.
    pub(super) last: Option<Place>,
    pub(super) time: Nanos,
    pub(super) error: Option<ExchangeError>,
}

impl End {
    pub(super) fn at(place: Place) -> Self {
        Self { last: Some(place), time: place.time, error: None }
    }
}

impl Postgresql {
    pub(super) fn new(adopted: bool) -> Self {
        Self {
            phase: if adopted { Phase::Speaking } else { Phase::Opening },
            rounds: Rounds::new(adopted),
            names: Names::default(),
            memory: Memory::default(),
            quoting: Quoting::POSTGRESQL,
            is_fresh: true,
            copied: 0,
            group: Group::default(),
            is_skipping: false,
            orphan: None,
            next: Next::Same,
        }
    }

    /// Hands out what the group has been about. `bytes` are those of its request that are not counted yet.
    pub(super) fn tell(&mut self, statement: Statement, bytes: u64, code: Option<&str>, end: End, sink: &mut dyn Sink) {
        let group = std::mem::take(&mut self.group);
        let copied = if group.copying { std::mem::take(&mut self.copied) } else { 0 };
        let Statement { operation, target, text } = statement;
        let error_code = code.map(|code| sink.text(code));
        let answer = end.last.zip(group.first).map_or(0, |(last, first)| last.offset.saturating_sub(first.offset));
        sink.exchange(Exchange {
            protocol: Protocol::Postgresql,
            position: group.start.map(|start| Position::Offset(start.offset)),
            request_start: group.start.map(|start| start.time),
            answer_first: group.first.map(|first| first.time),
            answer_last: end.last.filter(|_| end.error != Some(ExchangeError::Truncated)).map(|last| last.time),
            time: end.time,
            request_bytes: group.bytes + bytes + copied,
            response_bytes: answer,
            error: end.error,
            trace_id: None,
            span_id: None,
            detail: Detail::Database { operation, target, statement: text, error_code },
        });
    }

    /// The present round is over, and nobody saw how it ended.
    pub(super) fn lose_round(&mut self, sink: &mut dyn Sink) {
        if self.is_skipping {
            self.rounds.pass_round();
        } else {
            self.doubt_prepared();
            self.rounds.lose_round(sink);
        }
        (self.group, self.is_skipping) = (Group::default(), false);
    }

    /// Statements that were to be prepared by what cannot be followed have no known meaning.
    fn doubt_prepared(&mut self) {
        let Self { rounds, names, .. } = self;
        for step in rounds.all() {
            if let What::Parse { name, .. } | What::CloseStatement(name) = &step.what {
                names.close_statement(name.as_ref());
            }
        }
        names.doubt();
    }
}

impl Wire for Postgresql {
    const PROTOCOL: Protocol = Protocol::Postgresql;

    fn measure(&self, direction: Direction, bytes: &[u8]) -> Measure {
        match (direction, self.phase) {
            (Direction::Request, Phase::Speaking) => measure_of_client(bytes),
            (Direction::Request, _) if bytes.len() < STARTUP_HEADER => Measure::More,
            (Direction::Request, _) => startup(bytes).map_or(Measure::Wrong, |(length, _)| Measure::Known {
                length: u64::from(length),
                keep: STARTUP_HEADER,
            }),
            (Direction::Response, Phase::Encrypting { .. }) => Measure::Known { length: 1, keep: 1 },
            (Direction::Response, _) => measure_of_server(bytes),
        }
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        match (direction, self.phase) {
            (Direction::Request, Phase::Speaking) => self.ask(message, sink),
            (Direction::Request, _) => self.open(message, sink),
            (Direction::Response, Phase::Encrypting { asked_until }) => self.encrypt(message, asked_until),
            (Direction::Response, _) => {
                self.answer(message, sink);
                After::Message
            }
        }
    }

    fn begins(&self, direction: Direction, bytes: &[u8], all: bool) -> bool {
        match direction {
            Direction::Request => {
                // Where not all of a segment is there, nobody knows where it ends.
                let length = if all { bytes.len() as u64 } else { u64::MAX };
                begins_asking(bytes, length, self.quoting)
            }
            Direction::Response if self.rounds.is_answering() => false,
            Direction::Response => {
                let asked = self.rounds.front().map(|step| &step.what);
                begins_answer(bytes, matches!(asked, Some(What::Execute { .. })))
            }
        }
    }

    fn ends(&mut self, direction: Direction, bytes: &[u8], end: Place, sink: &mut dyn Sink) -> bool {
        if direction == Direction::Request {
            return end_of_asking(bytes);
        }
        let Some(completed) = end_of_answer(bytes) else { return false };
        let completed = completed.map(|at| Place { offset: end.offset - (bytes.len() - at) as u64, time: end.time });
        self.end_unseen_round(completed, end, sink);
        true
    }

    fn pass_unread(&mut self, direction: Direction, time: Nanos) {
        if direction == Direction::Response && !self.rounds.is_answering() {
            self.gap_in_answers(true);
            self.rounds.pass_unread(time);
        }
    }

    fn gap_in_requests(&mut self, gap: Gap) {
        // While the client copies it asks for nothing.
        if self.group.copying {
            self.copied += gap.length;
            return;
        }
        self.rounds.gap_in_requests(matches!(gap.begun, Some(b'Q' | b'E' | b'F')), gap.time);
        self.names.doubt();
        self.is_fresh = true;
    }

    fn asks_ahead(&self) -> bool {
        self.rounds.asks_ahead()
    }

    fn gap_in_answers(&mut self, lost: bool) {
        if !lost && self.rounds.is_answering() {
            self.rounds.answer_unseen();
            return;
        }
        self.doubt_prepared();
        if !self.rounds.is_certain() {
            self.names.forget();
        }
        self.rounds.gap_in_answers();
        (self.group, self.orphan, self.is_skipping) = (Group::default(), None, false);
    }

    fn end_unseen_answer(&mut self, sink: &mut dyn Sink) -> bool {
        let ended = self.rounds.ends_unseen();
        if ended {
            self.lose_round(sink);
        }
        ended
    }

    fn answers_the_unseen(&self) -> bool {
        self.rounds.answers_the_unseen()
    }

    fn close(&mut self, begun: Option<Place>, last: Place, time: Nanos, sink: &mut dyn Sink) {
        self.end(begun, last, time, sink);
    }

    fn next(&self) -> Next {
        self.next
    }
}

impl Message<'_> {
    /// Its type.
    pub(super) fn kind(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default()
    }

    /// What is behind its length, as far as it was kept.
    pub(super) fn body(&self) -> &[u8] {
        self.bytes.get(HEADER..).unwrap_or_default()
    }
}
