//! Go's crypto/tls: many goroutines on several threads, their stacks growing.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    process::Command,
};

use goldwire_model::record::{Protocol, Reporter};

use crate::{
    build_go::go_peer,
    programs::{PatientClient, Server, folder, free_port},
    watch::{Watch, counted, line_of},
};

/// A server, in one form of the program or another.
struct GoServer {
    server: Server,
    address: String,
    program: PathBuf,
}

impl GoServer {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let program = go_peer(name, arguments).unwrap();
        let (folder, port) = (folder(), free_port());
        let address = format!("127.0.0.1:{port}");
        let mut serve = command(&program, &["serve", &address]);
        let path = folder.path().to_owned();
        Self { server: Server::started(folder, port, serve.current_dir(path)), address, program }
    }

    /// Runs a client, and gives what it counted as lines.
    fn run(&self, watch: &mut Watch, arguments: &[&str]) -> BTreeMap<String, usize> {
        let printed = watch.output(&mut command(&self.program, arguments));
        let book: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let exchanges = book["exchanges"].as_object().unwrap().iter();
        exchanges.map(|(line, count)| (line.clone(), count.as_u64().unwrap() as usize)).collect()
    }
}

/// Goroutines move between threads only where there are several.
fn command(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env("GOMAXPROCS", "4");
    command
}

fn exact_in_both_versions_of_http(name: &str, arguments: &[&str]) {
    let server = GoServer::start(name, arguments);
    let mut watch = Watch::new(true);
    let port = server.server.port;
    let mut expected = server.run(&mut watch, &["ask", "http1", &server.address, "6", "1", "150"]);
    for (line, count) in server.run(&mut watch, &["ask", "http2", &server.address, "4", "16", "40"]) {
        *expected.entry(line).or_default() += count;
    }
    assert_eq!(expected.values().sum::<usize>(), 6 * 151 + 4 * (16 * 40 + 1));
    watch.expect_book(port, &expected);
    assert_eq!(watch.protocols(port), HashSet::from([Some(Protocol::Http), Some(Protocol::Http2)]));
    let requests = watch.requests(port, Reporter::Client);
    assert!(requests.iter().all(|request| request.ends.joined));
    assert_eq!(requests.iter().map(|request| request.connection.0).collect::<HashSet<_>>().len(), 10);
}

#[test]
fn many_goroutines_are_exact_at_both_ends() {
    exact_in_both_versions_of_http("peer", &[]);
}

#[test]
fn a_program_without_symbols_is_read_too() {
    exact_in_both_versions_of_http("peer-stripped", &["-ldflags=-s -w"]);
}

#[test]
fn a_program_that_lies_anywhere_in_memory_is_read_too() {
    exact_in_both_versions_of_http("peer-pie", &["-buildmode=pie"]);
}

#[test]
fn stacks_that_grow_within_calls_do_no_harm() {
    let server = GoServer::start("peer", &[]);
    let mut watch = Watch::new(true);
    let expected = server.run(&mut watch, &["deep", &server.address, "8", "400"]);
    assert_eq!(expected.values().sum::<usize>(), 3200);
    watch.expect_book(server.server.port, &expected);
}

#[test]
fn a_program_that_starts_later_is_read_from_its_first_byte() {
    let mut watch = Watch::new(true);
    let server = GoServer::start("peer", &[]);
    watch.until_read(server.server.port);
    let expected = server.run(&mut watch, &["ask", "http2", &server.address, "2", "4", "20"]);
    watch.expect_book(server.server.port, &expected);
}

#[test]
fn a_connection_from_before_is_read_from_its_next_request_and_no_call_of_before_counts() {
    let server = GoServer::start("peer", &[]);
    let mut client = PatientClient::by(command(&server.program, &["patient", &server.address]));
    client.ask(3);
    let mut watch = Watch::new(true);
    client.ask(30);
    let port = server.server.port;
    watch.until(|watch| watch.has_requests(port, 30));
    let line = |index: usize| format!("GET /deep/{} 200", index % 10);
    let of_client = watch.requests(port, Reporter::Client).into_iter().map(line_of);
    assert_eq!(counted(of_client), counted((0..30).map(line)));
    // The server was in a call that reads when the probes came, and it is not known what that call got.
    let of_server = watch.requests(port, Reporter::Server);
    let (first, others) = of_server.split_first().unwrap();
    assert_eq!((first.latency, first.request_bytes), (None, 0));
    assert_eq!(counted(others.iter().map(|request| line_of(request))), counted((1..30).map(line)));
}

#[test]
fn what_is_not_over_tcp_itself_stays_tls() {
    let server = GoServer::start("peer", &[]);
    let mut watch = Watch::new(true);
    let expected = server.run(&mut watch, &["wrapped", &server.address, "20"]);
    let port = server.server.port;
    watch.until(|watch| watch.requests(port, Reporter::Server).len() >= 20);
    assert_eq!(counted(watch.requests(port, Reporter::Server).into_iter().map(line_of)), expected);
    assert_eq!(watch.requests(port, Reporter::Client).len(), 0);
    assert!(watch.protocols(port).contains(&Some(Protocol::Tls)));
}
