//! A query's JSON object, read key by key.

use serde_json::{Map, Value};

use super::{QueryError, keys::QueryType};
use crate::{field::Field, limits, suggest::nearest};

/// The object after its keys were checked. A value of `null` counts as absent: editors send it for what was cleared.
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// Refuses keys that a query of this type does not have.
    pub(super) fn checked(map: Map<String, Value>) -> Result<(Self, QueryType), QueryError> {
        let query_type = read_type(&map)?;
        match map.keys().find(|key| !query_type.keys().any(|known| known == key.as_str())) {
            None => Ok((Self(map), query_type)),
            Some(key) => Err(QueryError::UnknownKey {
                key: key.clone(),
                query_type: query_type.name(),
                of: QueryType::with_key(key),
                suggestion: nearest(key, query_type.keys()),
            }),
        }
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, key: &'static str) -> Result<Option<&str>, QueryError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(QueryError::WrongValue { key, expected: "a text" }),
        }
    }

    pub(super) fn flag(&self, key: &'static str) -> Result<bool, QueryError> {
        match self.get(key) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or(QueryError::WrongValue { key, expected: "true or false" }),
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn integer(&self, key: &'static str, least: i64, most: i64) -> Result<Option<i64>, QueryError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = whole(value).ok_or(QueryError::WrongValue { key, expected: "a whole number" })?;
        if (least..=most).contains(&number) {
            Ok(Some(number))
        } else {
            Err(QueryError::OutOfRange { key, least, most })
        }
    }

    pub(super) fn limit(&self, default: usize, most: i64) -> Result<usize, QueryError> {
        let limit = self.integer("limit", 1, most)?;
        Ok(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(default))
    }

    /// A list of texts; one text stands for a list of it.
    pub(super) fn texts(&self, key: &'static str) -> Result<Vec<&str>, QueryError> {
        let wrong = QueryError::WrongValue { key, expected: "a list of texts" };
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(values)) => {
                values.iter().map(|value| value.as_str().ok_or_else(|| wrong.clone())).collect()
            }
            Some(_) => Err(wrong),
        }
    }

    /// A list of fields, none twice and not too many.
    pub(super) fn fields(&self, key: &'static str, most: usize) -> Result<Vec<Field>, QueryError> {
        let names = self.texts(key)?;
        refuse_many(key, names.len(), most)?;
        let fields: Vec<Field> = names.into_iter().map(|name| read_field(key, name)).collect::<Result<_, _>>()?;
        refuse_twice(key, &fields)?;
        Ok(fields)
    }

    /// The same, where keys of labels may be asked for ([`Field::is_label_keys`]).
    pub(super) fn fields_or_label_keys(&self, key: &'static str, most: usize) -> Result<Vec<Field>, QueryError> {
        let names = self.texts(key)?;
        refuse_many(key, names.len(), most)?;
        let read =
            |name| Field::parse_with_label_keys(name).map_err(|unknown| QueryError::UnknownField { key, unknown });
        let fields: Vec<Field> = names.into_iter().map(read).collect::<Result<_, _>>()?;
        refuse_twice(key, &fields)?;
        Ok(fields)
    }

    /// `orderBy`: texts such as `-latency`, or objects such as `{"field": "latency", "desc": true}`.
    pub(super) fn orders(&self) -> Result<Vec<(&str, bool)>, QueryError> {
        match self.get("orderBy") {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => {
                refuse_many("orderBy", values.len(), limits::ORDER_BY)?;
                values.iter().map(read_order).collect()
            }
            Some(one) => Ok(vec![read_order(one)?]),
        }
    }

    /// A value that is a text or a number.
    pub(super) fn raw(&self, key: &str) -> Option<&Value> {
        self.get(key)
    }
}

fn read_type(map: &Map<String, Value>) -> Result<QueryType, QueryError> {
    let value = map.get("queryType").filter(|value| !value.is_null()).ok_or(QueryError::MissingKey("queryType"))?;
    let name = value.as_str().ok_or(QueryError::WrongValue { key: "queryType", expected: "a text" })?;
    QueryType::from_name(name).ok_or_else(|| QueryError::UnknownQueryType {
        name: name.to_owned(),
        suggestion: nearest(name, QueryType::ALL.map(QueryType::name)),
    })
}

/// JSON has one kind of number: `5.0` is whole.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        // Up to 2^53, where f64 has every whole number.
        #[expect(clippy::cast_possible_truncation, reason = "whole and far within i64")]
        let whole = (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64);
        whole
    })
}

fn read_order(value: &Value) -> Result<(&str, bool), QueryError> {
    let wrong = QueryError::WrongValue {
        key: "orderBy",
        expected: "a list of texts such as \"-latency\" or of objects such as {\"field\": \"latency\", \"desc\": true}",
    };
    match value {
        Value::String(text) => Ok(text.strip_prefix('-').map_or((text, false), |name| (name, true))),
        Value::Object(object) => {
            let known = object.keys().all(|key| matches!(key.as_str(), "field" | "desc"));
            let name = object.get("field").and_then(Value::as_str);
            let descending = object.get("desc").map_or(Some(false), Value::as_bool);
            match (known, name, descending) {
                (true, Some(name), Some(descending)) => Ok((name, descending)),
                _ => Err(wrong),
            }
        }
        _ => Err(wrong),
    }
}

pub(super) fn read_field(key: &'static str, name: &str) -> Result<Field, QueryError> {
    Field::parse(name).map_err(|unknown| QueryError::UnknownField { key, unknown })
}

pub(super) const fn refuse_many(key: &'static str, values: usize, most: usize) -> Result<(), QueryError> {
    if values > most { Err(QueryError::TooMany { key, values, most }) } else { Ok(()) }
}

pub(super) fn refuse_twice<T: PartialEq + ToString>(key: &'static str, values: &[T]) -> Result<(), QueryError> {
    let twice = values.iter().enumerate().find(|(place, value)| values[..*place].contains(value));
    match twice {
        None => Ok(()),
        Some((_, value)) => Err(QueryError::Twice { key, value: value.to_string() }),
    }
}
