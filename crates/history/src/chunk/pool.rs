//! Distinct texts of a sealed chunk in one Arrow array.

use arrow_array::{Array, StringArray};
use goldwire_model::record::Text;
use rustc_hash::FxHashMap;

use super::numbers::ABSENT;

/// Collects texts; a text's code is its row in the array.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    codes: FxHashMap<Text, u64>,
    texts: Vec<Text>,
}

impl Pool {
    /// The row of `text`, or [`ABSENT`].
    pub(crate) fn code(&mut self, text: Option<&Text>) -> u64 {
        let Some(text) = text else { return ABSENT };
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = self.texts.len() as u64;
        self.codes.insert(text.clone(), code);
        self.texts.push(text.clone());
        code
    }

    /// The texts in the order of their codes.
    pub(crate) fn seal(self) -> StringArray {
        StringArray::from_iter_values(self.texts)
    }
}

/// The text of a code that [`Pool::code`] gave.
pub(crate) fn pool_text(pool: &StringArray, code: u64) -> Option<&str> {
    usize::try_from(code).ok().filter(|row| *row < pool.len()).map(|row| pool.value(row))
}
