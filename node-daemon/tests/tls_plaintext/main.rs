//! Requests inside of TLS, of real programs on this kernel: read at functions of their libraries, and tied to their sockets.

#[expect(unreachable_pub, reason = "a library has this file too")]
#[path = "../../../tests/src/programs/go.rs"]
mod build_go;
mod go;
#[path = "../observer/mod.rs"]
mod observer;
mod programs;
mod watch;

use std::{
    collections::HashSet,
    fs,
    process::Command,
    time::{Duration, Instant},
};

use goldwire_model::record::{Protocol, Record, Reporter};
use programs::{PatientClient, Server, curl, folder, free_port};
use watch::{Watch, get, line_of};

#[test]
fn a_thousand_requests_on_one_connection_are_exact_at_both_ends() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    watch.run(&mut curl(&[server.url("/kept/[1-990]"), server.url("/missing/[1-10]")]));
    let mut expected: Vec<_> = (1..=990).map(|index| get(format!("/kept/{index}"), 200)).collect();
    expected.extend((1..=10).map(|index| get(format!("/missing/{index}"), 404)));
    watch.expect(server.port, &expected);
    let requests = watch.requests(server.port, Reporter::Server);
    assert!(requests.iter().all(|request| request.ends.joined && request.protocol == Protocol::Http));
    assert_eq!(watch.protocols(server.port), HashSet::from([Some(Protocol::Http)]));
}

#[test]
fn connections_at_the_same_time_are_kept_apart() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    let url = server.url("/load");
    watch.run(Command::new("h2load").args(["--h1", "-n", "1000", "-c", "8", "-t", "2", &url]));
    let expected: Vec<_> = (0..1000).map(|_| get("/load", 200)).collect();
    watch.expect(server.port, &expected);
    let connections: HashSet<_> =
        watch.requests(server.port, Reporter::Client).iter().map(|request| request.connection.0).collect();
    assert_eq!(connections.len(), 8);
}

#[test]
fn streams_of_http_2_are_exact_at_both_ends() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    watch.run(Command::new("h2load").args(["-n", "1000", "-c", "4", "-m", "10", &server.url("/streams")]));
    let expected: Vec<_> = (0..1000).map(|_| get("/streams", 200)).collect();
    watch.expect(server.port, &expected);
    assert_eq!(watch.protocols(server.port), HashSet::from([Some(Protocol::Http2)]));
}

#[test]
fn long_bodies_are_timed_to_their_end() {
    let server = Server::nginx();
    fs::write(server.folder.path().join("long"), vec![7; 20_000_000]).unwrap();
    let mut watch = Watch::new(true);
    watch.run(&mut curl(&[server.url("/files/long"), server.url("/next")]));
    watch.expect(server.port, &[get("/files/long", 200), get("/next", 200)]);
    for reporter in [Reporter::Client, Reporter::Server] {
        let requests = watch.requests(server.port, reporter);
        assert!(requests[0].response_bytes > 20_000_000 && requests[0].response_bytes < 20_001_000);
        assert!(requests[0].latency > requests[0].latency_first_byte);
    }
}

const PYTHON_SERVER: &str = include_str!("scripts/server.py");

const PYTHON_CLIENT: &str = include_str!("scripts/client.py");

fn python_requests() -> Vec<(String, String, u16)> {
    let mut expected: Vec<_> = (0..100).map(|index| ("POST".to_owned(), format!("/posted/{index}"), 200)).collect();
    expected.push(get("/teapot", 418));
    expected
}

#[test]
fn pythons_sockets_are_read_at_both_ends() {
    let server = Server::script(&mut Command::new("python3"), PYTHON_SERVER);
    let mut watch = Watch::new(true);
    watch.run(Command::new("python3").args(["-c", PYTHON_CLIENT, &server.port.to_string()]));
    watch.expect(server.port, &python_requests());
}

const ASYNCIO_SERVER: &str = include_str!("scripts/asyncio_server.py");

const ASYNCIO_CLIENT: &str = include_str!("scripts/asyncio_client.py");

