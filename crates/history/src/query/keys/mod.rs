//! Group keys as small numbers: every text once, every combination of keys once.

mod combinations;
mod texts;

use std::hash::{BuildHasher, Hash};

use rustc_hash::FxBuildHasher;

pub(crate) use combinations::{COMBINATION_BYTES, Combinations, GROUP_BYTES};
pub(crate) use texts::KeyTexts;

/// Id of "not known on this node".
pub(crate) const UNKNOWN_KEY: u32 = 0;
/// Id of a value that its end certainly does not have: the empty text.
const EMPTY_KEY: u32 = 1;
/// Id of what was counted together.
pub(crate) const OTHER_KEY: u32 = 2;
/// Id of a value for which there is no room: a group that has it is counted under `other`.
pub(crate) const FOLDED_KEY: u32 = 3;
/// Ids of values, and of pairs, begin here.
pub(crate) const FIRST_KEY: u32 = 4;
/// Id of "no pair".
pub(crate) const NO_PAIR: u32 = 0;
const UNSEEN: u32 = u32::MAX;

fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    FxBuildHasher.hash_one(value)
}

#[cfg(test)]
fn room(bytes: usize) -> super::room::Room {
    let memory = crate::allowance::QueryMemory::new(bytes, 2 * bytes);
    super::room::Room::new(memory.begin().expect("room"), crate::cancel::Cancel::default(), 1)
}
