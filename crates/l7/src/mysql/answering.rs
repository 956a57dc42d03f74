//! What a server says to it.

use goldwire_model::record::ExchangeError;

use crate::{
    Next, Sink,
    sql::{After, Message, Statement},
    stream::Place,
};

use super::{
    commands::{Asked, Kind},
    handshake::server_flags,
    packets::{End, Packet, Status, number},
    wire::{Ending, Mysql, Phase},
};

/// Prepared statements remembered on a connection. Executions of others are exchanges without a statement.
const PREPARED_MAX: usize = 1_024;
/// The number of an error that is none: how far a long command is, in MariaDB.
const PROGRESS: u16 = 0xffff;

/// The answer that is under way.
#[derive(Debug, Default)]
pub(super) struct Answer {
    expects: Expects,
    /// Of the next packet.
    pub(super) sequence: u8,
    /// The last packet goes on in the next.
    goes_on: bool,
    pub(super) first: Option<Place>,
    /// It ended here, if nothing more of it comes.
    ended: Option<Place>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expects {
    /// The first packet of the answer, or of its next result.
    #[default]
    First,
    /// So many definitions of columns, then what is between them and the rows.
    Definitions(u64),
    /// An EOF packet, or the first row where there is none.
    Rows { first: bool },
    /// Definitions of a prepared statement's parameters, then of its columns.
    Prepared { parameters: u64, columns: u64 },
    /// The EOF packet behind such definitions.
    PreparedEnd { columns: u64 },
}

/// What a packet means to the answer.
enum Step {
    Expect(Expects),
    /// It is over; with an error's number where it failed.
    End(Option<u16>),
    /// It makes no sense.
    Wrong,
}

impl Mysql {
    pub(super) fn hear(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        let Some(packet) = Packet::read(message.bytes) else { return After::Lost };
        match self.phase {
            Phase::Greeting => self.greet(&packet, message.end.offset),
            Phase::Authenticating { .. } => {
                if packet.first() == Some(0) {
                    self.phase = Phase::Commanding;
                    if let Some(status) = packet.status() {
                        self.note_status(status);
                    }
                }
                After::Message
            }
            Phase::Commanding => self.answer(&packet, message, sink),
        }
    }

    fn greet(&mut self, packet: &Packet<'_>, greeted_until: u64) -> After {
        let Some(server_flags) = server_flags(packet.payload) else {
            self.next = Next::Nobody;
            return After::Nothing;
        };
        self.phase = Phase::Authenticating { login: 1, greeted_until, server_flags };
        After::Message
    }

    fn answer(&mut self, packet: &Packet<'_>, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        if !self.rounds.is_answering() && !self.begin(packet, message.start, sink) {
            return After::Message;
        }
        if packet.sequence != self.answer.sequence {
            return After::Lost;
        }
        if packet.sequence == 1 {
            self.belief.answered(packet);
        }
        self.answer.sequence = packet.sequence.wrapping_add(1);
        self.answer.ended = None;
        if std::mem::replace(&mut self.answer.goes_on, packet.goes_on()) {
            return After::Message;
        }
        match self.step(packet) {
            Step::Expect(expects) => self.answer.expects = expects,
            Step::End(error) => self.end(error, message.end, sink),
            Step::Wrong if packet.is_cut() => return After::Unseen,
            Step::Wrong => return After::Lost,
        }
        After::Message
    }

    /// Whether an answer begins of which it is certain what it is to.
    fn begin(&mut self, packet: &Packet<'_>, start: Place, sink: &mut dyn Sink) -> bool {
        let is_more_of_orphan = self.orphan == Some(packet.sequence);
        if is_more_of_orphan {
            self.orphan = Some(packet.sequence.wrapping_add(1));
            self.rounds.end_orphan(0, start.time);
            return false;
        }
        let expected = self.rounds.front().map_or(1, |asked| asked.sequence.wrapping_add(1));
        if packet.sequence != expected {
            self.pass_stray(packet);
            return false;
        }
        self.orphan = None;
        if self.rounds.begin_answer(start.time, sink) {
            let sequence = self.rounds.front().map_or(1, |asked| asked.sequence.wrapping_add(1));
            self.answer = Answer { sequence, first: Some(start), ..Answer::default() };
            return true;
        }
        self.orphan = Some(packet.sequence.wrapping_add(1));
        self.rounds.end_orphan(1, start.time);
        false
    }

