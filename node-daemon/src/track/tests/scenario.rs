//! Who connects to whom, what they say, what is lost, what is expected of the records.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use goldwire_answer::coverage::{LossStage, UnreadKind};
use goldwire_l7::Wanted;
use goldwire_model::{
    record::{Detail, Ending, FlowEvent, FlowRecord, Record, Reporter, RequestRecord, Text},
    time::Timestamp,
};

use crate::{
    decode::*,
    identity::{Identity, IdentityLookup, NamesFor},
    track::{Anchor, CaptureControl, Options, Outlets, RecordSink, Tracker},
};

pub(super) const MILLISECOND: u64 = 1_000_000;

/// Processes are called `p` and their pid, of workload `w` and their pid.
#[derive(Debug)]
pub(super) struct Names {
    node: Text,
    known: HashMap<u32, Arc<Identity>>,
}

impl IdentityLookup for Names {
    fn process(&mut self, pid: u32, _: KernelTime) -> Option<Arc<Identity>> {
        let fresh = || Arc::new(Identity::new(pid, 1, format!("p{pid}").into(), format!("w{pid}").into()));
        Some(self.known.entry(pid).or_insert_with(fresh).clone())
    }

    fn owner(&mut self, owner: &Owner, now: KernelTime) -> Arc<Identity> {
        self.process(owner.pid, now).expect("always known here")
    }

    fn forked(&mut self, _: &ProcessForked) {}

    fn executed(&mut self, event: &ProcessExecuted<'_>) -> Arc<Identity> {
        self.process(event.pid, event.time).expect("always known here")
    }

    fn exited(&mut self, event: &ProcessExited) -> Option<Arc<Identity>> {
        self.process(event.pid, event.time)
    }

    fn sweep(&mut self, _: KernelTime) {}

    fn names_for(&mut self, _: IpAddr, _: Option<u32>, _: KernelTime) -> NamesFor {
        NamesFor::Node
    }

    fn node(&self) -> &Text {
        &self.node
    }
}

/// Everything that came out.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) records: Vec<Record>,
    pub(super) lost: u64,
    pub(super) missed: u64,
    /// Wishes to the kernel, as text.
    pub(super) wishes: Vec<String>,
}

impl RecordSink for Findings {
    fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    fn missed(&mut self, _: Timestamp, bytes: u64) {
        self.missed += bytes;
    }

    fn loss(&mut self, stage: LossStage, _: Timestamp, events: u64) {
        assert_eq!(stage, LossStage::Tracker);
        self.lost += events;
    }

    fn unread(&mut self, _: UnreadKind, _: Timestamp, _: u64) {}
}

/// The kernel's side.
#[derive(Debug, Default)]
struct Wishes(Vec<String>);

impl CaptureControl for Wishes {
    fn follow(&mut self, cookie: Cookie, ingress: Wanted, egress: Wanted) {
        let [ingress, egress] = [ingress, egress].map(|wanted| match wanted {
            Wanted::EndsOfOne(_) => "EndsOfOne".to_owned(),
            other => format!("{other:?}"),
        });
        self.0.push(format!("{}: follow {ingress}/{egress}", cookie.0));
    }

    fn ignore(&mut self, cookie: Cookie) {
        self.0.push(format!("{}: ignore", cookie.0));
    }

    fn skip_until(&mut self, cookie: Cookie, direction: Direction, until: SequenceNumber) {
        self.0.push(format!("{}: skip {direction:?} until {}", cookie.0, until.0));
    }

    fn ignore_session(&mut self, session: SessionNumber) {
        self.0.push(format!("session {}: ignore", session.0));
    }

    fn skip_session_until(&mut self, session: SessionNumber, direction: Direction, until: u64) {
        self.0.push(format!("session {}: skip {direction:?} until {until}", session.0));
    }

    fn speaks_tls(&mut self, pid: u32) {
        self.0.push(format!("process {pid}: speaks TLS"));
    }
}

/// One TCP socket.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    pub(super) cookie: Cookie,
    pub(super) addresses: Addresses,
    pub(super) role: Role,
    pub(super) pid: u32,
    /// Next sequence numbers.
    pub(super) sends: SequenceNumber,
    pub(super) receives: SequenceNumber,
    pub(super) counters: TcpCounters,
    /// Its process closes it before the kernel does.
    pub(super) is_orphan: bool,
}

impl Socket {
    fn new(cookie: u64, role: Role, pid: u32, local: &str, remote: &str) -> Self {
        Self {
            cookie: Cookie(cookie),
            addresses: Addresses { local: address(local), remote: address(remote) },
            role,
            pid,
            sends: SequenceNumber(u32::MAX - 100),
            receives: SequenceNumber(5_000),
            counters: TcpCounters::default(),
            is_orphan: false,
        }
    }

    pub(super) fn client(cookie: u64, pid: u32, local: &str, remote: &str) -> Self {
        Self::new(cookie, Role::Client, pid, local, remote)
    }

    pub(super) fn server(cookie: u64, pid: u32, local: &str, remote: &str) -> Self {
        Self::new(cookie, Role::Server, pid, local, remote)
    }

