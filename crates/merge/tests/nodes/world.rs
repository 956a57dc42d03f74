//! A random world of workloads on nodes, and what its nodes record.

mod shown;

use std::{net::IpAddr, sync::Arc, time::Duration};

use goldwire_history::{History, Options};
use goldwire_model::{
    record::{
        ConnectionId, Detail, Ending, Endpoint, Ends, FlowEvent, FlowRecord, PairingId, Protocol, Record, Reporter,
        RequestRecord, TcpState, Transport, Verdict,
    },
    time::Timestamp,
};

use super::random::Random;
pub(crate) use shown::{COLUMNS, Shown};

pub(crate) const START: i64 = 1_800_000_000_000_000_000;
pub(crate) const MILLI: i64 = 1_000_000;
pub(crate) const SECONDS: i64 = 60;

/// A workload; outside of all nodes where it has none.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    node: Option<usize>,
    address: IpAddr,
    name: String,
    namespace: Option<String>,
}

/// One connection and what went over it.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    number: u64,
    source: usize,
    destination: usize,
    source_port: u16,
    pairing: bool,
    /// Nothing told who opened it; both ends guess it alike.
    role_is_guess: bool,
    /// What the client asked for, where that is not the server's address.
    service: Option<IpAddr>,
    exchanges: Vec<Exchange>,
}

#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    at: i64,
    latency: i64,
    status: u16,
    path: u64,
    by_client: bool,
    by_server: bool,
}

/// Everything there is.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) nodes: usize,
    offsets: Vec<i64>,
    workloads: Vec<Workload>,
    pub(crate) connections: Vec<Connection>,
}

impl World {
    pub(crate) fn random(seed: u64, exchanges: u64) -> Self {
        let mut random = Random::new(seed);
        let nodes = 1 + random.below(5) as usize;
        let offsets = (0..nodes).map(|_| (random.below(60_000) as i64 - 30_000) * MILLI).collect();
        let workloads = (0..8)
            .map(|number| Workload {
                node: (number < 7).then(|| random.below(nodes as u64) as usize),
                address: [10, 0, 1, number].into(),
                name: format!("w{}", number % 5),
                namespace: (number % 3 != 0).then(|| format!("n{}", number % 3)),
            })
            .collect();
        let mut world = Self { nodes, offsets, workloads, connections: Vec::new() };
        let count = 1 + exchanges / 6;
        for number in 0..count {
            let connection = world.connection(&mut random, number);
            world.connections.push(connection);
        }
        world
    }

    fn connection(&self, random: &mut Random, number: u64) -> Connection {
        let source = random.below(8) as usize;
        let destination = (source + 1 + random.below(6) as usize) % 7;
        let pairing = !random.one_in(5);
        let is_translated = pairing && random.one_in(4);
        // At the same time now and then, and many in the same nanosecond.
        let base = random.below(10) as i64 * 4_000 * MILLI;
        let exchanges = (0..1 + random.below(11) as i64).map(|place| {
            let loses = pairing && random.one_in(8);
            let by_client = !(loses && random.one_in(2));
            Exchange {
                at: base + place / 2 * MILLI,
                latency: (1 + random.below(5) as i64) * MILLI,
                status: [200, 200, 404, 500][random.below(4) as usize],
                path: random.below(4),
                by_client,
                by_server: !loses || !by_client,
            }
        });
        Connection {
            exchanges: exchanges.collect(),
            number,
            source,
            destination,
            source_port: 30_000 + number as u16,
            pairing,
            role_is_guess: random.one_in(8),
            service: is_translated.then(|| [172, 16, 0, destination as u8].into()),
        }
    }

    /// Nothing lies between the ends.
    pub(crate) fn translate_nothing(&mut self) {
        self.connections.iter_mut().for_each(|connection| connection.service = None);
    }

    /// Both ends see every exchange.
    pub(crate) fn see_all(&mut self) {
        for exchange in self.connections.iter_mut().flat_map(|connection| &mut connection.exchanges) {
            (exchange.by_client, exchange.by_server) = (true, true);
        }
    }

    /// What a node records of all of it.
    pub(crate) fn records_of(&self, node: usize) -> Vec<Record> {
        self.connections.iter().flat_map(|connection| self.records(connection, node)).collect()
    }

    /// Only what is allowed.
    pub(crate) fn only(&self, allowed: impl Fn(&Shown) -> bool) -> Self {
        let mut world = self.clone();
        for connection in &mut world.connections {
            let whole = connection.clone();
            connection.exchanges.retain(|exchange| allowed(&self.shown_of(&whole, exchange)));
        }
        world
    }

    pub(crate) fn histories(&self) -> Vec<History> {
        let node = |number: usize| {
            let history = History::new(Options { memory: 8 << 20, ..Options::new(name(number), Timestamp(0)) });
            let mut records = self.records_of(number);
            records.sort_by_key(time_of);
            history.append_all(&records);
            history
        };
        (0..self.nodes).map(node).collect()
    }

