//! Beyond the sixteen trials: databases, by their own counts.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use goldwire_tests::{
    programs::{Server, run, wait_for},
    sheet::Line,
    watch::{Watch, count, text},
};
use tempfile::TempDir;

use crate::line;

#[tokio::test(flavor = "multi_thread")]
async fn redis_commands_are_those_that_it_counts() -> Result<()> {
    let watch = Watch::start("redis").await?;
    let server = Server::start(&watch.cgroup, "redis-server", |port, folder| {
        let folder = folder.to_string_lossy().into_owned();
        ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir", &folder].map(str::to_owned).into()
    })?;
    let port = server.address.port().to_string();
    // The deepest fill buffers of 64 KiB with commands.
    for (pipeline, requests) in [("1", "10000"), ("16", "40000"), ("1600", "16000")] {
        let how = ["-p", &port, "-n", requests, "-c", "10", "-P", pipeline, "-t", "set,get,incr", "-q"];
        run(&watch.cgroup, "redis-benchmark", &how)?;
    }
    // Its own count, asked for over another connection, which counts too.
    let printed = run(&watch.cgroup, "redis-cli", &["-p", &port, "info", "commandstats"])?;
    let filter = format!("destination.port = {port} and network.protocol = \"redis\"");
    for command in ["SET", "GET", "INCR"] {
        let name = format!("cmdstat_{}:calls=", command.to_lowercase());
        let calls = printed.split(&name).nth(1).and_then(|rest| rest.split(',').next()).context("no such command")?;
        let calls: u64 = calls.parse()?;
        let filter = format!("{filter} and db.operation = \"{command}\"");
        let rows = watch.requests_by(&filter, &["db.operation"], 2 * calls).await?;
        line(17, &format!("Redis {command}, one by one, 16 and 1,600 at a time"), calls, &rows)
            .lost(watch.lost().await?)
            .exact()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_statements_are_those_of_pgbench() -> Result<()> {
    const TRANSACTIONS: u64 = 2_000;
    let programs = newest_postgresql()?;
    let watch = Watch::start("postgresql").await?;
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
    let pgbench = format!("{programs}/pgbench");
    let address = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "postgres"];
    wait_for("PostgreSQL", || run(&watch.cgroup, "psql", &[&["-c", "select 1"], &address[..]].concat()).ok())?;
    run(&watch.cgroup, &pgbench, &[&["-i", "-q"], &address[..]].concat())?;
    for mode in ["simple", "extended", "prepared"] {
        let before = selects(&watch, &port, 0).await?;
        let transactions = (TRANSACTIONS / 4).to_string();
        let how = ["-S", "-M", mode, "-c", "4", "-t", &transactions, "-n"];
        let printed = run(&watch.cgroup, &pgbench, &[&how[..], &address[..]].concat())?;
        ensure!(printed.contains(&format!("processed: {TRANSACTIONS}/{TRANSACTIONS}")), "{printed}");
        let after = selects(&watch, &port, 2 * TRANSACTIONS + before.0 + before.1).await?;
        let seen = (after.0 - before.0, after.1 - before.1);
        let what = format!("PostgreSQL statements of pgbench -M {mode}");
        Line::new(17, &what, TRANSACTIONS).client(seen.0).server(seen.1).exact()?;
    }
    Ok(())
}

/// Selects from the accounts, at either end.
async fn selects(watch: &Watch, port: &str, total: u64) -> Result<(u64, u64)> {
    let filter = format!(
        "destination.port = {port} and db.operation = \"SELECT\" and db.target = \"pgbench_accounts\" \
         and db.query.text = \"SELECT abalance*\""
    );
    let rows = watch.requests_by(&filter, &["db.operation"], total).await?;
    let of = |reporter: &str| {
        let rows = rows.iter().filter(|row| text(row, "reporter") == reporter);
        rows.map(|row| count(row, "count()")).sum()
    };
    Ok((of("client"), of("server")))
}

fn newest_postgresql() -> Result<String> {
    let mut versions: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql")?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    versions.sort();
    Ok(versions.pop().context("PostgreSQL is not installed")?.join("bin").to_string_lossy().into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_statements_are_those_of_its_own_load() -> Result<()> {
    const QUERIES: u64 = 3_000;
    let watch = Watch::start("mariadb").await?;
    let folder = TempDir::new()?;
    let data = format!("--datadir={}", folder.path().join("data").display());
    run(&watch.cgroup, "mariadb-install-db", &["--user=root", &data, "--auth-root-authentication-method=normal"])?;
    let server = Server::start_in(&watch.cgroup, folder, "mariadbd", |port, folder| {
        let socket = format!("--socket={}", folder.join("socket").display());
        let port = format!("--port={port}");
        ["--no-defaults", "--user=root", &data, &socket, &port, "--bind-address=127.0.0.1"].map(str::to_owned).into()
    })?;
    let port = server.address.port().to_string();
    let queries = QUERIES.to_string();
    let address = ["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root", "--protocol=tcp", "--skip-ssl"];
    let load = [
        "-c",
        "5",
        "--number-of-queries",
        &queries,
        "--create-schema=mysql",
        "-q",
        "SELECT user FROM global_priv WHERE 7 = 7",
    ];
    run(&watch.cgroup, "mariadb-slap", &[&address[..], &load[..]].concat())?;
    let filter = format!("destination.port = {port} and db.query.text = \"SELECT user FROM global_priv WHERE ? = ?\"");
    let rows = watch.requests_by(&filter, &["db.system", "db.target"], 2 * QUERIES).await?;
    line(17, "MariaDB statements of mariadb-slap", QUERIES, &rows).lost(watch.lost().await?).exact()?;
    ensure!(rows.iter().all(|row| text(row, "db.target") == "global_priv"), "{rows:?}");
    Ok(())
}
