//! Beyond the sixteen trials: databases, by their own counts.

use anyhow::{Context, Result, ensure};
use goldwire_tests::{
    programs::run,
    sheet::Line,
    watch::{Watch, count, text},
};

use crate::{databases, line};

#[tokio::test(flavor = "multi_thread")]
async fn redis_commands_are_those_that_it_counts() -> Result<()> {
    let watch = Watch::start("redis").await?;
    let server = databases::redis(&watch)?;
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
    let watch = Watch::start("postgresql").await?;
    let server = databases::postgresql(&watch)?;
    let port = server.address.port().to_string();
    let pgbench = format!("{}/pgbench", databases::newest_postgresql()?);
    let address = databases::postgresql_address(&port);
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

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_statements_are_those_of_its_own_load() -> Result<()> {
    const QUERIES: u64 = 3_000;
    let watch = Watch::start("mariadb").await?;
    let server = databases::mariadb(&watch)?;
    let port = server.address.port().to_string();
    let queries = QUERIES.to_string();
    let address = databases::mariadb_address(&port);
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
