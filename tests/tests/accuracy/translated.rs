//! Trial 21: addresses that are translated between two ends, and equal addresses of ends that have nothing in common.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Result, ensure};
use goldwire_demo::nodes::{Launch, Namespace, Process};
use goldwire_tests::{
    programs::{Link, Peer, Router, free_port, run},
    sheet::Line,
    watch::{Row, Watch, count, text},
};
use serde_json::json;

/// Requests of each way and family.
const TIMES: u64 = 10;

/// What happens to addresses on the way from a client to a server.
const WAYS: [&str; 5] = ["plain", "dnat", "snat", "both", "redirect"];

/// Asks each target in turn: over a connection each, or, once there is a file, over one that was open before.
const CLIENT: &str = r"
import http.client, json, os, sys, time
targets, times, go = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def connect(target):
    return http.client.HTTPConnection(target['to'], target['port'], timeout=10, source_address=target.get('from') and tuple(target['from']))
def ask(connection, name):
    connection.request('GET', '/status/200', headers={'Host': name})
    answer = connection.getresponse(); answer.read()
    assert answer.status == 200, answer.status
if go:
    connections = [(connect(target), target['name']) for target in targets]
    for connection, name in connections: ask(connection, 'before.' + name)
    open(go + '.open', 'w').close()
    while not os.path.exists(go): time.sleep(0.02)
    for connection, name in connections:
        for _ in range(times): ask(connection, name)
    sys.exit()
for target in targets:
    for _ in range(times):
        connection = connect(target)
        ask(connection, target['name'])
        connection.close()
";

/// Two networks with a router between them, and a server for each way.
struct Networks {
    routed: Router,
    servers: Vec<Peer>,
}

impl Networks {
    fn start(name: &str, servers_watch: &Watch) -> Result<Self> {
        let routed = Router::create(name)?;
        let mut servers = Vec::new();
        for _ in WAYS {
            let address = SocketAddr::from((Ipv6Addr::UNSPECIFIED, free_port()?));
            servers.push(Peer::start_on(&servers_watch.cgroup, &routed.server, address)?);
        }
        let port = |way: &str| servers[place(way)].address.port();
        let (dnat, snat, both, redirect) = (port("dnat"), port("snat"), port("both"), port("redirect"));
        Router::translate(
            &routed.router,
            &[
                &format!("add rule inet nat prerouting ip daddr 10.96.1.1 tcp dport 80 dnat ip to 10.81.2.2:{dnat}"),
                &format!("add rule inet nat prerouting ip6 daddr fd96::1 tcp dport 80 dnat ip6 to [fd81:2::2]:{dnat}"),
                &format!("add rule inet nat prerouting ip daddr 10.96.1.2 tcp dport 80 dnat ip to 10.81.2.2:{both}"),
                &format!("add rule inet nat prerouting ip6 daddr fd96::2 tcp dport 80 dnat ip6 to [fd81:2::2]:{both}"),
                &format!("add rule inet nat postrouting tcp dport {{ {snat}, {both} }} masquerade"),
            ],
        )?;
        let rule = format!("add rule inet nat prerouting tcp dport 81 redirect to :{redirect}");
        Router::translate(&routed.server, &[&rule])?;
        Ok(Self { routed, servers })
    }

    /// What the client asks for, and by which name the request is found again.
    fn asked(&self, way: &str, is_ipv6: bool) -> (SocketAddr, String) {
        let service = |number: u16| -> IpAddr {
            let text = if is_ipv6 { format!("fd96::{number}") } else { format!("10.96.1.{number}") };
            text.parse().expect("an address")
        };
        let (address, port) = match way {
            "dnat" => (service(1), 80),
            "both" => (service(2), 80),
            "redirect" => (Router::server_address(is_ipv6), 81),
            _ => (Router::server_address(is_ipv6), self.servers[place(way)].address.port()),
        };
        (SocketAddr::new(address, port), format!("{way}{}.test", if is_ipv6 { 6 } else { 4 }))
    }

