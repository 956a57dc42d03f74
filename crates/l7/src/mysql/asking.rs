//! What a client says.

use crate::{
    Next, Sink, Upgraded,
    sql::{After, Message, Quoting, Statement, begins_statement},
};

use super::{
    commands::{Asked, Kind, command},
    detect::behind_attributes,
    handshake::{Wish, client_wish},
    packets::{Packet, number},
    wire::{Mysql, Phase},
};

const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: [u8; 2] = [0x17, 0xfa];
const STATEMENT_CLOSE: u8 = 0x19;
/// Commands that name a statement besides executing it.
const OF_STATEMENT: [u8; 2] = [0x1a, 0x1c];
/// Statements are forgotten with these: CHANGE_USER and RESET_CONNECTION.
const FORGETTING: [u8; 2] = [0x11, 0x1f];
/// The number of the statement that was prepared last, in MariaDB.
const LAST_PREPARED: u32 = u32::MAX;

impl Mysql {
    pub(super) fn ask(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        let Some(packet) = Packet::read(message.bytes) else { return After::Lost };
        let goes_on = packet.goes_on() && (self.goes_on || packet.sequence == 0) && !self.is_loading;
        if std::mem::replace(&mut self.goes_on, goes_on) {
            self.lengthen(&packet, message);
            return After::Message;
        }
        match self.phase {
            Phase::Authenticating { login, greeted_until, server_flags } if packet.sequence == login => {
                self.log_in(&packet, (message.end.offset, greeted_until), server_flags, sink)
            }
            _ if self.is_loading || packet.sequence != 0 => {
                self.load(&packet, message);
                After::Message
            }
            Phase::Commanding => self.command(&packet, message, sink),
            Phase::Greeting | Phase::Authenticating { .. } => {
                self.phase = Phase::Commanding;
                self.rounds.gap_in_answers();
                self.command(&packet, message, sink)
            }
        }
    }

    /// A command goes on.
    fn lengthen(&mut self, packet: &Packet<'_>, message: &Message<'_>) {
        if let Some(asked) = self.rounds.last_mut() {
            asked.bytes += message.length;
            asked.sequence = packet.sequence;
        }
    }

    /// A packet of a file that the server asked for; an empty one ends it.
    fn load(&mut self, packet: &Packet<'_>, message: &Message<'_>) {
        if !self.is_loading {
            return;
        }
        self.answer.sequence = packet.sequence.wrapping_add(1);
        if let Some(asked) = self.rounds.front_mut() {
            asked.bytes += message.length;
        }
        self.is_loading = packet.length > 0;
    }

    /// The client's answer to the greeting. Behind it only flags are read.
    fn log_in(
        &mut self,
        packet: &Packet<'_>,
        (end, greeted_until): (u64, u64),
        server_flags: u32,
        sink: &mut dyn Sink,
    ) -> After {
        match client_wish(packet, server_flags) {
            Some(Wish::Encrypt) => {
                self.next = Next::Another { request: end, response: greeted_until };
                self.upgraded = Some(Upgraded::Mysql { server_flags });
                After::Nothing
            }
            Some(Wish::Compress) => {
                sink.compressed();
                self.next = Next::Nobody;
                After::Nothing
            }
            Some(Wish::Speak(agreed)) => {
                self.agreed = agreed;
                After::Message
            }
            None => After::Lost,
        }
    }

    fn command(&mut self, packet: &Packet<'_>, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        let Some((code, rest)) = packet.payload.split_first() else { return After::Lost };
        let Some((name, kind)) = command(*code) else { return After::Lost };
        if kind == Kind::Replication {
            self.next = Next::Nobody;
            return After::Nothing;
        }
        self.belief.asked(is_telling(*code, rest, self.quoting));
        if *code == STATEMENT_CLOSE {
            number_of(rest).map(|number| self.prepared.remove(&number));
        }
        if FORGETTING.contains(code) {
            self.prepared.clear();
        }
        if kind == Kind::Nothing {
            return After::Message;
        }
        let whole = message.bytes.len() as u64 == message.length && !packet.goes_on();
        let (statement, of_last_prepared) = self.statement(*code, name, (rest, whole), sink);
        let prepares = (*code == PREPARE).then(|| statement.operation.clone()).flatten();
        let operation = if *code == PREPARE { Some(sink.text(name)) } else { statement.operation.clone() };
        let asked = Asked {
            kind,
            statement: Statement { operation, ..statement },
            of_last_prepared,
            prepares,
            start: message.start,
            bytes: message.length,
            sequence: packet.sequence,
            behind_gap: false,
        };
        self.rounds.ask(asked, sink);
        After::Message
    }

    /// What a command is about; true where that is what was prepared last.
    fn statement(
        &mut self,
        code: u8,
        name: &str,
        (rest, whole): (&[u8], bool),
        sink: &mut dyn Sink,
    ) -> (Statement, bool) {
        match code {
            QUERY | PREPARE => {
                let text = if code == QUERY { self.behind_attributes(rest) } else { Some(rest) };
                let read = text.map(|text| self.memory.read(text, whole, self.quoting, sink));
                (read.unwrap_or_default(), false)
            }
            _ if EXECUTE.contains(&code) => {
                let number = number_of(rest);
                let known = number.and_then(|number| self.prepared.get(&number)).cloned();
                (known.unwrap_or_default(), number == Some(LAST_PREPARED))
            }
            _ if OF_STATEMENT.contains(&code) => {
                let known = number_of(rest).and_then(|number| self.prepared.get(&number)).cloned();
                (Statement { operation: Some(sink.text(name)), ..known.unwrap_or_default() }, false)
            }
            _ => (Statement::command(name, sink), false),
        }
    }

    /// The text of a query. Behind attributes that have values it is not looked for.
    fn behind_attributes<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        match self.agreed.query_attributes {
            Some(false) => Some(payload),
            Some(true) => {
                let (attributes, rest) = number(payload)?;
                number(rest).filter(|_| attributes == 0).map(|(_, text)| text)
            }
            None => Some(behind_attributes(payload)),
        }
    }
}

/// Whether a command is hardly another protocol's: a statement, or the execution of one, which is iterated once.
fn is_telling(code: u8, rest: &[u8], quoting: Quoting) -> bool {
    match code {
        QUERY | PREPARE => begins_statement(behind_attributes(rest), quoting),
        _ => EXECUTE.contains(&code) && rest.get(5..9) == Some(&[1, 0, 0, 0]),
    }
}

fn number_of(payload: &[u8]) -> Option<u32> {
    payload.first_chunk().map(|number| u32::from_le_bytes(*number))
}
