//! What programs write to and read from TLS: ties it to its flow, and hands it to whoever reads what runs inside.

use goldwire_answer::coverage::LossStage;
use goldwire_l7::{Closing, TlsHandshake};
use goldwire_model::record::Protocol;

use crate::{
    decode::{Cookie, KernelTime, Plaintext, PlaintextEnded, PlaintextSession, SessionNumber},
    identity::IdentityLookup,
};

use super::{
    exchanges::Exchanges,
    flow::{Flow, FlowKey, way},
    inner::{Call, HeldCall, Inner, SessionWish},
    late_answers::AfterRequests,
    outlets::{CaptureControl, Outlets},
    sessions::{Hold, Tie},
    tracker::Tracker,
};

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn plaintext_session(&mut self, event: &PlaintextSession<'_>) {
        self.sessions.opened(event);
    }

    pub(super) fn plaintext(&mut self, event: &Plaintext<'_>, out: &mut Outlets<'_>) {
        let Some(session) = self.sessions.get(event.session) else {
            // Its announcement was lost; what it holds would be needed.
            return out.records.loss(LossStage::Tracker, self.shared.anchor.wall(event.time), 1);
        };
        let call = Call::of(event);
        match session.tie {
            Tie::None => {}
            Tie::Flow(key) => self.pass_call(key, &call, event.time, out),
            Tie::Open { .. } if event.length == 0 => {}
            Tie::Open { .. } => match self.flow_of(event) {
                Some(key) => self.tie_session(key, event, out),
                None => self.hold_call(&call, event.time, out),
            },
        }
    }

    fn hold_call(&mut self, call: &Call<'_>, time: KernelTime, out: &mut Outlets<'_>) {
        match self.sessions.hold(call) {
            Hold::Held => {}
            Hold::GivenUp => out.capture.ignore_session(call.session),
            Hold::Lost => {
                out.capture.ignore_session(call.session);
                out.records.loss(LossStage::Tracker, self.shared.anchor.wall(time), 1);
            }
        }
    }

    /// The flow that a call belongs to, where that is sure.
    fn flow_of(&self, event: &Plaintext<'_>) -> Option<FlowKey> {
        let candidates = self.sessions.candidates(event.session);
        if candidates.is_empty() {
            return self.flow_of_socket(event.cookie?, self.sessions.names_socket(event.session));
        }
        let of_socket = |cookie: Option<Cookie>| {
            let key = FlowKey::Tcp(cookie?);
            candidates.contains(&key).then_some(key)
        };
        let mut own = candidates.iter().filter(|key| self.owner_of(**key) == Some(event.pid));
        let of_process = match (own.next(), own.next()) {
            (Some(key), None) => Some(*key),
            _ => None,
        };
        of_socket(event.cookie).or(of_process).or_else(|| of_socket(event.received_from))
    }

    /// The socket was used in a call, so it is this session's, unless something else is known to run on it. Where the session
    /// names it, it is only waited for the hello, which tells whether the session is seen from its beginning.
    fn flow_of_socket(&self, cookie: Cookie, is_named: bool) -> Option<FlowKey> {
        let key = FlowKey::Tcp(cookie);
        let flow = self.flows.peek(&key)?;
        let may_be_tls = flow.protocol == Some(Protocol::Tls) || (flow.adopted && flow.protocol.is_none());
        (may_be_tls || (is_named && (flow.adopted || flow.hello.is_some()))).then_some(key)
    }

    fn owner_of(&self, key: FlowKey) -> Option<u32> {
        self.flows.peek(&key)?.identity.as_ref().map(|identity| identity.pid)
    }

    /// Everything of the session is the flow's from here on.
    fn tie_session(&mut self, key: FlowKey, event: &Plaintext<'_>, out: &mut Outlets<'_>) {
        let is_same_tls = !self.sessions.candidates(event.session).is_empty();
        let Some(session) = self.sessions.get(event.session) else { return };
        let (object, watched_since) = ((session.pid, session.object), session.watched_since);
        let Some(flow) = self.flows.get_mut(&key) else { return };
        match &mut flow.inner {
            None => {
                let is_whole = flow.hello.is_some_and(|hello| watched_since < hello.time);
                let before = is_whole.then_some(flow.upgraded);
                flow.inner = Some(Box::new(Inner::new(event.session, object, before)));
            }
            Some(inner) if is_same_tls || inner.is_of(object) => inner.go_on_as(event.session, object),
            // TLS inside of TLS, or a socket that is used for something else.
            Some(_) => return self.sessions.tie(event.session, Tie::None),
        }
        self.sessions.tie(event.session, Tie::Flow(key));
        let held = self.sessions.take_held(event.session);
        for held in held.iter().map(HeldCall::borrowed) {
            self.pass_call(key, &held, event.time, out);
        }
        self.pass_call(key, &Call::of(event), event.time, out);
    }

    /// Delivers a call of a session that is tied, after those that went before it. Another goroutine may have read the answer
    /// before the call that wrote the question returned.
    fn pass_call(&mut self, key: FlowKey, call: &Call<'_>, now: KernelTime, out: &mut Outlets<'_>) {
        let is_in_order = self.sessions.is_in_order(call);
        if !is_in_order && self.sessions.hold_late(call) {
            return;
        }
        // Where no more could be held, the held ones went before this one.
        if !is_in_order {
            self.deliver_late(key, call.session, now, out);
        }
        self.deliver_call(key, call, now, out);
        self.deliver_late(key, call.session, now, out);
    }

    fn deliver_late(&mut self, key: FlowKey, session: SessionNumber, now: KernelTime, out: &mut Outlets<'_>) {
        for late in self.sessions.take_in_order(session) {
            self.deliver_call(key, &late.borrowed(), now, out);
        }
    }

    fn deliver_call(&mut self, key: FlowKey, call: &Call<'_>, now: KernelTime, out: &mut Outlets<'_>) {
        if call.is_empty() {
            return;
        }
        let Some(flow) = self.flows.get_mut(&key).or_else(|| self.lingering.get(key)) else { return };
        let way = flow.direction(call.direction);
        if way == goldwire_l7::Direction::Response {
            flow.report_start(self.shared.anchor, out.records);
        }
        let Flow { inner: Some(inner), about, leaving, late, .. } = flow else { return };
        let mut common = self.shared.common(now, out.records);
        // A handshake inside is of another TLS than the flow's.
        let (origin, mut tls) = (inner.origin(), TlsHandshake::default());
        let mut exchanges = Exchanges { origin, about, tls: &mut tls, common: &mut common };
        let wish = match leaving.awaits_verdict(about) {
            None => inner.take(call, way, &mut exchanges),
            Some(ended) => inner.take(call, way, &mut AfterRequests { ended, late, sink: &mut exchanges }),
        };
        let is_compressed = common.is_compressed;
        tell_wish(call, wish, out.capture);
        if flow.begins_to_wait() {
            self.waiting.push(key);
        }
        if is_compressed {
            self.count_compressed(key, now, out);
        }
    }

    pub(super) fn plaintext_ended(&mut self, event: &PlaintextEnded, out: &mut Outlets<'_>) {
        let Some((Tie::Flow(key), held)) = self.sessions.ended(event.session) else { return };
        for late in &held {
            self.deliver_call(key, &late.borrowed(), event.time, out);
        }
        let Some(flow) = self.flows.peek_mut(&key).or_else(|| self.lingering.get(key)) else { return };
        let mut common = self.shared.common(event.time, out.records);
        let is_client = flow.is_client();
        let Flow { inner: Some(inner), about, .. } = flow else { return };
        let (origin, mut tls) = (inner.origin(), TlsHandshake::default());
        let mut exchanges = Exchanges { origin, about, tls: &mut tls, common: &mut common };
        inner.ended(event, |direction| way(direction, is_client), &mut exchanges);
        if let Some(lingering) = self.lingering.take(key) {
            self.end_inner(lingering.flow, event.time, lingering.closing, out);
        }
    }

    /// Hands out what was under way inside. A program that gave the session back before the socket closed did not have it cut.
    pub(super) fn end_inner(&mut self, mut flow: Flow, time: KernelTime, closing: Closing, out: &mut Outlets<'_>) {
        let Flow { inner: Some(inner), about, late, .. } = &mut flow else { return };
        let mut common = self.shared.common(time, out.records);
        let closing = if inner.has_ended { closing.cleanly() } else { closing };
        let (origin, mut tls) = (inner.origin(), TlsHandshake::default());
        let mut exchanges = Exchanges { origin, about, tls: &mut tls, common: &mut common };
        late.hand_out(closing, &mut exchanges);
        inner.traffic.close(time.0, closing, &mut exchanges);
    }

    /// Sessions whose flow does not show up cost nothing more.
    pub(super) fn expire_sessions(&mut self, before: KernelTime, out: &mut Outlets<'_>) {
        for session in self.sessions.expire(before) {
            out.capture.ignore_session(session);
        }
    }
}

fn tell_wish(call: &Call<'_>, wish: Option<SessionWish>, capture: &mut dyn CaptureControl) {
    match wish {
        Some(SessionWish::Ignore) => capture.ignore_session(call.session),
        Some(SessionWish::Skip(until)) => capture.skip_session_until(call.session, call.direction, until),
        None => {}
    }
}
