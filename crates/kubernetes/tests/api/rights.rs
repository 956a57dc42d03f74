//! Where the API does not answer, what is known stays, and the status says what is missing.

use goldwire_kubernetes::{Access, AccessError, State};
use serde_json::json;

use crate::{
    fake::{Kind, Server},
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
        let Some(State::Failing { reason, denied: true }) = state(&watched, kind) else { panic!("{:?}", watched.directory) };
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
    let Some(State::Failing { reason, denied: false }) = state(&watched, "pods") else { panic!("{:?}", watched.directory) };
    assert_eq!(reason, "the server is overloaded");
    server.break_with(|faults| faults.overloaded = false);
    watched.is_true(&server).await;
}

#[tokio::test]
async fn a_kubeconfig_says_where_the_api_is() {
    let server = cluster();
    let path = std::env::temp_dir().join(format!("goldwire-kubeconfig-{}", std::process::id()));
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{ "name": "here", "cluster": { "server": server.url() } }],
        "users": [{ "name": "goldwire", "user": { "token": "secret" } }],
        "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "goldwire" } }],
    });
    std::fs::write(&path, kubeconfig.to_string()).expect("a file");
    let mut config = config(&server);
    config.access = Access::Kubeconfig(path.clone());
    let watched = Watched::with(config.clone()).await;
    watched.is_true(&server).await;
    std::fs::remove_file(&path).expect("a file");
    assert!(matches!(goldwire_kubernetes::spawn(config.clone()).await, Err(AccessError::Kubeconfig(..))));
    config.access = Access::Url("not a url".to_owned());
    assert!(matches!(goldwire_kubernetes::spawn(config).await, Err(AccessError::Url(_))));
}
