//! What the tests of the probes share: an observer of this kernel, and small programs to be observed. They need root.
#![expect(dead_code, reason = "each test program uses its part")]

pub(crate) mod group;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use goldwire::{
    decode::Event,
    receive::{Options, Receiver},
};

/// How long an event may take to arrive on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Probes on this kernel.
pub(crate) struct Observer {
    pub(crate) receiver: Receiver,
}

impl Observer {
    /// Observes the whole node.
    pub(crate) fn of_node() -> Self {
        Self::open(None)
    }

    /// Observes one cgroup.
    pub(crate) fn of_cgroup(path: PathBuf) -> Self {
        Self::open(Some(path))
    }

    /// Observes one cgroup, and what its programs say in TLS.
    pub(crate) fn of_tls_in(path: PathBuf) -> Self {
        Self::open_with(&Options { cgroup: Some(path), tls_plaintext: true, ..Options::default() })
    }

    /// Observes with rings of so many bytes.
    pub(crate) fn with_small_rings(bytes: usize) -> Self {
        Self::open_with(&Options { data_ring_bytes: bytes, ..Options::default() })
    }

    fn open(cgroup: Option<PathBuf>) -> Self {
        Self::open_with(&Options { cgroup, report_interval: Duration::from_millis(500), ..Options::default() })
    }

    fn open_with(options: &Options) -> Self {
        let receiver = Receiver::open(options).unwrap_or_else(|error| panic!("failed to open the probes: {error}"));
        assert_eq!(receiver.refused().collect::<Vec<_>>(), [], "hooks that this kernel refuses");
        Self { receiver }
    }

    /// Collects what `pick` makes of events until there are `enough`, or patience ends.
    pub(crate) fn collect<T>(&mut self, enough: usize, mut pick: impl FnMut(Event<'_>) -> Option<T>) -> Vec<T> {
        let end = Instant::now() + PATIENCE;
        let mut found = Vec::new();
        while found.len() < enough && Instant::now() < end {
            self.receiver.poll(&mut |event| found.extend(pick(event)));
            if found.len() < enough {
                self.receiver.wait(Duration::from_millis(20));
            }
        }
        found
    }

    /// Collects for so long, however much it is.
    pub(crate) fn collect_for<T>(&mut self, time: Duration, mut pick: impl FnMut(Event<'_>) -> Option<T>) -> Vec<T> {
        let end = Instant::now() + time;
        let mut found = Vec::new();
        while Instant::now() < end {
            self.receiver.poll(&mut |event| found.extend(pick(event)));
            self.receiver.wait(Duration::from_millis(20));
        }
        found
    }

    /// Drops everything told so far.
    pub(crate) fn skip(&mut self) {
        self.collect_for(Duration::from_millis(50), |_| None::<()>);
    }
}

/// A program that is ended when dropped.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A connection whose both ends are in this process.
pub(crate) struct Pair {
    pub(crate) client: TcpStream,
    pub(crate) server: TcpStream,
}

impl Pair {
    pub(crate) fn over(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        Self::to(&listener)
    }

    pub(crate) fn to(listener: &TcpListener) -> Self {
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        Self { client, server }
    }

    pub(crate) fn client_address(&self) -> SocketAddr {
        self.client.local_addr().unwrap()
    }

    pub(crate) fn server_address(&self) -> SocketAddr {
        self.server.local_addr().unwrap()
    }

    /// The client says something, and the server hears it whole.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        transfer(&mut self.client, &mut self.server, bytes);
    }

    /// The server says something, and the client hears it whole.
    pub(crate) fn answer(&mut self, bytes: &[u8]) {
        transfer(&mut self.server, &mut self.client, bytes);
    }
}

/// Writes at one end and reads at the other, so much that neither can wait for the other.
fn transfer(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8]) {
    let mut from = from.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || from.write_all(bytes).unwrap());
        let mut heard = vec![0; bytes.len()];
        to.read_exact(&mut heard).unwrap();
        assert_eq!(heard, bytes);
    });
}

/// Bytes that tell their place.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index / 7 % 251) as u8).collect()
}

/// A network namespace with a firewall of its own; gone when dropped.
pub(crate) struct Namespace(&'static str);

impl Namespace {
    pub(crate) fn new(name: &'static str) -> Self {
        let _ = Command::new("ip").args(["netns", "del", name]).output();
        run(&format!("ip netns add {name}"));
        let this = Self(name);
        this.inside("ip link set lo up");
        this
    }

    /// Runs a command that must succeed.
    pub(crate) fn inside(&self, command: &str) {
        run(&format!("ip netns exec {} {command}", self.0));
    }

    /// Starts a program.
    pub(crate) fn start(&self, command: &str) -> Running {
        Running::start(Command::new("ip").args(["netns", "exec", self.0]).args(command.split(' ')))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", self.0]).output();
    }
}

fn run(command: &str) {
    let mut words = command.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}
