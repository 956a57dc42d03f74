//! Sessions of TLS libraries, and the flow that each belongs to.
//!
//! A session is tied to a flow by the random of the client's hello: it passes the flow's socket in the clear, and the library
//! keeps it in the session's object. Both ends of a connection may be here, with the same random; then the socket that the
//! session used, or its process, tells which end it is. A flow whose hello was not seen (older than the daemon) is tied by
//! the socket that was used in a call on the session. Objects of Go say themselves which socket is theirs. What cannot be tied
//! so is not tied at all.

use std::num::NonZeroUsize;

use lru::LruCache;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::decode::{Direction, KernelTime, PlaintextSession, SessionNumber};

use super::{
    flow::FlowKey,
    inner::{Call, HeldCall},
};

/// Sessions that are remembered; the one longest without an event goes first.
const MOST: NonZeroUsize = NonZeroUsize::new(65_536).expect("not zero");
/// Calls that are held of one session. Its flow is announced within moments, if at all.
const CALLS: usize = 64;
/// Bytes that are held, over all sessions.
const BYTES: usize = 4 << 20;
/// Compilers align what libraries keep.
const ALIGNMENT: usize = 4;

/// The random of a client's hello (RFC 8446 section 4.1.2).
pub(super) type Random = [u8; 32];

/// Where a session's calls go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    /// Its flow may show up.
    Open {
        since: KernelTime,
    },
    Flow(FlowKey),
    /// It is not known which flow it is.
    None,
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) tie: Tie,
    pub(super) pid: u32,
    pub(super) object: u64,
    pub(super) watched_since: KernelTime,
    /// Its calls say for sure what its socket is.
    names_socket: bool,
    /// When the last call began that was told and writes.
    wrote: KernelTime,
    /// What the library keeps; given up once the session is tied.
    memory: Box<[Box<[u8]>]>,
    held: Vec<HeldCall>,
}

/// What became of a call that has no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Held,
    /// Its session has waited for too long.
    GivenUp,
    /// There is no room.
    Lost,
}