    pub(super) fn mirrored(&self, cookie: u64, pid: u32) -> Self {
        let Addresses { local, remote } = self.addresses;
        let role = if self.role == Role::Client { Role::Server } else { Role::Client };
        Self {
            addresses: Addresses { local: remote, remote: local },
            sends: self.receives,
            receives: self.sends,
            ..Self::new(cookie, role, pid, "0.0.0.0:0", "0.0.0.0:0")
        }
    }
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(super) fn owner(pid: u32) -> Owner {
    Owner { pid, comm: Comm([0; 16]), cgroup: 0 }
}

#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) tracker: Tracker<Names>,
    pub(super) findings: Findings,
    pub(super) time: u64,
}

impl Scenario {
    pub(super) fn new() -> Self {
        Self::with(Options::whole_node(0))
    }

    pub(super) fn with(options: Options) -> Self {
        let names = Names { node: "here".into(), known: HashMap::new() };
        let anchor = Anchor { kernel: KernelTime(0), boot: BootTime(0), wall: Timestamp(0) };
        Self { tracker: Tracker::new(names, options, anchor), findings: Findings::default(), time: MILLISECOND }
    }

    /// One event; a millisecond passes.
    pub(super) fn event(&mut self, event: &Event<'_>) -> &mut Self {
        let mut wishes = Wishes::default();
        self.tracker.handle(event, &mut Outlets { records: &mut self.findings, capture: &mut wishes });
        self.findings.wishes.append(&mut wishes.0);
        self.time += MILLISECOND;
        self
    }

    pub(super) fn now(&self) -> KernelTime {
        KernelTime(self.time)
    }

    /// Time passes and is swept.
    pub(super) fn wait(&mut self, milliseconds: u64) -> &mut Self {
        self.time += milliseconds * MILLISECOND;
        let mut wishes = Wishes::default();
        self.tracker.sweep(self.now(), &mut Outlets { records: &mut self.findings, capture: &mut wishes });
        self.findings.wishes.append(&mut wishes.0);
        self
    }

    pub(super) fn connecting(&mut self, socket: &Socket) -> &mut Self {
        let Socket { cookie, addresses, pid, .. } = *socket;
        self.event(&Event::TcpConnecting(TcpConnecting { time: self.now(), cookie, addresses, owner: owner(pid) }))
    }

    pub(super) fn established(&mut self, socket: &Socket) -> &mut Self {
        let is_client = socket.role == Role::Client;
        self.event(&Event::TcpEstablished(TcpEstablished {
            time: self.now(),
            cookie: socket.cookie,
            addresses: socket.addresses,
            role: socket.role,
            connect_latency: is_client.then_some(Duration::from_millis(1)),
            first_sent: socket.sends,
            first_received: socket.receives,
            owner_pid: is_client.then_some(socket.pid),
        }))
    }

    /// A client's socket from SYN to established.
    pub(super) fn connect(&mut self, socket: &Socket) -> &mut Self {
        self.connecting(socket).established(socket)
    }

    /// A server's socket, and the process that works with it.
    pub(super) fn accept(&mut self, socket: &Socket) -> &mut Self {
        self.established(socket).owned(socket)
    }

    pub(super) fn owned(&mut self, socket: &Socket) -> &mut Self {
        let Socket { cookie, pid, .. } = *socket;
        self.event(&Event::SocketOwned(SocketOwned { time: self.now(), cookie, owner: owner(pid) }))
    }

    pub(super) fn adopt(&mut self, socket: &Socket, role: Role) -> &mut Self {
        self.event(&Event::TcpAdopted(TcpAdopted {
            time: self.now(),
            cookie: socket.cookie,
            addresses: socket.addresses,
            role,
            base: socket.counters,
            owner_pid: Some(socket.pid),
        }))
    }

    /// The socket sends; its kernel sees it.
    pub(super) fn sends(&mut self, socket: &mut Socket, bytes: impl AsRef<[u8]>) -> &mut Self {
        let segment = self.segment(socket, Direction::Egress, bytes.as_ref());
        self.event(&Event::TcpSegment(segment))
    }

    pub(super) fn receives(&mut self, socket: &mut Socket, bytes: impl AsRef<[u8]>) -> &mut Self {
        let segment = self.segment(socket, Direction::Ingress, bytes.as_ref());
        self.event(&Event::TcpSegment(segment))
    }

    /// The socket sends, and the event is lost.
    pub(super) fn sends_unseen(&mut self, socket: &mut Socket, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.segment(socket, Direction::Egress, bytes.as_ref());
        self
    }

