//! The chain of parents.

use super::proc_files::Stat;

/// Parents that are named.
const DEPTH: usize = 8;

/// Names of the parents, nearest first, joined by ` < `. `stat` tells of a process what it can.
pub(super) fn ancestry(parent: u32, mut stat: impl FnMut(u32) -> Option<Stat>) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut next = parent;
    while next != 0 && names.len() < DEPTH {
        let Some(found) = stat(next) else { break };
        next = found.parent;
        names.push(found.comm);
    }
    (!names.is_empty()).then(|| names.join(" < "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(comm: &str, parent: u32) -> Option<Stat> {
        Some(Stat { comm: comm.to_owned(), parent, start_time: 0 })
    }

    #[test]
    fn nearest_first_and_bounded() {
        let chain = |pid| match pid {
            3 => stat("bash", 2),
            2 => stat("sshd", 1),
            1 => stat("systemd", 0),
            _ => None,
        };
        assert_eq!(ancestry(3, chain).as_deref(), Some("bash < sshd < systemd"));
        assert_eq!(ancestry(0, chain), None);
        let loops = ancestry(5, |_| stat("x", 5)).expect("some");
        assert_eq!(loops.split(" < ").count(), DEPTH);
    }
}
