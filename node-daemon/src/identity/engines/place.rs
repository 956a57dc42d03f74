//! Where engines listen.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::ContainerId;

/// What an engine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Docker's API.
    Docker,
    /// The same, of containers that Podman keeps.
    Podman,
    /// The kubelet's API of containerd, CRI-O and others (`runtime.v1`).
    Cri,
}

/// A socket where an engine may listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) path: PathBuf,
    /// It is this user's own, and is asked for this user's containers only: whoever may listen there could tell anything.
    user: Option<u32>,
    /// Asked for by hand, so that it is asked for all containers.
    given: bool,
}

/// Of the machine's own engines. Distributions of Kubernetes have places of their own.
const OF_MACHINE: [(Kind, &str); 8] = [
    (Kind::Docker, "/run/docker.sock"),
    (Kind::Podman, "/run/podman/podman.sock"),
    (Kind::Cri, "/run/containerd/containerd.sock"),
    (Kind::Cri, "/run/crio/crio.sock"),
    (Kind::Cri, "/run/cri-dockerd.sock"),
    (Kind::Cri, "/run/k3s/containerd/containerd.sock"),
    (Kind::Cri, "/run/k0s/containerd.sock"),
    (Kind::Cri, "/var/snap/microk8s/common/run/containerd.sock"),
];

/// Below `/run/user/UID`.
const OF_USER: [(Kind, &str); 2] = [(Kind::Docker, "docker.sock"), (Kind::Podman, "podman/podman.sock")];

impl Place {
    /// The usual places of the machine's own engines.
    pub(crate) fn of_machine() -> Vec<Self> {
        let places = OF_MACHINE.iter();
        places.map(|(kind, path)| Self { kind: *kind, path: path.into(), user: None, given: false }).collect()
    }

    /// The usual places of a user's engines.
    pub(super) fn of_user(user: u32) -> Vec<Self> {
        let folder = Path::new("/run/user").join(user.to_string());
        let at =
            |(kind, name): &(Kind, &str)| Self { kind: *kind, path: folder.join(name), user: Some(user), given: false };
        OF_USER.iter().map(at).collect()
    }

    /// Whether this engine may know the container.
    pub(super) fn takes(&self, id: &ContainerId) -> bool {
        (self.kind == Kind::Podman) == id.is_podman && (self.given || self.user == id.user)
    }

    /// Whether it is asked before a container is seen. Podman's socket is often one that starts Podman when it is asked, and a
    /// machine without containers should be left as it is.
    pub(super) fn is_eager(&self) -> bool {
        self.given || (self.kind != Kind::Podman && self.user.is_none())
    }

    /// The key of a container that this engine tells of unasked.
    pub(super) fn id(&self, id: &str) -> ContainerId {
        ContainerId { id: id.to_owned(), user: self.user, is_podman: self.kind == Kind::Podman }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Cri => "cri",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind, self.path.display())
    }
}

/// As typed: `KIND=PATH`.
impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) =
            text.split_once('=').ok_or("write KIND=PATH, such as cri=/run/containerd/containerd.sock")?;
        let kind = match kind {
            "docker" => Kind::Docker,
            "podman" => Kind::Podman,
            "cri" => Kind::Cri,
            _ => return Err(format!("\"{kind}\" is no kind of engine; there are docker, podman and cri")),
        };
        if !path.starts_with('/') {
            return Err(format!("\"{path}\" is no absolute path"));
        }
        Ok(Self { kind, path: path.into(), user: None, given: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(user: Option<u32>, is_podman: bool) -> ContainerId {
        ContainerId { id: "0".repeat(64), user, is_podman }
    }

    #[test]
    fn a_users_engine_is_asked_for_its_own_containers_only() {
        let [docker, podman] = Place::of_user(1000).try_into().expect("two places");
        assert!(docker.takes(&id(Some(1000), false)) && !docker.takes(&id(Some(1001), false)));
        assert!(!docker.takes(&id(None, false)) && !docker.takes(&id(Some(1000), true)));
        assert!(podman.takes(&id(Some(1000), true)));
        let machine = Place::of_machine();
        assert!(machine.iter().all(|place| !place.takes(&id(Some(1000), place.kind == Kind::Podman))));
        assert_eq!(podman.path, Path::new("/run/user/1000/podman/podman.sock"));
    }

    #[test]
    fn places_are_typed() {
        let place: Place = "cri=/run/x.sock".parse().expect("a place");
        assert_eq!((place.kind, place.to_string()), (Kind::Cri, "cri at /run/x.sock".to_owned()));
        assert!(place.is_eager() && place.takes(&id(Some(1), false)));
        for wrong in ["/run/x.sock", "lxd=/run/x.sock", "cri=x.sock"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