#[test]
fn what_pythons_loop_decrypts_in_memory_is_tied_to_its_connection() {
    let server = Server::script(&mut Command::new("python3"), ASYNCIO_SERVER);
    let mut watch = Watch::new(true);
    watch.run(Command::new("python3").args(["-c", ASYNCIO_CLIENT, &server.port.to_string()]));
    let expected: Vec<_> = (0..200).map(|index| get(format!("/{}/{}", index / 20, index % 20), 200)).collect();
    watch.expect(server.port, &expected);
    // What was asked on one connection was asked on one connection.
    let of_connection: HashSet<_> = watch
        .requests(server.port, Reporter::Server)
        .into_iter()
        .map(|request| (request.connection.0, line_of(request).split('/').nth(1).map(str::to_owned)))
        .collect();
    assert_eq!(of_connection.len(), 10);
}

const NODE_SERVER: &str = include_str!("scripts/server.js");

const NODE_CLIENT: &str = include_str!("scripts/client.js");

#[test]
fn node_js_with_its_own_library_is_read_at_both_ends() {
    let server = Server::script(&mut Command::new("node"), NODE_SERVER);
    let mut watch = Watch::new(true);
    watch.run(Command::new("node").args(["-e", NODE_CLIENT, &server.port.to_string()]));
    watch.expect(server.port, &python_requests());
}

const NODE_BOTH: &str = include_str!("scripts/both.js");

#[test]
fn both_ends_in_one_process_are_told_apart() {
    let (folder, port) = (folder(), free_port());
    fs::write(folder.path().join("script"), NODE_BOTH).unwrap();
    let mut watch = Watch::new(true);
    watch.run(Command::new("node").arg("script").arg(port.to_string()).current_dir(folder.path()));
    let expected: Vec<_> = (0..40).map(|index| get(format!("/both/{index}"), 200)).collect();
    watch.expect(port, &expected);
}

const WITH_OWN_LIBRARIES: &str = include_str!("scripts/own_libraries.sh");

#[test]
fn a_library_in_another_mount_namespace_is_found() {
    let mut watch = Watch::new(true);
    let server = Server::nginx_by(Command::new("unshare").args(["--mount", "sh", "-c", WITH_OWN_LIBRARIES, "nginx"]));
    let maps = fs::read_to_string(format!("/proc/{}/maps", server.program.0.id())).unwrap();
    assert!(maps.contains(" /mnt/libssl.so"), "{maps}");
    let end = Instant::now() + Duration::from_secs(2);
    watch.until(|_| Instant::now() > end);
    watch.run(&mut curl(&[server.url("/[1-20]")]));
    let expected: Vec<_> = (1..=20).map(|index| get(format!("/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

#[test]
fn gnutls_is_read() {
    let server = Server::nginx();
    let mut watch = Watch::new(true);
    let mut wget = Command::new("wget");
    wget.args(["-q", "-O", "/dev/null", "--no-check-certificate"]);
    watch.run(wget.args((1..=20).map(|index| server.url(&format!("/wget/{index}")))));
    let expected: Vec<_> = (1..=20).map(|index| get(format!("/wget/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

#[test]
fn programs_that_start_later_are_read_from_their_first_byte() {
    let mut watch = Watch::new(true);
    let server = Server::nginx();
    watch.until_read(server.port);
    watch.run(&mut curl(&[server.url("/[1-50]")]));
    let expected: Vec<_> = (1..=50).map(|index| get(format!("/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

#[test]
fn a_connection_from_before_is_read_from_its_next_request() {
    let server = Server::nginx();
    let mut client = PatientClient::start(server.port);
    let mut watch = Watch::new(true);
    client.ask(30);
    let expected: Vec<_> = (0..30).map(|index| get(format!("/after/{index}"), 200)).collect();
    watch.expect(server.port, &expected);
}

#[test]
fn switched_off_it_is_tls_and_no_more() {
    let server = Server::nginx();
    let mut watch = Watch::new(false);
    watch.run(&mut curl(&[server.url("/[1-5]")]));
    let port = server.port;
    watch.until(|watch| watch.protocols(port).contains(&Some(Protocol::Tls)));
    assert_eq!(watch.requests(port, Reporter::Client).len() + watch.requests(port, Reporter::Server).len(), 0);
    assert!(!watch.protocols(port).contains(&Some(Protocol::Http)));
    let names: HashSet<_> = watch
        .findings
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Flow(flow) if flow.ends.destination_port == port => flow.tls_sni.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["localhost"]);
}
