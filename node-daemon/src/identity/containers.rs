//! What is known of a container, from its engine or from Docker's files.

use std::sync::Arc;

use goldwire_model::record::Text;
use rustc_hash::FxHashMap;

use super::{
    Identity,
    cgroup::Cgroup,
    container::Container,
    docker::DockerFiles,
    engines::{ContainerId, Engines},
};
use crate::decode::KernelTime;

/// Containers of which the files are remembered.
const CAPACITY: usize = 4_096;

/// What is known now.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) container: Option<Arc<Container>>,
    /// An engine was asked and has not told.
    pub(super) is_awaited: bool,
}

/// Asks those who may know.
#[derive(Debug)]
pub(super) struct Containers {
    files: DockerFiles,
    engines: Option<Engines>,
    of_files: FxHashMap<String, Arc<Container>>,
}

impl Containers {
    pub(super) fn new(files: DockerFiles, engines: Option<Engines>) -> Self {
        Self { files, engines, of_files: FxHashMap::default() }
    }

    /// What its engine says; until it does, what Docker's files say.
    pub(super) fn find(&mut self, id: &ContainerId, now: KernelTime) -> Found {
        let told = self.engines.as_ref().and_then(|engines| engines.container(id, now));
        let container = told.or_else(|| self.in_files(&id.id));
        Found { is_awaited: container.is_none() && self.engines.is_some(), container }
    }

    fn in_files(&mut self, id: &str) -> Option<Arc<Container>> {
        if let Some(known) = self.of_files.get(id) {
            return Some(known.clone());
        }
        let container = Arc::new(self.files.container(id)?);
        if self.of_files.len() >= CAPACITY {
            self.of_files.clear();
        }
        self.of_files.insert(id.to_owned(), container.clone());
        Some(container)
    }
}

/// The container of a process.
pub(super) fn id_of(cgroup: &Cgroup) -> Option<ContainerId> {
    Some(ContainerId { id: cgroup.container.clone()?, user: cgroup.user, is_podman: cgroup.is_podman })
}

/// The identity with its container's names; `unit` is the systemd service that it runs in.
pub(super) fn in_container(identity: Identity, container: &Container, unit: Option<&str>) -> Identity {
    let text = |text: &String| Text::from(text.as_str());
    let pod = container.pod.as_ref().map(|(_, pod)| pod.as_str());
    let workload = pod.or(container.service.as_deref()).or(unit).or(container.name.as_deref());
    Identity {
        workload: workload.map_or(identity.workload, Text::from),
        namespace: container.pod.as_ref().map(|(namespace, _)| text(namespace)).or(identity.namespace),
        pod: container.pod.as_ref().map(|(_, pod)| text(pod)).or(identity.pod),
        container: container.name.as_ref().map(text).or(identity.container),
        image: container.image.as_ref().map(text).or(identity.image),
        labels: container.labels.iter().map(|(key, value)| (text(key), text(value))).collect(),
        ..identity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workload_of_what_runs_in_a_container() {
        let identity = Identity::new(1, 0, "nginx".into(), "nginx".into());
        let of = |container: &Container, unit| in_container(identity.clone(), container, unit).workload.to_string();
        let named = Container { name: Some("app-shop-1".to_owned()), ..Container::default() };
        let composed = Container { service: Some("shop".to_owned()), ..named.clone() };
        let in_pod = Container { pod: Some(("default".to_owned(), "shop-0".to_owned())), ..composed.clone() };
        assert_eq!(of(&in_pod, Some("x")), "shop-0");
        assert_eq!(of(&composed, Some("x")), "shop");
        assert_eq!(of(&named, Some("x")), "x");
        assert_eq!(of(&named, None), "app-shop-1");
        assert_eq!(of(&Container::default(), None), "nginx");
    }
}
