//! Connections that are older than the daemon, once their kernel's counters tell where they began and who opened them.

use crate::{
    decode::{Role, TcpAdopted, TcpBeginning, TcpCounters},
    identity::IdentityLookup,
};

use super::{
    flow::{Flow, FlowKey},
    outlets::Outlets,
    pairing::Firsts,
    tracker::Tracker,
};

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn beginning(&mut self, event: &TcpBeginning, out: &mut Outlets<'_>) {
        let key = FlowKey::Tcp(event.cookie);
        let Some(flow) = self.flows.peek(&key).filter(|flow| flow.adopted && flow.firsts.is_none()) else { return };
        if event.role != Role::Unknown {
            let (with_role, service) = (adopted_again(flow, event), flow.service.clone());
            self.adopted(&with_role, out);
            if let Some(flow) = self.flows.peek_mut(&key) {
                flow.service = flow.service.take().or(service);
            }
        }
        let Some(flow) = self.flows.peek_mut(&key) else { return };
        let is_client = match event.role {
            Role::Client => true,
            Role::Server => false,
            Role::Unknown => flow.is_client(),
        };
        // What a client sends begins with its SYN.
        let sent = event.sent_from.plus(u32::from(is_client));
        flow.begins_with(Firsts { sent, received: event.first_received }, is_client);
        self.part_strangers(key);
        self.index(key, event.time);
    }

    /// Parts flows that their addresses had joined, where it turns out that they are of two connections.
    fn part_strangers(&mut self, key: FlowKey) {
        let Some(flow) = self.flows.peek(&key) else { return };
        let Some(peer_key) = flow.peer else { return };
        let peer = self.flows.peek(&peer_key).and_then(|peer| peer.about.ends.pairing);
        if peer.is_some() && peer != flow.about.ends.pairing {
            self.part(key);
            self.part(peer_key);
        }
    }
}

/// The same connection, with the role that it certainly has.
fn adopted_again(flow: &Flow, event: &TcpBeginning) -> TcpAdopted {
    let addresses = crate::decode::Addresses { local: flow.local, remote: flow.remote };
    TcpAdopted {
        time: event.time,
        cookie: event.cookie,
        addresses,
        role: event.role,
        base: TcpCounters::default(),
        owner_pid: flow.identity.as_ref().map(|identity| identity.pid),
    }
}
