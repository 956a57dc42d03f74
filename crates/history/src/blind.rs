//! Times in which the node observed nothing or not all, which answers about them say.

use std::collections::VecDeque;

/// Times remembered; the oldest go first.
const KEPT: usize = 256;

/// Such times, in their order. Nanoseconds since the epoch.
#[derive(Debug, Default)]
pub(crate) struct BlindTimes {
    times: VecDeque<BlindTime>,
}

#[derive(Debug)]
struct BlindTime {
    from: i64,
    /// Absent while it goes on.
    to: Option<i64>,
    why: String,
}

impl BlindTimes {
    /// One begins, and the last ends.
    pub(crate) fn begin(&mut self, from: i64, why: &str) {
        self.end(from);
        if self.times.len() == KEPT {
            self.times.pop_front();
        }
        self.times.push_back(BlindTime { from, to: None, why: why.to_owned() });
    }

    /// The last ends, where it goes on.
    pub(crate) fn end(&mut self, to: i64) {
        if let Some(last) = self.times.back_mut().filter(|last| last.to.is_none()) {
            last.to = Some(to.max(last.from));
        }
    }

    /// Each reason within `[from, to)`, once.
    pub(crate) fn within(&self, from: i64, to: i64) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        for time in &self.times {
            let touches = time.from < to && time.to.is_none_or(|end| end >= from);
            if touches && !reasons.contains(&time.why) {
                reasons.push(time.why.clone());
            }
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blind_time_is_told_where_the_window_touches_it() {
        let mut times = BlindTimes::default();
        times.begin(10, "gone");
        assert_eq!(times.within(0, 10), [""; 0]);
        assert_eq!(times.within(1_000, 1_001), ["gone"], "it goes on");
        times.begin(20, "late");
        times.end(30);
        times.end(99);
        assert_eq!(times.within(0, 15), ["gone"]);
        assert_eq!(times.within(0, 100), ["gone", "late"]);
        assert_eq!(times.within(31, 100), [""; 0]);
    }

    #[test]
    fn blind_times_are_bounded() {
        let mut times = BlindTimes::default();
        (0..10_000).for_each(|time| times.begin(time, "gone"));
        assert_eq!(times.times.len(), KEPT);
    }
}
