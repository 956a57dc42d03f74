//! UDP conversations: the kernel counts them in a map; from there they are reported, and taken out when they end.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use aya::maps::MapData;
use goldwire_probe_events::{ConversationCounters, ConversationKey};

use super::batch;
use crate::decode::{Conversation, ConversationReport, Cookie, Event, KernelTime, socket_address};

/// How long a conversation may be silent.
const IDLE: Duration = Duration::from_secs(30);
/// The same while the map is more than half full.
const IDLE_WHEN_CROWDED: Duration = Duration::from_secs(1);
/// The same of those that may still be answered: resolvers wait for 5 s, and an answer that comes later than its conversation's
/// end would begin another.
const IDLE_WHEN_ASKED: Duration = Duration::from_secs(6);
/// The same where both sides said one thing: a question and its answer.
const IDLE_AFTER_ANSWER: Duration = Duration::from_secs(5);
/// How often a conversation that moves is reported: at each sweep, but for those of a crowded map.
const REPORT: Duration = Duration::from_millis(900);
/// How often the kernel's map is read.
const SWEEP: Duration = Duration::from_secs(1);
const SWEEP_WHEN_CROWDED: Duration = Duration::from_millis(500);

/// What connection tracking says of a conversation comes within this time after its beginning.
const TRANSLATED_WITHIN: Duration = Duration::from_millis(150);
/// Ends that may be held back until then.
const MOST_HELD: usize = 4_096;

/// The conversations that are open.
pub(super) struct Conversations {
    counters: MapData,
    most: usize,
    /// By socket, so that those of a socket that is closed can be ended at once.
    open: HashMap<u64, HashMap<ConversationKey, Reported>>,
    count: usize,
    /// Ends of sockets that lived shorter than an answer of connection tracking may take, by when they were closed.
    held: VecDeque<Held>,
    /// Nothing that happened before is left to report.
    complete_until: KernelTime,
}

struct Held {
    key: ConversationKey,
    looked: KernelTime,
    closed: KernelTime,
}

/// When a conversation was last reported, and how many datagrams it had.
#[derive(Clone, Copy)]
struct Reported {
    time: KernelTime,
    /// When it last had no more than these.
    looked: KernelTime,
    datagrams: u64,
}

impl Conversations {
    pub(super) fn new(counters: MapData, most: u32) -> Self {
        Self {
            counters,
            most: most as usize,
            open: HashMap::new(),
            count: 0,
            held: VecDeque::new(),
            complete_until: KernelTime(0),
        }
    }

    /// How long to wait for the next sweep; `None` while there is nothing to sweep.
    pub(super) fn pause(&self) -> Option<Duration> {
        (self.count > 0).then_some(if self.is_crowded() { SWEEP_WHEN_CROWDED } else { SWEEP })
    }

    /// What happened before is reported. `read` is up to when the probes' events were read.
    pub(super) fn complete_until(&self, read: KernelTime) -> KernelTime {
        let until = if self.count == 0 { read } else { self.complete_until.min(read) };
        self.held.front().map_or(until, |held| until.min(held.looked))
    }

    /// The probes told a conversation for the first time.
    pub(super) fn opened(&mut self, time: KernelTime, key: ConversationKey) {
        let first = Reported { time, looked: time, datagrams: 0 };
        if self.open.entry(key.cookie).or_default().insert(key, first).is_none() {
            self.count += 1;
        }
    }

