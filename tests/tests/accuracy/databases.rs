//! Databases that trials start, each on a port of loopback and with a folder of its own.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use goldwire_tests::{
    programs::{Server, run, wait_for},
    watch::Watch,
};
use tempfile::TempDir;

pub(crate) fn redis(watch: &Watch) -> Result<Server> {
    Server::start(&watch.cgroup, "redis-server", |port, folder| {
        let folder = folder.to_string_lossy().into_owned();
        ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir", &folder].map(str::to_owned).into()
    })
}

/// PostgreSQL, once it answers.
pub(crate) fn postgresql(watch: &Watch) -> Result<Server> {
    let programs = newest_postgresql()?;
    let folder = TempDir::new()?;
    let chown = Command::new("chown").arg("postgres").arg(folder.path()).status()?;
    ensure!(chown.success(), "no user postgres");
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let initdb = format!("{programs}/initdb");
    run(&watch.cgroup, "runuser", &["-u", "postgres", "--", &initdb, "-D", &data, "-A", "trust", "--no-sync"])?;
    let server = Server::start_in(&watch.cgroup, folder, "runuser", |port, folder| {
        let sockets = folder.to_string_lossy().into_owned();
        let postgres = format!("{programs}/postgres");
        ["-u", "postgres", "--", &postgres, "-D", &data, "-p", &port.to_string(), "-h", "127.0.0.1", "-k", &sockets]
            .map(str::to_owned)
            .into()
    })?;
    let port = server.address.port().to_string();
    let hello = [&["-c", "select 1"], &postgresql_address(&port)[..]].concat();
    wait_for("PostgreSQL", || run(&watch.cgroup, "psql", &hello).ok())?;
    Ok(server)
}

/// What its clients take.
pub(crate) fn postgresql_address(port: &str) -> [&str; 7] {
    ["-h", "127.0.0.1", "-p", port, "-U", "postgres", "postgres"]
}

pub(crate) fn newest_postgresql() -> Result<String> {
    let mut versions: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql")?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    versions.sort();
    Ok(versions.pop().context("PostgreSQL is not installed")?.join("bin").to_string_lossy().into_owned())
}

pub(crate) fn mariadb(watch: &Watch) -> Result<Server> {
    let folder = TempDir::new()?;
    let data = format!("--datadir={}", folder.path().join("data").display());
    run(&watch.cgroup, "mariadb-install-db", &["--user=root", &data, "--auth-root-authentication-method=normal"])?;
    Server::start_in(&watch.cgroup, folder, "mariadbd", |port, folder| {
        let socket = format!("--socket={}", folder.join("socket").display());
        let port = format!("--port={port}");
        ["--no-defaults", "--user=root", &data, &socket, &port, "--bind-address=127.0.0.1"].map(str::to_owned).into()
    })
}

/// What its clients take.
pub(crate) fn mariadb_address(port: &str) -> [&str; 9] {
    ["--no-defaults", "-h", "127.0.0.1", "-P", port, "-u", "root", "--protocol=tcp", "--skip-ssl"]
}
