//! What a server says to it.

use goldwire_model::record::ExchangeError;

use crate::{
    Sink,
    sql::{Message, Statement},
    stream::Place,
};

use super::{
    messages::{cut_text, error_code},
    steps::{Asked, Group, What},
    wire::{End, Orphan, Postgresql},
};

impl Postgresql {
    pub(super) fn answer(&mut self, message: &Message<'_>, sink: &mut dyn Sink) {
        match message.kind() {
            // Notices and notifications come at any time; authentication is no exchange.
            b'N' | b'A' | b'R' | b'K' | b'v' => {}
            b'S' => self.setting(message.body()),
            kind if self.begin(kind, message.start, sink) => self.answer_step(kind, message, sink),
            kind => self.answer_unseen(kind, message),
        }
    }

    /// `standard_conforming_strings` says whether backslashes escape in plain strings.
    fn setting(&mut self, body: &[u8]) {
        if let Some((b"standard_conforming_strings", rest)) = cut_text(body) {
            self.quoting.backslash = rest.starts_with(b"off\0");
        }
    }

    /// Whether it is certain what is answered.
    fn begin(&mut self, kind: u8, start: Place, sink: &mut dyn Sink) -> bool {
        if self.orphan.is_some() {
            return false;
        }
        // A server says why it closes, and then nothing more.
        let is_unasked = matches!(kind, b'E' | b'Z') && self.rounds.is_idle();
        self.rounds.is_answering() || (!is_unasked && self.rounds.begin_answer(start.time, sink))
    }

    fn answer_step(&mut self, kind: u8, message: &Message<'_>, sink: &mut dyn Sink) {
        if kind == b'Z' {
            return self.ready(message, sink);
        }
        if self.is_skipping {
            return;
        }
        // The server passes over a Sync that comes while it copies.
        while kind != b'E' && matches!(self.rounds.front(), Some(Asked { what: What::Sync, .. })) {
            self.rounds.take();
        }
        let Some(front) = self.rounds.front() else { return self.note_orphan(kind) };
        if front.begins && self.group.start != Some(front.start) {
            self.group = Group::begun(front, Some(message.start));
        }
        match (&front.what, kind) {
            (What::Query(_), b'E') => self.group.failed = Some(error_code(message.body()).map(str::to_owned)),
            (_, b'E') => self.fail(message, sink),
            (What::Query(_) | What::Execute { .. }, b'G') => self.copy_in(),
            (What::Query(_) | What::Execute { .. }, b'W') => self.copy_both(message.end, sink),
            (What::Query(_) | What::Startup, _) => {}
            (What::Execute { .. }, b'C' | b'I' | b's') => self.executed(End::at(message.end), sink),
            (What::Execute { .. }, b'D' | b'd' | b'c' | b'H' | b'T') => {}
            (What::DescribeStatement(_), b't') => {}
            (What::DescribeStatement(_) | What::DescribePortal(_), b'T' | b'n')
            | (What::Parse { .. }, b'1')
            | (What::Bind { .. }, b'2')
            | (What::CloseStatement(_) | What::ClosePortal(_), b'3') => {
                if let Some(step) = self.rounds.take() {
                    self.done(step);
                }
            }
            _ => self.distrust(),
        }
    }

    /// A step that leads to an exchange is done.
    pub(super) fn done(&mut self, step: Asked) {
        self.group.bytes += step.bytes;
        match step.what {
            What::Parse { name, statement } => self.names.prepare(name.as_ref(), statement),
            What::Bind { portal, statement } => self.names.bind(portal.as_ref(), statement.as_ref()),
            What::CloseStatement(name) => self.names.close_statement(name.as_ref()),
            What::ClosePortal(name) => self.names.close_portal(name.as_ref()),
            _ => {}
        }
    }

    fn copy_in(&mut self) {
        self.group.copying = true;
        self.rounds.pass_ends_behind_front();
    }

    /// From here on both sides copy, until the connection ends: the exchange is over.
    fn copy_both(&mut self, end: Place, sink: &mut dyn Sink) {
        if self.group.is_told {
            return;
        }
        let Some(front) = self.rounds.front() else { return };
        let (statement, bytes) = (self.statement_of(front), front.bytes);
        let start = self.group.start;
        self.tell(statement, bytes, None, End::at(end), sink);
        self.group = Group { start, is_told: true, ..Group::default() };
    }

