//! The key `where`: values by field, for links and programs that know values and cannot quote them.

use serde_json::{Map, Value};

use super::{QueryError, object::Object};
use crate::{
    filter::{FieldRef, Filter},
    limits::{COMPARISONS, FILTER_CHARACTERS},
};

/// How many objects the list may have. A link has two.
const MOST_ALTERNATIVES: usize = 64;

const FORM: QueryError = QueryError::WrongValue {
    key: "where",
    expected: "an object of values by field such as {\"source.port\": 80}, or a list of at most 64 such objects",
};

/// The filter that it stands for: each field has exactly its value; of several objects one must hold.
pub(super) fn read(object: &Object) -> Result<Filter, QueryError> {
    match object.raw("where") {
        None => Ok(Filter::All),
        Some(Value::Object(values)) => all_of(values),
        Some(Value::Array(list)) if !list.is_empty() && list.len() <= MOST_ALTERNATIVES => {
            let each = list.iter().map(|values| all_of(values.as_object().ok_or(FORM)?));
            Ok(Filter::any(each.collect::<Result<_, _>>()?))
        }
        Some(_) => Err(FORM),
    }
}

/// Refuses a filter that a node could not read again.
pub(super) fn refuse_too_long(filter: &Filter) -> Result<(), QueryError> {
    if filter.comparisons().len() > COMPARISONS {
        let expected = "shorter: with the filter it has more than 512 comparisons";
        return Err(QueryError::WrongValue { key: "where", expected });
    }
    if filter.to_string().chars().count() <= FILTER_CHARACTERS {
        return Ok(());
    }
    Err(QueryError::WrongValue { key: "where", expected: "shorter: with the filter it has more than 65536 characters" })
}

fn all_of(values: &Map<String, Value>) -> Result<Filter, QueryError> {
    let conditions = values.iter().map(|(field, value)| condition(field, value));
    Ok(Filter::all(conditions.collect::<Result<Vec<_>, _>>()?))
}

fn condition(name: &str, value: &Value) -> Result<Filter, QueryError> {
    let field = FieldRef::parse(name).map_err(|unknown| QueryError::UnknownField { key: "where", unknown })?;
    let text = match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => return Err(FORM),
    };
    // A cell that is empty: what Grafana shows of a number that is absent.
    let blank = text.as_deref().is_some_and(|text| field.kind() != crate::field::Kind::Text && text == "NaN");
    field.exactly(text.as_deref().filter(|_| !blank)).ok_or_else(|| QueryError::NeverHas {
        key: "where",
        field: field.to_string(),
        kind: field.kind(),
        value: text.unwrap_or_default(),
    })
}
