//! Processor time as the kernel accounts it.

use std::{fs, time::Duration};

use anyhow::Context;
use nix::unistd::{SysconfVar, sysconf};

/// Time spent so far, in the kernel's ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CpuTime {
    ticks: u64,
}

impl CpuTime {
    /// Of all processors: whatever is not idle or waiting for a disk.
    pub(super) fn of_machine() -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        Ok(Self { ticks: machine_ticks(&stat).context("/proc/stat has no line for all processors")? })
    }

    /// Of one process with all its threads.
    pub(super) fn of_process(id: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        Ok(Self { ticks: process_ticks(&stat).context("/proc/…/stat has another form than expected")? })
    }

    pub(super) fn since(self, earlier: Self) -> Duration {
        let a_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
        Duration::from_secs_f64(self.ticks.saturating_sub(earlier.ticks) as f64 / a_second as f64)
    }
}

/// `cpu user nice system idle iowait irq softirq steal …`
fn machine_ticks(stat: &str) -> Option<u64> {
    let all = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = all.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6].map(|column| ticks.get(column).copied());
    busy.into_iter().sum()
}

/// The name may hold spaces and brackets; what is counted comes after its last bracket.
fn process_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let words: Vec<&str> = after_name.split_ascii_whitespace().collect();
    let (user, system) = (words.get(11)?, words.get(12)?);
    Some(user.parse::<u64>().ok()? + system.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_not_counted() {
        assert_eq!(machine_ticks("cpu  10 1 20 1000 50 3 4 9 0 0\ncpu0 1 2 3\n"), Some(38));
        assert_eq!(machine_ticks("intr 1"), None);
    }

    #[test]
    fn a_process_with_an_odd_name_is_read() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 7 5 0 0 20 0 3 0 100 0 0";
        assert_eq!(process_ticks(stat), Some(12));
    }
}
