//! Trial 13: which container it was, by its engine's own names.

use anyhow::{Result, ensure};
use goldwire_tests::{
    programs::{Engine, Make, free_port, wait_for},
    sheet::Line,
    watch::{Row, Watch, count, text},
};

/// Requests of each container.
const EACH: u64 = 20;

/// What records are grouped by.
const FIELDS: [&str; 12] = [
    "source.workload",
    "source.container",
    "source.image",
    "source.labels.com.docker.compose.project",
    "source.labels.com.docker.compose.service",
    "source.labels.number",
    "destination.workload",
    "destination.container",
    "destination.image",
    "destination.labels.com.docker.compose.project",
    "destination.labels.com.docker.compose.service",
    "destination.labels.number",
];

#[tokio::test(flavor = "multi_thread")]
async fn docker_containers_have_their_names() -> Result<()> {
    names_of_containers(Make::Docker, "requests between containers of Docker, each with its names").await
}

#[tokio::test(flavor = "multi_thread")]
async fn podman_containers_have_their_names() -> Result<()> {
    names_of_containers(Make::Podman, "requests between containers of Podman, each with its names").await
}

/// A container as its records have to show it.
#[derive(Clone, Copy)]
struct Names<'a> {
    container: &'a str,
    /// Of compose; a container without one is its own workload.
    service: &'a str,
    number: &'a str,
}

impl Names<'_> {
    fn labels(&self) -> Vec<(&str, &str)> {
        let compose = [("com.docker.compose.project", "shop"), ("com.docker.compose.service", self.service)];
        let compose = if self.service.is_empty() { &[][..] } else { &compose };
        [compose, &[("number", self.number)]].concat()
    }

    fn are_of(&self, row: &Row, end: &str, image: &str) -> bool {
        let field = |name: &str| text(row, &format!("{end}.{name}"));
        let project = if self.service.is_empty() { "" } else { "shop" };
        let workload = if self.service.is_empty() { self.container } else { self.service };
        field("workload") == workload
            && field("container") == self.container
            && field("image") == image
            && field("labels.com.docker.compose.project") == project
            && field("labels.com.docker.compose.service") == self.service
            && field("labels.number") == self.number
    }
}

const SERVERS: [Names<'_>; 2] = [
    Names { container: "shop-web-1", service: "web", number: "1" },
    Names { container: "store", service: "", number: "2" },
];

async fn names_of_containers(make: Make, what: &str) -> Result<()> {
    let make_name = format!("{make:?}").to_lowercase();
    let watch = Watch::without_daemon(&make_name, &[]).await?;
    let engine = Engine::start(make, &watch.cgroup)?;
    let option = format!("{make_name}={}", engine.socket().display());
    let mut watch = watch.with_more_options(&["--container-engine", &option]);
    // One server is there before the daemon, one comes after.
    let first = start_server(&engine, SERVERS[0])?;
    watch.start_daemon().await?;
    let ports = [first, start_server(&engine, SERVERS[1])?];
    let clients = [
        Names { container: "shop-probe-1", service: "probe", number: "3" },
        Names { container: "job", service: "", number: "4" },
        // The same name again, by another container.
        Names { container: "job", service: "", number: "5" },
    ];
    for client in clients {
        for port in &ports {
            let to = format!("127.0.0.1:{port}");
            let (times, ways) = (EACH.to_string(), ["ways", &to, "write"]);
            let arguments = [make.patience(), &ways, &[&times]].concat();
            let id = engine.run(client.container, &client.labels(), &arguments)?;
            engine.wait(&id)?;
            engine.remove(&id)?;
        }
    }
    let sent = EACH * (clients.len() * ports.len()) as u64;
    let filter = format!("destination.port in ({}, {})", ports[0], ports[1]);
    let rows = watch.requests_by(&filter, &FIELDS, 2 * sent).await?;
    let image = engine.image();
    let of_pair = |row: &&Row| {
        let known = |end, all: &[Names<'_>]| all.iter().any(|names| names.are_of(row, end, &image));
        known("source", &clients) && known("destination", &SERVERS) && count(row, "count()") == EACH
    };
    let seen = |reporter: &str| {
        let right = rows.iter().filter(of_pair).filter(|row| text(row, "reporter") == reporter);
        right.map(|row| count(row, "count()")).sum()
    };
    let (client, server) = (seen("client"), seen("server"));
    ensure!(client == sent && server == sent, "{rows:#?}");
    Line::new(13, what, sent).client(client).server(server).exact()
}

/// The port it listens on.
fn start_server(engine: &Engine, names: Names<'_>) -> Result<u16> {
    let port = free_port()?;
    engine.run(names.container, &names.labels(), &["server", &format!("127.0.0.1:{port}")])?;
    wait_for("a container's server", || {
        let listeners = std::process::Command::new("ss").args(["-tlHn", &format!("sport = :{port}")]).output().ok()?;
        (!listeners.stdout.is_empty()).then_some(())
    })?;
    Ok(port)
}
