//! What the kernel's own statistics say of the probes.

use std::{collections::HashMap, fs};

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

/// Which way the socket buffers go that a program sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    In,
    Out,
}

impl Direction {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    /// Of a program of type `cgroup_skb`, by what its link says.
    fn of_attachment(kind: &str) -> Option<Self> {
        const INGRESS: &str = "0";
        const EGRESS: &str = "1";
        match kind {
            INGRESS => Some(Self::In),
            EGRESS => Some(Self::Out),
            _ => None,
        }
    }
}

/// What one program took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) direction: Direction,
    pub(super) nanoseconds_a_run: f64,
    pub(super) runs: u64,
}

/// Of the programs that a process holds and that see each socket buffer, by direction.
pub(super) fn socket_buffer_costs(process: u32) -> anyhow::Result<Vec<Cost>> {
    let mut described = Vec::new();
    for entry in fs::read_dir(format!("/proc/{process}/fdinfo"))? {
        // A file may be closed while it is looked at.
        described.extend(fs::read_to_string(entry?.path()).ok());
    }
    Ok(costs(&described))
}

/// Programs know what they took, and links know where a program is attached.
fn costs(described: &[String]) -> Vec<Cost> {
    let directions: HashMap<&str, Direction> = described.iter().filter_map(|text| attachment(text)).collect();
    let programs = described.iter().filter_map(|text| {
        let direction = *directions.get(value(text, "prog_id")?)?;
        let (nanoseconds, runs) = statistics(text)?;
        Some(Cost { direction, nanoseconds_a_run: nanoseconds as f64 / runs as f64, runs })
    });
    let mut costs: Vec<Cost> = programs.collect();
    costs.sort_by_key(|cost| cost.direction);
    costs
}

fn value<'a>(described: &'a str, name: &str) -> Option<&'a str> {
    described.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// The program of a link to a control group, and its direction.
fn attachment(described: &str) -> Option<(&str, Direction)> {
    value(described, "link_type").filter(|kind| *kind == "cgroup")?;
    Some((value(described, "prog_id")?, Direction::of_attachment(value(described, "attach_type")?)?))
}

/// Nanoseconds and runs of a program of type `cgroup_skb` that ran.
fn statistics(described: &str) -> Option<(u64, u64)> {
    const CGROUP_SKB: &str = "8";
    value(described, "prog_type").filter(|kind| *kind == CGROUP_SKB)?;
    let number = |name| value(described, name)?.parse::<u64>().ok();
    Some((number("run_time_ns")?, number("run_cnt").filter(|runs| *runs > 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(id: u32, kind: &str, runs: u64) -> String {
        format!("pos:\t0\nprog_type:\t{kind}\nprog_id:\t{id}\nrun_time_ns:\t5000\nrun_cnt:\t{runs}\n")
    }

    fn link(program: u32, direction: u32) -> String {
        format!(
            "pos:\t0\nlink_type:\tcgroup\nlink_id:\t9\nprog_id:\t{program}\ncgroup_id:\t5\nattach_type:\t{direction}\n"
        )
    }

    #[test]
    fn programs_are_told_apart_by_where_they_are_attached() {
        let described = [program(7, "8", 20), link(7, 1), program(6, "8", 50), link(6, 0), "pos:\t0\n".to_owned()];
        let cost = |direction, nanoseconds_a_run, runs| Cost { direction, nanoseconds_a_run, runs };
        assert_eq!(costs(&described), [cost(Direction::In, 100.0, 50), cost(Direction::Out, 250.0, 20)]);
    }

    #[test]
    fn other_programs_and_those_that_never_ran_have_no_cost() {
        let described = [program(7, "8", 0), link(7, 1), program(6, "9", 50), link(6, 2), program(5, "8", 5)];
        assert_eq!(costs(&described), []);
    }
}
