//! What a process's cgroup says: container, systemd unit, place in the hierarchy. Version 1, version 2 and both mixed.

/// Digits of a container id that are shown.
const SHORT_ID: usize = 12;

/// Facts of `/proc/PID/cgroup`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cgroup {
    /// Path in the hierarchy that says most.
    pub(super) path: String,
    /// Whole id, where there is one.
    pub(super) container: Option<String>,
    /// Uid of the Kubernetes pod, as the kubelet writes it.
    pub(super) pod: Option<String>,
    /// A systemd service, without `.service`.
    pub(super) unit: Option<String>,
}

impl Cgroup {
    /// Of the file's text: a line `id:controllers:path` a hierarchy.
    pub(super) fn parse(text: &str) -> Self {
        let mut lines: Vec<(&str, &str)> = text.lines().filter_map(controllers_and_path).collect();
        lines.sort_by_key(|(controllers, path)| (*path == "/", rank(controllers)));
        let container = lines.iter().find_map(|(_, path)| container(path));
        let pod = lines.iter().find_map(|(_, path)| pod(path));
        let unit = lines.iter().find_map(|(_, path)| unit(path));
        let path = lines.first().map_or("/", |(_, path)| path).to_owned();
        Self { path, container, pod, unit }
    }

    /// Of a path alone.
    pub(super) fn of_path(path: &str) -> Self {
        Self { path: path.to_owned(), container: container(path), pod: pod(path), unit: unit(path) }
    }

    /// Name of the cgroup itself where it lies below `subtree`.
    pub(super) fn leaf_below(&self, subtree: &str) -> Option<&str> {
        let below = self.path.strip_prefix(subtree.trim_end_matches('/'))?.strip_prefix('/')?;
        below.rsplit('/').next().filter(|leaf| !leaf.is_empty())
    }
}

/// The id as people know it.
pub(super) fn short_id(container: &str) -> &str {
    let is_hex = container.len() >= 32 && container.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { &container[..SHORT_ID] } else { container }
}

fn controllers_and_path(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once(':')?;
    rest.split_once(':')
}

/// The unified hierarchy first, then systemd's own, then controllers that containers are always in.
fn rank(controllers: &str) -> usize {
    match controllers {
        "" => 0,
        "name=systemd" => 1,
        _ if controllers.split(',').any(|controller| controller == "pids") => 2,
        _ if controllers.split(',').any(|controller| controller == "memory") => 3,
        _ => 4,
    }
}

/// The deepest part of the path that is a container's: 64 hexadecimal digits in whatever the runtime writes around them
/// (`docker-ID.scope`, `/docker/ID`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`), or LXC's name.
fn container(path: &str) -> Option<String> {
    let hexadecimal = path.rsplit('/').find_map(|part| {
        let bare = part.strip_suffix(".scope").unwrap_or(part);
        let id = bare.rsplit(['-', ':']).next()?;
        (id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
    });
    hexadecimal.or_else(|| path.split('/').find_map(|part| part.strip_prefix("lxc.payload.")).map(str::to_owned))
}

/// The part of the kubelet's hierarchy that is a pod's: `kubepods-burstable-podUID.slice` with `_` for `-`, or
/// `kubepods/burstable/podUID`. Of pods that it has from files the kubelet writes a hash without either.
fn pod(path: &str) -> Option<String> {
    path.contains("kubepods").then_some(())?;
    path.rsplit(['/', ':']).find_map(|part| {
        let (before, uid) = part.strip_suffix(".slice").unwrap_or(part).rsplit_once("pod")?;
        let is_pod = before.is_empty() || before.ends_with('-');
        let digits = uid.bytes().filter(u8::is_ascii_hexdigit).count();
        let is_uid = digits == 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'_'));
        (is_pod && is_uid).then(|| uid.to_owned())
    })
}

