//! Engines of the tests' own, at real sockets.

mod fake_cri;
mod fake_docker;

use std::{path::Path, time::Duration};

use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use self::{fake_cri::FakeCri, fake_docker::FakeDocker};
use super::*;

const SECOND: u64 = 1_000_000_000;
const WEB: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const STORE: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

fn socket(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("socket")
}

async fn engines(kind: &str, socket: &Path) -> Engines {
    let place: Place = format!("{kind}={}", socket.display()).parse().expect("a place");
    Engines::start(vec![place], Dialer::start().expect("a thread"), Duration::from_secs(5)).await
}

fn id(id: &str) -> ContainerId {
    ContainerId { id: id.to_owned(), user: None, is_podman: false }
}

/// Asks until there is an answer; the look-ups are a minute apart, for what failed is asked again later only.
async fn told(engines: &Engines, container: &str) -> Option<Arc<Container>> {
    let start = Instant::now();
    let mut now = KernelTime(0);
    while start.elapsed() < Duration::from_secs(15) {
        if let Some(told) = engines.container(&id(container), now) {
            return Some(told);
        }
        now = KernelTime(now.0 + 65 * SECOND);
        sleep(Duration::from_millis(100)).await;
    }
    None
}

fn name(container: Option<Arc<Container>>) -> Option<String> {
    container?.name.clone()
}

#[tokio::test]
async fn docker_tells_what_runs_and_what_is_made() {
    let folder = TempDir::new().expect("a folder");
    let docker = FakeDocker::start(&socket(&folder));
    docker.run(WEB, "web-1", "shop:1", json!({ "com.docker.compose.service": "web", "tier": "front" }));
    let engines = engines("docker", &socket(&folder)).await;
    let web = engines.container(&id(WEB), KernelTime(0)).expect("told before it was asked for");
    assert_eq!(
        (web.service.as_deref(), web.name.as_deref(), web.image.as_deref()),
        (Some("web"), Some("web-1"), Some("shop:1"))
    );
    assert_eq!(web.labels.len(), 2);
    assert_eq!(engines.states()[0].state, State::Answers { containers: 1 });

    docker.run(STORE, "store", "sha256:0123456789abcdef", json!(null));
    docker.tell(STORE);
    sleep(Duration::from_millis(500)).await;
    let store = engines.container(&id(STORE), KernelTime(0)).expect("told when it was made");
    assert_eq!((store.name.as_deref(), store.image.as_deref()), (Some("store"), Some("by-inspection:1")));
}

#[tokio::test]
async fn docker_tells_of_a_new_name() {
    let folder = TempDir::new().expect("a folder");
    let docker = FakeDocker::start(&socket(&folder));
    docker.run(WEB, "web-1", "shop:1", json!({}));
    let engines = engines("docker", &socket(&folder)).await;
    docker.run(WEB, "web-2", "shop:1", json!({}));
    docker.tell(WEB);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(name(engines.container(&id(WEB), KernelTime(0))).as_deref(), Some("web-2"));
}

#[tokio::test]
async fn what_an_engine_does_not_know_stays_unknown() {
    let folder = TempDir::new().expect("a folder");
    let docker = FakeDocker::start(&socket(&folder));
    let engines = engines("docker", &socket(&folder)).await;
    let asked = || engines.container(&id(WEB), KernelTime(0));
    assert_eq!(asked(), None);
    sleep(Duration::from_millis(300)).await;
    assert_eq!((asked(), docker.questions(WEB)), (None, 1), "asked for once");
    for wrong in ["web", "../secrets", &"x".repeat(64)] {
        assert_eq!(engines.container(&id(wrong), KernelTime(0)), None);
        sleep(Duration::from_millis(50)).await;
        assert_eq!(docker.questions(wrong), 0, "{wrong} is no id");
    }
}

#[tokio::test]
async fn an_engine_that_comes_later_is_found() {
    let folder = TempDir::new().expect("a folder");
    let engines = engines("docker", &socket(&folder)).await;
    assert_eq!(engines.container(&id(WEB), KernelTime(0)), None);
    assert_eq!(engines.states()[0].state, State::Absent);
    let docker = FakeDocker::start(&socket(&folder));
    docker.run(WEB, "web-1", "shop:1", json!({}));
    assert_eq!(name(told(&engines, WEB).await).as_deref(), Some("web-1"));
}

