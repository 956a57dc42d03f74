//! Probes, and the tracker that makes records of what they tell.

use std::{
    collections::{BTreeMap, HashSet},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use goldwire::{
    capture::Kernel,
    decode::{BootTime, KernelTime},
    identity::{self, Processes},
    receive::{Options, Receiver},
    track::{self, Anchor, Outlets, RecordSink, Tracker},
};
use goldwire_answer::coverage::{LossStage, UnreadKind};
use goldwire_model::{
    record::{Detail, Protocol, Record, Reporter, RequestRecord},
    time::Timestamp,
};

use crate::observer::{PATIENCE, group::Group};

/// Everything that was found.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) records: Vec<Record>,
    pub(crate) lost: u64,
}

impl RecordSink for Findings {
    fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    fn missed(&mut self, _: Timestamp, _: u64) {}

    fn loss(&mut self, _: LossStage, _: Timestamp, events: u64) {
        self.lost += events;
    }

    fn unread(&mut self, _: UnreadKind, _: Timestamp, _: u64) {}
}

/// Probes, and the tracker that makes records of what they tell.
pub(crate) struct Watch {
    pub(crate) receiver: Receiver,
    pub(crate) tracker: Tracker<Processes>,
    pub(crate) capture: Kernel,
    pub(crate) findings: Findings,
    _group: Arc<Group>,
}

impl Watch {
    pub(crate) fn new(tls_plaintext: bool) -> Self {
        // Connections of other programs on this machine have losses of their own.
        let group = Group::entered();
        // As large as the daemon's: a long body fills it until the probes know that it is not wanted.
        let cgroup = Some(group.path.clone());
        let options = Options { cgroup, tls_plaintext, data_ring_bytes: 32 << 20, ..Options::default() };
        let receiver = Receiver::open(&options).unwrap_or_else(|error| panic!("failed to open the probes: {error}"));
        assert_eq!(receiver.refused().collect::<Vec<_>>(), [], "hooks that this kernel refuses");
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let anchor = Anchor { kernel: now(), boot: BootTime(0), wall: Timestamp(wall.as_nanos() as i64) };
        let identity = Processes::new(identity::Options::new("here", None));
        Self {
            tracker: Tracker::new(identity, track::Options::whole_node(1), anchor),
            capture: Kernel::new(&receiver),
            findings: Findings::default(),
            receiver,
            _group: group,
        }
    }

    /// Looks once.
    pub(crate) fn turn(&mut self) {
        let Self { receiver, tracker, capture, findings, .. } = self;
        receiver.poll(&mut |event| tracker.handle(&event, &mut Outlets { records: findings, capture }));
        tracker.sweep(now(), &mut Outlets { records: findings, capture });
        receiver.wait(Duration::from_millis(20));
    }

    /// Looks until something is so, or patience ends; and a moment longer, so that what is too much shows.
    pub(crate) fn until(&mut self, mut is_so: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) && Instant::now() < end {
            self.turn();
        }
        let end = Instant::now() + Duration::from_millis(300);
        while Instant::now() < end {
            self.turn();
        }
    }

    /// Looks until requests to a server that just started are read, and forgets them.
    pub(crate) fn until_read(&mut self, port: u16) {
        let url = format!("https://127.0.0.1:{port}/before");
        let end = Instant::now() + PATIENCE;
        while self.requests(port, Reporter::Server).is_empty() {
            assert!(Instant::now() < end, "the server's requests are not read");
            self.run(Command::new("curl").args(["-sk", "-o", "/dev/null", &url]));
        }
        self.until(|_| true);
        self.findings = Findings::default();
    }

    /// Looks while a program runs to its end.
    pub(crate) fn run(&mut self, command: &mut Command) {
        self.output(command);
    }

    /// The same, and gives what it printed, which must not be much.
    pub(crate) fn output(&mut self, command: &mut Command) -> String {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            self.turn();
        }
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn requests(&self, port: u16, reporter: Reporter) -> Vec<&RequestRecord> {
        let requests = self.findings.records.iter().filter_map(|record| match record {
            Record::Request(request) => Some(request),
            _ => None,
        });
        requests.filter(|request| request.ends.destination_port == port && request.ends.reporter == reporter).collect()
    }

    pub(crate) fn has_requests(&self, port: u16, count: usize) -> bool {
        [Reporter::Client, Reporter::Server].iter().all(|end| self.requests(port, *end).len() >= count)
    }

    /// Both ends of a port saw these requests, and no others.
    pub(crate) fn expect(&mut self, port: u16, expected: &[(String, String, u16)]) {
        self.expect_book(
            port,
            &counted(expected.iter().map(|(method, path, status)| line(method, path, Some(*status)))),
        );
    }

    /// The same, of lines as [`line_of`] makes them.
    pub(crate) fn expect_book(&mut self, port: u16, expected: &BTreeMap<String, usize>) {
        let count = expected.values().sum();
        self.until(|watch| watch.has_requests(port, count));
        for reporter in [Reporter::Client, Reporter::Server] {
            let seen = counted(self.requests(port, reporter).into_iter().map(line_of));
            assert_eq!(&seen, expected, "{reporter:?}");
        }
        assert_eq!(self.findings.lost, 0);
        assert_eq!(self.receiver.losses().total(), 0, "{:?}", self.receiver.losses());
    }

    /// The last that was said of what runs on flows to a port.
    pub(crate) fn protocols(&self, port: u16) -> HashSet<Option<Protocol>> {
        let mut last = BTreeMap::new();
        for record in &self.findings.records {
            if let Record::Flow(flow) = record
                && flow.ends.destination_port == port
            {
                last.insert((flow.connection.0, flow.ends.reporter == Reporter::Client), flow.protocol);
            }
        }
        last.into_values().collect()
    }
}

pub(crate) fn now() -> KernelTime {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    KernelTime(Duration::from(time).as_nanos() as u64)
}

pub(crate) fn counted(lines: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    lines.for_each(|line| *counts.entry(line).or_default() += 1);
    counts
}

pub(crate) fn line(method: &str, path: &str, status: Option<u16>) -> String {
    format!("{method} {path} {}", status.map_or("no answer".to_owned(), |status| status.to_string()))
}

pub(crate) fn line_of(request: &RequestRecord) -> String {
    assert_eq!(request.error, None, "{request:?}");
    assert!(request.latency.is_some(), "{request:?}");
    match &request.detail {
        Detail::Http { method, path, status, .. } => {
            line(method.as_deref().unwrap_or("?"), path.as_deref().unwrap_or("?"), *status)
        }
        other => format!("{other:?}"),
    }
}

pub(crate) fn get(path: impl Into<String>, status: u16) -> (String, String, u16) {
    ("GET".to_owned(), path.into(), status)
}
