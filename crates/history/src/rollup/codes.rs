//! From the codes of an open chunk to those of a registry, remembered while both last.

/// One list a column: the registry's code by the chunk's code.
#[derive(Debug, Default)]
pub(crate) struct CodeMap {
    columns: Vec<Vec<u16>>,
    generation: u64,
}

/// Not asked for yet. The registry gives no such code.
const UNSEEN: u16 = u16::MAX - 1;

impl CodeMap {
    pub(crate) fn new(columns: usize) -> Self {
        Self { columns: vec![Vec::new(); columns], generation: 0 }
    }

    /// Forgets everything where the registry has begun a new generation.
    #[inline]
    pub(crate) fn follow(&mut self, generation: u64) {
        if self.generation != generation {
            self.generation = generation;
            self.clear();
        }
    }

    /// Forgets everything: the chunk's codes begin anew.
    pub(crate) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
    }

    /// The registry's code for the chunk's `code` in `column`; `find` is asked once.
    #[inline]
    pub(crate) fn get(&mut self, column: usize, code: u16, find: impl FnOnce() -> u16) -> u16 {
        let codes = &mut self.columns[column];
        let at = usize::from(code);
        if at >= codes.len() {
            codes.resize(at + 1, UNSEEN);
        }
        if codes[at] == UNSEEN {
            codes[at] = find();
        }
        codes[at]
    }
}
