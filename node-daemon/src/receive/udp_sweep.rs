//! UDP conversations: their counters are read from the kernel's map, and those that ended are taken out of it.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
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
/// The same where both sides said one thing: a question and its answer.
const IDLE_AFTER_ANSWER: Duration = Duration::from_secs(5);
/// How often a conversation that moves is reported.
const REPORT: Duration = Duration::from_secs(10);

/// Sweeps over the map of conversations.
pub(super) struct UdpSweep {
    conversations: MapData,
    most: usize,
    /// When a conversation was last reported, and how many datagrams it had.
    reported: HashMap<ConversationKey, (KernelTime, u64)>,
}

impl UdpSweep {
    pub(super) fn new(conversations: MapData, most: u32) -> Self {
        Self { conversations, most: most as usize, reported: HashMap::new() }
    }

    /// Tells what moved and what ended. `open_sockets` are the cookies that still are in the map of sockets.
    pub(super) fn sweep(
        &mut self,
        now: KernelTime,
        open_sockets: &HashSet<u64>,
        visit: &mut impl FnMut(Event<'_>),
    ) -> io::Result<usize> {
        let mut entries: Vec<(ConversationKey, ConversationCounters)> = Vec::new();
        batch::for_each(self.map(), |key: &ConversationKey, value: &ConversationCounters| entries.push((*key, *value)))?;
        let is_crowded = entries.len() > self.most / 2;
        let mut count = 0;
        for (key, counters) in entries {
            if !open_sockets.contains(&key.cookie) || silence(now, &counters) > patience(&counters, is_crowded) {
                count += usize::from(self.end(now, &key, visit));
            } else {
                count += usize::from(self.report(now, &key, &counters, visit));
            }
        }
        Ok(count)
    }

    fn end(&mut self, now: KernelTime, key: &ConversationKey, visit: &mut impl FnMut(Event<'_>)) -> bool {
        self.reported.remove(key);
        // Its last counters, so that what came since the sweep began is not lost.
        let Ok(counters) = batch::take::<_, ConversationCounters>(self.map(), key) else { return false };
        visit(Event::ConversationClosed(report(now, key, &counters)));
        true
    }

    fn report(
        &mut self,
        now: KernelTime,
        key: &ConversationKey,
        counters: &ConversationCounters,
        visit: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let datagrams = counters.datagrams_received + counters.datagrams_sent;
        // The first report comes one interval after the conversation was first seen.
        let (last, told) = *self.reported.entry(*key).or_insert((now, 0));
        if datagrams == told || now.since(last) < REPORT {
            return false;
        }
        self.reported.insert(*key, (now, datagrams));
        visit(Event::ConversationCounters(report(now, key, counters)));
        true
    }

    fn map(&self) -> BorrowedFd<'_> {
        self.conversations.fd().as_fd()
    }
}

fn silence(now: KernelTime, counters: &ConversationCounters) -> Duration {
    now.since(KernelTime(counters.last))
}

fn patience(counters: &ConversationCounters, is_crowded: bool) -> Duration {
    if is_crowded {
        IDLE_WHEN_CROWDED
    } else if counters.datagrams_received == 1 && counters.datagrams_sent == 1 {
        IDLE_AFTER_ANSWER
    } else {
        IDLE
    }
}

fn report(now: KernelTime, key: &ConversationKey, counters: &ConversationCounters) -> ConversationReport {
    let remote: SocketAddr = socket_address(key.remote, key.remote_port);
    ConversationReport {
        time: now,
        conversation: Conversation { cookie: Cookie(key.cookie), remote },
        datagrams_sent: counters.datagrams_sent,
        datagrams_received: counters.datagrams_received,
        bytes_sent: counters.bytes_sent,
        bytes_received: counters.bytes_received,
        last: KernelTime(counters.last),
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
            unused: [0; 6],
        }
    }

    #[test]
    fn an_answered_question_ends_sooner_than_a_stream() {
        assert_eq!(patience(&counters(1, 1), false), IDLE_AFTER_ANSWER);
        assert_eq!(patience(&counters(2, 1), false), IDLE);
        assert_eq!(patience(&counters(2, 1), true), IDLE_WHEN_CROWDED);
    }
}
