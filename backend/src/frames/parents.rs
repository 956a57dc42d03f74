//! Within which exchange another one was made: served by whoever made it, around it in time.
//!
//! One node has one clock, so there the times decide exactly. Clocks of two nodes are never quite the same: between them an
//! exchange may seem to begin or end a little outside of its parent.

/// How far the clocks of two nodes may be apart, in milliseconds.
const TOLERANCE: f64 = 5.0;
/// What rounding makes of times of one clock: milliseconds of this century have a quarter of a microsecond as their last bit.
const ROUNDING: f64 = 0.001;

/// Who is at an end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) workload: String,
    pub(super) pod: Option<String>,
    pub(super) node: Option<String>,
    pub(super) pid: Option<String>,
}

impl Instance {
    /// What one of them served, the other may have made. A program may let another process of its workload ask.
    fn may_be(&self, other: &Self) -> bool {
        let agree = |own: &Option<String>, other: &Option<String>| own.is_none() || other.is_none() || own == other;
        self.workload == other.workload && agree(&self.pod, &other.pod) && agree(&self.node, &other.node)
    }

    fn is_process(&self, other: &Self) -> bool {
        self.pid.is_some() && self.pid == other.pid
    }
}

/// An exchange, as far as it tells who made it and when. Times in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) client: Instance,
    pub(super) server: Instance,
    /// The node whose clock the times are of.
    pub(super) clock: Option<String>,
    /// The same in both ends' reports of one exchange.
    pub(super) exchange: String,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Made {
    fn is_of_clock(&self, other: &Self) -> bool {
        self.clock.is_some() && self.clock == other.clock
    }

    /// How far another one lies outside of this one.
    fn excess(&self, inner: &Self) -> f64 {
        (self.start - inner.start).max(inner.end - self.end).max(0.0)
    }

    /// How well this serves as the one within which `inner` was made: the larger the better.
    fn fitness(&self, inner: &Self) -> Option<(bool, bool, f64)> {
        let tolerance = if self.is_of_clock(inner) { ROUNDING } else { TOLERANCE };
        let excess = self.excess(inner);
        let may_be = self.server.may_be(&inner.client)
            && self.exchange != inner.exchange
            && self.end - self.start > inner.end - inner.start
            && excess <= tolerance;
        may_be.then(|| (excess <= ROUNDING, self.server.is_process(&inner.client), self.start))
    }
}

