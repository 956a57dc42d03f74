//! The traffic of a cluster: the same 1,000 edges as in the benchmark of history (25 services, 40 clients of each, one
//! exchange a second on each edge for an hour), with each end on a node of its own and reported by that node.

use std::{net::IpAddr, sync::Arc, time::Duration};

use goldwire_model::{
    record::{
        ConnectionId, Detail, Endpoint, Ends, ExchangeError, Protocol, Record, Reporter, RequestRecord, Text, Transport,
    },
    time::Timestamp,
};

/// Nodes. Each runs one client, and some a server beside it.
pub(crate) const NODES: usize = 1_000;
/// Services that are called.
pub(crate) const SERVICES: usize = 25;
const ROUTES: usize = 10;
const CLIENTS_OF_A_SERVICE: usize = NODES / SERVICES;
/// Start of the hour in seconds since the epoch: a whole hour.
const START: i64 = 472_222 * 3_600;
const SECONDS: i64 = 3_600;
/// The hour in milliseconds since the epoch.
pub(crate) const HOUR: (i64, i64) = (START * 1_000, (START + SECONDS) * 1_000);
/// All exchanges of the hour, each once.
pub(crate) const EXCHANGES: f64 = (NODES as i64 * SECONDS) as f64;

/// How the services are spread over the nodes.
pub(crate) struct World {
    replicas: usize,
    clients: Vec<End>,
    servers: Vec<End>,
    paths: Vec<Text>,
    routes: Vec<Text>,
    method: Text,
    host: Text,
}

/// A pod.
struct End {
    /// As its own node knows it.
    known: Arc<Endpoint>,
    /// As others do: by its address alone.
    unknown: Arc<Endpoint>,
}

impl World {
    /// `replicas` servers of each service, at most 40, each on a node of its own; calls go to them in turn.
    pub(crate) fn new(replicas: usize) -> Self {
        Self {
            replicas,
            clients: (0..NODES).map(|node| End::new("client", node, node)).collect(),
            servers: (0..replicas * SERVICES).map(|node| End::new("server", node % SERVICES, node)).collect(),
            paths: (0..5_000).map(|path| format!("/v1/route-{}/{path}", path % ROUTES).into()).collect(),
            routes: (0..ROUTES).map(|route| format!("/v1/route-{route}/{{id}}").into()).collect(),
            method: "GET".into(),
            host: "shop.example".into(),
        }
    }

    /// What one node reports of the hour: its client's calls, and what its server answers.
    pub(crate) fn reports_of(&self, node: usize) -> Vec<Record> {
        (0..SECONDS).flat_map(|second| self.reports_in(node, second)).collect()
    }

    fn reports_in(&self, node: usize, second: i64) -> impl Iterator<Item = Record> {
        let called = self.replica(second) == node / SERVICES;
        let service = node % SERVICES;
        let clients = if called { service * CLIENTS_OF_A_SERVICE..(service + 1) * CLIENTS_OF_A_SERVICE } else { 0..0 };
        let served = clients.map(move |client| self.report(client, second, Reporter::Server));
        served.chain([self.report(node, second, Reporter::Client)])
    }

    fn replica(&self, second: i64) -> usize {
        second.unsigned_abs() as usize % self.replicas
    }

    /// One end's report of the exchange that a client has in a second.
    fn report(&self, client: usize, second: i64, reporter: Reporter) -> Record {
        let service = client / CLIENTS_OF_A_SERVICE;
        let server = self.replica(second) * SERVICES + service;
        let here = if reporter == Reporter::Client { client } else { server };
        let ends = Ends {
            source: self.clients[client].seen(client == here),
            source_port: 40_000,
            destination: self.servers[server].seen(server == here),
            destination_port: 8080,
            transport: Transport::Tcp,
            reporter,
            role_is_guess: false,
            joined: client == server,
            pairing: None,
        };
        self.request(client, second, ends)
    }

    fn request(&self, client: usize, second: i64, ends: Ends) -> Record {
        let chance = |salt, bound| chance(client, second, salt, bound);
        // A bulk around 5 ms and a tail up to a second, as in the benchmark of history.
        let tail = if chance(1, 50) == 0 { 100 } else { 1 };
        let latency = Duration::from_nanos((2_000_000 + chance(2, 8_000_000)) * tail);
        let failed = chance(3, 100) == 0;
        // Clients take turns within a second, and an exchange may have begun in the second before.
        let time = (START + second) * 1_000_000_000 + client as i64 * 1_000_000;
        let route = client % ROUTES;
        let path = chance(6, 500) as usize * ROUTES + route;
        Record::Request(RequestRecord {
            time: Timestamp(time),
            start: Timestamp(time - latency.as_nanos() as i64),
            connection: ConnectionId(client as u64),
            ends,
            position: None,
            protocol: Protocol::Http,
            latency: Some(latency),
            latency_first_byte: Some(latency / 2),
            request_bytes: 200 + chance(4, 100),
            response_bytes: 500 + chance(5, 4_000),
            error: failed.then_some(ExchangeError::Status),
            trace_id: None,
            span_id: None,
            detail: Detail::Http {
                method: Some(self.method.clone()),
                path: Some(self.paths[path].clone()),
                route: Some(self.routes[route].clone()),
                host: Some(self.host.clone()),
                status: Some(if failed { 500 } else { 200 }),
                user_agent: None,
                error_code: None,
            },
        })
    }
}

impl End {
    fn new(kind: &str, workload: usize, node: usize) -> Self {
        let endpoint = |known| Arc::new(endpoint(kind, workload, node, known));
        Self { known: endpoint(true), unknown: endpoint(false) }
    }

    fn seen(&self, here: bool) -> Arc<Endpoint> {
        Arc::clone(if here { &self.known } else { &self.unknown })
    }
}

fn endpoint(kind: &str, workload: usize, node: usize, known: bool) -> Endpoint {
    let text = |text: String| known.then(|| Text::from(text));
    let network = if kind == "client" { 1 } else { 2 };
    Endpoint {
        address: IpAddr::from([10, network, (node >> 8) as u8, node as u8]),
        local: known,
        workload: text(format!("{kind}-{workload}")),
        namespace: text("default".to_owned()),
        pod: text(format!("{kind}-{workload}-{node}")),
        service: None,
        container: text(kind.to_owned()),
        image: text("registry.example/image:1".to_owned()),
        process: text(kind.to_owned()),
        executable: text(format!("/usr/bin/{kind}")),
        pid: known.then_some(7),
        ancestry: text("containerd-shim < systemd".to_owned()),
        node: text(format!("node-{node}")),
        dns: None,
        reverse_dns: None,
        proxied_address: None,
        labels: [].into(),
    }
}

/// Chance that is the same for both ends: a number below `bound`.
fn chance(client: usize, second: i64, salt: u64, bound: u64) -> u64 {
    let mut state = (client as u64) << 40 ^ (second as u64) << 8 ^ salt;
    state = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ state >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state ^ state >> 31) % bound
}
