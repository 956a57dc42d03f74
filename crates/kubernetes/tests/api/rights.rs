//! Where the API does not answer, what is known stays, and the status says what is missing.

use std::fs;

use goldwire_kubernetes::{Access, AccessError, State};
use serde_json::{Value, json};

use crate::{
    fake::{Certificate, Kind, Server},
    objects,
    truth::{Watched, config, now, state},
};

fn cluster() -> Server {
    let server = Server::start();
    server.apply(Kind::Node, objects::node());
    server.apply(Kind::Pod, objects::pod(0));
    server.apply(Kind::Service, objects::service(0));
    server.apply(Kind::Slice, objects::slice(0));
    server
}

#[tokio::test]
async fn one_kind_may_be_denied() {
    let server = cluster();
    server.break_with(|faults| faults.denied.extend([Kind::Service, Kind::Node]));
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    watched.is_current("pods").await;
    watched.is_current("endpointslices").await;
    for kind in ["services", "nodes"] {
        let Some(State::Failing { reason, denied: true }) = state(&watched, kind) else {
            panic!("{:?}", watched.directory)
        };
        assert!(reason.starts_with(&format!("{kind} is forbidden")), "{reason}");
    }
    assert_eq!(watched.directory.counts().pods, 1);
    server.break_with(|faults| faults.denied.clear());
    watched.is_true(&server).await;
    watched.is_current("services").await;
}

#[tokio::test]
async fn what_is_known_stays_while_the_api_is_away() {
    let mut server = cluster();
    let watched = Watched::start(&server).await;
    watched.is_true(&server).await;
    server.down();
    watched.is_failing("pods").await;
    let since = watched.directory.status()[0].since;
    assert!(watched.directory.by_pod_uid(&objects::uid(1, 0), now()).is_some());
    server.up();
    watched.is_current("pods").await;
    assert!(watched.directory.status()[0].since > since);
}

#[tokio::test]
async fn an_overloaded_server_shows_in_the_status() {
    let server = cluster();
    server.break_with(|faults| faults.overloaded = true);
    let watched = Watched::start(&server).await;
    watched.is_failing("pods").await;
    let Some(State::Failing { reason, denied: false }) = state(&watched, "pods") else {
        panic!("{:?}", watched.directory)
    };
    assert_eq!(reason, "the server is overloaded");
    server.break_with(|faults| faults.overloaded = false);
    watched.is_true(&server).await;
}

fn kubeconfig(server: &Server, authority: &str, token: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{ "name": "here", "cluster": { "server": server.url(), "certificate-authority": authority } }],
        "users": [{ "name": "goldwire", "user": { "token": token } }],
        "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "goldwire" } }],
    })
}

#[tokio::test]
async fn by_tls_and_with_a_token_as_a_kubeconfig_says() {
    let certificate = Certificate::new();
    let server = Server::start_with(Some(certificate.clone()));
    server.apply(Kind::Pod, objects::pod(0));
    server.break_with(|faults| faults.token = Some("secret"));
    let directory = tempfile::tempdir().expect("a directory");
    let (path, authority) = (directory.path().join("kubeconfig"), directory.path().join("ca.pem"));
    fs::write(&authority, &certificate.pem).expect("a file");
    let mut config = config(&server);
    config.access = Access::Kubeconfig(path.clone());
    let write = |token| fs::write(&path, kubeconfig(&server, &authority.to_string_lossy(), token).to_string());
    write("wrong").expect("a file");
    let stranger = Watched::with(config.clone()).await;
    stranger.is_failing("pods").await;
    assert!(matches!(state(&stranger, "pods"), Some(State::Failing { denied: true, .. })));
    write("secret").expect("a file");
    Watched::with(config.clone()).await.is_true(&server).await;
    // Whoever the server may be, it is not the one that the authority vouches for.
    fs::write(&authority, Certificate::new().pem).expect("a file");
    let deceived = Watched::with(config).await;
    deceived.is_failing("pods").await;
    assert_eq!(deceived.directory.counts().pods, 0);
}

#[tokio::test]
async fn no_way_to_the_api_is_told_at_once() {
    let mut config = config(&cluster());
    config.access = Access::Kubeconfig("/nowhere/kubeconfig".into());
    assert!(matches!(goldwire_kubernetes::spawn(config.clone()).await, Err(AccessError::Kubeconfig(..))));
    config.access = Access::Url("not a url".to_owned());
    assert!(matches!(goldwire_kubernetes::spawn(config).await, Err(AccessError::Url(_))));
}
