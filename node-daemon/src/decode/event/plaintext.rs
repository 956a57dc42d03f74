//! What passes sessions of TLS libraries.

use crate::decode::{Cookie, Direction, KernelTime, SessionNumber};

/// A session of a TLS library, before its first [`Plaintext`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaintextSession<'a> {
    /// Of the first call that let something pass.
    pub time: KernelTime,
    /// The key that all further events have.
    pub session: SessionNumber,
    /// The process that uses it.
    pub pid: u32,
    /// Address of the library's object in that process.
    pub object: u64,
    /// When its library began to be watched: a session whose handshake began later is seen from its first byte.
    pub watched_since: KernelTime,
    /// What the library keeps of the session, in two pieces: the random of the client's hello is in one of them. Empty where
    /// the session's calls name its socket.
    pub memory: [&'a [u8]; 2],
    /// The library's object says which socket it works on, so that the cookie of its calls is known for sure.
    pub names_socket: bool,
}

/// A call of a TLS library wrote or read something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plaintext<'a> {
    /// When the call ended.
    pub time: KernelTime,
    /// When it began.
    pub began: KernelTime,
    /// As in its [`PlaintextSession`].
    pub session: SessionNumber,
    /// The process that called.
    pub pid: u32,
    /// The TCP socket that was used in this call or an earlier one; absent where a library works in memory, and its program
    /// sends and receives.
    pub cookie: Option<Cookie>,
    /// The TCP socket from which the calling thread received last, as far as that was seen.
    pub received_from: Option<Cookie>,
    /// Seen from the process: [`Direction::Egress`] was written.
    pub direction: Direction,
    /// Place of the first byte in all that passed in this direction.
    pub offset: u64,
    /// When a call began that writes to the session and comes later, though what it wrote went before this.
    pub awaits: Option<KernelTime>,
    /// Bytes that passed, captured or not; 0 where it is only told that a call that writes is over.
    pub length: u32,
    /// The first of them, as far as they were captured.
    pub prefix: &'a [u8],
    /// The last of them where `prefix` does not reach them, else empty.
    pub tail: &'a [u8],
}

/// A session of a TLS library is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaintextEnded {
    /// When its object was given back.
    pub time: KernelTime,
    /// As in its [`PlaintextSession`].
    pub session: SessionNumber,
    /// How many bytes were read from it in all.
    pub received: u64,
    /// How many bytes were written to it in all.
    pub sent: u64,
}