/// The deepest service of the path. A user's session manager is none: everything a user runs is below it.
fn unit(path: &str) -> Option<String> {
    let services = path.rsplit('/').filter_map(|part| part.strip_suffix(".service"));
    services.into_iter().find(|name| !name.is_empty() && !name.starts_with("user@")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn containers_of_every_runtime() {
        for path in [
            format!("0::/system.slice/docker-{ID}.scope"),
            format!("0::/\n12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}"),
            format!("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope"),
            format!("11:memory:/kubepods/besteffort/pod1/{ID}"),
            format!("0::/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}"),
            format!("0::/machine.slice/libpod-{ID}.scope/container"),
        ] {
            assert_eq!(Cgroup::parse(&path).container.as_deref(), Some(ID), "{path}");
        }
        assert_eq!(Cgroup::parse("0::/lxc.payload.web/system.slice").container.as_deref(), Some("web"));
        assert_eq!(short_id(ID), "0123456789ab");
        assert_eq!(short_id("web"), "web");
    }

    #[test]
    fn pods_of_both_drivers() {
        let (uid, hash) = ("5f0c0f1e-8c6a-4f6e-9d3b-0a1b2c3d4e5f", "0123456789abcdef0123456789abcdef");
        let slice = uid.replace('-', "_");
        for (path, pod) in [
            (
                format!(
                    "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{slice}.slice/cri-containerd-{ID}.scope"
                ),
                &*slice,
            ),
            (format!("0::/kubepods.slice/kubepods-pod{slice}.slice/crio-{ID}.scope/container"), &slice),
            (
                format!(
                    "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{slice}.slice/cri-containerd-{ID}.scope"
                ),
                &slice,
            ),
            (format!("11:memory:/kubepods/besteffort/pod{uid}/{ID}"), uid),
            (format!("0::/kubepods/pod{hash}/{ID}"), hash),
            (
                format!("0::/system.slice/containerd.service/kubepods-besteffort-pod{slice}.slice:cri-containerd:{ID}"),
                &slice,
            ),
        ] {
            let cgroup = Cgroup::parse(&path);
            assert_eq!((cgroup.pod.as_deref(), cgroup.container.as_deref()), (Some(pod), Some(ID)), "{path}");
        }
        for path in
            [format!("0::/machine.slice/libpod-{ID}.scope"), "0::/kubepods.slice/kubepods-pod1.slice".to_owned()]
        {
            assert_eq!(Cgroup::parse(&path).pod, None, "{path}");
        }
    }

    #[test]
    fn services_but_not_session_managers() {
        let unit = |text: &str| Cgroup::parse(text).unit;
        assert_eq!(unit("0::/system.slice/nginx.service").as_deref(), Some("nginx"));
        assert_eq!(unit("0::/\n1:name=systemd:/system.slice/ssh.service").as_deref(), Some("ssh"));
        let user = "0::/user.slice/user-1.slice/user@1.service/app.slice/";
        assert_eq!(unit(&format!("{user}app-x.scope")), None);
        assert_eq!(unit(&format!("{user}sync.service")).as_deref(), Some("sync"));
        assert_eq!(unit("0::/user.slice/session-3.scope"), None);
    }

    #[test]
    fn leaves_below_the_daemons_subtree() {
        let cgroup = Cgroup::parse("5:pids:/\n0::/goldwire-demo/node-a/shop\n");
        assert_eq!(cgroup.leaf_below("/goldwire-demo/node-a"), Some("shop"));
        assert_eq!(cgroup.leaf_below("/goldwire-demo/node-a/"), Some("shop"));
        assert_eq!(cgroup.leaf_below("/goldwire-demo/node"), None);
        assert_eq!(cgroup.leaf_below("/goldwire-demo/node-a/shop"), None);
    }

    #[test]
    fn nonsense_is_the_root() {
        for text in ["", "x", "::", "0::/"] {
            let cgroup = Cgroup::parse(text);
            assert_eq!((cgroup.container, cgroup.unit), (None, None));
        }
    }
}
