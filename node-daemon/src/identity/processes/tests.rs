//! A made-up `/proc` and what is known from it.

use std::{fs, path::Path};

use super::*;
use crate::decode::Comm;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A machine whose files are written by the test.
struct Machine {
    directory: tempfile::TempDir,
    processes: Processes,
}

impl Machine {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let cgroup = Some(PathBuf::from("/demo/node-a"));
        let (proc, docker) = (at("proc"), at("docker"));
        let options = Options { proc, docker, ..Options::new("node-a", cgroup) };
        Self { processes: Processes::new(options), directory }
    }

    fn run(&self, pid: u32, comm: &str, parent: u32, start_time: u64, cgroup: &str) {
        let directory = self.directory.path().join("proc").join(pid.to_string());
        fs::create_dir_all(&directory).expect("a directory");
        let zeros = "0 ".repeat(17);
        fs::write(directory.join("stat"), format!("{pid} ({comm}) S {parent} {zeros}{start_time} 0")).expect("stat");
        fs::write(directory.join("cgroup"), format!("0::{cgroup}\n")).expect("cgroup");
        let executable = directory.join("exe");
        let _ = fs::remove_file(&executable);
        std::os::unix::fs::symlink(Path::new("/usr/sbin").join(comm), executable).expect("exe");
    }

    fn end(&self, pid: u32) {
        fs::remove_dir_all(self.directory.path().join("proc").join(pid.to_string())).expect("it ran");
    }

    fn names(&mut self, pid: u32, seconds: u64) -> Option<(String, String)> {
        let identity = self.processes.process(pid, KernelTime(seconds * SECOND))?;
        Some((identity.workload.to_string(), identity.ancestry.as_deref().unwrap_or("").to_owned()))
    }
}

fn comm(text: &str) -> Comm {
    let mut bytes = [0; 16];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    Comm(bytes)
}

fn exec<'a>(pid: u32, parent: u32, name: &str, executable: &'a str) -> ProcessExecuted<'a> {
    let time = KernelTime(SECOND);
    ProcessExecuted {
        time,
        pid,
        parent,
        comm: comm(name),
        cgroup: 0,
        cgroup_name: "shop",
        executable,
        started: None,
        user: Some(0),
        arguments: Arguments { bytes: b"flash\0--token=abc\0", is_cut: false },
    }
}

fn exit(pid: u32, user: Option<u32>) -> ProcessExited {
    ProcessExited { time: KernelTime(2 * SECOND), pid, status: 0, started: None, user }
}

#[test]
fn arguments_that_are_off_are_never_kept() {
    for (keeps, told) in [(true, Some("flash --token=***")), (false, None)] {
        let proc = PathBuf::from("/proc");
        let options = Options { arguments: keeps, proc, ..Options::new("node-a", None) };
        let mut processes = Processes::new(options);
        let ended = processes.executed(&exec(u32::MAX, 1, "flash", "/usr/bin/flash"));
        assert_eq!(ended.arguments.as_deref(), told);
        let own = processes.process(std::process::id(), KernelTime(SECOND)).expect("this process");
        assert_eq!(own.arguments.is_some(), keeps);
    }
}

#[test]
fn names_come_from_proc_once() {
    let mut machine = Machine::new();
    machine.run(1, "systemd", 0, 1, "/");
    machine.run(10, "bash", 1, 5, "/user.slice/session-1.scope");
    machine.run(20, "nginx", 10, 9, "/demo/node-a/web");
    assert_eq!(machine.names(20, 0), Some(("web".to_owned(), "bash < systemd".to_owned())));
    assert_eq!(machine.names(10, 0), Some(("bash".to_owned(), "systemd".to_owned())));
    let first = machine.processes.process(20, KernelTime(0));
    let again = machine.processes.process(20, KernelTime(1));
    assert!(first.zip(again).is_some_and(|(first, again)| Arc::ptr_eq(&first, &again)));
}

#[test]
fn names_outlive_the_process_for_a_while() {
    let mut machine = Machine::new();
    machine.run(20, "curl", 0, 9, "/demo/node-a/job");
    machine.processes.executed(&exec(20, 0, "curl", "/usr/bin/curl"));
    machine.end(20);
    assert!(machine.processes.exited(&exit(20, None)).is_some());
    assert_eq!(machine.names(20, 60).map(|names| names.0), Some("job".to_owned()));
    machine.processes.sweep(KernelTime(200 * SECOND));
    assert_eq!(machine.names(20, 201), None);
}

#[test]
fn a_reused_pid_is_another_process() {
    let mut machine = Machine::new();
    machine.run(20, "old", 0, 9, "/");
    assert_eq!(machine.names(20, 0).map(|names| names.0), Some("old".to_owned()));
    machine.run(20, "new", 0, 99, "/");
    assert_eq!(machine.names(20, 1).map(|names| names.0), Some("old".to_owned()), "believed for some seconds");
    assert_eq!(machine.names(20, 11).map(|names| names.0), Some("new".to_owned()));
    machine.run(20, "newer", 0, 100, "/");
    machine.processes.forked(&ProcessForked {
        time: KernelTime(12 * SECOND),
        pid: 20,
        parent: 1,
        comm: comm("sh"),
        cgroup: 0,
    });
    assert_eq!(machine.names(20, 12).map(|names| names.0), Some("newer".to_owned()));
}

