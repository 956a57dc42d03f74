//! The chain of parents, up to the first process.

use super::proc_files::Stat;

/// Parents that are named. Real trees are a quarter as deep; the bound ends a circle, which reused pids can make, and keeps
/// the text of a chain below 1,200 bytes.
const DEPTH: usize = 64;

/// Stands for the parents beyond the bound.
const MORE: &str = "…";

/// Names of the parents, nearest first, joined by ` < `. `stat` tells of a process what it can.
pub(super) fn ancestry(parent: u32, mut stat: impl FnMut(u32) -> Option<Stat>) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut next = parent;
    while next != 0 {
        if names.len() == DEPTH {
            names.push(MORE.to_owned());
            break;
        }
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
    fn nearest_first_up_to_the_first_process() {
        let chain = |pid| match pid {
            3..=40 => stat("bash", pid - 1),
            2 => stat("sshd", 1),
            1 => stat("systemd", 0),
            _ => None,
        };
        assert_eq!(ancestry(3, chain).as_deref(), Some("bash < sshd < systemd"));
        assert!(ancestry(40, chain).is_some_and(|names| names.ends_with("bash < sshd < systemd")));
        assert_eq!(ancestry(0, chain), None);
    }

    #[test]
    fn a_circle_ends_and_says_so() {
        let names = ancestry(5, |_| stat("x", 5)).expect("some");
        assert_eq!(names.split(" < ").count(), DEPTH + 1);
        assert!(names.ends_with("x < …"));
    }
}
