//! How large a joined answer may become, whatever the nodes send.

/// Groups that are told apart, and groups by step. Of more, about the heaviest are, and the others are one, `other`.
pub(crate) const GROUPS: usize = 100_000;
pub(crate) const CELLS: usize = 1_250_000;

/// Points of an answer: steps of all series of all signals. Of more, the lighter series become one, `other`.
pub(crate) const POINTS: usize = 1_250_000;