#[test]
fn processes_that_are_gone_at_once_have_names() {
    let mut machine = Machine::new();
    machine.run(10, "bash", 0, 1, "/");
    let identity = machine.processes.executed(&exec(30, 10, "flash", "/opt/flash"));
    assert_eq!((&*identity.process, &*identity.workload), ("flash", "flash"));
    assert_eq!((identity.executable.as_deref(), identity.ancestry.as_deref()), (Some("/opt/flash"), Some("bash")));
    let owner = Owner { pid: 31, comm: comm("blink"), cgroup: 0 };
    assert_eq!(&*machine.processes.owner(&owner, KernelTime(0)).workload, "blink");
}

#[test]
fn a_child_that_executes_nothing_is_what_its_parent_is() {
    let mut machine = Machine::new();
    machine.run(10, "apache", 0, 1, "/system.slice/apache2.service");
    assert_eq!(machine.names(10, 0).map(|names| names.0), Some("apache2".to_owned()));
    machine.processes.forked(&ProcessForked {
        time: KernelTime(0),
        pid: 11,
        parent: 10,
        comm: comm("apache"),
        cgroup: 0,
    });
    assert_eq!(machine.names(11, 0).map(|names| names.0), Some("apache2".to_owned()));
    assert_eq!(machine.names(12, 0), None);
}

#[test]
fn containers_have_their_names_and_labels() {
    let mut machine = Machine::new();
    let directory = machine.directory.path().join("docker").join(ID);
    fs::create_dir_all(&directory).expect("a directory");
    let config = r#"{"Name":"/shop-1","Config":{"Image":"shop:2","Labels":{"tier":"web"}}}"#;
    fs::write(directory.join("config.v2.json"), config).expect("written");
    machine.run(40, "node", 0, 1, &format!("/system.slice/docker-{ID}.scope"));
    let identity = machine.processes.process(40, KernelTime(0)).expect("read");
    assert_eq!((&*identity.workload, identity.container.as_deref()), ("shop-1", Some("shop-1")));
    assert_eq!(identity.image.as_deref(), Some("shop:2"));
    assert_eq!(identity.labels[..], [("tier".into(), "web".into())]);
}

#[test]
fn arguments_and_users_come_from_the_kernel_else_from_proc() {
    let mut machine = Machine::new();
    machine.run(1, "systemd", 0, 1, "/");
    let etc = machine.directory.path().join("proc/1/root/etc");
    fs::create_dir_all(&etc).expect("a directory");
    fs::write(etc.join("passwd"), "root:x:0:0\nann:x:1000:1000\n").expect("written");
    fs::write(machine.directory.path().join("proc/1/uid_map"), "0 0 4294967295").expect("written");
    machine.run(20, "web", 1, 9, "/");
    let directory = machine.directory.path().join("proc/20");
    fs::write(directory.join("cmdline"), "web\0--password\0hunter2\0").expect("written");
    fs::write(directory.join("status"), "Name:\tweb\nUid:\t0\t1000\t1000\t1000\n").expect("written");
    let read = machine.processes.process(20, KernelTime(0)).expect("it runs");
    assert_eq!((read.arguments.as_deref(), read.user.as_deref()), (Some("web --password ***"), Some("ann")));
    // What the kernel tells at exec is newer than what is read, and there for those that are gone.
    for pid in [20, 30] {
        let told = machine.processes.executed(&exec(pid, 1, "flash", "/opt/flash"));
        assert_eq!(
            (told.arguments.as_deref(), told.user.as_deref()),
            (Some("flash --token=***"), Some("root")),
            "{pid}"
        );
        let ended = machine.processes.exited(&exit(pid, Some(1000))).expect("it was known");
        assert_eq!(ended.user.as_deref(), Some("ann"), "it gave up its rights");
    }
}

#[test]
fn rules_by_hand_come_first() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let rules = "rules: [{ match: { unit: apache2 }, workload: edge }, { match: { arguments: '*--token=***' }, workload: cli }]";
    fs::write(file.path(), rules).expect("written");
    let mut machine = Machine::new();
    machine.processes.naming.rules = WorkloadRules::read(file.path()).expect("rules");
    machine.run(10, "apache", 0, 1, "/system.slice/apache2.service");
    assert_eq!(machine.names(10, 0).map(|names| names.0), Some("edge".to_owned()));
    assert_eq!(&*machine.processes.executed(&exec(30, 10, "flash", "/opt/flash")).workload, "cli");
}

#[test]
fn memory_is_bounded() {
    let mut machine = Machine::new();
    for pid in 1..40_000 {
        machine.processes.executed(&exec(pid, 0, "x", "/x"));
    }
    assert!(machine.processes.known.len() <= CAPACITY);
}