#[tokio::test]
async fn an_engine_that_is_restarted_goes_on() {
    let folder = TempDir::new().expect("a folder");
    for kind in ["docker", "cri"] {
        let path = folder.path().join(kind);
        let first = Fake::start(kind, &path);
        first.run(WEB, "web-1");
        let engines = engines(kind, &path).await;
        drop(first);
        std::fs::remove_file(&path).expect("a socket");
        let second = Fake::start(kind, &path);
        second.run(STORE, "store");
        assert_eq!(name(told(&engines, STORE).await).as_deref(), Some("store"), "{kind}");
        assert_eq!(name(told(&engines, WEB).await).as_deref(), Some("web-1"), "{kind}: what was told stays");
    }
}

#[tokio::test]
async fn a_slow_engine_keeps_nobody_waiting() {
    let folder = TempDir::new().expect("a folder");
    for kind in ["docker", "cri"] {
        let path = folder.path().join(kind);
        let fake = Fake::start(kind, &path);
        fake.delay(Duration::from_secs(4));
        let start = Instant::now();
        let place: Place = format!("{kind}={}", path.display()).parse().expect("a place");
        let dialer = Dialer::start().expect("a thread");
        let engines = Engines::start(vec![place], dialer, Duration::from_secs(5)).await;
        assert!(start.elapsed() < Duration::from_millis(3_500), "{kind}");
        let look_up = Instant::now();
        assert_eq!(engines.container(&id(WEB), KernelTime(0)), None);
        assert!(look_up.elapsed() < Duration::from_millis(50), "{kind}");
        assert!(matches!(&engines.states()[0].state, State::Fails(reason) if reason.contains("2 s")), "{kind}");
        fake.delay(Duration::ZERO);
        fake.run(WEB, "web-1");
        assert_eq!(name(told(&engines, WEB).await).as_deref(), Some("web-1"), "{kind}");
    }
}

#[tokio::test]
async fn the_cri_tells_what_runs_and_what_is_asked_for() {
    let folder = TempDir::new().expect("a folder");
    let cri = FakeCri::start(&socket(&folder));
    cri.run(WEB, "web", &[("io.kubernetes.pod.name", "web-7f"), ("io.kubernetes.pod.namespace", "shop")]);
    let engines = engines("cri", &socket(&folder)).await;
    let web = engines.container(&id(WEB), KernelTime(0)).expect("told before it was asked for");
    assert_eq!((web.name.as_deref(), web.image.as_deref()), (Some("web"), Some("registry/web:1")));
    assert_eq!(web.pod, Some(("shop".to_owned(), "web-7f".to_owned())));
    cri.run(STORE, "store", &[]);
    assert_eq!(name(told(&engines, STORE).await).as_deref(), Some("store"));
}

#[tokio::test]
async fn whoever_speaks_no_cri_is_named() {
    let folder = TempDir::new().expect("a folder");
    let cri = FakeCri::start(&socket(&folder));
    cri.fail(tonic::Code::Unimplemented);
    let engines = engines("cri", &socket(&folder)).await;
    let state = engines.states()[0].state.clone();
    assert!(matches!(&state, State::Fails(reason) if reason.contains("does not speak")), "{state:?}");
}

#[tokio::test]
async fn an_error_is_told_and_passes() {
    let folder = TempDir::new().expect("a folder");
    let cri = FakeCri::start(&socket(&folder));
    cri.fail(tonic::Code::Internal);
    let engines = engines("cri", &socket(&folder)).await;
    assert_eq!(engines.states()[0].state, State::Fails("as the test wants it".to_owned()));
    cri.fail(tonic::Code::Ok);
    cri.run(WEB, "web", &[]);
    assert_eq!(name(told(&engines, WEB).await).as_deref(), Some("web"));
    assert!(matches!(engines.states()[0].state, State::Answers { .. }));
}

/// Either engine.
enum Fake {
    Docker(FakeDocker),
    Cri(FakeCri),
}

impl Fake {
    fn start(kind: &str, socket: &Path) -> Self {
        if kind == "cri" { Self::Cri(FakeCri::start(socket)) } else { Self::Docker(FakeDocker::start(socket)) }
    }

    fn run(&self, id: &str, name: &str) {
        match self {
            Self::Docker(fake) => fake.run(id, name, "shop:1", json!({})),
            Self::Cri(fake) => fake.run(id, name, &[]),
        }
    }

    fn delay(&self, delay: Duration) {
        match self {
            Self::Docker(fake) => fake.delay(delay),
            Self::Cri(fake) => fake.delay(delay),
        }
    }
}
