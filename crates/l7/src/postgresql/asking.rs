//! What a client says (manual, sections "Start-up", "Simple Query", "Extended Query", "Function Call", "Pipelining", "COPY
//! Operations").

use crate::{
    Next, Sink,
    sql::{After, Message, Statement},
};

use super::{
    detect::{CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST, startup},
    messages::{cut_text, statement},
    names::Name,
    steps::{Asked, What},
    wire::{Phase, Postgresql},
};

/// A name and what is behind it; without a name where that is too long to be read.
fn name(bytes: &[u8]) -> (Option<Name>, &[u8]) {
    match cut_text(bytes) {
        Some((name, rest)) => (Some(Name::from(name)), rest),
        None => (None, &[]),
    }
}

impl Postgresql {
    /// A packet at the start.
    pub(super) fn open(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        match startup(message.bytes) {
            Some((_, SSL_REQUEST | GSSENC_REQUEST)) => {
                self.phase = Phase::Encrypting { asked_until: message.end.offset };
                After::Message
            }
            Some((_, CANCEL_REQUEST)) => {
                self.next = Next::Nobody;
                After::Nothing
            }
            Some(_) => {
                self.phase = Phase::Speaking;
                self.push(What::Startup, message, sink);
                After::Message
            }
            None => After::Lost,
        }
    }

    /// The server's answer to the wish to encrypt: `S` and `G` that it does, `N` that it does not.
    pub(super) fn encrypt(&mut self, message: &Message<'_>, asked_until: u64) -> After {
        match message.kind() {
            b'S' => {
                self.next = Next::Another { request: asked_until, response: message.end.offset };
                After::Nothing
            }
            b'N' => {
                self.phase = Phase::Opening;
                After::Message
            }
            _ => {
                self.next = Next::Nobody;
                After::Nothing
            }
        }
    }

    pub(super) fn ask(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> After {
        let body = message.body();
        match message.kind() {
            b'H' => self.is_fresh = true,
            b'd' | b'c' | b'f' => self.copied += message.length,
            b'X' | b'p' => {}
            kind => {
                if let Some(what) = self.asked(kind, body, sink) {
                    self.push(what, message, sink);
                }
            }
        }
        After::Message
    }

    fn asked(&mut self, kind: u8, body: &[u8], sink: &mut dyn Sink) -> Option<What> {
        let what = match kind {
            b'Q' => What::Query(self.read(body, sink)),
            b'F' => What::Query(Statement::command("FUNCTION_CALL", sink)),
            b'P' => {
                let (name, text) = name(body);
                What::Parse { name, statement: self.read(text, sink) }
            }
            b'B' => {
                let (portal, rest) = name(body);
                What::Bind { portal, statement: name(rest).0 }
            }
            b'E' => What::Execute { portal: name(body).0 },
            b'S' => What::Sync,
            b'D' | b'C' => {
                let (of, rest) = body.split_first()?;
                let name = name(rest).0;
                match (kind, of) {
                    (b'D', b'S') => What::DescribeStatement(name),
                    (b'D', _) => What::DescribePortal(name),
                    (_, b'S') => What::CloseStatement(name),
                    _ => What::ClosePortal(name),
                }
            }
            _ => return None,
        };
        Some(what)
    }

    fn read(&mut self, body: &[u8], sink: &mut dyn Sink) -> Statement {
        let (text, whole) = statement(body);
        self.memory.read(text, whole, self.quoting, sink)
    }

    fn push(&mut self, what: What, message: &Message<'_>, sink: &mut dyn Sink) {
        if let What::Parse { name, .. } = &what
            && !self.rounds.is_certain()
        {
            // Its answer may not be recognised as its own.
            self.names.close_statement(name.as_ref());
        }
        let ends = matches!(what, What::Startup | What::Query(_) | What::Execute { .. } | What::Sync);
        let begins = matches!(what, What::Query(_) | What::Sync) || self.is_fresh;
        self.is_fresh = ends;
        let (start, bytes) = (message.start, message.length);
        self.rounds.ask(Asked { what, start, bytes, begins, behind_gap: false }, sink);
    }
}
