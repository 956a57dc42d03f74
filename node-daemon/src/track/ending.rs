//! How a connection ended, from what the kernel says of its last state.

use goldwire_l7::Direction;
use goldwire_model::record::{Ending, Verdict};

use crate::decode::{Reset, Role, SocketState, TcpClosed};

/// `errno` values of `sk_err`, the same on every architecture that eBPF programs of this daemon run on.
mod errno {
    pub(super) const EPIPE: i32 = libc::EPIPE;
    pub(super) const NETUNREACH: i32 = libc::ENETUNREACH;
    pub(super) const CONNRESET: i32 = libc::ECONNRESET;
    pub(super) const TIMEDOUT: i32 = libc::ETIMEDOUT;
    pub(super) const CONNREFUSED: i32 = libc::ECONNREFUSED;
    pub(super) const HOSTUNREACH: i32 = libc::EHOSTUNREACH;
}

/// Of a connection that had been established, or of an attempt at one.
pub(super) fn ending(closed: &TcpClosed, reporter_is_client: bool) -> Ending {
    if closed.from == SocketState::SynSent {
        return ending_of_attempt(closed);
    }
    match (closed.reset, closed.errno) {
        (Some(Reset::Local), _) => reset_by(reporter_is_client),
        (Some(Reset::Remote), _) | (None, Some(errno::CONNRESET | errno::EPIPE)) => reset_by(!reporter_is_client),
        (None, Some(errno::TIMEDOUT)) => Ending::TimedOut,
        (None, Some(errno::HOSTUNREACH | errno::NETUNREACH)) => Ending::Unreachable,
        (None, _) => Ending::Closed,
    }
}

/// Whose direction it was that reset an established connection.
pub(super) fn reset_came(closed: &TcpClosed, reporter_is_client: bool) -> Option<Direction> {
    match ending(closed, reporter_is_client) {
        Ending::ResetBySource => Some(Direction::Request),
        Ending::ResetByDestination => Some(Direction::Response),
        _ => None,
    }
}

fn ending_of_attempt(closed: &TcpClosed) -> Ending {
    match (closed.errno, closed.reset) {
        (Some(errno::CONNREFUSED | errno::CONNRESET), _) | (None, Some(Reset::Remote)) => Ending::Refused,
        (Some(errno::TIMEDOUT), _) => Ending::TimedOut,
        (Some(errno::HOSTUNREACH | errno::NETUNREACH), _) => Ending::Unreachable,
        _ => Ending::Aborted,
    }
}

const fn reset_by(source: bool) -> Ending {
    if source { Ending::ResetBySource } else { Ending::ResetByDestination }
}

/// What became of the traffic since the last report. A refusal is a drop too, of a SYN that nobody wanted; and a connect that
/// fails because its packets are dropped says so.
pub(super) const fn verdict(ending: Option<Ending>, is_dropped: bool) -> Verdict {
    match ending {
        Some(Ending::Refused) => Verdict::Refused,
        _ if is_dropped => Verdict::Dropped,
        Some(Ending::TimedOut | Ending::Unreachable | Ending::Aborted) => Verdict::Error,
        Some(Ending::Closed | Ending::ResetBySource | Ending::ResetByDestination) | None => Verdict::Forwarded,
    }
}

/// A handshake that the client never finished leaves nothing to report at the server.
pub(super) fn was_never_a_connection(closed: &TcpClosed) -> bool {
    let in_handshake = matches!(closed.from, SocketState::SynRecv | SocketState::NewSynRecv | SocketState::Close);
    closed.role == Role::Server && in_handshake
}
