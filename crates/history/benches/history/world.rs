//! A node's traffic at realistic cardinality, for the benches.

use std::{net::IpAddr, sync::Arc, time::Duration};

use goldwire_history::{Execute, History, Options};
use goldwire_model::{
    query::Query,
    record::{
        ConnectionId, Detail, Endpoint, Ends, ExchangeError, PairingId, Protocol, Record, Reporter, RequestRecord,
        Text, Transport,
    },
    time::Timestamp,
};
use nix::time::{ClockId, clock_gettime};

pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;

/// Who talks to whom: 25 services, 40 clients of each.
pub(crate) struct World {
    edges: Vec<(Arc<Endpoint>, Arc<Endpoint>)>,
    routes: Vec<Text>,
    paths: Vec<Text>,
    get: Text,
    host: Text,
    state: u64,
}

fn endpoint(name: &str, number: u16) -> Arc<Endpoint> {
    let text = |prefix: &str| Some(Text::from(format!("{prefix}-{name}-{number}")));
    Arc::new(Endpoint {
        address: IpAddr::from([10, 1, (number >> 8) as u8, number as u8]),
        local: true,
        workload: text("workload"),
        namespace: Some("default".into()),
        pod: text("pod"),
        service: text("service"),
        container: text("container"),
        image: Some("registry.example/image:1".into()),
        process: Some("server".into()),
        executable: Some("/usr/bin/server".into()),
        pid: Some(u32::from(number) + 1),
        ancestry: Some("containerd-shim < systemd".into()),
        node: Some("node-1".into()),
        dns: None,
        reverse_dns: None,
        proxied_address: None,
        labels: [("app".into(), "shop".into())].into(),
    })
}

impl Default for World {
    fn default() -> Self {
        let edges = (0..25_u16).flat_map(|service| {
            let destination = endpoint("server", service);
            (0..40_u16).map(move |client| (endpoint("client", service * 40 + client), destination.clone()))
        });
        Self {
            edges: edges.collect(),
            routes: (0..10).map(|route| format!("/v1/route-{route}/{{id}}").into()).collect(),
            paths: (0..5_000).map(|path| format!("/v1/route-{}/{path}", path % 10).into()).collect(),
            get: "GET".into(),
            host: "shop.example".into(),
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

impl World {
    fn random(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % bound
    }

    /// One exchange at a time; the edge is chosen at random where none is given.
    pub(crate) fn request(&mut self, time: i64, edge: Option<usize>) -> Record {
        let edge = edge.unwrap_or_else(|| self.random(self.edges.len() as u64) as usize);
        let (source, destination) = self.edges[edge].clone();
        // A bulk around 5 ms and a tail up to a second.
        let tail = if self.random(50) == 0 { 100 } else { 1 };
        let latency = Duration::from_nanos((2_000_000 + self.random(8_000_000)) * tail);
        let failed = self.random(100) == 0;
        // Each edge uses one of the routes.
        let path = self.random(500) as usize * 10 + edge % 10;
        let connection = edge as u64 * 4 + self.random(4);
        Record::Request(RequestRecord {
            time: Timestamp(time),
            start: Timestamp(time - latency.as_nanos() as i64),
            connection: ConnectionId(connection),
            ends: Ends {
                source,
                source_port: 32_768 + (edge as u16 * 4) % 28_000,
                destination,
                destination_port: 8080,
                transport: Transport::Tcp,
                reporter: Reporter::Server,
                role_is_guess: false,
                joined: true,
                pairing: Some(PairingId(connection.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
            },
            position: Some(self.random(1 << 32) as u32),
            protocol: Protocol::Http,
            latency: Some(latency),
            latency_first_byte: Some(latency / 2),
            request_bytes: 200 + self.random(100),
            response_bytes: 500 + self.random(4_000),
            error: failed.then_some(ExchangeError::Status),
            trace_id: None,
            span_id: None,
            detail: Detail::Http {
                method: Some(self.get.clone()),
                path: Some(self.paths[path].clone()),
                route: Some(self.routes[path % 10].clone()),
                host: Some(self.host.clone()),
                status: Some(if failed { 500 } else { 200 }),
                user_agent: None,
                error_code: None,
            },
        })
    }

    /// `count` exchanges, evenly over `seconds`.
    pub(crate) fn requests(&mut self, count: usize, seconds: i64) -> Vec<Record> {
        let step = seconds * SECOND / count as i64;
        (0..count as i64).map(|number| self.request(START * SECOND + number * step, None)).collect()
    }
}

pub(crate) fn history(memory: usize) -> History {
    History::new(Options { memory, ..Options::new("node-1", Timestamp(START * SECOND)) })
}

/// A query over the hour after [`START`].
pub(crate) fn query(rest: &str) -> Query {
    let (from, to) = (START * 1_000, (START + 3_600) * 1_000);
    let json = format!("{{\"refId\":\"A\",\"partial\":true,\"from\":{from},\"to\":{to},{rest}}}");
    Query::from_json(&json).unwrap()
}

/// Executes, and says from which tier.
pub(crate) fn execute(history: &History, query: &Query) -> goldwire_answer::PartialAnswer {
    history.execute(query, Timestamp((START + 3_700) * SECOND), Execute::default()).unwrap()
}

/// What `work` takes of a core: on a machine that others use too, the time that a figure is about. Given by the kernel
/// for this thread alone.
pub(crate) fn core_time(work: impl FnOnce()) -> Duration {
    let on_core = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let before = on_core();
    work();
    on_core() - before
}

/// One figure in the form that `cargo xtask bench` collects.
pub(crate) fn figure(name: &str, value: f64, unit: &str, bar: &str) {
    println!("goldwire-bench {name} {value:.2} {unit} {bar}");
}

/// True where the command line names no benchmark, or part of this one's name.
pub(crate) fn is_wanted(name: &str) -> bool {
    let mut filters = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    filters.peek().is_none() || filters.any(|filter| name.contains(&filter))
}
