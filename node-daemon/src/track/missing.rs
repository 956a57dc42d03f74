//! Connections whose end was not told: the ring was full.

use crate::{
    decode::{Cookie, KernelTime, TcpOpen},
    identity::IdentityLookup,
};

use super::{flow::FlowKey, outlets::Outlets, tracker::Tracker};

impl<I: IdentityLookup> Tracker<I> {
    /// Ends what the kernel has not had for two lists: the end of what is missing for the first time may still be on its way.
    pub(super) fn tcp_open(&mut self, event: &TcpOpen<'_>, out: &mut Outlets<'_>) {
        let mut ended = Vec::new();
        for (key, flow) in &mut self.flows {
            let FlowKey::Tcp(Cookie(cookie)) = *key else { continue };
            if flow.opened >= event.time || event.cookies.binary_search(&cookie).is_ok() {
                flow.missing = None;
            } else if let Some(since) = flow.missing {
                ended.push((*key, since));
            } else {
                flow.missing = Some(event.time);
            }
        }
        for (key, since) in ended {
            self.end_missing(key, since, out);
        }
    }

    /// How it ended, and what moved since its last report, is not known. What was pending on it is lost with its end.
    fn end_missing(&mut self, key: FlowKey, time: KernelTime, out: &mut Outlets<'_>) {
        self.name_addresses(key);
        let Some(mut flow) = self.flows.pop(&key) else { return };
        self.forget(key, &flow);
        flow.report_start(self.shared.anchor, out.records);
        flow.report_unseen_end(self.wall(time), self.shared.anchor, out.records);
    }
}