#[derive(Debug)]
pub(super) struct Sessions {
    known: LruCache<SessionNumber, Session, FxBuildHasher>,
    /// Flows by the random of their hello: both ends may be here.
    hellos: FxHashMap<Random, Vec<FlowKey>>,
    /// Sessions whose calls are held.
    waiting: Vec<SessionNumber>,
    held_bytes: usize,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self {
            known: LruCache::with_hasher(MOST, FxBuildHasher),
            hellos: FxHashMap::default(),
            waiting: Vec::new(),
            held_bytes: 0,
        }
    }

    pub(super) fn opened(&mut self, event: &PlaintextSession<'_>) {
        let session = Session {
            tie: Tie::Open { since: event.time },
            pid: event.pid,
            object: event.object,
            watched_since: event.watched_since,
            names_socket: event.names_socket,
            wrote: KernelTime(0),
            memory: event.memory.iter().map(|piece| Box::from(*piece)).collect(),
            held: Vec::new(),
        };
        if let Some((_, before)) = self.known.push(event.session, session) {
            self.held_bytes -= bytes_of(&before.held);
        }
    }

    pub(super) fn get(&mut self, number: SessionNumber) -> Option<&mut Session> {
        self.known.get_mut(&number)
    }

    /// Whether its calls say for sure what its socket is.
    pub(super) fn names_socket(&self, number: SessionNumber) -> bool {
        self.known.peek(&number).is_some_and(|session| session.names_socket)
    }

    pub(super) fn tie(&mut self, number: SessionNumber, tie: Tie) {
        if let Some(session) = self.known.get_mut(&number) {
            session.tie = tie;
            session.memory = Box::default();
        }
    }

    /// Nothing passes it any more. Its tie, and what was held.
    pub(super) fn ended(&mut self, number: SessionNumber) -> Option<(Tie, Vec<HeldCall>)> {
        let session = self.known.pop(&number)?;
        self.held_bytes -= bytes_of(&session.held);
        Some((session.tie, session.held))
    }

    /// A flow began with a hello.
    pub(super) fn said_hello(&mut self, random: Random, key: FlowKey) {
        self.hellos.entry(random).or_default().push(key);
    }

    /// The flow is over.
    pub(super) fn forget_hello(&mut self, random: &Random, key: FlowKey) {
        let Some(keys) = self.hellos.get_mut(random) else { return };
        keys.retain(|other| *other != key);
        if keys.is_empty() {
            self.hellos.remove(random);
        }
    }

    /// The flows whose hello had a random that is in what a session's library keeps. There may be flows of several: clients
    /// choose their randoms, and may choose something that libraries keep anyhow.
    pub(super) fn candidates(&self, number: SessionNumber) -> Vec<FlowKey> {
        let pieces = self.known.peek(&number).into_iter().flat_map(|session| &session.memory);
        let places = pieces.flat_map(|piece| (0..piece.len()).step_by(ALIGNMENT).map(|start| &piece[start..]));
        let randoms = places.filter_map(|bytes| bytes.first_chunk::<32>());
        let mut found: Vec<_> = randoms.filter_map(|random| self.hellos.get(random)).flatten().copied().collect();
        found.dedup();
        found
    }

    /// Keeps a call until its session is tied, before those that wait for it. A session of which no more can be kept is given up.
    pub(super) fn hold(&mut self, call: &Call<'_>) -> Hold {
        let Some(session) = self.known.get_mut(&call.session) else { return Hold::Lost };
        let (number, began, is_write) = (call.session, call.began, call.direction == Direction::Egress);
        if is_write {
            session.wrote = session.wrote.max(began);
        }
        let call = HeldCall::copy_of(call);
        let is_room = self.held_bytes + call.bytes() <= BYTES;
        if session.held.len() >= CALLS || !is_room {
            self.give_up(number);
            return if is_room { Hold::GivenUp } else { Hold::Lost };
        }
        if session.held.is_empty() {
            self.waiting.push(number);
        }
        self.held_bytes += call.bytes();
        let is_late = |other: &HeldCall| is_write && other.awaits >= Some(began);
        let place = session.held.iter().position(is_late).unwrap_or(session.held.len());
        session.held.insert(place, call);
        Hold::Held
    }

    /// Takes note of a call of a session that is tied. False where it has to wait for one that comes later.
    pub(super) fn is_in_order(&mut self, call: &Call<'_>) -> bool {
        let Some(session) = self.known.get_mut(&call.session) else { return true };
        if call.direction == Direction::Egress {
            session.wrote = session.wrote.max(call.began);
            return true;
        }
        session.held.is_empty() && call.awaits.is_none_or(|awaited| awaited <= session.wrote)
    }

    /// Keeps a call that has to wait. False where no more can be kept; then nothing is waited for any longer.
    pub(super) fn hold_late(&mut self, call: &Call<'_>) -> bool {
        let Some(session) = self.known.get_mut(&call.session) else { return false };
        let late = HeldCall::copy_of(call);
        let is_room = session.held.len() < CALLS && self.held_bytes + late.bytes() <= BYTES;
        if is_room {
            self.held_bytes += late.bytes();
            session.held.push(late);
        } else {
            let awaited = session.held.iter().map(|late| late.awaits).chain([call.awaits]);
            session.wrote = awaited.flatten().fold(session.wrote, KernelTime::max);
        }
        is_room
    }

    /// The calls that need not wait any more, in order.
    pub(super) fn take_in_order(&mut self, number: SessionNumber) -> Vec<HeldCall> {
        let Some(session) = self.known.get_mut(&number) else { return Vec::new() };
        let is_late = |late: &HeldCall| late.awaits > Some(session.wrote);
        let count = session.held.iter().position(is_late).unwrap_or(session.held.len());
        let taken: Vec<_> = session.held.drain(..count).collect();
        self.held_bytes -= bytes_of(&taken);
        taken
    }

    fn give_up(&mut self, number: SessionNumber) {
        self.take_held(number);
        self.tie(number, Tie::None);
    }

    /// What was held for a session that is tied now.
    pub(super) fn take_held(&mut self, number: SessionNumber) -> Vec<HeldCall> {
        let held = self.known.peek_mut(&number).map(|session| std::mem::take(&mut session.held)).unwrap_or_default();
        self.held_bytes -= bytes_of(&held);
        held
    }

    /// Gives up on sessions that could not be tied since before `before`, and says which.
    pub(super) fn expire(&mut self, before: KernelTime) -> Vec<SessionNumber> {
        let mut given_up = Vec::new();
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|number| match self.known.peek(number).map(|session| session.tie) {
            Some(Tie::Open { since }) if since < before => {
                given_up.push(*number);
                false
            }
            Some(Tie::Open { .. }) => true,
            _ => false,
        });
        self.waiting = waiting;
        given_up.iter().for_each(|number| self.give_up(*number));
        given_up
    }
}

fn bytes_of(held: &[HeldCall]) -> usize {
    held.iter().map(HeldCall::bytes).sum()
}
