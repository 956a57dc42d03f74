//! Mergeable state by group: [`Groups`] as record batches.
//!
//! Columns, in this order:
//!
//! * `step`: start of the step (timestamp, milliseconds). Absent where the query has no steps.
//! * `key:<field>`: one a key, text; null is "not known on this node".
//! * `pair.by_client` (boolean), `pair.source`, `pair.destination`, `pair.transport`: all four null where the row's
//!   both ends are known. Absent where no row has a pair.
//! * `pair.links`: see [`links`](super::links). Absent where nothing is known of any pair's connections.
//! * `state:<number>:<part>`: see [`states`](super::states).

use std::{collections::HashSet, ops::Range, sync::Arc};

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, TimestampMillisecondArray, cast::AsArray};
use arrow_schema::{ArrowError, DataType, Field as ArrowField, Schema, SchemaRef};
use goldwire_answer::groups::{Groups, KeyColumn, Pair};

use super::{
    columns::{MILLISECONDS, append_text, dictionary, dictionary_type, milliseconds, named},
    kind::Kind,
    links, states,
};
use crate::decode::DecodeError;

const STEP: &str = "step";
const KEY: &str = "key:";
const PAIR_BY_CLIENT: &str = "pair.by_client";
const PAIR_TEXTS: [&str; 3] = ["pair.source", "pair.destination", "pair.transport"];

/// The schema that these groups are sent with.
pub(crate) fn schema(groups: &Groups) -> SchemaRef {
    let mut fields = Vec::new();
    if !groups.steps.is_empty() {
        fields.push(ArrowField::new(STEP, MILLISECONDS, false));
    }
    for key in &groups.keys {
        fields.push(ArrowField::new(format!("{KEY}{}", key.field.name()), dictionary_type(), true));
    }
    if !groups.pairs.is_empty() {
        fields.push(ArrowField::new(PAIR_BY_CLIENT, DataType::Boolean, true));
        fields.extend(PAIR_TEXTS.map(|name| ArrowField::new(name, dictionary_type(), true)));
        fields.extend(links::field(groups));
    }
    for (number, column) in groups.states.iter().enumerate() {
        fields.extend(states::fields(number, column));
    }
    Kind::Groups.schema(fields)
}

/// How many rows there are.
pub(crate) fn len(groups: &Groups) -> usize {
    let keys = groups.keys.first().map(|key| key.values.len());
    let states = groups.states.first().map(states::len);
    keys.or(states).unwrap_or(groups.steps.len())
}

/// Some of the rows as a batch.
pub(crate) fn batch(groups: &Groups, schema: &SchemaRef, rows: Range<usize>) -> Result<RecordBatch, ArrowError> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    if !groups.steps.is_empty() {
        arrays.push(Arc::new(TimestampMillisecondArray::from(groups.steps[rows.clone()].to_vec())));
    }
    for key in &groups.keys {
        arrays.push(Arc::new(dictionary(&key.values[rows.clone()])));
    }
    if !groups.pairs.is_empty() {
        arrays.extend(pair_arrays(&groups.pairs[rows.clone()]));
        if !groups.links.is_empty() {
            arrays.push(Arc::new(links::array(&groups.links, &groups.pairs[rows.clone()])));
        }
    }
    for column in &groups.states {
        arrays.extend(states::arrays(column, rows.clone()));
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
}

fn pair_arrays(pairs: &[Option<Arc<Pair>>]) -> [ArrayRef; 4] {
    let by_client: BooleanArray = pairs.iter().map(|pair| pair.as_ref().map(|pair| pair.by_client)).collect();
    let text = |of: fn(&Pair) -> &Arc<str>| -> ArrayRef {
        let values: Vec<Option<Arc<str>>> =
            pairs.iter().map(|pair| pair.as_ref().map(|pair| Arc::clone(of(pair)))).collect();
        Arc::new(dictionary(&values))
    };
    [Arc::new(by_client), text(|pair| &pair.source), text(|pair| &pair.destination), text(|pair| &pair.transport)]
}

/// Reads batches of [`Kind::Groups`].
///
/// # Errors
/// Where a column is missing, unknown or not of its type.
pub fn decode(schema: &Schema, batches: &[RecordBatch]) -> Result<Groups, DecodeError> {
    let mut groups = announced(schema)?;
    let has_pairs = schema.column_with_name(PAIR_BY_CLIENT).is_some();
    let has_steps = schema.column_with_name(STEP).is_some();
    let mut told = HashSet::new();
    for batch in batches {
        if has_steps {
            groups.steps.extend_from_slice(milliseconds(batch, STEP)?);
        }
        for key in &mut groups.keys {
            let name = format!("{KEY}{}", key.field.name());
            append_text(&mut key.values, named(batch, &name)?, &name)?;
        }
        if has_pairs {
            let before = groups.pairs.len();
            append_pairs(&mut groups.pairs, batch)?;
            links::append(&mut groups.links, &mut told, batch, &groups.pairs[before..])?;
        }
        for (number, column) in groups.states.iter_mut().enumerate() {
            states::append(column, number, batch)?;
        }
    }
    Ok(groups)
}

/// Empty groups with the keys and states that the schema announces.
fn announced(schema: &Schema) -> Result<Groups, DecodeError> {
    let mut keys = Vec::new();
    let mut states = Vec::new();
    for field in schema.fields() {
        let name = field.name();
        if let Some(key) = name.strip_prefix(KEY) {
            let field = key.parse().map_err(|_| DecodeError::Column {
                column: name.clone(),
                reason: "is of a field that this version does not know".to_owned(),
            })?;
            keys.push(KeyColumn { field, values: Vec::new() });
        } else if let Some(column) = states::announced(states.len(), name)? {
            states.push(column);
        }
    }
    Ok(Groups { steps: Vec::new(), keys, pairs: Vec::new(), links: Vec::new(), states })
}

fn append_pairs(pairs: &mut Vec<Option<Arc<Pair>>>, batch: &RecordBatch) -> Result<(), DecodeError> {
    let by_client = named(batch, PAIR_BY_CLIENT)?
        .as_boolean_opt()
        .ok_or_else(|| DecodeError::column(PAIR_BY_CLIENT, "booleans"))?;
    let mut texts: [Vec<Option<Arc<str>>>; 3] = Default::default();
    for (values, name) in texts.iter_mut().zip(PAIR_TEXTS) {
        append_text(values, named(batch, name)?, name)?;
    }
    let [sources, destinations, transports] = texts;
    let ends = sources.into_iter().zip(destinations).zip(transports);
    let read = by_client.iter().zip(ends).map(|(by_client, ((source, destination), transport))| {
        Some(Pair { by_client: by_client?, source: source?, destination: destination?, transport: transport? })
    });
    let mut shared: HashSet<Arc<Pair>> = HashSet::new();
    pairs.extend(read.map(|pair| {
        let pair = pair?;
        if let Some(shared) = shared.get(&pair) {
            return Some(Arc::clone(shared));
        }
        let pair = Arc::new(pair);
        shared.insert(Arc::clone(&pair));
        Some(pair)
    }));
    Ok(())
}

/// Roughly what a row takes on the wire, in bytes.
pub(crate) fn weight(groups: &Groups, row: usize) -> usize {
    const KEYS_AND_NUMBERS: usize = 64;
    KEYS_AND_NUMBERS + groups.states.iter().map(|column| states::weight(column, row)).sum::<usize>()
}
