//! What the probes cost, by the kernel's own count.

use std::time::Duration;

use aya::Ebpf;

use super::hook::HOOKS;

/// Runs of one program since it was loaded. The kernel counts only while `kernel.bpf_stats_enabled` is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeStatistics {
    /// The hook's name, such as `cgroup_skb/ingress`.
    pub hook: &'static str,
    /// On all processors together.
    pub runs: u64,
    /// In all runs together.
    pub time: Duration,
}

impl ProbeStatistics {
    /// Nanoseconds a run; 0 where none was counted.
    #[must_use]
    pub fn nanoseconds_per_run(&self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.time.as_nanos() as f64 / self.runs as f64 }
    }
}

pub(super) fn read(object: &Ebpf) -> Vec<ProbeStatistics> {
    HOOKS
        .iter()
        .filter_map(|hook| {
            let information = object.program(hook.program)?.info().ok()?;
            Some(ProbeStatistics { hook: hook.name, runs: information.run_count(), time: information.run_time() })
        })
        .collect()
}