    /// The front step is an Execute, and over.
    pub(super) fn executed(&mut self, end: End, sink: &mut dyn Sink) {
        let Some(step) = self.rounds.take() else { return };
        let statement = self.statement_of(&step);
        if self.group.is_told {
            self.group = Group::default();
        } else {
            self.tell(statement, step.bytes, None, end, sink);
        }
    }

    /// What a step is about.
    pub(super) fn statement_of(&self, step: &Asked) -> Statement {
        match &step.what {
            What::Query(statement) | What::Parse { statement, .. } => statement.clone(),
            What::Bind { statement, .. } => self.names.statement(statement.as_ref()),
            What::DescribeStatement(name) => self.names.statement(name.as_ref()),
            What::DescribePortal(portal) | What::Execute { portal } => self.names.portal(portal.as_ref()),
            What::Startup | What::CloseStatement(_) | What::ClosePortal(_) | What::Sync => Statement::default(),
        }
    }

    /// A step failed: one exchange, whatever else was asked with it. The rest of the round is not answered.
    fn fail(&mut self, message: &Message<'_>, sink: &mut dyn Sink) {
        self.is_skipping = true;
        if self.group.copying {
            self.rounds.pass_ends_behind_front();
        }
        let Some(front) = self.rounds.front() else { return };
        let statement = match &front.what {
            What::Startup => return,
            What::Sync => Statement::command("SYNC", sink),
            _ => self.statement_of(front),
        };
        let first = front.bytes;
        let rest = self.rounds.certain().skip(1).take_while(|step| !step.begins).map(|step| step.bytes);
        let bytes = first + rest.sum::<u64>();
        let end = End { error: Some(ExchangeError::Status), ..End::at(message.end) };
        self.tell(statement, bytes, error_code(message.body()), end, sink);
    }

    /// ReadyForQuery.
    fn ready(&mut self, message: &Message<'_>, sink: &mut dyn Sink) {
        match self.rounds.front().map(|front| &front.what) {
            Some(What::Query(_)) => self.queried(End::at(message.end), sink),
            Some(What::Startup | What::Sync) | None => {}
            Some(_) if self.is_skipping => {}
            Some(_) => self.distrust(),
        }
        self.end_round(message.end);
    }

    /// The front step is a simple query, and over.
    pub(super) fn queried(&mut self, end: End, sink: &mut dyn Sink) {
        let Some(front) = self.rounds.front() else { return };
        if self.group.start != Some(front.start) {
            self.group = Group::begun(front, None);
        }
        let (statement, bytes) = (self.statement_of(front), front.bytes);
        self.names.queried(&statement);
        if self.group.is_told {
            return;
        }
        let failed = self.group.failed.take();
        let error = failed.as_ref().map(|_| ExchangeError::Status);
        self.tell(statement, bytes, failed.flatten().as_deref(), End { error, ..end }, sink);
    }

    pub(super) fn end_round(&mut self, end: Place) {
        self.rounds.end_round(end.time);
        if let Some(orphan) = self.orphan.take() {
            self.rounds.end_orphan(orphan.exchanges(), end.time);
        }
        (self.group, self.is_skipping) = (Group::default(), false);
    }

    /// An answer to what was not seen.
    fn answer_unseen(&mut self, kind: u8, message: &Message<'_>) {
        if kind != b'Z' {
            return self.note_orphan(kind);
        }
        let orphan = self.orphan.take().unwrap_or_default();
        self.rounds.end_orphan(orphan.exchanges(), message.end.time);
    }

    fn note_orphan(&mut self, kind: u8) {
        let orphan = self.orphan.get_or_insert_default();
        match kind {
            // A name may have got another meaning unseen.
            b'1' => self.names.forget(),
            b'2' => orphan.is_extended = true,
            b'C' | b'I' | b's' | b'E' => orphan.ends += 1,
            _ => {}
        }
    }

    /// This is no answer to what was asked.
    pub(super) fn distrust(&mut self) {
        self.rounds.distrust();
        self.names.forget();
        (self.group, self.is_skipping) = (Group::default(), false);
    }
}

impl Orphan {
    /// A simple query is one exchange, however many commands are in it.
    fn exchanges(self) -> u64 {
        if self.is_extended { self.ends } else { self.ends.min(1) }
    }
}
