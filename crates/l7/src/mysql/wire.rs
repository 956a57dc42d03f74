//! Both directions of a connection, and what is between them.

use std::collections::HashMap;

use goldwire_model::record::{Detail, ExchangeError, Protocol};

use crate::{
    Direction, Exchange, Nanos, Next, Position, Sink, Standing, Upgraded,
    sql::{After, Gap, Measure, Memory, Message, Quoting, Rounds, Statement, Wire},
    stream::Place,
};

use super::{
    answering::Answer,
    belief::Belief,
    commands::Asked,
    detect::begins_command,
    handshake::Agreed,
    packets::{begins_answer, end_of_answer, measure},
};

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The server speaks first.
    Greeting,
    /// The client logs in, with a packet of this number: behind the greeting, or behind its wish to encrypt.
    Authenticating {
        login: u8,
        /// The greeting ended at this offset.
        greeted_until: u64,
        server_flags: u32,
    },
    Commanding,
}

#[derive(Debug)]
pub(super) struct Mysql {
    pub(super) phase: Phase,
    pub(super) agreed: Agreed,
    pub(super) rounds: Rounds<Asked>,
    /// Prepared statements by their numbers, which a server never gives twice on a connection.
    pub(super) prepared: HashMap<u32, Statement>,
    pub(super) last_prepared: Statement,
    pub(super) memory: Memory,
    pub(super) quoting: Quoting,
    /// The client's last packet goes on in the next.
    pub(super) goes_on: bool,
    /// The client sends a file that the server asked for.
    pub(super) is_loading: bool,
    pub(super) answer: Answer,
    /// Sequence number of the next packet of an answer to what was not seen.
    pub(super) orphan: Option<u8>,
    pub(super) next: Next,
    pub(super) upgraded: Option<Upgraded>,
    pub(super) belief: Belief,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// Where its answer begins, if there is one.
    pub(super) first: Option<Place>,
    /// Behind its answer, as far as it came.
    pub(super) last: Place,
    pub(super) time: Nanos,
    pub(super) error: Option<ExchangeError>,
    pub(super) code: Option<u16>,
}

impl Mysql {
    pub(super) fn new(adopted: bool) -> Self {
        Self {
            phase: if adopted { Phase::Commanding } else { Phase::Greeting },
            agreed: Agreed::default(),
            rounds: Rounds::new(adopted),
            prepared: HashMap::new(),
            last_prepared: Statement::default(),
            memory: Memory::default(),
            quoting: Quoting::MYSQL,
            goes_on: false,
            is_loading: false,
            answer: Answer::default(),
            orphan: None,
            next: Next::Same,
            upgraded: None,
            belief: if adopted { Belief::Candidate { commands: 0 } } else { Belief::Confirmed },
        }
    }

    /// The session goes on inside of TLS.
    pub(super) fn inside_tls(server_flags: u32) -> Self {
        let phase = Phase::Authenticating { login: 2, greeted_until: 0, server_flags };
        Self { phase, ..Self::new(false) }
    }

    /// Hands out an exchange.
    pub(super) fn tell(&self, asked: Asked, ending: Ending, sink: &mut dyn Sink) {
        let Ending { first, last, time, error, code } = ending;
        let is_over = matches!(error, None | Some(ExchangeError::Status));
        let statement = if asked.of_last_prepared { self.last_prepared.clone() } else { asked.statement };
        let Statement { operation, target, text } = statement;
        let error_code = code.map(|code| sink.text(&code.to_string()));
        sink.exchange(Exchange {
            protocol: Protocol::Mysql,
            position: Some(Position::Offset(asked.start.offset)),
            request_start: Some(asked.start.time),
            answer_first: first.map(|first| first.time),
            answer_last: first.filter(|_| is_over).map(|_| last.time),
            time,
            request_bytes: asked.bytes,
            response_bytes: first.map_or(0, |first| last.offset.saturating_sub(first.offset)),
            error,
            trace_id: None,
            span_id: None,
            detail: Detail::Database { operation, target, statement: text, error_code },
        });
    }
}

