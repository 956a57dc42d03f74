//! The directory is right where it says what the server has, and nothing else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use goldwire_kubernetes::{Access, Config, Directory, State};
use goldwire_model::{record::Transport, time::Timestamp};
use serde_json::Value;
use tokio::{task::JoinHandle, time::Instant};

use crate::{
    fake::{Kind, Server},
    objects::NODE,
};

/// Longer than any pause between two attempts that a test lets come about.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    Timestamp(i64::try_from(since_epoch.as_nanos()).expect("a time"))
}

pub(crate) fn config(server: &Server) -> Config {
    Config::new(NODE, Access::Url(server.url()))
}

/// A daemon's directory. Its task ends with it.
pub(crate) struct Watched {
    pub(crate) directory: Directory,
    task: JoinHandle<()>,
}

impl Watched {
    pub(crate) async fn start(server: &Server) -> Self {
        Self::with(config(server)).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let (directory, task) = goldwire_kubernetes::spawn(config).await.expect("a client");
        Self { directory, task }
    }

    /// Waits until the directory says what the server has.
    pub(crate) async fn is_true(&self, server: &Server) {
        self.becomes("true", || differences(server, &self.directory)).await;
    }

    pub(crate) async fn is_current(&self, resource: &str) {
        self.becomes("current", || {
            state(self, resource)
                .filter(|state| *state != State::Current)
                .map_or_else(Vec::new, |state| vec![format!("{state:?}")])
        })
        .await;
    }

    pub(crate) async fn is_failing(&self, resource: &str) {
        let is_failing = || matches!(state(self, resource), Some(State::Failing { .. }));
        self.becomes("failing", || if is_failing() { Vec::new() } else { vec![resource.to_owned()] }).await;
    }

    async fn becomes(&self, what: &str, differences: impl Fn() -> Vec<String>) {
        let until = Instant::now() + PATIENCE;
        loop {
            let differences = differences();
            if differences.is_empty() {
                return;
            }
            let first = &differences[..differences.len().min(5)];
            assert!(
                Instant::now() < until,
                "not {what}: {} differences: {first:#?}\n{:?}",
                differences.len(),
                self.directory
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn state(watched: &Watched, resource: &str) -> Option<State> {
    watched.directory.status().into_iter().find(|status| status.resource == resource).map(|status| status.state)
}

fn differences(server: &Server, directory: &Directory) -> Vec<String> {
    let pods: Vec<Value> =
        server.objects(Kind::Pod).into_iter().filter(|pod| pod["spec"]["nodeName"] == NODE).collect();
    let services = server.objects(Kind::Service);
    let counts = directory.counts();
    let mut differences = Vec::new();
    if (counts.pods, counts.services) != (pods.len(), services.len()) {
        differences.push(format!("{counts:?}, not {} pods, {} services", pods.len(), services.len()));
    }
    differences.extend(pods.iter().flat_map(|pod| pod_differences(pod, directory)));
    differences.extend(services.iter().filter_map(|service| service_difference(service, directory)));
    differences.extend(server.objects(Kind::Slice).iter().flat_map(|slice| slice_differences(slice, directory)));
    differences
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pod_differences(pod: &Value, directory: &Directory) -> Vec<String> {
    let (metadata, status) = (&pod["metadata"], &pod["status"]);
    let name = text(&metadata["name"]);
    let Some(known) = directory.by_pod_uid(text(&metadata["uid"]), now()) else {
        return vec![format!("no pod {name}")];
    };
    let mut differences = Vec::new();
    if *known.name != *name || *known.namespace != *text(&metadata["namespace"]) {
        differences.push(format!("{known:?} is not {name}"));
    }
    let label = known.labels.iter().find(|(key, _)| **key == *"app").map(|(_, value)| &**value);
    if label != metadata["labels"]["app"].as_str() {
        differences.push(format!("{name} has app={label:?}"));
    }
    for container in status["containerStatuses"].as_array().into_iter().flatten() {
        let id = text(&container["containerID"]).trim_start_matches("containerd://");
        let member = directory.by_container(id, now());
        if member.is_none_or(|member| member.pod != known || *member.container.name != *text(&container["name"])) {
            differences.push(format!("{name} lacks container {id}"));
        }
    }
    let addresses = status["podIPs"].as_array().into_iter().flatten();
    for address in addresses.filter(|_| status["phase"] == "Running" && pod["spec"]["hostNetwork"] != true) {
        let address = text(&address["ip"]).parse().expect("an address");
        if directory.by_pod_address(address, now()).as_ref() != Some(&known) {
            differences.push(format!("{name} is not at {address}"));
        }
    }
    differences
}

fn service_difference(service: &Value, directory: &Directory) -> Option<String> {
    let name = text(&service["metadata"]["name"]);
    let address = text(&service["spec"]["clusterIP"]).parse().ok()?;
    let port = service["spec"]["ports"][0]["port"].as_u64()?;
    let known = directory.service_of_address(address, u16::try_from(port).ok()?, Transport::Tcp, now());
    let is_known = known.as_ref().is_some_and(|known| *known.name == *name);
    (!is_known).then(|| format!("service {name} at {address}:{port} is {known:?}"))
}

fn slice_differences(slice: &Value, directory: &Directory) -> Vec<String> {
    let name = text(&slice["metadata"]["labels"]["kubernetes.io/service-name"]);
    let Some(port) = slice["ports"][0]["port"].as_u64().and_then(|port| u16::try_from(port).ok()) else {
        return Vec::new();
    };
    let endpoints = slice["endpoints"].as_array().into_iter().flatten();
    let addresses = endpoints.flat_map(|endpoint| endpoint["addresses"].as_array().into_iter().flatten());
    addresses
        .filter_map(|address| {
            let known = directory.service_of_address(text(address).parse().ok()?, port, Transport::Tcp, now());
            let is_known = known.as_ref().is_some_and(|known| *known.name == *name);
            (!is_known).then(|| format!("{address} behind {name} is {known:?}"))
        })
        .collect()
}
