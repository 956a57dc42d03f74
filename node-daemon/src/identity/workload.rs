//! The workload rule: what groups processes for people.

use super::{
    cgroup::{Cgroup, short_id},
    docker::Container,
};

/// Services that run containers, so that below them the unit names the runtime and not what it runs.
const RUNTIMES: &[&str] = &["buildkit", "containerd", "crio", "docker", "k3s", "kubelet", "podman", "rke2-server"];

/// Everything the rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) container: Option<&'a Container>,
    pub(super) cgroup: &'a Cgroup,
    /// The daemon's own part of the hierarchy, where it is confined to one.
    pub(super) subtree: Option<&'a str>,
    pub(super) executable: Option<&'a str>,
    pub(super) comm: &'a str,
}

/// The compose service, else the systemd service, else the container's name, else the cgroup below the daemon's own, else the
/// executable, else the command name. Kubernetes and rules by hand come before all of them.
pub(super) fn workload<'a>(facts: Facts<'a>) -> &'a str {
    let compose = facts.container.and_then(|container| container.service.as_deref());
    let leaf = || facts.subtree.and_then(|subtree| facts.cgroup.leaf_below(subtree));
    let executable = || facts.executable.and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
    compose
        .or_else(|| unit(facts.cgroup))
        .or_else(|| container(facts))
        .or_else(leaf)
        .or_else(executable)
        .or(Some(facts.comm).filter(|comm| !comm.is_empty()))
        .unwrap_or("unknown")
}

fn unit(cgroup: &Cgroup) -> Option<&str> {
    let unit = cgroup.unit.as_deref()?;
    let is_runtime = cgroup.container.is_some() && RUNTIMES.contains(&unit);
    (!is_runtime).then_some(unit)
}

/// An id says nothing to people; what has no id has its name in its place.
fn container<'a>(facts: Facts<'a>) -> Option<&'a str> {
    let named = facts.container.and_then(|container| container.name.as_deref());
    named.or_else(|| facts.cgroup.container.as_deref().filter(|id| short_id(id).len() == id.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn the_order_of_the_rule() {
        let compose =
            Container { service: Some("shop".to_owned()), name: Some("app-shop-1".to_owned()), ..Container::default() };
        let plain = Container { service: None, ..compose.clone() };
        let cgroup = Cgroup::of_path("/demo/node-a/cart");
        let service = Cgroup::of_path("/demo/node-a/x.service");
        let all = Facts {
            container: Some(&compose),
            cgroup: &service,
            subtree: Some("/demo/node-a"),
            executable: Some("/usr/bin/nginx"),
            comm: "worker",
        };
        assert_eq!(workload(all), "shop");
        assert_eq!(workload(Facts { container: Some(&plain), ..all }), "x");
        assert_eq!(workload(Facts { container: Some(&plain), cgroup: &cgroup, ..all }), "app-shop-1");
        let below = Facts { container: None, cgroup: &cgroup, ..all };
        assert_eq!(workload(below), "cart");
        assert_eq!(workload(Facts { subtree: None, ..below }), "nginx");
        assert_eq!(workload(Facts { subtree: None, executable: None, ..below }), "worker");
        assert_eq!(workload(Facts { subtree: None, executable: None, comm: "", ..below }), "unknown");
    }

    #[test]
    fn containers_among_units() {
        let docker = Container { name: Some("web".to_owned()), ..Container::default() };
        for (path, container, expected) in [
            (format!("/system.slice/docker-{ID}.scope"), Some(&docker), "web"),
            (format!("/system.slice/shop.service/libpod-payload-{ID}"), None, "shop"),
            (format!("/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}"), None, "nginx"),
            (format!("/system.slice/docker.service/docker/{ID}"), Some(&docker), "web"),
            (format!("/docker/{ID}/system.slice/inner.service"), Some(&docker), "inner"),
            (format!("/machine.slice/libpod-{ID}.scope/container"), None, "nginx"),
            ("/lxc.payload.box/init.scope".to_owned(), None, "box"),
            ("/system.slice/docker.service".to_owned(), None, "docker"),
        ] {
            let cgroup = Cgroup::of_path(&path);
            let facts =
                Facts { container, cgroup: &cgroup, subtree: None, executable: Some("/usr/bin/nginx"), comm: "x" };
            assert_eq!(workload(facts), expected, "{path}");
        }
    }
}
