//! Three nodes whose connections pass translated addresses: what the merge makes of their histories, in every tier.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use goldwire_answer::{column::Column, coverage::Tier, table::Finished};
use goldwire_history::{Execute, History, Options};
use goldwire_merge::{Asked, merge};
use goldwire_model::{
    record::{ConnectionId, Endpoint, Ends, PairingId, Record, Reporter, RequestRecord, Transport},
    time::Timestamp,
};
use proptest::prelude::*;

use crate::common::{
    SECOND, START, after, query,
    records::{Random, World, endpoint},
};

/// How long the nodes have recorded, in seconds.
const LASTS: i64 = 5_400;

/// Connections of a client to a server, and what each end sees of the other.
#[derive(Clone, Copy)]
struct Way {
    client: (&'static str, usize),
    server: (&'static str, usize),
    asked: ([u8; 4], u16),
    seen: [u8; 4],
}

const S1: ([u8; 4], u16) = ([10, 0, 2, 1], 8_080);
const S2: ([u8; 4], u16) = ([10, 0, 2, 2], 8_080);
const SERVICE: ([u8; 4], u16) = ([10, 96, 0, 1], 80);
const PUBLISHED: ([u8; 4], u16) = ([10, 0, 2, 9], 80);
const C1: [u8; 4] = [10, 0, 1, 1];
const C2: [u8; 4] = [10, 0, 1, 2];
const ROUTER: [u8; 4] = [10, 9, 9, 9];

/// Plain; a service with two servers behind it; two clients of a published port, behind one router.
const WAYS: [Way; 5] = [
    Way { client: ("c1", 0), server: ("s1", 1), asked: S1, seen: C1 },
    Way { client: ("c2", 0), server: ("s1", 1), asked: SERVICE, seen: C2 },
    Way { client: ("c2", 0), server: ("s2", 2), asked: SERVICE, seen: C2 },
    Way { client: ("c3", 2), server: ("s3", 1), asked: PUBLISHED, seen: ROUTER },
    Way { client: ("c4", 2), server: ("s3", 1), asked: PUBLISHED, seen: ROUTER },
];

impl Way {
    fn client_at(&self) -> [u8; 4] {
        match self.client.0 {
            "c1" => C1,
            "c2" => C2,
            name => [10, 0, 3, name.as_bytes()[1]],
        }
    }

    fn server_at(&self) -> ([u8; 4], u16) {
        match self.server.0 {
            "s1" => S1,
            "s2" => S2,
            _ => ([10, 0, 2, 3], 8_080),
        }
    }

    fn reports(&self, like: &RequestRecord, connection: u64) -> [(usize, RequestRecord); 2] {
        let far = |address: [u8; 4]| Endpoint { address: IpAddr::from(address), ..unknown() };
        let near = |address: [u8; 4], name: &str| Endpoint { local: true, workload: Some(name.into()), ..far(address) };
        let (server_at, server_port) = self.server_at();
        let client = near(self.client_at(), self.client.0);
        let server = near(server_at, self.server.0);
        let report = |source: Endpoint, destination: Endpoint, port: u16, reporter| {
            let ends = Ends {
                source: Arc::new(source),
                source_port: 40_000,
                destination: Arc::new(destination),
                destination_port: port,
                transport: Transport::Tcp,
                reporter,
                joined: false,
                role_is_guess: false,
                pairing: Some(PairingId(connection.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
            };
            RequestRecord { ends, connection: ConnectionId(connection), position: Some(0), ..like.clone() }
        };
        [
            (self.client.1, report(client, far(self.asked.0), self.asked.1, Reporter::Client)),
            (self.server.1, report(far(self.seen), server, server_port, Reporter::Server)),
        ]
    }
}

fn unknown() -> Endpoint {
    // The third of three is on another node.
    Endpoint { dns: None, reverse_dns: None, labels: [].into(), ..endpoint(2) }
}

type Counts = BTreeMap<(String, String), u64>;

struct Nodes {
    histories: Vec<History>,
    /// Way and second of each exchange.
    exchanges: Vec<(usize, i64)>,
}

impl Nodes {
    fn record(seed: u64) -> Self {
        let (mut random, mut world) = (Random::new(seed), World::narrow(seed));
        let mut records: [Vec<Record>; 3] = Default::default();
        let mut exchanges = Vec::new();
        let mut connections = [0_u64; WAYS.len()];
        for second in 0..LASTS {
            for _ in 0..random.below(11) {
                let number = random.below(WAYS.len() as u64) as usize;
                // Some connections are kept, some are new.
                if connections[number] == 0 || random.below(3) == 0 {
                    connections[number] = seed << 32 | (exchanges.len() as u64 + 1);
                }
                let time = (START + second) * SECOND + SECOND / 2;
                let like = world.request(time);
                for (node, report) in WAYS[number].reports(&like, connections[number]) {
                    records[node].push(Record::Request(report));
                }
                exchanges.push((number, second));
            }
        }
        let histories = records.iter().enumerate().map(|(number, records)| {
            let name = format!("node-{number}");
            let options = Options { memory: 1_536 << 10, ..Options::new(name, Timestamp(START * SECOND)) };
            let history = History::new(options);
            history.append_all(records);
            history
        });
        Self { histories: histories.collect(), exchanges }
    }

    /// What is shown of a window, and the coarsest tier that it is made from.
    fn shown(&self, from: i64, to: i64) -> (Counts, Option<Tier>, Vec<String>) {
        let rest = r#""queryType":"table","table":"requests","aggregates":["count()"],"limit":1000,
            "groupBy":["source.workload","destination.workload"]"#;
        let query = query(from, to, rest);
        let answers = self
            .histories
            .iter()
            .map(|history| history.execute(&query, after(LASTS), Execute::default()).expect("an answer"));
        let asked = Asked { asked: 3, now: after(LASTS).as_millis(), ..Asked::default() };
        let answer = merge(&query, answers.collect(), asked).expect("an answer");
        let Finished::Table(table) = &answer.body else { panic!("{answer:?}") };
        let [source, destination, count] = table.columns.as_slice() else { panic!("{table:?}") };
        let (Column::Text(sources), Column::Text(destinations), Column::Integer(numbers)) =
            (&source.values, &destination.values, &count.values)
        else {
            panic!("{table:?}")
        };
        let text = |value: &Option<Arc<str>>| value.as_deref().unwrap_or_default().to_owned();
        let rows = sources.iter().zip(destinations).zip(numbers);
        let counts = rows.map(|((a, b), count)| ((text(a), text(b)), count.unwrap_or_default() as u64));
        (counts.collect(), answer.coverage.tier, answer.coverage.notes)
    }

    fn truth(&self, from: i64, to: i64) -> Counts {
        let mut counts = Counts::new();
        for (way, _) in self.exchanges.iter().filter(|(_, second)| (from..to).contains(second)) {
            let Way { client, server, .. } = WAYS[*way];
            *counts.entry((client.0.to_owned(), server.0.to_owned())).or_default() += 1;
        }
        counts
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn translated_connections_are_exact_in_every_tier(seed in 1..1_000_u64) {
        let nodes = Nodes::record(seed);
        let mut tiers = Vec::new();
        for (from, to) in [(LASTS - 60, LASTS), (LASTS - 600, LASTS), (LASTS - 1_800, LASTS - 600), (0, LASTS)] {
            let (counts, tier, notes) = nodes.shown(from, to);
            prop_assert_eq!(&counts, &nodes.truth(from, to), "{}..{} {:?} {:?}", from, to, tier, notes);
            tiers.extend(tier);
        }
        prop_assert!(tiers.contains(&Tier::Raw) && tiers.contains(&Tier::Minute), "{:?}", tiers);
    }
}
