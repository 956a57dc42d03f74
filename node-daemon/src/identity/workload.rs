//! The workload rule: what groups processes for people. The names of containers and pods come before it.

use super::cgroup::Cgroup;

/// Everything the rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) cgroup: &'a Cgroup,
    /// The daemon's own part of the hierarchy, where it is confined to one.
    pub(super) subtree: Option<&'a str>,
    pub(super) executable: Option<&'a str>,
    pub(super) comm: &'a str,
}

/// The systemd service, else the cgroup below the daemon's own, else the executable, else the command name.
pub(super) fn workload<'a>(facts: Facts<'a>) -> &'a str {
    let leaf = || facts.subtree.and_then(|subtree| facts.cgroup.leaf_below(subtree));
    let executable = || facts.executable.and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
    let unit = facts.cgroup.unit.as_deref();
    unit.or_else(leaf).or_else(executable).or(Some(facts.comm).filter(|comm| !comm.is_empty())).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
