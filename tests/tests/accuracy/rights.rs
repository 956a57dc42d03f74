//! What the daemon's threads may do once it serves: as docs/security.md has it.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use goldwire_tests::watch::Watch;

/// The capabilities of each thread that has any, by the first 15 letters of its name.
const KEPT: [(&str, u64); 6] = [
    ("pipeline", BPF | NET_ADMIN | SYS_PTRACE | DAC_READ_SEARCH),
    ("goldwire-socket", BPF | NET_ADMIN | SYS_ADMIN | SYS_PTRACE | DAC_READ_SEARCH),
    ("goldwire-transl", BPF | NET_ADMIN | SYS_ADMIN | SYS_PTRACE | DAC_READ_SEARCH),
    ("goldwire-tls", BPF | PERFMON | SYS_ADMIN | SYS_PTRACE | DAC_READ_SEARCH),
    ("engines", DAC_OVERRIDE | SYS_PTRACE),
    ("secrets", DAC_READ_SEARCH),
];
const DAC_OVERRIDE: u64 = 1 << 1;
const DAC_READ_SEARCH: u64 = 1 << 2;
const NET_ADMIN: u64 = 1 << 12;
const SYS_PTRACE: u64 = 1 << 19;
const SYS_ADMIN: u64 = 1 << 21;
const PERFMON: u64 = 1 << 38;
const BPF: u64 = 1 << 39;

#[tokio::test(flavor = "multi_thread")]
async fn threads_of_the_daemon_have_the_rights_that_the_docs_name() -> Result<()> {
    let watch = Watch::with_options("rights", &["--user", "nobody"]).await?;
    let threads = threads(watch.daemon_id()?)?;
    // The thread for tokens and certificates is there where there are such.
    let named: Vec<&str> = threads.iter().map(|thread| &*thread.name).collect();
    for (name, _) in KEPT.iter().filter(|(name, _)| *name != "secrets") {
        ensure!(named.contains(name), "no thread {name} among {named:?}");
    }
    for thread in &threads {
        let wanted = KEPT.iter().find(|(name, _)| *name == thread.name).map_or(0, |(_, kept)| *kept);
        for set in ["CapEff", "CapPrm"] {
            let held = u64::from_str_radix(thread.has(set)?, 16)?;
            ensure!(held == wanted, "{}: {set} {held:x} and not {wanted:x}", thread.name);
        }
        ensure!(thread.has("Uid")?.split_whitespace().all(|uid| uid == "65534"), "{thread:?}");
        ensure!(thread.has("Gid")?.split_whitespace().all(|gid| gid == "65534"), "{thread:?}");
        ensure!(thread.has("Groups")?.trim().is_empty(), "{thread:?}");
        ensure!(thread.has("NoNewPrivs")? == "1" && thread.has("Seccomp")? == "2", "{thread:?}");
    }
    Ok(())
}

#[derive(Debug)]
struct Thread {
    name: String,
    status: BTreeMap<String, String>,
}

impl Thread {
    fn has(&self, key: &str) -> Result<&str> {
        Ok(self.status.get(key).with_context(|| format!("no {key} of {}", self.name))?)
    }
}

fn threads(process: u32) -> Result<Vec<Thread>> {
    let mut threads = Vec::new();
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let status = fs::read_to_string(task?.path().join("status"))?;
        let pairs = status.lines().filter_map(|line| line.split_once(':'));
        let status: BTreeMap<_, _> = pairs.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect();
        threads.push(Thread { name: status.get("Name").cloned().unwrap_or_default(), status });
    }
    Ok(threads)
}
