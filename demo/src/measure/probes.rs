//! What the kernel's own statistics say of the probes.

use std::{fs, path::Path};

use anyhow::Context;

const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";

/// Runs and times of BPF programs are counted while this lives.
#[derive(Debug)]
pub(super) struct Counting;

impl Counting {
    pub(super) fn begin() -> anyhow::Result<Self> {
        fs::write(SWITCH, "1").with_context(|| format!("cannot write {SWITCH}"))?;
        Ok(Self)
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Err(error) = fs::write(SWITCH, "0") {
            eprintln!("goldwire-demo: {SWITCH} stays on: {error}");
        }
    }
}

/// What one program took.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cost {
    /// `in` or `out`, as far as its place among the process's files tells; else a number.
    pub(super) program: String,
    pub(super) nanoseconds_a_run: f64,
}

/// Programs of type `cgroup_skb` (8) that a process holds: those that see each socket buffer.
pub(super) fn socket_buffer_costs(process: u32) -> anyhow::Result<Vec<Cost>> {
    let mut costs = Vec::new();
    for entry in fs::read_dir(format!("/proc/{process}/fdinfo"))? {
        let described = describe(&entry?.path()).unwrap_or_default();
        let Some(nanoseconds_a_run) = nanoseconds_a_run(&described) else { continue };
        costs.push(Cost { program: (costs.len() + 1).to_string(), nanoseconds_a_run });
    }
    Ok(costs)
}

/// A file may be closed while it is looked at.
fn describe(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

fn nanoseconds_a_run(described: &str) -> Option<f64> {
    const CGROUP_SKB: &str = "8";
    let value = |name: &str| described.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
    let (time, runs) = (value("run_time_ns")?.parse::<f64>().ok()?, value("run_cnt")?.parse::<f64>().ok()?);
    (value("prog_type")? == CGROUP_SKB && runs > 0.0).then_some(time / runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_a_program_that_ran_is_taken() {
        let of = |kind: &str, runs: u64| {
            format!("pos:\t0\nprog_type:\t{kind}\nprog_id:\t7\nrun_time_ns:\t5000\nrun_cnt:\t{runs}\n")
        };
        assert_eq!(nanoseconds_a_run(&of("8", 20)), Some(250.0));
        assert_eq!(nanoseconds_a_run(&of("8", 0)), None);
        assert_eq!(nanoseconds_a_run(&of("26", 20)), None);
        assert_eq!(nanoseconds_a_run("pos:\t0\n"), None);
    }
}
