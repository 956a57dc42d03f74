//! Beyond the sixteen trials: how connections begin, and what they are not taken for.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Result, ensure};
use goldwire_demo::nodes::{Launch, Namespace};
use goldwire_tests::{
    programs::{Server, certificate, free_port, kernel_count, run, wait_for},
    watch::{Row, Watch, count, text},
};
use serde_json::json;
use tempfile::TempDir;

use crate::line;

/// Requests in each way.
const TIMES: u64 = 20;

/// Each request is made from this address, so that it is told apart from the proxy's own.
const CLIENT: &str = "127.0.0.3";

#[tokio::test(flavor = "multi_thread")]
async fn requests_behind_a_proxy_have_the_address_it_tells() -> Result<()> {
    let watch = Watch::start("proxied").await?;
    let folder = certificate()?;
    let secure = free_port()?;
    let server = Server::start_in(&watch.cgroup, folder, "nginx", |port, folder| {
        let configuration = format!(
            "daemon off; user root; pid nginx.pid; error_log error.log; events {{ }}\n\
             http {{ access_log off; server {{ listen 127.0.0.1:{port} proxy_protocol;\n\
             listen 127.0.0.1:{secure} ssl proxy_protocol; ssl_certificate cert.pem; ssl_certificate_key key.pem;\n\
             location / {{ return 200 $proxy_protocol_addr; }} }} }}\n"
        );
        with_file(folder, "nginx.conf", &configuration)
    })?;
    let port = server.address.port();
    let plain = format!("http://{}", server.address);
    let mut told = BTreeMap::from([("1 by curl".to_owned(), (plain, "127.0.0.1", port))]);
    told.insert("1 by curl, TLS behind it".to_owned(), (format!("https://127.0.0.1:{secure}"), "127.0.0.1", secure));
    let mut proxies = Vec::new();
    for (version, how) in [("1", "send-proxy"), ("2", "send-proxy-v2")] {
        let proxy = Server::start(&watch.cgroup, "haproxy", |from, folder| {
            let limits = "timeout connect 5s\n timeout client 5s\n timeout server 5s";
            let configuration = format!(
                "defaults\n mode tcp\n {limits}\nlisten proxy\n bind 127.0.0.1:{from}\n server nginx 127.0.0.1:{port} {how}\n"
            );
            with_file(folder, "haproxy.cfg", &configuration)
        })?;
        told.insert(format!("{version} by haproxy"), (format!("http://{}", proxy.address), CLIENT, port));
        proxies.push(proxy);
    }
    for (number, (what, (url, proxied, port))) in told.into_iter().enumerate() {
        for _ in 0..TIMES {
            let path = format!("{url}/{number}");
            let how = if what.contains("curl") { ["--haproxy-protocol", "-k"] } else { ["--interface", CLIENT] };
            let printed = run(&watch.cgroup, "curl", &[&["-sS", "--fail", path.as_str()], &how[..]].concat())?;
            ensure!(printed.contains(proxied), "the server was told {printed}");
        }
        let filter = format!("destination.port = {port} and url.path = \"/{number}\"");
        let fields = ["source.proxied_address", "destination.proxied_address", "http.response.status_code"];
        let rows = watch.requests_by(&filter, &fields, 2 * TIMES).await?;
        ensure!(rows.iter().all(|row| text(row, "source.proxied_address") == proxied), "{rows:?}");
        ensure!(rows.iter().all(|row| text(row, "destination.proxied_address") == "127.0.0.1"), "{rows:?}");
        line(17, &format!("requests behind PROXY protocol {what}"), TIMES, &rows).exact()?;
    }
    let by_network = "source.proxied_address in (127.0.0.3/32)";
    let rows = watch.requests_by(by_network, &["source.proxied_address"], 4 * TIMES).await?;
    ensure!(rows.iter().map(|row| count(row, "count()")).sum::<u64>() == 4 * TIMES, "{rows:?}");
    Ok(())
}

/// Writes a configuration, and says how a server is started with it.
fn with_file(folder: &Path, name: &str, text: &str) -> Vec<String> {
    let file = folder.join(name).to_string_lossy().into_owned();
    // The server says what is wrong with it.
    let _ = fs::write(&file, text);
    let folder = folder.to_string_lossy().into_owned();
    if name == "nginx.conf" {
        ["-p", &folder, "-c", &file].map(str::to_owned).into()
    } else {
        ["-db", "-f", &file].map(str::to_owned).into()
    }
}

