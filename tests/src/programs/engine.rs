//! Container engines of the tests' own: nothing of theirs is anywhere but in a folder, and nothing comes from a registry.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use goldwire_demo::nodes::{Cgroup, Launch, Process};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{built_program, wait_for};

/// What the image of [`Engine::start`] is called.
pub const IMAGE: &str = "goldwire-test:1";

/// Where its one program is.
const PROGRAM: &str = "/goldwire-peer";

/// How long an engine may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Docker's own.
    Docker,
    /// Podman, which answers as Docker does.
    Podman,
}

/// An engine with one image, in which there is the project's own odd client and server. Containers use the host's network.
#[derive(Debug)]
pub struct Engine {
    make: Make,
    process: Process,
    /// Its containers' control groups are below this one, as a path in every hierarchy.
    parent: String,
    folder: TempDir,
}

impl Engine {
    /// Starts it in a group of its own inside of `cgroup`, where its containers get theirs.
    pub fn start(make: Make, cgroup: &Cgroup) -> Result<Self> {
        let parent = cgroup.path().file_name().context("a name")?.to_string_lossy();
        let parent = format!("/{parent}/containers");
        remove_groups(&parent)?;
        let folder = TempDir::new()?;
        let group = cgroup.path().join("engine");
        fs::create_dir_all(&group)?;
        let log = folder.path().join("log");
        // Its mounts are its own, so that none outlives it.
        let process = Launch::new(make.program(), "unshare")
            .args(["--mount", "--propagation", "private", make.program()])
            .args(make.arguments(folder.path()))
            .cgroup_at(&group)?
            .log(&log)?
            .spawn()?;
        let engine = Self { make, process, parent, folder };
        let is_up = || engine.ask("GET", "/containers/json", None).ok();
        wait_for(make.program(), is_up).with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        engine.import()?;
        Ok(engine)
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// What its image is called in its answers.
    #[must_use]
    pub fn image(&self) -> String {
        match self.make {
            Make::Docker => IMAGE.to_owned(),
            Make::Podman => format!("localhost/{IMAGE}"),
        }
    }

    /// Runs a container whose program gets these arguments; its id.
    pub fn run(&self, name: &str, labels: &[(&str, &str)], arguments: &[&str]) -> Result<String> {
        let labels: serde_json::Map<_, _> =
            labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        let few = |name: &str| json!({ "Name": name, "Soft": 1024, "Hard": 1024 });
        let command: Vec<_> = [PROGRAM].iter().chain(arguments).collect();
        let container = json!({
            "Image": self.image(), "Cmd": command, "Labels": labels,
            "HostConfig": {
                "NetworkMode": "host", "CgroupParent": self.parent,
                "Ulimits": [few("nofile"), few("nproc")],
            },
        });
        let made = self.ask("POST", &format!("/containers/create?name={name}"), Some(&container))?;
        let id = made["Id"].as_str().with_context(|| format!("no id in {made}"))?.to_owned();
        self.ask("POST", &format!("/containers/{id}/start"), None)?;
        Ok(id)
    }

    /// Waits until the container's program ended; an error where it failed.
    pub fn wait(&self, id: &str) -> Result<()> {
        let ended = self.ask("POST", &format!("/containers/{id}/wait"), None)?;
        ensure!(ended["StatusCode"] == 0, "container {id}: {ended}");
        Ok(())
    }

    /// Gives a container another name.
    pub fn rename(&self, id: &str, name: &str) -> Result<()> {
        self.ask("POST", &format!("/containers/{id}/rename?name={name}"), None).map(drop)
    }

    /// Kills a container and forgets it, so that its name is free again.
    pub fn remove(&self, id: &str) -> Result<()> {
        self.ask("DELETE", &format!("/containers/{id}?force=true"), None).map(drop)
    }

    fn import(&self) -> Result<()> {
        let archive = self.folder.path().join("image.tar");
        write_image(&self.folder.path().join("image"), &archive)?;
        // Podman takes the tag with the name only.
        let path = format!("/images/create?fromSrc=-&repo={}", self.image());
        let body = format!("@{}", archive.display());
        let printed =
            self.curl(&["-X", "POST", "-H", "Content-Type: application/x-tar", "--data-binary", &body, &path])?;
        ensure!(!printed.contains("errorDetail"), "the image was refused: {printed}");
        Ok(())
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let text = body.map(Value::to_string);
        let mut arguments = vec!["-X", method];
        if let Some(text) = &text {
            arguments.extend(["-H", "Content-Type: application/json", "--data-binary", text]);
        }
        arguments.push(path);
        let printed = self.curl(&arguments)?;
        // Some answers are empty.
        Ok(if printed.is_empty() { Value::Null } else { serde_json::from_str(&printed)? })
    }

    fn curl(&self, arguments: &[&str]) -> Result<String> {
        let (path, options) = arguments.split_last().context("a path")?;
        let output = Command::new("curl")
            .args(["-sS", "--fail-with-body", "--max-time", "60", "--unix-socket"])
            .arg(self.socket())
            .args(options)
            .arg(format!("http://engine{path}"))
            .output()?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{path}: {complaint}{printed}");
        Ok(printed)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let containers = self.ask("GET", "/containers/json?all=true", None).unwrap_or_default();
        for id in containers.as_array().into_iter().flatten().filter_map(|container| container["Id"].as_str()) {
            if let Err(error) = self.remove(id) {
                eprintln!("left behind: {error:#}");
            }
        }
        let _ = self.process.signal(Signal::SIGTERM);
        let _ = self.process.wait(ENDS_WITHIN);
        if let Err(error) = remove_groups(&self.parent) {
            eprintln!("left behind: control groups {}: {error:#}", self.parent);
        }
    }
}

impl Make {
    /// Words for the project's own odd client, before it does anything: Docker tells of a container when it is made, Podman when
    /// it is asked, which is after its first moment.
    #[must_use]
    pub const fn patience(self) -> &'static [&'static str] {
        match self {
            Self::Docker => &[],
            Self::Podman => &["later", "1"],
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Docker => "dockerd",
            Self::Podman => "podman",
        }
    }