    fn targets(&self) -> Vec<(&'static str, bool)> {
        WAYS.into_iter().flat_map(|way| [false, true].map(|is_ipv6| (way, is_ipv6))).collect()
    }

    /// Starts the client. It waits for the file `go`, where there is one.
    fn client(&self, watch: &Watch, go: Option<&Path>) -> Result<Process> {
        let targets: Vec<_> = self.targets().into_iter().map(|(way, is_ipv6)| self.asked(way, is_ipv6)).collect();
        let targets: Vec<_> =
            targets.iter().map(|(to, name)| json!({ "to": to.ip(), "port": to.port(), "name": name })).collect();
        start_client(watch, &self.routed.client, &json!(targets), go)
    }

    /// Each way's requests are one row with both real ends, and with what was asked for.
    async fn expect(&self, watch: &Watch, what: &str) -> Result<()> {
        let query = json!({
            "queryType": "table", "table": "requests", "filter": "http.host = \"*.test\" and http.host != \"before*\"",
            "groupBy": ["http.host", "source.address", "destination.address", "destination.port", "destination.service",
                        "source.process", "destination.process"],
            "aggregates": ["count()"], "limit": 1_000,
        });
        let total = TIMES * self.targets().len() as u64;
        let sum = |rows: &[Row]| rows.iter().map(|row| count(row, "count()")).sum::<u64>();
        let rows = watch.settled(query, |rows| rows.len() == self.targets().len() && sum(rows) == total).await?;
        let mut expected: BTreeMap<String, String> = BTreeMap::new();
        for (way, is_ipv6) in self.targets() {
            let (asked, name) = self.asked(way, is_ipv6);
            let real = SocketAddr::new(Router::server_address(is_ipv6), self.servers[place(way)].address.port());
            let service = if asked == real { String::new() } else { asked.to_string() };
            let client = Router::client_address(is_ipv6);
            expected.insert(name, format!("{client} > {real} as [{service}] python3 > goldwire-peer: {TIMES}"));
        }
        let seen: BTreeMap<String, String> =
            rows.iter().map(|row| (text(row, "http.host").to_owned(), line(row))).collect();
        ensure!(seen == expected && rows.len() == expected.len(), "{what}: {rows:#?}");
        self.expect_reports(watch, what).await
    }

    /// Both ends saw all of it.
    async fn expect_reports(&self, watch: &Watch, what: &str) -> Result<()> {
        for way in WAYS {
            let filter = format!("http.host = \"{way}?.test\"");
            let rows = watch.requests_by(&filter, &[], 4 * TIMES).await?;
            super::line(21, &format!("requests, {way}, {what}"), 2 * TIMES, &rows).exact()?;
        }
        Ok(())
    }
}

fn place(way: &str) -> usize {
    WAYS.iter().position(|known| *known == way).unwrap_or_default()
}

fn line(row: &Row) -> String {
    let address: IpAddr = text(row, "destination.address").parse().unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    let real = SocketAddr::new(address, text(row, "destination.port").parse().unwrap_or_default());
    let names = (text(row, "source.process"), text(row, "destination.process"));
    let (source, service) = (text(row, "source.address"), text(row, "destination.service"));
    format!("{source} > {real} as [{service}] {} > {}: {}", names.0, names.1, count(row, "count()"))
}

fn start_client(
    watch: &Watch,
    namespace: &Namespace,
    targets: &serde_json::Value,
    go: Option<&Path>,
) -> Result<Process> {
    let go = go.map(|go| go.display().to_string()).unwrap_or_default();
    let arguments = ["-c", CLIENT, &targets.to_string(), &TIMES.to_string(), &go];
    Ok(Launch::new("python", "python3").args(arguments).cgroup(&watch.cgroup)?.namespace(namespace)?.spawn()?)
}

