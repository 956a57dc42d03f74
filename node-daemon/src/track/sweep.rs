//! What time brings about.

use goldwire_answer::coverage::LossStage;
use goldwire_l7::TlsHandshake;
use goldwire_model::time::Timestamp;

use crate::{decode::KernelTime, identity::IdentityLookup};

use super::{
    exchanges::{Common, Exchanges},
    flow::{Flow, FlowKey},
    lingering::Lingering,
    outlets::Outlets,
    tracker::Tracker,
};

const MILLISECOND: u64 = 1_000_000;
/// How long a connection's first report waits for the other end, and for the process that serves it, to show up.
const FRESH: u64 = 50 * MILLISECOND;
/// The same of a conversation over UDP: what connection tracking says of it comes within this.
const FRESH_CONVERSATION: u64 = 150 * MILLISECOND;
/// How often held and awaited things are looked at.
const SWEEP: u64 = 500 * MILLISECOND;
/// How long payload waits for its connection to be announced.
const UNANNOUNCED: u64 = 5_000 * MILLISECOND;
/// How long a closed connection waits for what a program has yet to read from its library.
const LINGER: u64 = 1_000 * MILLISECOND;

/// Most records of exchanges come at once. Some wait for bytes that are missing, or for what a program has yet to read.
const SETTLE: u64 = 1_000 * MILLISECOND;

/// What happened before these moments has its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complete {
    /// Of what is told as it happens.
    pub events: Timestamp,
    /// Of what is counted, and reported from time to time.
    pub counters: Timestamp,
}

impl<I: IdentityLookup> Tracker<I> {
    /// To be called a few times a second, and whenever the rings were found empty. `now` is the kernel's clock.
    pub fn sweep(&mut self, now: KernelTime, out: &mut Outlets<'_>) {
        self.endpoints.sweep(now);
        self.report_fresh(now, out);
        if now.0.saturating_sub(self.last_sweep.0) < SWEEP {
            return;
        }
        self.last_sweep = now;
        self.expire_waiting(now, out);
        self.expire_sessions(KernelTime(now.0.saturating_sub(UNANNOUNCED)), out);
        self.end_lingering(KernelTime(now.0.saturating_sub(LINGER)), out);
        let dropped = self.held.expire(KernelTime(now.0.saturating_sub(UNANNOUNCED)));
        if dropped > 0 {
            out.records.loss(LossStage::Tracker, self.shared.anchor.wall(now), dropped as u64);
        }
        self.tell_compressed(now, out);
        self.newly_seen(now, out);
        self.identity.sweep(now);
    }

    /// How far records are complete, when all events before `read` and all counters before `counted` were handled.
    #[must_use]
    pub fn complete(&self, read: KernelTime, counted: KernelTime) -> Complete {
        let fresh = [&self.fresh, &self.fresh_conversations];
        let oldest_fresh = fresh.iter().filter_map(|fresh| fresh.front()).map(|(_, time)| *time).min();
        Complete {
            events: self.wall(KernelTime(read.0.saturating_sub(SETTLE)).min(self.lingering.oldest())),
            counters: self.wall(counted.min(read).min(oldest_fresh.unwrap_or(KernelTime(u64::MAX)))),
        }
    }

    /// Reports what was held back, when the daemon stops.
    pub fn flush(&mut self, out: &mut Outlets<'_>) {
        self.report_fresh(KernelTime(u64::MAX), out);
        self.end_lingering(KernelTime(u64::MAX), out);
        self.hand_out_late(out);
    }

    fn hand_out_late(&mut self, out: &mut Outlets<'_>) {
        let mut common = self.shared.common(self.last_sweep, out.records);
        for (_, flow) in self.flows.iter_mut().filter(|(_, flow)| flow.late.len() > 0) {
            flow.expire_late(KernelTime(u64::MAX), &mut common);
        }
    }

    fn end_lingering(&mut self, before: KernelTime, out: &mut Outlets<'_>) {
        for Lingering { flow, closing, closed } in self.lingering.expired(before) {
            self.end_inner(flow, closed, closing, out);
        }
    }

    fn report_fresh(&mut self, now: KernelTime, out: &mut Outlets<'_>) {
        let until =
            |patience: u64| move |(_, time): &mut (FlowKey, KernelTime)| time.0 <= now.0.saturating_sub(patience);
        while let Some((key, _)) = (self.fresh.pop_front_if(until(FRESH)))
            .or_else(|| self.fresh_conversations.pop_front_if(until(FRESH_CONVERSATION)))
        {
            self.name_addresses(key);
            if let Some(flow) = self.flows.peek_mut(&key) {
                flow.report_start(self.shared.anchor, out.records);
            }
        }
    }

    fn expire_waiting(&mut self, now: KernelTime, out: &mut Outlets<'_>) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|key| self.expire_flow(*key, now, out));
        waiting.append(&mut self.waiting);
        self.waiting = waiting;
    }

    /// Whether the flow goes on waiting.
    fn expire_flow(&mut self, key: FlowKey, now: KernelTime, out: &mut Outlets<'_>) -> bool {
        let Some(flow) = self.flows.peek_mut(&key) else { return false };
        let mut common = self.shared.common(now, out.records);
        let mut exchanges =
            Exchanges { origin: flow.origin(), about: &flow.about, tls: &mut flow.tls, common: &mut common };
        let turn = flow.traffic.expire(now.0, &mut exchanges);
        flow.turn(turn);
        flow.expire_inner(now, &mut common);
        flow.expire_late(now, &mut common);
        flow.waits = flow.waits_for_something();
        flow.waits
    }
}

impl Flow {
    fn expire_late(&mut self, now: KernelTime, common: &mut Common<'_>) {
        let origin = self.inner.as_ref().map_or_else(|| self.origin(), |inner| inner.origin());
        self.late.expire(now.0, &mut Exchanges { origin, about: &self.about, tls: &mut self.tls, common });
    }

    fn expire_inner(&mut self, now: KernelTime, common: &mut Common<'_>) {
        let Self { inner: Some(inner), about, .. } = self else { return };
        let (origin, mut tls) = (inner.origin(), TlsHandshake::default());
        let turn = inner.traffic.expire(now.0, &mut Exchanges { origin, about, tls: &mut tls, common });
        inner.turn(turn);
    }
}