    /// A socket was closed, and its conversations with it. Where addresses may be translated, an end is held back until that
    /// would be known.
    pub(super) fn released(
        &mut self,
        now: KernelTime,
        cookie: u64,
        may_be_translated: bool,
        visit: &mut impl FnMut(Event<'_>),
    ) {
        for (key, reported) in self.open.remove(&cookie).unwrap_or_default() {
            self.count -= 1;
            let is_fresh = reported.datagrams == 0 && now.since(reported.time) < TRANSLATED_WITHIN;
            if may_be_translated && is_fresh && self.held.len() < MOST_HELD {
                self.held.push_back(Held { key, looked: reported.looked, closed: now });
            } else {
                self.end((reported.looked, now), &key, visit);
            }
        }
    }

    /// Tells the ends that were held back for long enough.
    pub(super) fn tell_held(&mut self, now: KernelTime, visit: &mut impl FnMut(Event<'_>)) -> usize {
        let mut count = 0;
        while let Some(held) = self.held.pop_front_if(|held| now.since(held.closed) >= TRANSLATED_WITHIN) {
            self.end((held.looked, held.closed), &held.key, visit);
            count += 1;
        }
        count
    }

    /// Tells what moved and what went silent.
    pub(super) fn sweep(&mut self, now: KernelTime, visit: &mut impl FnMut(Event<'_>)) -> io::Result<usize> {
        let mut entries: Vec<(ConversationKey, ConversationCounters)> = Vec::new();
        self.complete_until = now;
        batch::for_each(self.map(), |key: &ConversationKey, value: &ConversationCounters| {
            entries.push((*key, *value));
        })?;
        let is_crowded = self.is_crowded();
        let mut count = 0;
        for (key, counters) in entries {
            if now.since(KernelTime(counters.last)) > patience(&counters, is_crowded) {
                let looked = self.forget(&key).map_or(now, |reported| reported.looked);
                self.end((looked, now), &key, visit);
                count += 1;
            } else {
                count += usize::from(self.report(now, &key, &counters, visit));
            }
        }
        Ok(count)
    }

    fn is_crowded(&self) -> bool {
        self.count > self.most / 2
    }

    fn forget(&mut self, key: &ConversationKey) -> Option<Reported> {
        let of_socket = self.open.get_mut(&key.cookie)?;
        let reported = of_socket.remove(key);
        self.count -= usize::from(reported.is_some());
        if of_socket.is_empty() {
            self.open.remove(&key.cookie);
        }
        reported
    }

    /// Takes it out of the kernel's map with its last counters, so that nothing that came meanwhile is lost.
    fn end(&self, times: (KernelTime, KernelTime), key: &ConversationKey, visit: &mut impl FnMut(Event<'_>)) {
        if let Ok(counters) = batch::take::<_, ConversationCounters>(self.map(), key) {
            visit(Event::ConversationClosed(report(times, key, &counters)));
        }
    }

    fn report(
        &mut self,
        now: KernelTime,
        key: &ConversationKey,
        counters: &ConversationCounters,
        visit: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let datagrams = counters.datagrams_received + counters.datagrams_sent;
        let told = self.open.entry(key.cookie).or_default().entry(*key).or_insert_with(|| {
            self.count += 1;
            Reported { time: now, looked: now, datagrams: 0 }
        });
        if datagrams == told.datagrams {
            told.looked = now;
            return false;
        }
        if now.since(told.time) < REPORT {
            self.complete_until = self.complete_until.min(told.looked);
            return false;
        }
        let looked = told.looked;
        *told = Reported { time: now, looked: now, datagrams };
        visit(Event::ConversationCounters(report((looked, now), key, counters)));
        true
    }

    fn map(&self) -> BorrowedFd<'_> {
        self.counters.fd().as_fd()
    }
}

fn patience(counters: &ConversationCounters, is_crowded: bool) -> Duration {
    if is_crowded && counters.datagrams_received != counters.datagrams_sent {
        IDLE_WHEN_ASKED
    } else if is_crowded {
        IDLE_WHEN_CROWDED
    } else if counters.datagrams_received == 1 && counters.datagrams_sent == 1 {
        IDLE_AFTER_ANSWER
    } else {
        IDLE
    }
}

fn report(
    (since, time): (KernelTime, KernelTime),
    key: &ConversationKey,
    counters: &ConversationCounters,
) -> ConversationReport {
    let remote: SocketAddr = socket_address(key.remote, key.remote_port);
    ConversationReport {
        time,
        since,
        conversation: Conversation { cookie: Cookie(key.cookie), remote },
        datagrams_sent: counters.datagrams_sent,
        datagrams_received: counters.datagrams_received,
        bytes_sent: counters.bytes_sent,
        bytes_received: counters.bytes_received,
        last: KernelTime(counters.last),
    }
}

/// The kernel's name of a conversation.
pub(super) fn key_of(conversation: Conversation) -> ConversationKey {
    let remote = match conversation.remote.ip() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    ConversationKey {
        cookie: conversation.cookie.0,
        remote: remote.octets(),
        remote_port: conversation.remote.port(),
        unused: [0; 6],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(received: u64, sent: u64) -> ConversationCounters {
        ConversationCounters {
            datagrams_received: received,
            datagrams_sent: sent,
            bytes_received: 0,
            bytes_sent: 0,
            last: 0,
            local: [0; 16],
            local_port: 0,
            unused: [0; 2],
            sent_to: 0,
        }
    }

    #[test]
    fn an_answered_question_ends_sooner_than_a_stream() {
        assert_eq!(patience(&counters(1, 1), false), IDLE_AFTER_ANSWER);
        assert_eq!(patience(&counters(2, 1), false), IDLE);
        assert_eq!(patience(&counters(2, 1), true), IDLE_WHEN_ASKED);
        assert_eq!(patience(&counters(2, 2), true), IDLE_WHEN_CROWDED);
    }
}
