//! A random world of workloads on nodes, what its nodes record, and what there is to be shown of it.

use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Duration};

use goldwire_answer::table::{Answer, Finished, Table};
use goldwire_history::{Execute, History, Options};
use goldwire_merge::{Asked, Inquiry};
use goldwire_model::{
    field::{EndField, Field, Side},
    filter::{Filter, Lookup, Value},
    query::Query,
    record::{
        ConnectionId, Detail, Ending, Endpoint, Ends, FlowEvent, FlowRecord, PairingId, Protocol, Record, Reporter,
        RequestRecord, TcpState, Transport, Verdict,
    },
    time::Timestamp,
};
use proptest::prelude::ProptestConfig;

pub(crate) const START: i64 = 1_800_000_000_000_000_000;
const MILLI: i64 = 1_000_000;
pub(crate) const SECONDS: i64 = 60;

/// So many cases, unless the environment says otherwise.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), ..ProptestConfig::default() }
}

/// A small generator of numbers, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    pub(crate) fn one_in(&mut self, chance: u64) -> bool {
        self.below(chance) == 0
    }
}

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

    /// All exchanges as they are to be shown.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let of = |connection: &Connection| {
            let shown = connection.exchanges.iter().map(|exchange| self.shown_of(connection, exchange));
            shown.filter(|shown| shown.is_seen).collect::<Vec<_>>()
        };
        self.connections.iter().flat_map(of).collect()
    }

    fn shown_of(&self, connection: &Connection, exchange: &Exchange) -> Shown {
        let [source, destination] = [connection.source, connection.destination].map(|place| &self.workloads[place]);
        let joined = source.node.is_some() && source.node == destination.node;
        let server = destination.node.filter(|_| joined || exchange.by_server);
        let client = source.node.filter(|_| joined || exchange.by_client);
        let (reporter, node) = match (server, client) {
            (Some(node), _) => (Reporter::Server, node),
            (None, Some(node)) => (Reporter::Client, node),
            (None, None) => (Reporter::Client, 0),
        };
        let (time, latency) = self.timing(exchange, reporter, node);
        let asked = connection.service.filter(|_| server.is_none()).unwrap_or(destination.address);
        Shown {
            is_seen: server.is_some() || client.is_some(),
            time,
            latency: latency as f64 / 1e9,
            status: exchange.status.into(),
            path: format!("/{}", exchange.path),
            source: End::of(source, [source.address; 2], client.is_some()),
            destination: End::of(
                destination,
                [asked, connection.service.unwrap_or(destination.address)],
                server.is_some(),
            ),
        }
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

/// One end as it is to be shown.
#[derive(Clone, Debug)]
pub(crate) struct End {
    is_known: bool,
    pub(crate) workload: String,
    pub(crate) namespace: Option<String>,
    address: String,
    /// Its address as the client asked for it.
    asked: String,
}

impl End {
    /// All that it may be called by.
    pub(crate) fn names(&self) -> Vec<String> {
        vec![self.workload.clone(), self.address.clone(), self.asked.clone()]
    }

    fn of(workload: &Workload, [address, asked]: [IpAddr; 2], is_known: bool) -> Self {
        Self {
            is_known,
            asked: asked.to_string(),
            workload: if is_known { workload.name.clone() } else { address.to_string() },
            namespace: workload.namespace.clone().filter(|_| is_known),
            address: address.to_string(),
        }
    }
}

/// An exchange as it is to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    is_seen: bool,
    pub(crate) time: i64,
    latency: f64,
    status: i64,
    pub(crate) path: String,
    pub(crate) source: End,
    pub(crate) destination: End,
}

impl Shown {
    /// As a row of [`COLUMNS`].
    pub(crate) fn line(&self) -> String {
        let Self { time, latency, status, path, source, destination, .. } = self;
        format!(
            "{time} {} {} {} {} {path} {status} {latency:.6}",
            source.workload, source.address, destination.workload, destination.address
        )
    }

    pub(crate) fn matches(&self, filter: &Filter) -> bool {
        filter.matches(&Known { shown: self, is_strict: false }).is_certain()
    }

    pub(crate) fn is_allowed(&self, enforced: &Filter) -> bool {
        enforced.matches(&Known { shown: self, is_strict: true }).is_certain()
    }
}

pub(crate) const COLUMNS: &str = r#"["time", "source.workload", "source.address", "destination.workload",
    "destination.address", "url.path", "http.response.status_code", "latency"]"#;

struct Known<'a> {
    shown: &'a Shown,
    is_strict: bool,
}

impl Lookup for Known<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
        match field {
            Field::End(side, end) => {
                let of = if *side == Side::Source { &self.shown.source } else { &self.shown.destination };
                match end {
                    EndField::Address => text(&of.address),
                    _ if self.is_strict && !of.is_known => Value::Unknown,
                    EndField::Workload => text(&of.workload),
                    EndField::Namespace => of.namespace.as_deref().map_or(Value::Absent, text),
                    other => panic!("this world knows no {other:?}"),
                }
            }
            Field::UrlPath => text(&self.shown.path),
            Field::HttpStatus => Value::Integer(self.shown.status),
            Field::Latency => Value::Float(self.shown.latency),
            other => panic!("this world knows no {other}"),
        }
    }
}

/// A query over all of it; `rest` is JSON without braces.
pub(crate) fn query(rest: &str) -> Query {
    let from = START / MILLI - SECONDS * 1_000;
    let json = format!(r#"{{"from": {from}, "to": {}, {rest}}}"#, START / MILLI + 2 * SECONDS * 1_000);
    Query::from_json(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Asks the nodes in as many rounds as it takes.
pub(crate) fn ask(histories: &[History], query: &Query) -> Answer {
    let now = Timestamp(START + 3 * SECONDS * 1_000 * MILLI);
    let answer = |node: usize, query: &Query| {
        let read = Query::from_json(query.to_json()).unwrap();
        assert_eq!(read.portion, query.portion, "nothing is lost on the way");
        histories[node].execute(&read, now, Execute::default()).unwrap()
    };
    let opening = Inquiry::opening(query, histories.len());
    let answers = (0..histories.len()).map(|node| answer(node, &opening)).collect();
    let asked = Asked { asked: histories.len(), now: now.as_millis(), ..Asked::default() };
    let mut inquiry = Inquiry::new(query, answers, asked);
    loop {
        let questions = inquiry.questions();
        if questions.is_empty() {
            return inquiry.finish().unwrap();
        }
        for question in questions {
            let answer = answer(question.node, &question.query);
            inquiry.take(&question, Some(answer));
        }
    }
}

pub(crate) fn table(answer: Answer) -> (Vec<String>, Vec<String>) {
    match answer.body {
        Finished::Table(table) => (lines(&table), answer.coverage.notes),
        other => panic!("no table: {other:?}"),
    }
}

/// One text a row.
pub(crate) fn lines(table: &Table) -> Vec<String> {
    use goldwire_answer::column::Column;
    let cell = |column: &Column, row: usize| match column {
        Column::Text(values) => values[row].as_deref().unwrap_or("-").to_owned(),
        Column::Integer(values) | Column::Time(values) => {
            values[row].map_or_else(|| "-".to_owned(), |value| value.to_string())
        }
        Column::Float(values) => values[row].map_or_else(|| "-".to_owned(), |value| format!("{value:.6}")),
    };
    let rows = table.columns.first().map_or(0, |column| column.values.len());
    let line = |row| table.columns.iter().map(|column| cell(&column.values, row)).collect::<Vec<_>>().join(" ");
    (0..rows).map(line).collect()
}
