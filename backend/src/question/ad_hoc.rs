//! A dashboard's ad hoc filters, which are meant for all of its panels, whatever each of them asks.

use goldwire_model::{
    filter::Filter,
    query::{Query, QueryError},
};
use serde_json::{Map, Value};

/// A list of filters. The frontend keeps them apart from the query's own filter, for here it is known what each table has.
pub(super) const KEY: &str = "adHoc";

const FORM: QueryError = QueryError::WrongValue { key: KEY, expected: "a list of filters" };

/// Takes them out of a query's keys.
pub(super) fn take(keys: &mut Map<String, Value>) -> Result<Vec<Filter>, QueryError> {
    match keys.remove(KEY) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|one| Ok(Filter::parse(one.as_str().ok_or(FORM)?)?)).collect(),
        Some(_) => Err(FORM),
    }
}

/// Adds those that records of the query's tables can be asked for, and says which were left out.
pub(super) fn add(query: &mut Query, filters: Vec<Filter>) -> Vec<String> {
    let left_out = filters.into_iter().filter_map(|filter| {
        let text = filter.to_string();
        let error = query.add_condition(filter).err()?;
        Some(format!("The ad hoc filter `{text}` is left out here: {}", reason(&error)))
    });
    left_out.collect()
}

/// Without the key, which the reader did not write.
fn reason(error: &QueryError) -> String {
    match error {
        QueryError::NotInTable { missing, .. } => missing.to_string(),
        other => other.to_string(),
    }
}
