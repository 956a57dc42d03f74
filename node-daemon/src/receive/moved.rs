//! Which sockets moved since they were last looked at.

use std::collections::HashMap;

use super::{net_counters, socket_list::ListedSocket, socket_sweep::now};
use crate::decode::{KernelTime, TcpReport};

/// How often a socket that the probes do not know moves until they are asked again.
const ASK_AGAIN: u8 = 8;

/// The sockets of one network namespace.
#[derive(Debug, Default)]
pub(super) struct MovedSockets {
    sockets: HashMap<u64, Known>,
    /// Segments that the namespace had received and sent before its sockets were last listed.
    segments: Option<u64>,
    /// When that was.
    listed: KernelTime,
    generation: u32,
}

/// A socket as it was last listed.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Segments sent and received.
    moved: (u32, u32),
    /// Whether the probes know it; until they are asked again, where they did not.
    is_followed: bool,
    unasked: u8,
    generation: u32,
}

impl MovedSockets {
    /// Lists the sockets of the namespace that the calling thread is in, if any can have moved, and hands out those that did.
    /// `is_followed` tells whether the probes know a socket.
    pub(super) fn sweep(
        &mut self,
        list: impl FnOnce(&mut dyn FnMut(ListedSocket)) -> std::io::Result<()>,
        is_followed: impl Fn(u64) -> bool,
        visit: &mut impl FnMut(TcpReport),
    ) {
        let (time, segments) = (now(), segments());
        if segments.is_some() && segments == self.segments {
            self.listed = time;
            return;
        }
        self.generation = self.generation.wrapping_add(1);
        let result = list(&mut |socket| {
            if let Some(report) = self.look(&socket, &is_followed) {
                visit(report);
            }
        });
        // A list that broke off leaves the others as they were.
        if result.is_ok() {
            let generation = self.generation;
            self.sockets.retain(|_, known| known.generation == generation);
            (self.listed, self.segments) = (time, segments);
        }
    }

    fn look(&mut self, socket: &ListedSocket, is_followed: impl Fn(u64) -> bool) -> Option<TcpReport> {
        let moved = (socket.counters.segments_sent, socket.counters.segments_received);
        let cookie = socket.cookie;
        let unknown = Known { moved: (0, 0), is_followed: false, unasked: 0, generation: 0 };
        let known = self.sockets.entry(cookie.0).or_insert(unknown);
        known.generation = self.generation;
        if known.moved == moved || socket.is_listening {
            return None;
        }
        if !known.is_followed && known.unasked == 0 {
            known.is_followed = is_followed(cookie.0);
            known.unasked = ASK_AGAIN;
        }
        if !known.is_followed {
            known.unasked -= 1;
            return None;
        }
        let was_listed = known.moved != (0, 0);
        known.moved = moved;
        let since = if was_listed { self.listed } else { KernelTime(0) };
        Some(TcpReport { time: now(), since, cookie, counters: socket.counters })
    }
}

/// Segments of TCP that the namespace of the calling thread received and sent. Without any no socket of it moves.
fn segments() -> Option<u64> {
    sum(&net_counters::read("snmp")?)
}

fn sum(text: &str) -> Option<u64> {
    const COUNTED: [&str; 3] = ["InSegs", "OutSegs", "RetransSegs"];
    let (mut found, mut sum) = (0, 0_u64);
    for (_, value) in net_counters::of_group(text, "Tcp")?.filter(|(name, _)| COUNTED.contains(name)) {
        found += 1;
        sum = sum.wrapping_add(value.parse().ok()?);
    }
    (found == COUNTED.len()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::receive::socket_list;

    fn sweep(moved: &mut MovedSockets, is_followed: bool) -> Vec<TcpReport> {
        let mut reports = Vec::new();
        moved.sweep(|visit| socket_list::tcp_sockets(&mut |socket| visit(socket)), |_| is_followed, &mut |report| {
            reports.push(report);
        });
        reports
    }

    #[test]
    fn a_socket_is_told_when_it_moved() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let mut moved = MovedSockets::default();
        sweep(&mut moved, true);
        client.write_all(&[7; 4321]).unwrap();
        server.read_exact(&mut [0; 4321]).unwrap();
        let before = now();
        let told = sweep(&mut moved, true);
        let ours = |reports: &[TcpReport]| reports.iter().filter(|report| report.counters.bytes_sent == 4321).count();
        assert_eq!(ours(&told), 1);
        let report = told.iter().find(|report| report.counters.bytes_sent == 4321).unwrap();
        assert!(report.since.0 > 0 && report.since < before && report.time >= before);
        assert_eq!(ours(&sweep(&mut moved, true)), 0, "it has not moved since");
    }

    #[test]
    fn a_socket_that_the_probes_do_not_know_is_not_told_until_they_do() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut moved = MovedSockets::default();
        let mut is_told = false;
        for round in 1..=2 * u64::from(ASK_AGAIN) {
            client.write_all(&[7; 100]).unwrap();
            let told = sweep(&mut moved, round > 1);
            is_told |= told.iter().any(|report| report.counters.bytes_sent == 100 * round && round > 1);
        }
        assert!(is_told);
    }

    #[test]
    fn segments_of_a_namespace_are_read_by_their_names() {
        let text = "Ip: A\nIp: 1\nTcp: RtoMin InSegs OutSegs RetransSegs InErrs\nTcp: 200 10 20 3 9\nUdp: A\nUdp: 1\n";
        assert_eq!(sum(text), Some(33));
        assert_eq!(sum("Tcp: InSegs OutSegs\nTcp: 1 2\n"), None);
        assert!(segments().is_some());
    }
}