/// The exchange of the same trace within which this one was made. Of several that may be it: one that is really around it
/// comes before one that a difference of clocks must explain, one of the same process before others, and the last begun
/// before those around it.
pub(super) fn parent(spans: &[&Made], child: usize) -> Option<usize> {
    let fitting = (0..spans.len()).filter(|other| *other != child);
    let fitting = fitting.filter_map(|other| Some((other, spans[other].fitness(spans[child])?)));
    let best = fitting.max_by(|(_, a), (_, b)| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    best.map(|(other, _)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `client -> server` from `start` to `end` by the clock of `node`, which both ends run on.
    fn made(client: &str, server: &str, node: &str, (start, end): (f64, f64)) -> Made {
        let at = |workload: &str| Instance { workload: workload.to_owned(), ..Instance::default() };
        let exchange = format!("{client} {server} {start}");
        Made { client: at(client), server: at(server), clock: Some(node.to_owned()), exchange, start, end }
    }

    fn of_process(end: &Instance, node: &str, pid: &str) -> Instance {
        Instance { node: Some(node.to_owned()), pid: Some(pid.to_owned()), ..end.clone() }
    }

    fn parents(spans: &[Made]) -> Vec<Option<usize>> {
        let spans: Vec<&Made> = spans.iter().collect();
        (0..spans.len()).map(|child| parent(&spans, child)).collect()
    }

    #[test]
    fn a_retry_s_child_on_one_node_hangs_under_its_own_try() {
        // The second try begins a tenth of a millisecond after the first one's child has ended.
        let spans = [
            made("web", "api", "one", (0.0, 1.0)),
            made("api", "db", "one", (0.2, 0.9)),
            made("web", "api", "one", (1.0, 4.0)),
            made("api", "db", "one", (1.1, 3.9)),
        ];
        assert_eq!(parents(&spans), [None, Some(0), None, Some(2)]);
    }

    #[test]
    fn what_outlasts_its_caller_on_one_node_has_no_parent() {
        let spans = [made("web", "api", "one", (0.0, 1.0)), made("api", "log", "one", (0.5, 1.2))];
        assert_eq!(parents(&spans), [None, None]);
    }

    #[test]
    fn hops_of_one_trace_make_a_chain() {
        let spans = [
            made("user", "edge", "one", (0.0, 10.0)),
            made("edge", "web", "one", (1.0, 9.0)),
            made("web", "api", "one", (2.0, 8.0)),
            made("api", "db", "one", (3.0, 4.0)),
            made("api", "db", "one", (5.0, 6.0)),
        ];
        assert_eq!(parents(&spans), [None, Some(0), Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn parallel_calls_keep_to_the_process_that_served_them() {
        let mut spans = [
            made("web", "api", "one", (0.0, 10.0)),
            made("web", "api", "one", (0.5, 9.0)),
            made("api", "db", "one", (1.0, 2.0)),
            made("api", "db", "one", (1.1, 2.1)),
        ];
        for (number, pid) in [(0, "7"), (1, "8")] {
            spans[number].server = of_process(&spans[number].server, "one", pid);
            spans[number + 2].client = of_process(&spans[number + 2].client, "one", pid);
        }
        assert_eq!(parents(&spans), [None, None, Some(0), Some(1)]);
    }

    #[test]
    fn replicas_on_other_nodes_are_not_asked_for() {
        let mut spans = [
            made("web", "api", "one", (0.0, 10.0)),
            made("web", "api", "two", (0.5, 9.0)),
            made("api", "db", "one", (1.0, 2.0)),
        ];
        for (number, node) in [(0, "one"), (1, "two")] {
            spans[number].server.node = Some(node.to_owned());
        }
        spans[2].client.node = Some("one".to_owned());
        assert_eq!(parents(&spans)[2], Some(0));
    }

    #[test]
    fn clocks_of_two_nodes_may_differ_by_the_tolerance() {
        for (skew, expected) in [(-6.0, None), (-4.9, Some(0)), (0.0, Some(0)), (3.0, Some(0)), (12.1, None)] {
            let spans =
                [made("web", "api", "one", (100.0, 110.0)), made("api", "db", "two", (100.0 + skew, 103.0 + skew))];
            assert_eq!(parents(&spans)[1], expected, "{skew}");
        }
    }

    #[test]
    fn what_is_really_around_comes_before_what_a_difference_must_explain() {
        let spans = [
            made("web", "api", "one", (0.0, 10.0)),
            made("web", "api", "one", (11.0, 30.0)),
            made("api", "db", "two", (8.0, 9.0)),
        ];
        assert_eq!(parents(&spans)[2], Some(0));
    }

    #[test]
    fn the_other_end_s_report_is_no_parent() {
        // A program that asks itself, seen at both ends.
        let outer = made("api", "api", "one", (0.0, 10.0));
        let inner = Made { start: 0.1, end: 9.9, ..outer.clone() };
        assert_eq!(parents(&[outer, inner]), [None, None]);
    }

    /// Calls that a program makes one after another while it serves one: whatever their lengths, on one node each child hangs
    /// under the try that made it.
    #[test]
    fn tries_of_any_length_keep_their_children() {
        let lengths = [0.01, 0.05, 0.3, 1.0, 4.9, 5.1, 40.0];
        for first in lengths {
            for second in lengths {
                let (end, next) = (first, first + 0.002);
                let spans = [
                    made("web", "api", "one", (0.0, end)),
                    made("api", "db", "one", (0.001, end - 0.001)),
                    made("web", "api", "one", (next, next + second)),
                    made("api", "db", "one", (next + 0.001, next + second - 0.001)),
                ];
                assert_eq!(parents(&spans), [None, Some(0), None, Some(2)], "{first} {second}");
            }
        }
    }
}