    /// Where the start of the session was not seen, an EOF packet may follow what looked like the last definition of a
    /// prepared statement.
    fn pass_stray(&mut self, packet: &Packet<'_>) {
        if packet.is_eof() {
            self.agreed.deprecate_eof.get_or_insert(false);
        }
    }

    fn step(&mut self, packet: &Packet<'_>) -> Step {
        // A definition or a row cannot begin like an error.
        if packet.is_error() || packet.payload.is_empty() {
            return match packet.error() {
                Some(PROGRESS) => Step::Expect(self.answer.expects),
                Some(error) => Step::End(Some(error)),
                None => Step::Wrong,
            };
        }
        match self.answer.expects {
            Expects::First => self.first(packet),
            Expects::Definitions(left) => self.definition(left, packet),
            Expects::Rows { first } => self.row(first, packet),
            Expects::Prepared { parameters, columns } => self.prepared_definition(parameters, columns, packet),
            Expects::PreparedEnd { columns } => self.next_prepared(0, columns),
        }
    }

    fn first(&mut self, packet: &Packet<'_>) -> Step {
        let kind = self.rounds.front().map_or(Kind::Single, |asked| asked.kind);
        match (kind, packet.first()) {
            (Kind::Rows, _) => self.row(false, packet),
            (Kind::Authentication, Some(0xfe | 0x01)) => Step::Expect(Expects::First),
            (Kind::Prepare, Some(0)) => self.prepare(packet),
            (Kind::Results, Some(0 | 0xfe)) => self.result_end(packet),
            (Kind::Results, Some(0xfb)) => {
                self.is_loading = true;
                Step::Expect(Expects::First)
            }
            (Kind::Results, _) => self.columns(packet),
            _ => {
                if let Some(status) = packet.status().filter(|_| packet.first() == Some(0)) {
                    self.note_status(status);
                }
                Step::End(None)
            }
        }
    }

    /// The number of columns, and whether their definitions follow.
    fn columns(&self, packet: &Packet<'_>) -> Step {
        let (has_definitions, payload) = match packet.payload.split_first() {
            Some((flag, rest)) if self.agreed.optional_metadata => (*flag != 0, rest),
            _ => (true, packet.payload),
        };
        let Some((columns, rest)) = number(payload).filter(|(columns, _)| *columns > 0) else { return Step::Wrong };
        // MariaDB has the flag behind the number.
        let has_definitions = has_definitions && rest.first().is_none_or(|flag| *flag != 0);
        Step::Expect(if has_definitions { Expects::Definitions(columns) } else { Expects::Rows { first: true } })
    }

    fn definition(&self, left: u64, packet: &Packet<'_>) -> Step {
        match left {
            _ if packet.first() == Some(0xfe) => Step::Wrong,
            0 | 1 => Step::Expect(Expects::Rows { first: true }),
            _ => Step::Expect(Expects::Definitions(left - 1)),
        }
    }

    fn row(&mut self, first: bool, packet: &Packet<'_>) -> Step {
        if first && packet.is_eof() && self.agreed.deprecate_eof != Some(true) {
            self.agreed.deprecate_eof = Some(false);
            return match packet.status() {
                Some(status) if status.cursor => Step::End(None),
                Some(_) => Step::Expect(Expects::Rows { first: false }),
                None => Step::Wrong,
            };
        }
        if first {
            self.agreed.deprecate_eof.get_or_insert(true);
        }
        if packet.ends_rows() { self.result_end(packet) } else { Step::Expect(Expects::Rows { first: false }) }
    }

    fn result_end(&mut self, packet: &Packet<'_>) -> Step {
        let Some(status) = packet.status() else { return Step::Wrong };
        self.note_status(status);
        if status.more_results { Step::Expect(Expects::First) } else { Step::End(None) }
    }