fn ended_well(client: &mut Process) -> Result<()> {
    let ended = client.wait(Duration::from_secs(60))?;
    ensure!(ended.is_some_and(|ended| ended.success()), "the client failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_seen_by_one_daemon() -> Result<()> {
    let watch = Watch::start("translated-one").await?;
    let networks = Networks::start("goldwire-test-n1", &watch)?;
    ended_well(&mut networks.client(&watch, None)?)?;
    networks.expect(&watch, "new connections, one daemon").await
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_seen_by_two_daemons() -> Result<()> {
    let mut clients = Watch::without_daemon("translated-c", &[]).await?.on_node("clients");
    let mut servers = Watch::without_daemon("translated-s", &[]).await?.on_node("servers");
    clients.start_daemon().await?;
    servers.start_daemon().await?;
    clients.ask_along(&servers);
    let networks = Networks::start("goldwire-test-n2", &servers)?;
    ended_well(&mut networks.client(&clients, None)?)?;
    networks.expect(&clients, "new connections, two daemons").await
}

#[tokio::test(flavor = "multi_thread")]
async fn older_connections_seen_by_one_daemon_and_by_two() -> Result<()> {
    for are_two in [false, true] {
        let mut clients = Watch::without_daemon("older-c", &[]).await?.on_node("clients");
        let mut servers = Watch::without_daemon("older-s", &[]).await?.on_node("servers");
        let networks = Networks::start("goldwire-test-n3", if are_two { &servers } else { &clients })?;
        let folder = tempfile::TempDir::new()?;
        let go = folder.path().join("go");
        let mut client = networks.client(&clients, Some(&go))?;
        goldwire_tests::programs::wait_for("open connections", || go.with_extension("open").exists().then_some(()))?;
        clients.start_daemon().await?;
        if are_two {
            servers.start_daemon().await?;
            clients.ask_along(&servers);
        }
        fs::write(&go, "")?;
        ended_well(&mut client)?;
        let daemons = if are_two { "two daemons" } else { "one daemon" };
        networks.expect(&clients, &format!("older connections, {daemons}")).await?;
    }
    Ok(())
}

/// Sends datagrams and reads an answer to each, over a socket that is closed at once and over one that is kept.
const UDP_CLIENT: &str = r"
import json, socket, sys, time
targets, times = json.loads(sys.argv[1]), int(sys.argv[2])
for number, (to, port) in enumerate(targets):
    s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(10)
    if not times: s.sendto(b'x', (to, port))
    for datagram in range(times):
        s.sendto(b'x' * 100, (to, port))
        s.recv(2048)
        time.sleep(0.15 if number % 2 else 0)
    s.close()
";

const UDP_SERVER: &str = r"
import socket, sys
address = sys.argv[1]
s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((address, 1514))
while True:
    data, client = s.recvfrom(2048)
    s.sendto(data, client)
";

/// Datagrams of what is neither DNS nor QUIC: connection tracking in the router tells what the other end sees.
#[tokio::test(flavor = "multi_thread")]
async fn datagrams_through_a_router_count_once() -> Result<()> {
    let watch = Watch::start("translated-udp").await?;
    let routed = Router::create("goldwire-test-n4")?;
    let addresses = ["10.81.2.2", "fd81:2::2"];
    let mut servers = Vec::new();
    for address in addresses {
        let launch = Launch::new("python", "python3").args(["-c", UDP_SERVER, address]).cgroup(&watch.cgroup)?;
        servers.push(launch.namespace(&routed.server)?.spawn()?);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    Router::translate(
        &routed.router,
        &[
            "add rule inet nat prerouting ip daddr 10.96.1.0/24 udp dport 514 dnat ip to 10.81.2.2:1514",
            "add rule inet nat prerouting ip6 daddr fd96::/64 udp dport 514 dnat ip6 to [fd81:2::2]:1514",
            "add rule inet nat postrouting ip daddr 10.81.2.2 ct original ip daddr 10.96.1.3 masquerade",
            "add rule inet nat postrouting ip6 daddr fd81:2::2 ct original ip6 daddr fd96::3 masquerade",
            "add rule inet nat postrouting ct original ip daddr 10.81.2.2 masquerade",
        ],
    )?;
    // A router that tracks connections is found within two seconds after its first.
    let mut client = ask_by_datagrams(&watch, &routed, &json!([("10.81.2.2", 9)]), 0)?;
    ended_well(&mut client)?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    // What is asked for, and where that is.
    let mut ways: Vec<_> = addresses.map(|address| (address.to_owned(), 1_514, address)).into();
    for number in 1..=3 {
        ways.push((format!("10.96.1.{number}"), 514, addresses[0]));
        ways.push((format!("fd96::{number}"), 514, addresses[1]));
    }
    let targets: Vec<_> = ways.iter().map(|(asked, port, _)| (asked, port)).collect();
    ended_well(&mut ask_by_datagrams(&watch, &routed, &json!(targets), TIMES)?)?;
    let query = |more: &[&str]| {
        let group_by: Vec<_> = DATAGRAM_FIELDS.iter().chain(more).collect();
        json!({
            "queryType": "table", "table": "flows", "groupBy": group_by, "limit": 1_000,
            "filter": "network.transport = \"udp\" and destination.port in (514, 1514)",
            "aggregates": ["sum(packets_sent)", "sum(packets_received)"],
        })
    };
    let sum = |rows: &[Row]| rows.iter().map(|row| count(row, "sum(packets_sent)")).sum::<u64>();
    let total = TIMES * ways.len() as u64;
    let rows = watch.settled(query(&[]), |rows| sum(rows) == total && rows.len() == ways.len()).await?;
    let expected: BTreeSet<_> = ways
        .iter()
        .map(|(asked, _, real)| {
            let client = Router::client_address(real.contains(':')).to_string();
            let service = if asked == real { String::new() } else { SocketAddr::new(asked.parse()?, 514).to_string() };
            Ok([client, "python3".to_owned(), (*real).to_owned(), "1514".to_owned(), service])
        })
        .collect::<Result<_>>()?;
    let seen: BTreeSet<_> = rows.iter().map(|row| DATAGRAM_FIELDS.map(|field| text(row, field).to_owned())).collect();
    let is_whole =
        |row: &Row| ["sum(packets_sent)", "sum(packets_received)"].iter().all(|column| count(row, column) == TIMES);
    ensure!(seen == expected && rows.iter().all(is_whole), "{rows:#?}");
    let rows = watch.settled(query(&["reporter"]), |rows| sum(rows) == 2 * total).await?;
    let of = |reporter: &str| {
        let rows: Vec<Row> = rows.iter().filter(|row| text(row, "reporter") == reporter).cloned().collect();
        sum(&rows)
    };
    Line::new(21, "datagrams through a router, neither DNS nor QUIC", total)
        .client(of("client"))
        .server(of("server"))
        .exact()
}

/// What tells the ways of datagrams apart.
const DATAGRAM_FIELDS: [&str; 5] =
    ["source.address", "source.process", "destination.address", "destination.port", "destination.service"];

fn ask_by_datagrams(watch: &Watch, routed: &Router, targets: &serde_json::Value, times: u64) -> Result<Process> {
    let arguments = ["-c", UDP_CLIENT, &targets.to_string(), &times.to_string()];
    let launch = Launch::new("python", "python3").args(arguments).cgroup(&watch.cgroup)?;
    Ok(launch.namespace(&routed.client)?.spawn()?)
}

/// The same addresses and ports at both ends, at the same time, in two pairs of network namespaces.
#[tokio::test(flavor = "multi_thread")]
async fn equal_addresses_in_two_networks_never_cross() -> Result<()> {
    const ROUNDS: u16 = 20;
    let watch = Watch::start("equal").await?;
    let links = [Link::create("goldwire-test-e1")?, Link::create("goldwire-test-e2")?];
    let address = SocketAddr::from((links[0].server_address, 8_090));
    let mut servers = Vec::new();
    for link in &links {
        servers.push(Peer::start_on(&watch.cgroup, &link.server, address)?);
    }
    let mut expected = BTreeMap::new();
    let mut clients = Vec::new();
    for (number, link) in links.iter().enumerate() {
        let target = |round: u16| {
            json!({ "to": address.ip(), "port": address.port(), "name": format!("net{number}.test"),
                    "from": ["10.79.0.1", 40_000 + round] })
        };
        let targets: Vec<_> = (0..ROUNDS).map(target).collect();
        let folder = tempfile::TempDir::new()?;
        let client = start_client(&watch, &link.client, &json!(targets), Some(&folder.path().join("go")))?;
        let pids = format!("{} > {}", client.id(), servers[number].id());
        expected.insert(format!("net{number}.test"), format!("{pids}: {}", u64::from(ROUNDS) * TIMES));
        clients.push((client, folder));
    }
    for (_, folder) in &clients {
        let open = folder.path().join("go.open");
        goldwire_tests::programs::wait_for("open connections", || open.exists().then_some(()))?;
    }
    for (client, folder) in &mut clients {
        fs::write(folder.path().join("go"), "")?;
        ended_well(client)?;
    }
    let query = json!({
        "queryType": "table", "table": "requests", "filter": "http.host = \"net*\"",
        "groupBy": ["http.host", "source.pid", "destination.pid"], "aggregates": ["count()"],
    });
    let rows = watch.settled(query, |rows| rows.len() == expected.len()).await?;
    let pids = |row: &Row| {
        let pid = |column: &str| row.get(column).map(|value| value.to_string().trim_matches('"').to_owned());
        format!("{} > {}", pid("source.pid").unwrap_or_default(), pid("destination.pid").unwrap_or_default())
    };
    let seen: BTreeMap<String, String> = rows
        .iter()
        .map(|row| (text(row, "http.host").to_owned(), format!("{}: {}", pids(row), count(row, "count()"))))
        .collect();
    ensure!(seen == expected && rows.len() == expected.len(), "expected {expected:?}: {rows:#?}");
    let total = 2 * u64::from(ROUNDS) * TIMES;
    let rows = watch.requests_by("http.host = \"net*\"", &[], 2 * total).await?;
    super::line(21, "requests between equal addresses in two networks at once", total, &rows).exact()
}

/// A proxy in user space is two connections, and stays two.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_in_user_space_stays_two_connections() -> Result<()> {
    let watch = Watch::start("proxied").await?;
    let server = Peer::start(&watch.cgroup)?;
    let port = free_port()?;
    let listen = format!("TCP4-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr");
    let _proxy = Launch::new("socat", "socat")
        .args([listen, format!("TCP4:{}", server.address)])
        .cgroup(&watch.cgroup)?
        .spawn()?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let targets = json!([{ "to": "127.0.0.1", "port": port, "name": "proxied.test" }]).to_string();
    run(&watch.cgroup, "python3", &["-c", CLIENT, &targets, &TIMES.to_string(), ""])?;
    let query = json!({
        "queryType": "table", "table": "requests", "filter": "http.host = \"proxied.test\"",
        "groupBy": ["source.process", "destination.process"], "aggregates": ["count()"],
    });
    let rows = watch.settled(query, |rows| rows.len() == 2).await?;
    let edges: BTreeMap<_, _> = rows
        .iter()
        .map(|row| ((text(row, "source.process"), text(row, "destination.process")), count(row, "count()")))
        .collect();
    let expected = BTreeMap::from([(("python3", "socat"), TIMES), (("socat", "goldwire-peer"), TIMES)]);
    ensure!(edges == expected, "{rows:#?}");
    Line::new(21, "requests by a proxy in user space, which are two each", TIMES)
        .client(edges[&("python3", "socat")])
        .server(edges[&("socat", "goldwire-peer")])
        .exact()
}
