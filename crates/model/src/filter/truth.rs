//! Logic of three values: a node cannot decide what it does not know.

use std::ops::Not;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// Who answers does not know the value; another may.
    Unknown,
}

impl Truth {
    /// True where both are, false where one is false.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// True where one is, false where both are false.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Unknown,
        }
    }

    /// What is unknown counts as a match: a part of an answer keeps what another may decide.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        !matches!(self, Self::False)
    }

    /// What is unknown counts as no match.
    #[must_use]
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::True)
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{False, True, Unknown};

    #[test]
    fn unknown_is_decided_by_the_other_side_only() {
        assert_eq!([True.and(Unknown), False.and(Unknown), Unknown.and(Unknown)], [Unknown, False, Unknown]);
        assert_eq!([True.or(Unknown), False.or(Unknown), Unknown.or(Unknown)], [True, Unknown, Unknown]);
        assert_eq!([!True, !False, !Unknown], [False, True, Unknown]);
    }

    #[test]
    fn de_morgan_holds() {
        for a in [True, False, Unknown] {
            for b in [True, False, Unknown] {
                assert_eq!(!(a.and(b)), (!a).or(!b));
            }
        }
    }
}
