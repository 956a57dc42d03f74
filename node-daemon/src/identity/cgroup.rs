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
    /// The container is Podman's.
    pub(super) is_podman: bool,
    /// Uid of the Kubernetes pod, as the kubelet writes it.
    pub(super) pod: Option<String>,
    /// A systemd service, without `.service`.
    pub(super) unit: Option<String>,
    /// Uid of the user below whose session manager it runs.
    pub(super) user: Option<u32>,
}

impl Cgroup {
    /// Of the file's text: a line `id:controllers:path` a hierarchy.
    pub(super) fn parse(text: &str) -> Self {
        let mut lines: Vec<(&str, &str)> = text.lines().filter_map(controllers_and_path).collect();
        lines.sort_by_key(|(controllers, path)| (*path == "/", rank(controllers)));
        let paths: Vec<&str> = lines.into_iter().map(|(_, path)| path).collect();
        Self::of_paths(&paths)
    }

    /// Of a path alone.
    pub(super) fn of_path(path: &str) -> Self {
        Self::of_paths(&[path])
    }

    /// The path that says most is the first.
    fn of_paths(paths: &[&str]) -> Self {
        let first = |fact: fn(&str) -> Option<String>| paths.iter().find_map(|path| fact(path));
        let container = paths.iter().find_map(|path| container(path));
        Self {
            path: paths.first().map_or("/", |path| path).to_owned(),
            is_podman: container.as_ref().is_some_and(|(part, _)| part.starts_with("libpod")),
            container: container.map(|(_, name)| name),
            pod: first(pod),
            unit: first(unit),
            user: paths.iter().find_map(|path| user(path)),
        }
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

/// The deepest part of the path that is a container's, and its id: 64 hexadecimal digits in whatever the runtime writes around
/// them (`docker-ID.scope`, `/docker/ID`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`), else the name of what has
/// no id. The process that watches over a container (`libpod-conmon-ID.scope`) is not in it.
fn container(path: &str) -> Option<(&str, String)> {
    let with_id = path.rsplit('/').find_map(|part| {
        let bare = part.strip_suffix(".scope").unwrap_or(part);
        let (before, id) = bare.rsplit_once(['-', ':']).unwrap_or(("", bare));
        let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_id && !before.ends_with("conmon")).then(|| (part, id.to_owned()))
    });
    with_id.or_else(|| path.split('/').find_map(|part| Some((part, lxc(part).or_else(|| machine(part))?))))
}

/// LXC's name.
fn lxc(part: &str) -> Option<String> {
    part.strip_prefix("lxc.payload.").filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The name that systemd-machined has of a container (`machine-NAME.scope`), which systemd-nspawn, rkt and libvirt's LXC
/// register. Virtual machines that are registered too are no containers.
fn machine(part: &str) -> Option<String> {
    let escaped = part.strip_prefix("machine-")?.strip_suffix(".scope")?;
    let name = unescape(escaped);
    (!name.is_empty() && !name.starts_with("qemu-")).then_some(name)
}

/// systemd writes `\xNN` for bytes that have a meaning in the names of units.
fn unescape(escaped: &str) -> String {
    let mut pieces = escaped.split("\\x");
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).map(|digits| u8::from_str_radix(digits, 16)) {
            Some(Ok(byte)) => {
                bytes.push(byte);
                bytes.extend(&piece.as_bytes()[2..]);
            }
            _ => bytes.extend([b"\\x", piece.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `user-UID.slice`, below which is what a user's session manager starts.
fn user(path: &str) -> Option<u32> {
    let below = path.split_once("/user.slice/user-")?.1;
    below.split_once(".slice/")?.0.parse().ok()
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
    const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

    #[test]
    fn containers_of_every_runtime() {
        for (text, is_podman) in [
            // Docker: systemd's driver, cgroupfs of its own, below a given parent; version 2, 1, and both.
            (format!("0::/system.slice/docker-{ID}.scope"), false),
            (format!("0::/docker/{ID}"), false),
            (format!("0::/shop/{ID}"), false),
            (format!("0::/\n12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}"), false),
            (format!("9:name=systemd:/docker/{ID}\n4:memory:/docker/{ID}\n0::/docker/{ID}"), false),
            (
                format!(
                    "11:cpuset:/\n5:memory:/system.slice/docker-{ID}.scope\n1:name=systemd:/system.slice/docker-{ID}.scope"
                ),
                false,
            ),
            (format!("0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope"), false),
            // Docker in Docker: the inner one.
            (format!("0::/docker/{OTHER}/docker/{ID}"), false),
            (format!("0::/docker/{OTHER}/kubelet.slice/kubelet-kubepods.slice/cri-containerd-{ID}.scope"), false),
            // containerd: the CRI with both drivers, other namespaces, nerdctl.
            (format!("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope"), false),
            (format!("0::/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}"), false),
            (format!("11:memory:/kubepods/besteffort/pod1/{ID}"), false),
            (format!("0::/default/{ID}"), false),
            (format!("0::/system.slice/nerdctl-{ID}.scope"), false),
            // CRI-O.
            (format!("0::/kubepods.slice/kubepods-pod1.slice/crio-{ID}.scope/container"), false),
            (format!("3:pids:/kubepods/pod1/crio-{ID}"), false),
            // Podman: both drivers, a parent of its own, in a pod, a unit's, rootless.
            (format!("0::/machine.slice/libpod-{ID}.scope/container"), true),
            (format!("8:pids:/libpod_parent/libpod-{ID}\n0::/"), true),
            (format!("0::/shop/libpod-{ID}"), true),
            (format!("0::/machine.slice/machine-libpod_pod_{OTHER}.slice/libpod-{ID}.scope"), true),
            (format!("0::/system.slice/web.service/libpod-payload-{ID}"), true),
            (format!("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container"), true),
            // Amazon's ECS.
            (format!("9:perf_event:/ecs/0123456789abcdef0123456789abcdef/{ID}"), false),
        ] {
            let cgroup = Cgroup::parse(&text);
            assert_eq!((cgroup.container.as_deref(), cgroup.is_podman), (Some(ID), is_podman), "{text}");
        }
    }

    #[test]
    fn containers_without_an_id_have_a_name() {
        for (path, name) in [
            ("0::/lxc.payload.web/system.slice/nginx.service", "web"),
            ("4:memory:/lxc.payload.101/ns\n0::/lxc.payload.101/ns", "101"),
            ("0::/machine.slice/machine-web\\x2d1.scope/payload/system.slice/nginx.service", "web-1"),
            (
                "1:name=systemd:/machine.slice/machine-rkt\\x2d5f0c0f1e\\x2d8c6a.scope/system.slice/app.service",
                "rkt-5f0c0f1e-8c6a",
            ),
            ("0::/machine.slice/machine-lxc\\x2d7\\x2dweb.scope", "lxc-7-web"),
        ] {
            assert_eq!(Cgroup::parse(path).container.as_deref(), Some(name), "{path}");
        }
        assert_eq!(short_id(ID), "0123456789ab");
        assert_eq!(short_id("web"), "web");
    }

    #[test]
    fn what_is_beside_a_container_is_not_in_it() {
        for path in [
            format!("0::/machine.slice/libpod-conmon-{ID}.scope"),
            format!("0::/kubepods.slice/kubepods-pod1.slice/crio-conmon-{ID}.scope"),
            "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope".to_owned(),
            "0::/lxc.monitor.web".to_owned(),
            "0::/system.slice/docker.service".to_owned(),
        ] {
            assert_eq!(Cgroup::parse(&path).container, None, "{path}");
        }
    }

    #[test]
    fn a_users_containers_are_the_users() {
        let rootless = format!("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope");
        assert_eq!(Cgroup::parse(&rootless).user, Some(1000));
        for path in ["/system.slice/docker.service", "/user.slice", "/x/user.slice/user-y.slice/z"] {
            assert_eq!(Cgroup::of_path(path).user, None, "{path}");
        }
    }

    #[test]
    fn escapes_of_systemd() {
        for (escaped, name) in
            [("a\\x2db", "a-b"), ("\\x2d", "-"), ("a\\xzz", "a\\xzz"), ("a\\x2", "a\\x2"), ("a", "a")]
        {
            assert_eq!(unescape(escaped), name);
        }
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