    fn note_status(&mut self, status: Status) {
        self.quoting.backslash = status.backslash;
    }

    /// A statement was prepared: its number, and how much is told of it.
    fn prepare(&mut self, packet: &Packet<'_>) -> Step {
        let [_, a, b, c, d, columns_low, columns_high, parameters_low, parameters_high, rest @ ..] = packet.payload
        else {
            return Step::Wrong;
        };
        let number = u32::from_le_bytes([*a, *b, *c, *d]);
        let columns = u64::from(u16::from_le_bytes([*columns_low, *columns_high]));
        let parameters = u64::from(u16::from_le_bytes([*parameters_low, *parameters_high]));
        if let Some(asked) = self.rounds.front() {
            let statement = Statement { operation: asked.prepares.clone(), ..asked.statement.clone() };
            self.last_prepared = statement.clone();
            if self.prepared.len() < PREPARED_MAX {
                self.prepared.insert(number, statement);
            }
        }
        // Filler, warnings, and then whether definitions follow.
        match rest {
            [_, _, _, 0, ..] if self.agreed.optional_metadata => Step::End(None),
            _ => self.next_prepared(parameters, columns),
        }
    }

    fn next_prepared(&self, parameters: u64, columns: u64) -> Step {
        match (parameters, columns) {
            (0, 0) => Step::End(None),
            (0, columns) => Step::Expect(Expects::Prepared { parameters: columns, columns: 0 }),
            _ => Step::Expect(Expects::Prepared { parameters, columns }),
        }
    }

    fn prepared_definition(&mut self, left: u64, columns: u64, packet: &Packet<'_>) -> Step {
        if packet.is_eof() && self.agreed.deprecate_eof.is_none() {
            // It is the one behind the parameters.
            self.agreed.deprecate_eof = Some(false);
            return Step::Expect(Expects::Prepared { parameters: left, columns });
        }
        match (left, self.agreed.deprecate_eof) {
            _ if packet.first() == Some(0xfe) => Step::Wrong,
            (0 | 1, Some(false)) => Step::Expect(Expects::PreparedEnd { columns }),
            (0 | 1, _) => self.next_prepared(0, columns),
            _ => Step::Expect(Expects::Prepared { parameters: left - 1, columns }),
        }
    }

    /// The answer is over.
    fn end(&mut self, code: Option<u16>, end: Place, sink: &mut dyn Sink) {
        let first = self.answer.first.take();
        if let Some(asked) = self.rounds.front().filter(|asked| asked.is_told()).cloned() {
            let error = code.map(|_| ExchangeError::Status);
            self.tell(asked, Ending { first, last: end, time: end.time, error, code }, sink);
        }
        self.rounds.end_round(end.time);
        (self.answer, self.is_loading) = (Answer::default(), false);
    }

    /// An answer, or a result of it, ended behind bytes that were not captured.
    pub(super) fn end_seen(&mut self, found: End, end: Place, sink: &mut dyn Sink) {
        if !self.rounds.is_answering() {
            return;
        }
        if self.rounds.is_ambiguous() {
            self.rounds.distrust();
            self.answer = Answer::default();
            return;
        }
        self.rounds.answer_seen();
        self.answer.sequence = found.sequence.wrapping_add(1);
        (self.answer.expects, self.answer.goes_on) = (Expects::First, false);
        if found.may_go_on {
            self.answer.expects = Expects::Rows { first: false };
            self.answer.ended = Some(end);
        } else if !found.more_results {
            self.end(found.error, end, sink);
        }
    }

    /// Nothing more came of an answer that may have ended.
    pub(super) fn end_if_over(&mut self, sink: &mut dyn Sink) {
        if let Some(end) = self.answer.ended.take() {
            self.end(None, end, sink);
        }
    }
}

impl Asked {
    /// It is an exchange.
    pub(super) fn is_told(&self) -> bool {
        crate::sql::Step::is_exchange(self)
    }
}
