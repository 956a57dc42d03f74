//! The built plugin as a process, started as Grafana starts it. The benchmarks use this file too.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use tonic_0_12::transport::Endpoint;

/// Starts it and reads its handshake: the process, and where it answers.
pub(crate) fn start(log_filter: &str, stderr: Stdio) -> (Child, Endpoint) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_gpx_goldwire"))
        .env("grafana_plugin_type", "datasource")
        .env("PLUGIN_PROTOCOL_VERSIONS", "2")
        .env("RUST_LOG", log_filter)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let parts: Vec<&str> = line.trim().split('|').collect();
    let ["1", "2", "tcp", address, "grpc"] = parts.as_slice() else { panic!("handshake: {line}") };
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    (process, endpoint)
}