    /// What a node records of a connection.
    fn records(&self, connection: &Connection, node: usize) -> Vec<Record> {
        let [source, destination] = [connection.source, connection.destination].map(|place| &self.workloads[place]);
        let joined = source.node == Some(node) && destination.node == Some(node);
        let mut records = Vec::new();
        for (reporter, of) in [(Reporter::Client, source), (Reporter::Server, destination)] {
            if of.node != Some(node) {
                continue;
            }
            let ends = self.ends(connection, reporter, joined);
            for (place, exchange) in connection.exchanges.iter().enumerate() {
                // Where both ends are here, the tracker sees both.
                let is_seen =
                    joined || if reporter == Reporter::Client { exchange.by_client } else { exchange.by_server };
                if is_seen {
                    records.push(self.request(connection, exchange, place, reporter, ends.clone(), node));
                }
            }
            if !connection.exchanges.is_empty() {
                records.push(self.flow(connection, reporter, ends, node));
            }
        }
        records
    }

    fn ends(&self, connection: &Connection, reporter: Reporter, joined: bool) -> Ends {
        let by_client = reporter == Reporter::Client;
        let [source, destination] = [connection.source, connection.destination].map(|place| &self.workloads[place]);
        let asked = connection.service.filter(|_| by_client && !joined).unwrap_or(destination.address);
        Ends {
            source: Arc::new(source.endpoint(source.address, by_client || joined)),
            source_port: connection.source_port,
            destination: Arc::new(destination.endpoint(asked, !by_client || joined)),
            destination_port: 80,
            transport: Transport::Tcp,
            reporter,
            joined,
            role_is_guess: connection.role_is_guess,
            pairing: connection.pairing.then_some(PairingId(connection.number << 32 | 5)),
        }
    }

    fn request(
        &self,
        connection: &Connection,
        exchange: &Exchange,
        place: usize,
        reporter: Reporter,
        ends: Ends,
        node: usize,
    ) -> Record {
        let (time, latency) = self.timing(exchange, reporter, node);
        Record::Request(RequestRecord {
            time: Timestamp(time),
            start: Timestamp(time - latency),
            connection: ConnectionId(connection.number),
            ends,
            position: connection.pairing.then_some(place as u32 * 100),
            protocol: Protocol::Http,
            latency: Some(Duration::from_nanos(latency.unsigned_abs())),
            latency_first_byte: None,
            request_bytes: 10,
            response_bytes: 20,
            error: None,
            trace_id: None,
            span_id: None,
            detail: Detail::Http {
                method: Some("GET".into()),
                path: Some(format!("/{}", exchange.path).into()),
                route: None,
                host: None,
                status: Some(exchange.status),
                user_agent: None,
                error_code: None,
            },
        })
    }

    /// When the report is made by the clock of its node, and what it says of the latency.
    fn timing(&self, exchange: &Exchange, reporter: Reporter, node: usize) -> (i64, i64) {
        let way = if reporter == Reporter::Client { MILLI / 4 } else { 0 };
        (START + self.offsets[node] + exchange.at + exchange.latency + way, exchange.latency + way)
    }

    fn flow(&self, connection: &Connection, reporter: Reporter, ends: Ends, node: usize) -> Record {
        let by_client = reporter == Reporter::Client;
        let last = connection.exchanges.iter().map(|exchange| exchange.at + exchange.latency).max().unwrap_or(0);
        Record::Flow(FlowRecord {
            time: Timestamp(START + self.offsets[node] + last + 2 * MILLI),
            start: Timestamp(START + self.offsets[node]),
            since: Timestamp(START + self.offsets[node]),
            connection: ConnectionId(connection.number),
            ends,
            event: FlowEvent::End,
            state: Some(TcpState::Close),
            ending: Some(Ending::Closed),
            verdict: Verdict::Forwarded,
            tcp_flags: 0,
            bytes_sent: 100 + connection.number,
            bytes_received: 7,
            packets_sent: 1,
            packets_received: 1,
            retransmits: if by_client { 1 } else { 2 },
            resets: 0,
            rtt: None,
            rtt_min: None,
            connect_latency: by_client.then_some(Duration::from_millis(3)),
            tls_sni: None,
            tls_alpn: None,
            tls_version: None,
            tls_handshake_latency: None,
            protocol: Some(Protocol::Http),
        })
    }
}

fn name(node: usize) -> String {
    format!("node-{node}")
}

const fn time_of(record: &Record) -> i64 {
    match record {
        Record::Request(request) => request.time.0,
        Record::Flow(flow) => flow.time.0,
        _ => 0,
    }
}

impl Workload {
    fn endpoint(&self, address: IpAddr, local: bool) -> Endpoint {
        Endpoint {
            address,
            proxied_address: None,
            local,
            workload: local.then(|| self.name.as_str().into()),
            namespace: self.namespace.as_deref().filter(|_| local).map(Into::into),
            pod: None,
            service: None,
            container: None,
            image: None,
            process: None,
            executable: None,
            pid: None,
            ancestry: None,
            node: None,
            dns: None,
            reverse_dns: None,
            labels: [].into(),
        }
    }
}
