//! The rights that observing needs.

use std::fs;

/// A capability of Linux, and what is missing without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// As `capabilities(7)` has it, such as `CAP_BPF`.
    pub name: &'static str,
    number: u8,
    /// Whether nothing works without it.
    pub is_required: bool,
    /// What it is needed for.
    pub purpose: &'static str,
}

/// All that are used.
pub(super) const CAPABILITIES: &[Capability] = &[
    capability("CAP_BPF", 39, true, "to load probes and make their maps"),
    capability("CAP_PERFMON", 38, true, "to attach to tracepoints and read the kernel's structs"),
    capability("CAP_NET_ADMIN", 12, true, "to attach to the sockets of a cgroup, and to list sockets"),
    capability(
        "CAP_SYS_ADMIN",
        21,
        false,
        "to attach to functions of TLS libraries, and in other network namespaces to find sockets that are older than the daemon \
         and what a full accept queue refused",
    ),
    capability("CAP_SYS_PTRACE", 19, false, "to find which process holds a socket that is older than the daemon"),
    capability("CAP_DAC_READ_SEARCH", 2, false, "to read /proc of other users' processes"),
    capability("CAP_SYSLOG", 34, false, "to name the kernel function that dropped a packet"),
];

const fn capability(name: &'static str, number: u8, is_required: bool, purpose: &'static str) -> Capability {
    Capability { name, number, is_required, purpose }
}

/// Those of [`CAPABILITIES`] that this process lacks.
#[must_use]
pub fn missing_capabilities() -> Vec<Capability> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    missing_in(&status)
}

fn missing_in(status: &str) -> Vec<Capability> {
    let held = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0);
    // Before 5.8, and in its absence still, CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON.
    let has = |number: u8| held >> number & 1 != 0;
    let stands_for = |name: &str| matches!(name, "CAP_BPF" | "CAP_PERFMON") && has(21);
    CAPABILITIES.iter().filter(|wanted| !has(wanted.number) && !stands_for(wanted.name)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_names(mask: &str) -> Vec<&'static str> {
        missing_in(&format!("Name:\tx\nCapEff:\t{mask}\n")).into_iter().map(|capability| capability.name).collect()
    }

    #[test]
    fn root_misses_nothing_and_a_user_everything() {
        assert!(missing_names("000001ffffffffff").is_empty());
        assert_eq!(missing_names("0000000000000000").len(), CAPABILITIES.len());
    }

    #[test]
    fn the_old_right_stands_for_the_new_ones() {
        let admin_only = format!("{:016x}", 1_u64 << 21);
        assert!(!missing_names(&admin_only).contains(&"CAP_BPF"));
        assert!(missing_names(&admin_only).contains(&"CAP_NET_ADMIN"));
    }
}
