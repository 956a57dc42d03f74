//! The first rows by an order, of any number.

use std::{cmp::Ordering, sync::Arc};

use super::candidates::Candidate;

/// What a row is ordered by; several for one row, the first first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// Always first, whatever the direction: the other end's report decides it.
    Open,
    Number(i64),
    Text(Arc<str>),
    /// Always last, whatever the direction.
    Absent,
}

/// Compares two ranks in a direction.
fn compare(a: &Rank, b: &Rank, descending: bool) -> Ordering {
    let order = match (a, b) {
        (Rank::Absent, Rank::Absent) | (Rank::Open, Rank::Open) => return Ordering::Equal,
        (Rank::Absent, _) | (_, Rank::Open) => return Ordering::Greater,
        (_, Rank::Absent) | (Rank::Open, _) => return Ordering::Less,
        (Rank::Number(a), Rank::Number(b)) => a.cmp(b),
        (Rank::Text(a), Rank::Text(b)) => a.cmp(b),
        (Rank::Number(_), Rank::Text(_)) => Ordering::Less,
        (Rank::Text(_), Rank::Number(_)) => Ordering::Greater,
    };
    if descending { order.reverse() } else { order }
}

/// A row: which table (chunk) and which entry of it.
pub(super) type RowRef = (u32, u32);

/// Keeps the first `limit` rows. Rows are let in by the rank of the first column, so that most cost one comparison.
#[derive(Debug)]
pub(super) struct Top {
    limit: usize,
    descending: Vec<bool>,
    rows: Vec<(Vec<Rank>, Candidate)>,
    /// Rank of the first column that a row must not come after, once there are enough.
    worst: Option<Rank>,
    /// Bytes of the ranks that are kept, and the most that they may take: beyond it, fewer rows are kept.
    bytes: usize,
    most_bytes: usize,
}

fn bytes_of(ranks: &[Rank]) -> usize {
    const ARC: usize = 32;
    let text = |rank: &Rank| match rank {
        Rank::Text(text) => ARC + text.len(),
        Rank::Number(_) | Rank::Absent | Rank::Open => 0,
    };
    size_of::<(Vec<Rank>, Candidate)>() + size_of_val(ranks) + ranks.iter().map(text).sum::<usize>()
}

impl Top {
    pub(super) const fn new(limit: usize, descending: Vec<bool>, most_bytes: usize) -> Self {
        Self { limit, descending, rows: Vec::new(), worst: None, bytes: 0, most_bytes }
    }

    /// Takes a row in, where it may be among the first. `rank` gives the rank of a column.
    pub(super) fn offer(&mut self, row: Candidate, rank: impl Fn(usize) -> Rank) {
        if self.limit == 0 {
            return;
        }
        let first = rank(0);
        if let Some(worst) = &self.worst
            && compare(&first, worst, self.descending[0]) == Ordering::Greater
        {
            return;
        }
        let rest = (1..self.descending.len()).map(rank);
        let ranks: Vec<Rank> = std::iter::once(first).chain(rest).collect();
        self.bytes = self.bytes.saturating_add(bytes_of(&ranks));
        self.rows.push((ranks, row));
        if self.rows.len() >= 2 * self.limit + 64 {
            self.shrink();
        } else if self.bytes > self.most_bytes {
            self.shrink();
            while self.bytes > self.most_bytes / 2 && self.limit > 1 {
                self.limit = self.limit.min(self.rows.len()) / 2;
                self.shrink();
            }
        }
    }

    fn shrink(&mut self) {
        let Self { rows, descending, limit, .. } = &mut *self;
        if rows.len() <= *limit {
            return;
        }
        rows.select_nth_unstable_by(*limit - 1, |a, b| in_order(a, b, descending));
        rows.truncate(*limit);
        self.worst = rows.last().map(|(ranks, _)| ranks[0].clone());
        self.bytes = self.rows.iter().map(|(ranks, _)| bytes_of(ranks)).sum();
    }

    /// The rows kept, in order.
    pub(super) fn finish(mut self) -> Vec<Candidate> {
        if self.limit > 0 {
            self.shrink();
        }
        let descending = &self.descending;
        self.rows.sort_by(|a, b| in_order(a, b, descending));
        self.rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// Rows that are equal in all ranks keep the order in which they came.
fn in_order(a: &(Vec<Rank>, Candidate), b: &(Vec<Rank>, Candidate), descending: &[bool]) -> Ordering {
    let columns = a.0.iter().zip(&b.0).zip(descending);
    let differing = columns.map(|((a, b), descending)| compare(a, b, *descending)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| a.1.row.cmp(&b.1.row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::rows::sides::Sides;

    fn candidate(row: u32) -> Candidate {
        Candidate { row: (0, row), sides: Sides::default(), is_sure: true }
    }

    #[test]
    fn the_first_rows_come_out_in_order() {
        let mut top = Top::new(3, vec![true, false], usize::MAX);
        for value in 0..1_000_u32 {
            let row = (value * 7919) % 1_000;
            top.offer(candidate(row), |column| Rank::Number(i64::from(if column == 0 { row / 2 } else { row })));
        }
        let rows: Vec<u32> = top.finish().into_iter().map(|found| found.row.1).collect();
        assert_eq!(rows, [998, 999, 996]);
    }

    #[test]
    fn absent_is_last_either_way() {
        for descending in [true, false] {
            let mut top = Top::new(2, vec![descending], usize::MAX);
            let ranks = [Rank::Absent, Rank::Number(1), Rank::Absent];
            for row in 0..3 {
                top.offer(candidate(row), |_| ranks[row as usize].clone());
            }
            assert_eq!(top.finish()[0].row, (0, 1));
        }
    }

    #[test]
    fn what_rows_are_ordered_by_stays_within_its_bytes() {
        let mut top = Top::new(1_000, vec![false], 100_000);
        for row in 0..5_000_u32 {
            let row = (row * 7919) % 5_000;
            top.offer(candidate(row), |_| Rank::Text(format!("{row:0>1000}").into()));
            assert!(top.bytes <= 102_000);
        }
        let rows: Vec<u32> = top.finish().into_iter().map(|found| found.row.1).collect();
        assert!(rows.len() >= 20 && rows.iter().copied().eq(0..rows.len() as u32), "{rows:?}");
    }
}
