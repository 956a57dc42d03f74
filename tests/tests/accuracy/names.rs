//! Trial 11: DNS.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::Launch;
use goldwire_tests::{
    programs::{Dnsmasq, Link, Nginx, Peer, run},
    sheet::Line,
    watch::{Watch, count, text},
};
use tempfile::TempDir;

use crate::line;

#[tokio::test(flavor = "multi_thread")]
async fn names_that_do_not_exist_are_counted_exactly() -> Result<()> {
    let watch = Watch::start("dns").await?;
    let dnsmasq = Dnsmasq::start(&watch.cgroup, &[("here.test", Ipv4Addr::new(127, 0, 0, 9))])?;
    let port = format!("-p{}", dnsmasq.address.port());
    for number in 0..50 {
        for name in [format!("gone-{number}.test"), "here.test".to_owned()] {
            run(&watch.cgroup, "dig", &["@127.0.0.1", &port, "+tries=1", "+noedns", &name])?;
        }
    }
    let rows = watch.requests_by("network.protocol = \"dns\"", &["dns.response_code"], 200).await?;
    line(11, "questions over UDP, half of them NXDOMAIN", 100, &rows).exact()?;
    let mut seen: Vec<_> = rows
        .iter()
        .map(|row| (text(row, "reporter").to_owned(), text(row, "dns.response_code").to_owned(), count(row, "count()")))
        .collect();
    seen.sort();
    let of = |reporter: &str, code: &str| (reporter.to_owned(), code.to_owned(), 50);
    assert_eq!(
        seen,
        [of("client", "NOERROR"), of("client", "NXDOMAIN"), of("server", "NOERROR"), of("server", "NXDOMAIN")]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_questions_have_their_codes() -> Result<()> {
    const QUESTIONS: u64 = 10_000;
    let watch = Watch::start("questions").await?;
    let server = Peer::start_dns(&watch.cgroup)?;
    let folder = TempDir::new()?;
    let list = folder.path().join("questions");
    let kinds = ["here", "gone", "fail", "here", "big"];
    let names = (0..QUESTIONS).map(|number| format!("{}-{number}.test\n", kinds[number as usize % kinds.len()]));
    fs::write(&list, names.collect::<String>())?;
    let port = format!("-p{}", server.address.port());
    let file = list.to_string_lossy();
    run(&watch.cgroup, "dig", &["@127.0.0.1", &port, "+tries=1", "+timeout=5", "+noall", "-f", &file])?;

    // What is too long for UDP is asked again over TCP: two exchanges, one name.
    let total = QUESTIONS + QUESTIONS / 5;
    let fields = ["network.transport", "dns.response_code"];
    let rows = watch.requests_by("network.protocol = \"dns\"", &fields, 2 * total).await?;
    line(11, "questions by dig, a fifth of them repeated over TCP", total, &rows).lost(watch.lost().await?).exact()?;
    for reporter in ["client", "server"] {
        let ours = rows.iter().filter(|row| text(row, "reporter") == reporter);
        let seen: BTreeMap<_, _> =
            ours.map(|row| ((text(row, fields[0]), text(row, fields[1])), count(row, "count()"))).collect();
        let fifth = QUESTIONS / 5;
        let wanted = [
            (("tcp", "NOERROR"), fifth),
            (("udp", "NOERROR"), 3 * fifth),
            (("udp", "NXDOMAIN"), fifth),
            (("udp", "SERVFAIL"), fifth),
        ];
        assert_eq!(seen, wanted.into(), "{reporter}");
    }
    Ok(())
}

/// The name that was asked for is on the connection that follows, and on its requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_bears_the_name_that_was_asked_for() -> Result<()> {
    const TIMES: u64 = 20;
    let watch = Watch::start("asked").await?;
    let link = Link::create("goldwire-test-name")?;
    let nginx = Nginx::start_at(&watch.cgroup, Some(&link.server), link.server_address)?;
    let dns = SocketAddr::from((link.server_address, 53));
    let names = [("shop.test", link.server_address), ("liar.test", link.server_address)];
    let _dnsmasq = Dnsmasq::start_at(&watch.cgroup, Some(&link.server), dns, &names)?;
    let folder = TempDir::new()?;
    let resolver = folder.path().join("resolv.conf");
    fs::write(&resolver, format!("nameserver {}\n", link.server_address))?;
    let port = nginx.address.port();
    // Nobody's configuration has the server that this asks: its answer names nothing for others.
    let server = format!("@{}", link.server_address);
    let by_address = format!("http://{}/by-address", nginx.address);
    for (program, arguments) in
        [("dig", vec![&*server, "liar.test"]), ("curl", vec!["-s", "-o", "/dev/null", &by_address])]
    {
        let launch = Launch::new(program, program).args(arguments).cgroup(&watch.cgroup)?.namespace(&link.client)?;
        let ended = launch.spawn()?.wait(Duration::from_secs(20))?;
        ensure!(ended.context("it does not end")?.success(), "{program} failed");
    }
    for _ in 0..TIMES {
        let launch = Launch::new("curl", "curl").args(["-s", "-o", "/dev/null", &format!("http://shop.test:{port}/")]);
        let launch = launch.cgroup(&watch.cgroup)?.namespace(&link.client)?;
        let ended = launch.with_file(&resolver, "/etc/resolv.conf".as_ref())?.spawn()?.wait(Duration::from_secs(20))?;
        ensure!(ended.context("curl does not end")?.success(), "curl failed");
    }
    let filter = format!("destination.port = {port} and destination.dns = \"shop.test\"");
    let rows = watch.requests_by(&filter, &["http.host"], 2 * TIMES).await?;
    let seen = rows.iter().filter(|row| text(row, "reporter") == "client").map(|row| count(row, "count()")).sum();
    Line::new(11, "requests that bear the name their client asked for", TIMES).client(seen).exact()?;
    let rows = watch.requests_by("url.path = \"/by-address\"", &["destination.dns"], 2).await?;
    ensure!(rows.iter().all(|row| text(row, "destination.dns").is_empty()), "{rows:?}");
    Ok(())
}

/// Nobody asked for a name here; the daemon does, of a resolver that it takes for the system's.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_have_their_names_from_the_reverse_dns() -> Result<()> {
    const TIMES: u64 = 40;
    let resolver = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 153), 53));
    let watch = Watch::without_daemon("reverse", &["--reverse-dns"]).await?;
    let mut watch = watch.with_resolver(resolver.ip());
    let link = Link::create("goldwire-test-rev")?;
    let names = [("Store.Test", link.server_address), ("till.test", Ipv4Addr::new(10, 79, 0, 1))];
    let _dnsmasq = Dnsmasq::start_at(&watch.cgroup, None, resolver, &names)?;
    watch.start_daemon().await?;
    let nginx = Nginx::start_at(&watch.cgroup, Some(&link.server), link.server_address)?;
    let port = nginx.address.port();
    // The first of them may come before the answers do.
    let script = format!(
        "for i in $(seq {TIMES}); do curl -s -o /dev/null http://{}/; if [ $i = 1 ]; then sleep 2; fi; done",
        nginx.address
    );
    let launch = Launch::new("bash", "bash").args(["-c", &script]).cgroup(&watch.cgroup)?.namespace(&link.client)?;
    let ended = launch.spawn()?.wait(Duration::from_secs(60))?;
    ensure!(ended.context("the clients do not end")?.success(), "curl failed");
    let filter = format!("destination.port = {port}");
    let fields = ["source.reverse_dns", "destination.reverse_dns", "destination.dns"];
    let rows = watch.requests_by(&filter, &fields, 2 * TIMES).await?;
    for reporter in ["client", "server"] {
        let ours: Vec<_> = rows.iter().filter(|row| text(row, "reporter") == reporter).collect();
        let total: u64 = ours.iter().map(|row| count(row, "count()")).sum();
        let is_named = |row: &&&_| {
            (text(row, fields[0]), text(row, fields[1]), text(row, fields[2])) == ("till.test", "store.test", "")
        };
        let named: u64 = ours.iter().filter(is_named).map(|row| count(row, "count()")).sum();
        ensure!(total == TIMES && named >= TIMES - 1, "{reporter}: {rows:?}");
    }
    Ok(())
}