    pub(super) fn segment<'a>(&self, socket: &mut Socket, direction: Direction, bytes: &'a [u8]) -> TcpSegment<'a> {
        let length = bytes.len() as u32;
        let sequence = match direction {
            Direction::Egress => {
                socket.counters.bytes_sent += u64::from(length);
                socket.counters.segments_sent += 1;
                let after = socket.sends.plus(length);
                std::mem::replace(&mut socket.sends, after)
            }
            Direction::Ingress => {
                socket.counters.bytes_received += u64::from(length);
                socket.counters.segments_received += 1;
                let after = socket.receives.plus(length);
                std::mem::replace(&mut socket.receives, after)
            }
        };
        TcpSegment {
            time: self.now(),
            cookie: socket.cookie,
            direction,
            sequence,
            length,
            skipped: 0,
            prefix: bytes,
            tail: &[],
            tcp_flags: 0x18,
            at_listener: None,
        }
    }

    pub(super) fn counted(&mut self, socket: &Socket) -> &mut Self {
        let Socket { cookie, counters, .. } = *socket;
        self.event(&Event::TcpCounters(TcpReport { time: self.now(), since: KernelTime(0), cookie, counters }))
    }

    pub(super) fn close(&mut self, socket: &Socket) -> &mut Self {
        self.end(socket, SocketState::FinWait2, None, None)
    }

    pub(super) fn end(
        &mut self,
        socket: &Socket,
        from: SocketState,
        errno: Option<i32>,
        reset: Option<Reset>,
    ) -> &mut Self {
        self.event(&Event::TcpClosed(TcpClosed {
            time: self.now(),
            cookie: socket.cookie,
            addresses: socket.addresses,
            role: socket.role,
            from,
            errno,
            reset,
            is_orphan: socket.is_orphan,
            counters: socket.counters,
            tcp_flags: 0x1b,
            owner_pid: Some(socket.pid),
        }))
    }

    pub(super) fn flows(&self) -> Vec<&FlowRecord> {
        let flows = self.findings.records.iter().filter_map(|record| match record {
            Record::Flow(flow) => Some(flow),
            _ => None,
        });
        flows.collect()
    }

    pub(super) fn requests(&self) -> Vec<&RequestRecord> {
        let requests = self.findings.records.iter().filter_map(|record| match record {
            Record::Request(request) => Some(request),
            _ => None,
        });
        requests.collect()
    }

    /// The kinds of reports made of flows, in order.
    pub(super) fn expect_flows(&mut self, expected: &[(Reporter, FlowEvent)]) -> &mut Self {
        let seen: Vec<_> = self.flows().iter().map(|flow| (flow.ends.reporter, flow.event)).collect();
        assert_eq!(seen, expected);
        self
    }

    pub(super) fn expect_ending(&mut self, expected: Ending) -> &mut Self {
        assert_eq!(self.flows().last().and_then(|flow| flow.ending), Some(expected));
        self
    }

    pub(super) fn expect_requests(&mut self, count: usize) -> &mut Self {
        assert_eq!(self.requests().len(), count, "{:#?}", self.lines());
        self
    }

    pub(super) fn expect_lost(&mut self, count: u64) -> &mut Self {
        assert_eq!(self.findings.lost, count);
        self
    }

    /// One line a record.
    pub(super) fn lines(&self) -> String {
        self.findings.records.iter().map(|record| line(record) + "\n").collect()
    }
}

/// A record as one line: reporter, both ends, what happened.
fn line(record: &Record) -> String {
    match record {
        Record::Flow(flow) => {
            let ending = flow.ending.map_or(String::new(), |ending| format!(" {ending:?}"));
            format!(
                "{} {:?}{ending} sent {} received {} latency {:?} at {}ms of {}ms",
                ends(&flow.ends, flow.connection.0),
                flow.event,
                flow.bytes_sent,
                flow.bytes_received,
                flow.connect_latency,
                flow.time.as_millis(),
                flow.start.as_millis(),
            )
        }
        Record::Request(request) => format!(
            "{} {} latency {:?} {:?}",
            ends(&request.ends, request.connection.0),
            detail(&request.detail),
            request.latency,
            request.error,
        ),
        Record::Drop(drop) => format!("{} dropped {} {}", ends(&drop.ends, 0), drop.count, drop.reason),
        other => format!("{other:?}"),
    }
}

fn ends(ends: &goldwire_model::record::Ends, connection: u64) -> String {
    let end = |end: &goldwire_model::record::Endpoint, port: u16| {
        let dns = end.dns.as_deref().map_or(String::new(), |dns| format!("={dns}"));
        let service = end.service.as_deref().map_or(String::new(), |service| format!(" via {service}"));
        let place = if end.local { "" } else { "?" };
        format!("{}{place}({}:{port}{dns}{service})", end.workload.as_deref().unwrap_or(""), end.address)
    };
    let source = end(&ends.source, ends.source_port);
    let destination = end(&ends.destination, ends.destination_port);
    let joined = if ends.joined { " joined" } else { "" };
    format!("#{connection} {:?}{joined} {source} -> {destination}", ends.reporter)
}

fn detail(detail: &Detail) -> String {
    match detail {
        Detail::Http { method, path, status, .. } => {
            format!("{} {} {status:?}", method.as_deref().unwrap_or("?"), path.as_deref().unwrap_or("?"))
        }
        Detail::Dns { name, code, .. } => format!("{name} {}", code.as_deref().unwrap_or("?")),
        other => format!("{other:?}"),
    }
}

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n")
}

pub(super) fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