impl Wire for Mysql {
    const PROTOCOL: Protocol = Protocol::Mysql;

    fn measure(&self, direction: Direction, bytes: &[u8]) -> Measure {
        let is_command = direction == Direction::Request && bytes.get(3).is_none_or(|sequence| *sequence == 0);
        measure(bytes, is_command, self.phase == Phase::Greeting)
    }

    fn message(&mut self, direction: Direction, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        match direction {
            Direction::Request => self.ask(message, sink),
            Direction::Response => self.hear(message, sink),
        }
    }

    fn begins(&self, direction: Direction, bytes: &[u8], all: bool) -> bool {
        match direction {
            Direction::Request => begins_command(bytes, all.then_some(bytes.len() as u64)),
            Direction::Response => !self.rounds.is_answering() && begins_answer(bytes),
        }
    }

    fn ends(&mut self, direction: Direction, bytes: &[u8], end: Place, sink: &mut dyn Sink) -> bool {
        if direction == Direction::Request {
            return false;
        }
        // Behind an end that may be that of definitions nobody knows what comes.
        let found = end_of_answer(bytes).filter(|found| !(found.may_go_on && found.more_results));
        let Some(found) = found else { return false };
        self.end_seen(found, end, sink);
        true
    }

    fn pass_unread(&mut self, direction: Direction, time: Nanos) {
        if direction == Direction::Response && !self.rounds.is_answering() {
            self.gap_in_answers(true);
            self.rounds.pass_unread(time);
        }
    }

    fn gap_in_requests(&mut self, gap: Gap) {
        // Bytes of a file, or of a statement that goes on, are no commands.
        let longer = match (self.is_loading, self.goes_on) {
            (true, _) => self.rounds.front_mut(),
            (false, true) => self.rounds.last_mut(),
            (false, false) => None,
        };
        match longer {
            Some(asked) => asked.bytes += gap.length,
            None => self.rounds.gap_in_requests(gap.begun.is_some(), gap.time),
        }
        self.goes_on = false;
    }

    fn asks_ahead(&self) -> bool {
        self.rounds.asks_ahead()
    }

    fn gap_in_answers(&mut self, lost: bool) {
        self.phase = Phase::Commanding;
        if !lost && self.rounds.is_answering() {
            self.rounds.answer_unseen();
            return;
        }
        self.rounds.gap_in_answers();
        (self.answer, self.orphan, self.is_loading) = (Answer::default(), None, false);
    }

    fn end_unseen_answer(&mut self, sink: &mut dyn Sink) -> bool {
        self.end_if_over(sink);
        let ended = self.rounds.ends_unseen() && !self.is_loading;
        if ended {
            self.rounds.lose_round(sink);
            self.answer = Answer::default();
        }
        ended
    }

    fn answers_the_unseen(&self) -> bool {
        self.phase == Phase::Commanding && self.rounds.answers_the_unseen()
    }

    fn close(&mut self, begun: Option<Place>, last: Place, time: Nanos, sink: &mut dyn Sink) {
        if let Some(begun) = begun.filter(|_| !self.rounds.is_answering() && self.rounds.front().is_some())
            && self.rounds.begin_answer(begun.time, sink)
        {
            self.answer.first = Some(begun);
        }
        self.end_if_over(sink);
        if self.rounds.is_unseen() {
            self.rounds.lose_round(sink);
            self.answer = Answer::default();
        }
        for asked in self.rounds.close(sink) {
            if asked.is_told() {
                let first = self.answer.first.take();
                let error = Some(if first.is_some() { ExchangeError::Truncated } else { ExchangeError::NoAnswer });
                self.tell(asked, Ending { first, last, time, error, code: None }, sink);
            }
        }
    }

    fn next(&self) -> Next {
        self.next
    }

    fn standing(&self) -> Standing {
        self.belief.standing()
    }

    fn upgraded(&self) -> Option<Upgraded> {
        self.upgraded
    }
}
