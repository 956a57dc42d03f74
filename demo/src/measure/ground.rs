//! Where the measuring takes place: a namespace and a control group of its own, with nginx in them.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::nodes::{Cgroup, Launch, Namespace, Process};

/// Where nginx listens.
pub(super) const PORT: u16 = 8080;

/// Fields drop in this order: programs end before their group and namespace go.
#[derive(Debug)]
pub(super) struct Ground {
    _server: Process,
    load: Cgroup,
    watched: Cgroup,
    daemons: Cgroup,
    namespace: Namespace,
    folder: TempDir,
}

impl Ground {
    pub(super) fn prepare() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("goldwire-measure-").tempdir()?;
        let namespace = Namespace::create("gw-measure")?;
        let watched = Cgroup::create("goldwire-measure")?;
        let daemons = Cgroup::create("goldwire-measure-daemon")?;
        let load = watched.child("load")?;
        let server = start_server(&folder, &namespace, &watched)?;
        let ground = Self { _server: server, load, watched, daemons, namespace, folder };
        ground.await_door(PORT)?;
        Ok(ground)
    }

    /// What the daemon watches: the server and its clients.
    pub(super) fn watched(&self) -> &Cgroup {
        &self.watched
    }

    /// Where daemons run, outside of what they watch.
    pub(super) fn daemons(&self) -> &Cgroup {
        &self.daemons
    }

    pub(super) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// A file of a run.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a client among the watched to its end and returns what it printed.
    pub(super) fn run_client(&self, program: &str, arguments: &[String]) -> anyhow::Result<String> {
        let output = self.path("client.out");
        fs::write(&output, "")?;
        let launch = Launch::new(program, program).args(arguments).log(&output)?;
        let mut client = launch.cgroup(&self.load)?.namespace(&self.namespace)?.spawn()?;
        let status = client.wait(Duration::from_secs(120))?.with_context(|| format!("{program} did not end"))?;
        let printed = fs::read_to_string(&output)?;
        if !status.success() {
            bail!("{program} failed ({status}): {printed}");
        }
        Ok(printed)
    }

    /// Waits until something listens.
    pub(super) fn await_door(&self, port: u16) -> anyhow::Result<()> {
        let knock = format!(
            "for _ in $(seq 600); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit; sleep 0.05; done; exit 1"
        );
        self.namespace.run("bash", &["-c", &knock]).with_context(|| format!("nothing listens on port {port}"))?;
        Ok(())
    }
}

fn start_server(folder: &TempDir, namespace: &Namespace, watched: &Cgroup) -> anyhow::Result<Process> {
    let configuration = folder.path().join("nginx.conf");
    fs::write(&configuration, server_configuration(folder))?;
    let group = watched.path().join("server");
    fs::create_dir(&group)?;
    let launch = Launch::new("nginx", "nginx").args(["-e", "stderr", "-g", "daemon off;", "-c"]).args([&configuration]);
    let launch = launch.cgroup_at(&group)?.namespace(namespace)?.log(&folder.path().join("nginx.log"))?;
    Ok(launch.spawn()?)
}

fn server_configuration(folder: &TempDir) -> String {
    let folder = folder.path().display();
    format!(
        "user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{PORT} backlog=4096; location / {{ return 200 \"hello\\n\"; }} }}
}}
"
    )
}
