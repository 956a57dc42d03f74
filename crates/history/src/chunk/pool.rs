//! Distinct texts of a sealed chunk in one Arrow array.

use arrow_array::{Array, StringArray};
use goldwire_model::record::Text;

use super::{interner::Interner, numbers::ABSENT};

/// Collects texts; a text's code is its row in the array.
#[derive(Debug)]
pub(crate) struct Pool(Interner<str>);

impl Default for Pool {
    fn default() -> Self {
        Self(Interner::of_shared())
    }
}

impl Pool {
    /// The row of `text`, or [`ABSENT`].
    pub(crate) fn code(&mut self, text: Option<&Text>) -> u64 {
        text.map_or(ABSENT, |text| u64::from(self.0.intern(text).0) - 1)
    }

    /// The texts in the order of their codes.
    pub(crate) fn seal(self) -> StringArray {
        StringArray::from_iter_values(self.0.values())
    }
}

/// The text of a code that [`Pool::code`] gave.
pub(crate) fn pool_text(pool: &StringArray, code: u64) -> Option<&str> {
    usize::try_from(code).ok().filter(|row| *row < pool.len()).map(|row| pool.value(row))
}
