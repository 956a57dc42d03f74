//! What is known of the connections of pairs: a column of bytes beside the pairs, in the first row of each pair in a batch.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use arrow_array::{Array, BinaryArray, RecordBatch, builder::BinaryBuilder, cast::AsArray};
use arrow_schema::{DataType, Field as ArrowField};
use goldwire_answer::{
    groups::{Groups, Pair},
    links::Links,
};

use super::columns::named;
use crate::decode::DecodeError;

const LINKS: &str = "pair.links";
const WORD: usize = size_of::<u64>();

/// The column, where there is anything to tell.
pub(super) fn field(groups: &Groups) -> Option<ArrowField> {
    (!groups.links.is_empty()).then(|| ArrowField::new(LINKS, DataType::Binary, true))
}

/// The column of some of the rows.
pub(super) fn array(links: &[Links], pairs: &[Option<Arc<Pair>>]) -> BinaryArray {
    let mut left: HashMap<&Pair, &Links> = links.iter().map(|links| (&links.pair, links)).collect();
    let mut builder = BinaryBuilder::new();
    for pair in pairs {
        match pair.as_deref().and_then(|pair| left.remove(pair)) {
            Some(links) => builder.append_value(bytes(links)),
            None => builder.append_null(),
        }
    }
    builder.finish()
}

fn bytes(links: &Links) -> Vec<u8> {
    std::iter::once(links.up_to).chain(links.ids.iter().copied()).flat_map(u64::to_le_bytes).collect()
}

/// Reads the column of a batch, whose rows have these pairs. A pair that was told of before is not told of again.
pub(super) fn append(
    links: &mut Vec<Links>,
    told: &mut HashSet<Arc<Pair>>,
    batch: &RecordBatch,
    pairs: &[Option<Arc<Pair>>],
) -> Result<(), DecodeError> {
    if batch.column_by_name(LINKS).is_none() {
        return Ok(());
    }
    let column = named(batch, LINKS)?.as_binary_opt::<i32>().ok_or_else(|| DecodeError::column(LINKS, "bytes"))?;
    for (row, pair) in pairs.iter().enumerate() {
        let Some(pair) = pair.as_ref().filter(|_| column.is_valid(row)) else { continue };
        let read = read(column.value(row), pair).ok_or_else(|| DecodeError::column(LINKS, "whole numbers"))?;
        if told.insert(Arc::clone(pair)) {
            links.push(read);
        }
    }
    Ok(())
}

fn read(bytes: &[u8], pair: &Pair) -> Option<Links> {
    let (words, rest) = bytes.as_chunks::<WORD>();
    let (up_to, ids) = words.split_first().filter(|_| rest.is_empty())?;
    let ids = ids.iter().map(|id| u64::from_le_bytes(*id)).collect();
    Some(Links { pair: pair.clone(), ids, up_to: u64::from_le_bytes(*up_to) })
}
