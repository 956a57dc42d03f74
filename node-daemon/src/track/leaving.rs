//! Who left a connection first, so that what was under way is the fault of whoever did not wait for it.

use goldwire_l7::{Closing, Direction, Nanos};
use goldwire_model::record::Reporter;

use crate::decode::{KernelTime, Reset, SocketState, TcpClosed};

use super::{
    ending::reset_came,
    flow::{About, Flow},
    held::Arrived,
};

/// What an end of a connection showed of its client's leaving, to be known when the other end is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Leaving {
    /// The client's own socket closed: its program had left by then, or it still read.
    pub(super) client_left: Option<bool>,
    /// When the client's FIN came.
    pub(super) client_ended: Option<KernelTime>,
    /// So did payload of the server behind it.
    pub(super) answered_after: bool,
}

impl Leaving {
    /// Since when it is open whether the answers of this server are still read.
    pub(super) fn awaits_verdict(&self, about: &About) -> Option<Nanos> {
        self.client_ended.filter(|_| about.ends.reporter == Reporter::Server).map(|KernelTime(ended)| ended)
    }
}

/// Which FIN was first, by the state that a socket closed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Local,
    Remote,
    /// They crossed.
    Both,
    /// None was sent.
    Nobody,
}

const fn first(from: SocketState) -> First {
    match from {
        SocketState::FinWait1 | SocketState::FinWait2 | SocketState::TimeWait => First::Local,
        SocketState::CloseWait | SocketState::LastAck => First::Remote,
        SocketState::Closing => First::Both,
        _ => First::Nobody,
    }
}

/// How a connection ended, and who left it. A client that has ended its requests and goes on reading has not left; where
/// both ends closed before they heard of each other, the server did not wait for its client to leave.
pub(super) fn closing(closed: &TcpClosed, flow: &Flow, peer_is_open: bool) -> Closing {
    let is_client = flow.is_client();
    let reset = reset_came(closed, is_client);
    if reset.is_none() && closed.errno.is_some() {
        return Closing::Cut { by: None };
    }
    let client_first = match (first(closed.from), is_client) {
        (First::Nobody, _) => return reset.map_or(Closing::CLEAN, |by| Closing::Cut { by: Some(by) }),
        (First::Local, client) => client,
        (First::Remote, client) => !client,
        (First::Both, _) => false,
    };
    if !client_first {
        return Closing::Clean { by: Some(Direction::Response) };
    }
    let still_read = if is_client { !closed.is_orphan } else { still_reads(closed, flow.leaving, peer_is_open) };
    match reset {
        _ if !still_read => Closing::Clean { by: Some(Direction::Request) },
        Some(by) => Closing::Cut { by: Some(by) },
        None => Closing::Clean { by: Some(Direction::Response) },
    }
}

/// Whether the client went on reading behind its FIN, as its server sees it. The kernel of a client that has left answers
/// with a reset whatever still comes, and where its socket is on this node too, it was told to be closed before.
fn still_reads(closed: &TcpClosed, leaving: Leaving, peer_is_open: bool) -> bool {
    if let Some(left) = leaving.client_left {
        return !left;
    }
    let was_answered = leaving.answered_after && closed.reset.is_none();
    was_answered || (peer_is_open && has_waited(closed, leaving))
}

/// Whether the client's socket would be closed by now if its program had left. A FIN of the server has come to it by the time
/// the last acknowledgement is here; without one, an acknowledgement of its own FIN may be late.
fn has_waited(closed: &TcpClosed, leaving: Leaving) -> bool {
    const LATE: u64 = 200_000_000;
    let since_end = leaving.client_ended.map_or(0, |ended| closed.time.0.saturating_sub(ended.0));
    closed.from == SocketState::LastAck || since_end > LATE
}

impl Flow {
    /// Notes what a segment says of the client's leaving.
    pub(super) fn note_leaving(&mut self, arrived: &Arrived<'_>) {
        const FIN: u8 = 0x01;
        let Arrived { direction, tcp_flags, segment, .. } = arrived;
        let way = self.direction(*direction);
        let leaving = &mut self.leaving;
        match way {
            Direction::Request if tcp_flags & FIN != 0 => {
                leaving.client_ended.get_or_insert(KernelTime(segment.time));
            }
            Direction::Response if leaving.client_ended.is_some() => leaving.answered_after |= segment.length > 0,
            _ => {}
        }
    }

    /// Whether its client's program had left when its own socket closed; absent at a server.
    pub(super) fn client_left(&self, closed: &TcpClosed) -> Option<bool> {
        let is_by_reset = first(closed.from) == First::Nobody;
        let left = closed.is_orphan || (is_by_reset && closed.reset == Some(Reset::Local));
        self.is_client().then_some(left)
    }
}