    fn arguments(self, folder: &Path) -> Vec<String> {
        let at = |name: &str| folder.join(name).display().to_string();
        let socket = format!("unix://{}", at("socket"));
        let words: Vec<String> = match self {
            Self::Docker => [
                ["--host".to_owned(), socket],
                ["--data-root".to_owned(), at("data")],
                ["--exec-root".to_owned(), at("exec")],
                ["--pidfile".to_owned(), at("pid")],
                ["--exec-opt".to_owned(), "native.cgroupdriver=cgroupfs".to_owned()],
                ["--bridge".to_owned(), "none".to_owned()],
                ["--iptables=false".to_owned(), "--ip6tables=false".to_owned()],
            ]
            .concat(),
            Self::Podman => [
                ["--root".to_owned(), at("data")],
                ["--runroot".to_owned(), at("run")],
                ["--tmpdir".to_owned(), at("tmp")],
                ["--cgroup-manager".to_owned(), "cgroupfs".to_owned()],
                ["--runtime".to_owned(), "runc".to_owned()],
                ["system".to_owned(), "service".to_owned()],
                ["--time=0".to_owned(), socket],
            ]
            .concat(),
        };
        words
    }
}

/// An image's files: the program, and what it is linked with.
fn write_image(root: &Path, archive: &Path) -> Result<()> {
    let program = built_program(PROGRAM.trim_start_matches('/'))?;
    let linked = String::from_utf8(Command::new("ldd").arg(&program).output()?.stdout)?;
    let libraries = linked.split_ascii_whitespace().filter(|word| word.starts_with('/'));
    fs::create_dir_all(root)?;
    fs::copy(&program, root.join(PROGRAM.trim_start_matches('/')))?;
    for library in libraries {
        let place = root.join(library.trim_start_matches('/'));
        fs::create_dir_all(place.parent().context("a folder")?)?;
        fs::copy(library, place)?;
    }
    let status = Command::new("tar").arg("-C").arg(root).arg("-cf").arg(archive).arg(".").status()?;
    ensure!(status.success(), "tar: {status}");
    Ok(())
}

/// Removes empty groups of containers in every hierarchy: engines leave those they made on the way.
fn remove_groups(parent: &str) -> Result<()> {
    let mounts = fs::read_to_string("/proc/mounts")?;
    let of_cgroup = |line: &&str| line.split(' ').nth(2).is_some_and(|kind| kind.starts_with("cgroup"));
    let places = mounts.lines().filter(of_cgroup).filter_map(|line| line.split(' ').nth(1));
    for place in places {
        let group = Path::new(place).join(parent.trim_start_matches('/'));
        wait_for("containers to be gone", || remove_folders(&group).ok())?;
        // Of a hierarchy that only the engine knew, its own parent too.
        let _ = group.parent().map(fs::remove_dir);
    }
    Ok(())
}

fn remove_folders(folder: &Path) -> std::io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_folders(&entry.path())?;
    }
    fs::remove_dir(folder)
}
