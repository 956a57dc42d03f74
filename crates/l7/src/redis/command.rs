//! What a command says: its name, its key's pattern, and what it does to the answers that follow. Nothing else of its words
//! leaves this place.

use goldwire_model::record::Text;

use crate::Sink;

use super::{
    commands::{self, Key, Known},
    key::write_pattern,
    subscriptions::{Change, Kind},
    value::{Visit, number},
};

/// Words that are kept: enough for the key of `XREADGROUP GROUP g c COUNT n BLOCK ms NOACK STREAMS key`.
const WORDS_MAX: usize = 12;
/// A word longer than this is not kept, and is no key that is shown.
const WORD_MAX: usize = 128;
/// Shown for a command that is not known by name.
const OTHER: &str = "other";

/// Where a word is, as far as it is kept.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: usize,
    end: usize,
    /// How long the whole word is.
    length: u64,
}

/// The first words of a command, while it is read.
#[derive(Debug, Default)]
pub(super) struct Words {
    text: Vec<u8>,
    spans: [Span; WORDS_MAX],
    /// How many have begun.
    begun: usize,
    /// How many the command says it has.
    told: u64,
    /// Something in it is no bulk string, so it is no command.
    is_strange: bool,
}

impl Visit for Words {
    fn line(&mut self, place: u64, line: &[u8]) {
        match line.split_first() {
            Some((b'*', count)) if place == 0 => self.told = number(count).unwrap_or(0),
            Some((b'$', length)) if place > 0 => match number(length) {
                Some(length) => self.begin(length),
                None => self.is_strange = true,
            },
            _ => self.is_strange = true,
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let present = self.begun.checked_sub(1).and_then(|last| self.spans.get_mut(last));
        let Some(span) = present else { return };
        let room = WORD_MAX - (span.end - span.start);
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        span.end = self.text.len();
    }
}

impl Words {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        (self.begun, self.told, self.is_strange) = (0, 0, false);
    }

    fn begin(&mut self, length: u64) {
        let at = self.text.len();
        if let Some(span) = self.spans.get_mut(self.begun) {
            *span = Span { start: at, end: at, length };
        }
        self.begun = self.begun.saturating_add(1);
    }

    /// Takes the words of an inline command.
    pub(super) fn take_inline(&mut self, line: &[u8]) {
        self.clear();
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            self.told += 1;
            self.begin(word.len() as u64);
            self.bytes(word);
        }
    }

    /// Whether this is a command at all. A server passes over empty ones.
    pub(super) const fn are_command(&self) -> bool {
        self.told > 0 && !self.is_strange
    }

    /// Whether the first word is a command that is known.
    pub(super) fn are_known(&self) -> bool {
        self.get(0).and_then(commands::find).is_some()
    }

    /// A word, if it is there as a whole.
    fn get(&self, index: usize) -> Option<&[u8]> {
        let Span { start, end, length } = *self.spans.get(..self.begun.min(WORDS_MAX))?.get(index)?;
        self.text.get(start..end).filter(|word| word.len() as u64 == length)
    }

    fn is(&self, index: usize, word: &str) -> bool {
        self.get(index).is_some_and(|own| own.eq_ignore_ascii_case(word.as_bytes()))
    }
}

/// What a command does to the answers behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Plain,
    Multi,
    /// `EXEC` and `DISCARD`.
    EndMulti,
    /// One confirmation a channel, of so many.
    Subscription(Kind, Change, u64),
    Monitor,
    Psync,
    Sync,
    Reset,
    Shutdown,
    ReplyOn,
    ReplyOff,
    ReplySkip,
}

/// What is known of a command.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) operation: Option<Text>,
    pub(super) target: Option<Text>,
    pub(super) meaning: Meaning,
}

/// Reads the words. `scratch` is memory that is used again.
pub(super) fn said(words: &Words, scratch: &mut String, sink: &mut dyn Sink) -> Said {
    let Some(known) = words.get(0).and_then(commands::find) else {
        let operation = words.get(0).map(|_| sink.text(OTHER));
        return Said { operation, target: None, meaning: Meaning::Plain };
    };
    let member = words.get(1).and_then(|word| known.member(word));
    let operation = Some(operation(known, member, scratch, sink));
    let target = key(known, member, words).filter(|key| !key.is_empty()).map(|key| {
        write_pattern(key, scratch);
        sink.key_pattern(scratch)
    });
    Said { operation, target, meaning: meaning(known.name, member, words) }
}

fn operation(known: Known, member: Option<&str>, scratch: &mut String, sink: &mut dyn Sink) -> Text {
    let Some(member) = member else { return sink.text(known.name) };
    scratch.clear();
    scratch.extend([known.name, " ", member]);
    sink.text(scratch)
}

fn key<'a>(known: Known, member: Option<&str>, words: &'a Words) -> Option<&'a [u8]> {
    match known.key {
        Key::None => None,
        Key::At(_) if known.is_family() && member.is_none() => None,
        Key::At(place) => words.get(place),
        Key::Counted(place) => {
            let count = number(words.get(place)?)?;
            words.get(place + 1).filter(|_| count > 0)
        }
        Key::Streams => (1..WORDS_MAX).find(|index| words.is(*index, "STREAMS")).and_then(|at| words.get(at + 1)),
    }
}

fn meaning(name: &str, member: Option<&str>, words: &Words) -> Meaning {
    let channels = words.told.saturating_sub(1);
    match (name, member) {
        ("MULTI", _) => Meaning::Multi,
        ("EXEC" | "DISCARD", _) => Meaning::EndMulti,
        ("SUBSCRIBE", _) => Meaning::Subscription(Kind::Channel, Change::Add, channels),
        ("PSUBSCRIBE", _) => Meaning::Subscription(Kind::Pattern, Change::Add, channels),
        ("SSUBSCRIBE", _) => Meaning::Subscription(Kind::Shard, Change::Add, channels),
        ("UNSUBSCRIBE", _) => Meaning::Subscription(Kind::Channel, Change::Remove, channels),
        ("PUNSUBSCRIBE", _) => Meaning::Subscription(Kind::Pattern, Change::Remove, channels),
        ("SUNSUBSCRIBE", _) => Meaning::Subscription(Kind::Shard, Change::Remove, channels),
        ("MONITOR", _) => Meaning::Monitor,
        ("PSYNC", _) => Meaning::Psync,
        ("SYNC", _) => Meaning::Sync,
        ("RESET", _) => Meaning::Reset,
        ("SHUTDOWN", _) => Meaning::Shutdown,
        ("CLIENT", Some("REPLY")) => reply(words),
        _ => Meaning::Plain,
    }
}

fn reply(words: &Words) -> Meaning {
    let modes = [("ON", Meaning::ReplyOn), ("OFF", Meaning::ReplyOff), ("SKIP", Meaning::ReplySkip)];
    modes.into_iter().find(|(mode, _)| words.is(2, mode)).map_or(Meaning::Plain, |(_, meaning)| meaning)
}
