//! The manifest is what the API takes, and gives the daemon the rights that it uses, and no others.

use std::{collections::BTreeSet, fs, path::Path};

use k8s_openapi::api::{
    apps::v1::DaemonSet,
    core::v1::{Namespace, Service, ServiceAccount},
    rbac::v1::{ClusterRole, ClusterRoleBinding},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    fake::{Kind, Server},
    objects,
    truth::Watched,
};

fn documents() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/kubernetes/goldwire.yaml");
    let text = fs::read_to_string(path).expect("the manifest");
    serde_saphyr::from_multiple(&text).expect("YAML")
}

/// What a type does not know is lost on the way through it.
fn through<T: Serialize + DeserializeOwned>(document: &Value) -> Value {
    let typed: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{error} in {document:#}"));
    serde_json::to_value(typed).expect("JSON")
}

fn of_kind(kind: &str) -> Vec<Value> {
    documents().into_iter().filter(|document| document["kind"] == kind).collect()
}

#[test]
fn every_document_is_of_the_apis_schema() {
    let documents = documents();
    assert_eq!(documents.len(), 6);
    for document in documents {
        let typed = match document["kind"].as_str() {
            Some("Namespace") => through::<Namespace>(&document),
            Some("ServiceAccount") => through::<ServiceAccount>(&document),
            Some("ClusterRole") => through::<ClusterRole>(&document),
            Some("ClusterRoleBinding") => through::<ClusterRoleBinding>(&document),
            Some("DaemonSet") => through::<DaemonSet>(&document),
            Some("Service") => through::<Service>(&document),
            other => panic!("a document of kind {other:?}"),
        };
        assert_eq!(typed, document, "a field is unknown");
    }
}

#[test]
fn the_daemon_runs_as_the_account_that_the_role_is_bound_to() {
    let (account, binding) = (&of_kind("ServiceAccount")[0], &of_kind("ClusterRoleBinding")[0]);
    let pod = of_kind("DaemonSet")[0]["spec"]["template"]["spec"].clone();
    assert_eq!(pod["serviceAccountName"], account["metadata"]["name"]);
    assert_ne!(pod["automountServiceAccountToken"], false);
    assert_eq!(binding["subjects"][0]["name"], account["metadata"]["name"]);
    assert_eq!(binding["subjects"][0]["namespace"], account["metadata"]["namespace"]);
    assert_eq!(binding["roleRef"]["name"], of_kind("ClusterRole")[0]["metadata"]["name"]);
    let environment = pod["containers"][0]["env"].as_array().expect("an environment");
    let node = environment.iter().find(|variable| variable["name"] == "NODE_NAME").expect("the node's name");
    assert_eq!(node["valueFrom"]["fieldRef"]["fieldPath"], "spec.nodeName");
}

#[tokio::test]
async fn the_role_has_the_rights_that_are_used_and_no_others() {
    let server = Server::start();
    server.apply(Kind::Node, objects::node());
    server.break_with(|faults| faults.refuses_streaming = true);
    let watched = Watched::start(&server).await;
    watched.directory.settled().await;
    for kind in ["pods", "services", "endpointslices"] {
        while server.asked(&format!("watch {kind}")) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    let questions = server.questions();
    // A list by watching is a watch.
    let used: BTreeSet<String> = questions.iter().map(|question| question.replace("stream", "watch")).collect();
    assert_eq!(used, granted());
}

/// In words such as `list pods`.
fn granted() -> BTreeSet<String> {
    let role = &of_kind("ClusterRole")[0];
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let rules = role["rules"].as_array().expect("rules");
    let of = |rule: &Value| -> Vec<String> {
        let (verbs, resources) = (texts(&rule["verbs"]), texts(&rule["resources"]));
        resources.iter().flat_map(|resource| verbs.iter().map(move |verb| format!("{verb} {resource}"))).collect()
    };
    rules.iter().flat_map(of).collect()
}
