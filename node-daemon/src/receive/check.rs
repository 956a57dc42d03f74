//! What this kernel lets us see: each hook is tried.

use std::path::Path;

use aya::Btf;

use super::{
    OpenError, Options, attach,
    btf::KernelTypes,
    capability::{CAPABILITIES, missing_capabilities},
    cgroup::Cgroup,
    hook::{HOOKS, Hook},
    object,
};

/// One thing that may be seen here or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalCheck {
    /// What is seen.
    pub signal: &'static str,
    /// Where it is hooked in.
    pub hook: &'static str,
    /// Whether the kernel took it; what was attached for the trial is detached again.
    pub available: bool,
    /// Why not; empty where available.
    pub reason: String,
    /// What is not known without it.
    pub cost_if_missing: &'static str,
    /// What to do about it; empty where available.
    pub how_to_fix: String,
}

/// Tries every hook and every right, and leaves nothing behind. `cgroup` as in [`Options`].
#[must_use]
pub fn check(cgroup: Option<&Path>) -> Vec<SignalCheck> {
    let mut checks = check_rights();
    checks.push(check_types());
    match Trial::begin(cgroup) {
        Ok(mut trial) => checks.extend(HOOKS.iter().map(|hook| trial.check(hook))),
        Err(error) => checks.extend(HOOKS.iter().map(|hook| unavailable(hook, error.to_string(), String::new()))),
    }
    checks
}

/// An object that is loaded for the sake of trying.
struct Trial {
    object: aya::Ebpf,
    cgroup: Cgroup,
    btf: Option<Btf>,
}

impl Trial {
    fn begin(cgroup: Option<&Path>) -> Result<Self, OpenError> {
        let cgroup = Cgroup::open(cgroup)?;
        // The least memory: nothing is going to be read.
        let least = Options {
            control_ring_bytes: 1 << 16,
            data_ring_bytes: 1 << 16,
            most_sockets: 64,
            most_conversations: 64,
            tls_plaintext: true,
            ..Options::default()
        };
        let types = KernelTypes::of_running_kernel().ok();
        let object = object::load(&least, &cgroup, types.as_ref())?;
        Ok(Self { object, cgroup, btf: Btf::from_sys_fs().ok() })
    }

    fn check(&mut self, hook: &Hook) -> SignalCheck {
        let taken = attach::load(&mut self.object, self.btf.as_ref(), hook)
            .and_then(|()| attach::attach(&mut self.object, &self.cgroup.directory, hook));
        match taken {
            Ok(_) => SignalCheck {
                signal: hook.signal,
                hook: hook.name,
                available: true,
                reason: String::new(),
                cost_if_missing: hook.cost_if_missing,
                how_to_fix: String::new(),
            },
            Err(reason) => unavailable(hook, reason, format!("use a kernel of {} or newer with BTF", hook.since)),
        }
    }
}

fn unavailable(hook: &Hook, reason: String, how_to_fix: String) -> SignalCheck {
    let (signal, name, cost_if_missing) = (hook.signal, hook.name, hook.cost_if_missing);
    SignalCheck { signal, hook: name, available: false, reason, cost_if_missing, how_to_fix }
}

fn check_rights() -> Vec<SignalCheck> {
    let missing = missing_capabilities();
    CAPABILITIES
        .iter()
        .map(|capability| {
            let available = !missing.contains(capability);
            SignalCheck {
                signal: capability.purpose,
                hook: capability.name,
                available,
                reason: if available { String::new() } else { "this process lacks the capability".into() },
                cost_if_missing: if capability.is_required { "nothing is seen" } else { capability.purpose },
                how_to_fix: if available {
                    String::new()
                } else {
                    format!("run as root, or `setcap {}+ep` on the program", capability.name.to_lowercase())
                },
            }
        })
        .collect()
}

fn check_types() -> SignalCheck {
    let problem = KernelTypes::of_running_kernel().err();
    SignalCheck {
        signal: "types of the kernel, which tracepoints need",
        hook: "/sys/kernel/btf/vmlinux",
        available: problem.is_none(),
        how_to_fix: problem
            .as_ref()
            .map_or_else(String::new, |_| "use a kernel built with CONFIG_DEBUG_INFO_BTF".into()),
        reason: problem.map_or_else(String::new, |problem| problem.to_string()),
        cost_if_missing: "only payload and UDP counters are seen, no connections, drops or processes",
    }
}
