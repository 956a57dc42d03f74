//! Debian starts a service when it installs one. We want the programs only.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{ErrorKind, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use crate::shell::Line;

/// Asked by Debian's install scripts whether they may start a service; 101 is no.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Services that our packages bring, by package.
const SERVICES: [(&str, &str); 10] = [
    ("nginx", "nginx.service"),
    ("haproxy", "haproxy.service"),
    ("redis-server", "redis-server.service"),
    ("postgresql", "postgresql.service"),
    ("mariadb-server", "mariadb.service"),
    ("docker.io", "docker.service"),
    ("docker.io", "docker.socket"),
    ("docker.io", "containerd.service"),
    ("podman", "podman.service"),
    ("podman", "podman.socket"),
];

/// While this lives, installing a package starts no service; afterwards, those of the packages stay disabled.
#[derive(Debug)]
pub(super) struct QuietServices {
    wrote_policy: bool,
    units: Vec<&'static str>,
}

impl QuietServices {
    /// `packages` are those about to be installed for the first time.
    pub(super) fn begin(packages: &[&str]) -> anyhow::Result<Self> {
        let units = SERVICES.iter().filter(|(package, _)| packages.contains(package)).map(|(_, unit)| *unit).collect();
        Ok(Self { wrote_policy: write_policy()?, units })
    }
}

/// True where it was written; a policy that is there already is the administrator's, and stays.
fn write_policy() -> anyhow::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).open(POLICY) {
        Ok(mut file) => {
            file.write_all(b"#!/bin/sh\nexit 101\n")?;
            file.set_permissions(Permissions::from_mode(0o755))?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Drop for QuietServices {
    fn drop(&mut self) {
        if self.wrote_policy
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("xtask: remove {POLICY}, which keeps services from starting: {error}");
        }
        if !self.units.is_empty()
            && Path::new("/run/systemd/system").exists()
            && let Err(error) = Line::new("systemctl").args(["disable", "--now"]).args(&self.units).run()
        {
            eprintln!("xtask: {error}");
        }
    }
}
