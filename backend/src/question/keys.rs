//! Keys of a query's JSON: Grafana's are dropped, ours must be ready to be read.

use goldwire_model::{
    filter::{template_variable, variable_in_filter},
    query::{QueryError, is_like_own_key},
};
use serde_json::{Map, Value};

use super::ad_hoc;

/// What Grafana adds to queries and what is like one of our keys. Others that it adds are dropped without being known here.
const GRAFANA_KEYS: [&str; 2] = ["refId", "key"];

/// Values that are data: a dollar sign in them is one.
const DATA: [&str; 2] = ["where", "prefix"];

/// Drops what is not ours. A key that is nearly one of ours stays, and is refused with the name that was meant.
pub(super) fn drop_foreign(keys: &mut Map<String, Value>) {
    // A query saved before it was edited has keys that are null.
    keys.retain(|key, value| {
        let ours = is_like_own_key(key) || key == ad_hoc::KEY;
        ours && !GRAFANA_KEYS.contains(&key.as_str()) && !value.is_null()
    });
}

/// Refuses template variables that nobody filled in: alert rules are run without a dashboard that would.
pub(super) fn refuse_variables(keys: &Map<String, Value>) -> Result<(), QueryError> {
    for (key, value) in keys.iter().filter(|(key, _)| !DATA.contains(&key.as_str())) {
        let is_filter = key == "filter" || key == ad_hoc::KEY;
        let found = texts(value).find_map(|text| {
            if is_filter { variable_in_filter(text) } else { template_variable(text).map(str::to_owned) }
        });
        if let Some(variable) = found {
            return Err(QueryError::Variable { key: key.clone(), variable });
        }
    }
    Ok(())
}

/// The texts of a value: itself, or those of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}
