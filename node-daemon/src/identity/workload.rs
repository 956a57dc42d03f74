//! The workload rule: what groups processes for people, as far as the process itself tells. The names of its container and of
//! its pod come before it, and rules by hand before all.

use super::cgroup::{Cgroup, short_id};

/// Services that run containers, so that below them the unit names the runtime and not what it runs.
const RUNTIMES: &[&str] = &["buildkit", "containerd", "crio", "docker", "k3s", "kubelet", "podman", "rke2-server"];

/// Everything the rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) cgroup: &'a Cgroup,
    /// The daemon's own part of the hierarchy, where it is confined to one.
    pub(super) subtree: Option<&'a str>,
    pub(super) executable: Option<&'a str>,
    pub(super) comm: &'a str,
}

/// The systemd service, else the container, else the cgroup below the daemon's own, else the executable, else the command name.
pub(super) fn workload<'a>(facts: Facts<'a>) -> &'a str {
    let leaf = || facts.subtree.and_then(|subtree| facts.cgroup.leaf_below(subtree));
    let executable = || facts.executable.and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
    unit(facts.cgroup)
        .or_else(|| container(facts.cgroup))
        .or_else(leaf)
        .or_else(executable)
        .or(Some(facts.comm).filter(|comm| !comm.is_empty()))
        .unwrap_or("unknown")
}

/// The systemd service that something runs in, unless that only runs its container.
pub(super) fn unit(cgroup: &Cgroup) -> Option<&str> {
    let unit = cgroup.unit.as_deref()?;
    let is_runtime = cgroup.container.is_some() && RUNTIMES.contains(&unit);
    (!is_runtime).then_some(unit)
}

/// An id says nothing to people; what has no id has its name in its place.
fn container(cgroup: &Cgroup) -> Option<&str> {
    cgroup.container.as_deref().filter(|id| short_id(id).len() == id.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn the_order_of_the_rule() {
        let cgroup = Cgroup::of_path("/demo/node-a/cart");
        let service = Cgroup::of_path("/demo/node-a/x.service");
        let all = Facts {
            cgroup: &service,
            subtree: Some("/demo/node-a"),
            executable: Some("/usr/bin/nginx"),
            comm: "worker",
        };
        assert_eq!(workload(all), "x");
        let below = Facts { cgroup: &cgroup, ..all };
        assert_eq!(workload(below), "cart");
        assert_eq!(workload(Facts { subtree: None, ..below }), "nginx");
        assert_eq!(workload(Facts { subtree: None, executable: None, ..below }), "worker");
        assert_eq!(workload(Facts { subtree: None, executable: None, comm: "", ..below }), "unknown");
    }

    #[test]
    fn containers_among_units() {
        for (path, expected) in [
            (format!("/system.slice/docker-{ID}.scope"), "nginx"),
            (format!("/system.slice/shop.service/libpod-payload-{ID}"), "shop"),
            (format!("/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}"), "nginx"),
            (format!("/system.slice/docker.service/docker/{ID}"), "nginx"),
            (format!("/docker/{ID}/system.slice/inner.service"), "inner"),
            (format!("/machine.slice/libpod-{ID}.scope/container"), "nginx"),
            ("/lxc.payload.box/init.scope".to_owned(), "box"),
            ("/system.slice/docker.service".to_owned(), "docker"),
        ] {
            let cgroup = Cgroup::of_path(&path);
            let facts = Facts { cgroup: &cgroup, subtree: None, executable: Some("/usr/bin/nginx"), comm: "x" };
            assert_eq!(workload(facts), expected, "{path}");
        }
    }
}