/// The client has a cookie from its first connection, and sends its requests with the SYN from then on.
#[tokio::test(flavor = "multi_thread")]
async fn requests_in_the_syn_are_whole() -> Result<()> {
    let watch = Watch::start("fast-open").await?;
    let namespace = Namespace::create("goldwire-test-tfo")?;
    namespace.run("sysctl", &["-qw", "net.ipv4.tcp_fastopen=3"])?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let folder = TempDir::new()?;
    let configuration = format!(
        "daemon off; user root; pid nginx.pid; error_log error.log; events {{ }}\n\
         http {{ access_log off; server {{ listen {address} fastopen=256; location / {{ return 200 hello; }} }} }}\n"
    );
    let arguments = with_file(folder.path(), "nginx.conf", &configuration);
    let _server =
        Launch::new("nginx", "nginx").args(arguments).cgroup(&watch.cgroup)?.namespace(&namespace)?.spawn()?;
    let to = format!("sport = :{}", address.port());
    wait_for("nginx", || Some(!namespace.run("ss", &["-ltnH", &to]).ok()?.is_empty()).filter(|listens| *listens))?;
    for number in 0..TIMES {
        let url = format!("http://{address}/{number}");
        let curl = Launch::new("curl", "curl").args(["-sS", "--fail", "--tcp-fastopen", &url]);
        let mut curl = curl.cgroup(&watch.cgroup)?.namespace(&namespace)?.spawn()?;
        let ended = curl.wait(Duration::from_secs(10))?;
        ensure!(ended.is_some_and(|ended| ended.success()), "curl failed");
    }
    let opened = kernel_count(&namespace, "TcpExtTCPFastOpenPassive")?;
    ensure!(opened >= TIMES - 1, "the kernel took {opened} requests with the SYN");
    let filter = format!("destination.port = {}", address.port());
    let fields = ["http.request.method", "url.path", "http.response.status_code", "error.type"];
    let rows = watch.requests_by(&filter, &fields, 2 * TIMES).await?;
    let is_whole = |row: &&Row| {
        text(row, "http.request.method") == "GET"
            && !text(row, "url.path").is_empty()
            && text(row, "error.type").is_empty()
    };
    let whole: Vec<Row> = rows.iter().filter(is_whole).cloned().collect();
    line(17, "requests that came with the SYN (Fast Open)", TIMES, &whole).exact()?;
    ensure!(rows.len() == whole.len(), "{rows:?}");
    let timed = watch.requests_by(&format!("{filter} and latency > 0s"), &["url.path"], 2 * TIMES).await?;
    line(17, "the same with their latency", TIMES, &timed).exact()
}

/// Its messages begin as Kafka's do: a length, and small numbers.
#[tokio::test(flavor = "multi_thread")]
async fn zookeeper_is_not_taken_for_kafka() -> Result<()> {
    const SCRIPT: &str = "import sys\n\
        from kazoo.client import KazooClient\n\
        client = KazooClient(hosts='127.0.0.1:' + sys.argv[1]); client.start(timeout=60)\n\
        client.ensure_path('/shop')\n\
        for number in range(40): client.create(f'/shop/{number}', b'v'); client.get(f'/shop/{number}')\n\
        client.stop()\n";
    let watch = Watch::start("zookeeper").await?;
    let server = Server::start(&watch.cgroup, "java", |port, folder| {
        let file = folder.join("zoo.cfg").to_string_lossy().into_owned();
        let data = folder.join("data");
        let text = format!(
            "tickTime=2000\ndataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n",
            data.display()
        );
        let _ = fs::write(&file, text);
        let classes = "/usr/share/java/zookeeper.jar:/usr/share/java/*";
        let main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
        ["-XX:TieredStopAtLevel=1", "-Xmx128m", "-cp", classes, main, &file].map(str::to_owned).into()
    })?;
    let port = server.address.port();
    run(&watch.cgroup, "/usr/bin/python3", &["-c", SCRIPT, &port.to_string()])?;
    let query = json!({
        "queryType": "table", "table": "flows", "filter": format!("destination.port = {port} and ending = \"closed\""),
        "groupBy": ["reporter", "network.protocol"], "aggregates": ["count()"],
    });
    let flows = watch.settled(query, |rows| rows.len() >= 2).await?;
    ensure!(flows.len() == 2 && flows.iter().all(|row| text(row, "network.protocol").is_empty()), "{flows:?}");
    let rows = watch.requests_by(&format!("destination.port = {port}"), &["network.protocol"], 0).await?;
    line(17, "exchanges invented of 80 operations of ZooKeeper", 0, &rows).lost(watch.lost().await?).exact()
}

/// The session goes on inside of TLS where its greeting in the clear left off.
#[tokio::test(flavor = "multi_thread")]
async fn mariadb_statements_inside_of_tls_are_read() -> Result<()> {
    const QUERIES: u64 = 500;
    let watch = Watch::start("mariadb-tls").await?;
    let folder = certificate()?;
    let data = format!("--datadir={}", folder.path().join("data").display());
    run(&watch.cgroup, "mariadb-install-db", &["--user=root", &data, "--auth-root-authentication-method=normal"])?;
    let server = Server::start_in(&watch.cgroup, folder, "mariadbd", |port, folder| {
        let of = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
        let files = [of("socket", "socket"), of("ssl-cert", "cert.pem"), of("ssl-key", "key.pem"), data.clone()];
        let fixed = ["--no-defaults", "--user=root", "--bind-address=127.0.0.1"].map(str::to_owned);
        fixed.into_iter().chain(files).chain([format!("--port={port}")]).collect()
    })?;
    let port = server.address.port().to_string();
    let queries = QUERIES.to_string();
    let address = ["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root", "--protocol=tcp", "--ssl"];
    let statement = "SELECT user FROM global_priv WHERE 8 = 8";
    let load = ["-c", "5", "--number-of-queries", &queries, "--create-schema=mysql", "-q", statement];
    run(&watch.cgroup, "mariadb-slap", &[&address[..], &load[..]].concat())?;
    let filter = format!("destination.port = {port} and db.query.text = \"SELECT user FROM global_priv WHERE ? = ?\"");
    let rows = watch.requests_by(&filter, &["db.system", "error.type"], 2 * QUERIES).await?;
    ensure!(rows.iter().all(|row| text(row, "error.type").is_empty()), "{rows:?}");
    line(17, "MariaDB statements of mariadb-slap inside of TLS", QUERIES, &rows).exact()
}
