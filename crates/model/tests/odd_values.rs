//! Conditions for values, by the table that the browser's tests read too: `odd_values.json`.

#![expect(clippy::unwrap_used, reason = "tests")]

use goldwire_model::{
    field::Field,
    filter::{FieldRef, Filter, Lookup, Truth, Value, variable_in_filter},
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    field: String,
    value: Option<String>,
    /// Absent where the field can never have the value.
    condition: Option<String>,
}

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("odd_values.json")).unwrap()
}

/// A record with one field at its source and its destination, or a field of its own.
struct Record<'a>(&'a str, Option<&'a str>);

impl Lookup for Record<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let name = self.0.replace("either.", "source.");
        match self.1.filter(|_| field.name() == name) {
            Some(text) => Value::Text(text.into()),
            None => Value::Absent,
        }
    }
}

fn condition(field: &str, value: Option<&str>) -> Option<Filter> {
    FieldRef::parse(field).unwrap().exactly(value)
}

#[test]
fn condition_of_an_odd_value_is_as_the_table_says() {
    for Row { field, value, condition: expected } in rows() {
        let written = condition(&field, value.as_deref()).map(|filter| filter.to_string());
        assert_eq!(written, expected, "{field} {value:?}");
    }
}

#[test]
fn condition_of_an_odd_value_finds_it_and_no_other() {
    let texts: Vec<Option<String>> =
        rows().into_iter().filter(|row| row.field == "url.path").map(|row| row.value).collect();
    for wanted in &texts {
        let written = condition("url.path", wanted.as_deref()).unwrap().to_string();
        let filter = Filter::parse(&written).unwrap();
        let is_blank = |value: &Option<String>| value.as_deref().is_none_or(str::is_empty);
        for value in &texts {
            let same = value == wanted || is_blank(value) && is_blank(wanted);
            let found = filter.matches(&Record("url.path", value.as_deref()));
            assert_eq!(found, Truth::from(same), "{written} on {value:?}");
        }
    }
}

#[test]
fn condition_of_an_odd_value_is_read_back_and_holds_no_variable() {
    for Row { field, value, .. } in rows() {
        let Some(filter) = condition(&field, value.as_deref()) else { continue };
        assert_eq!(Filter::parse(&filter.to_string()).as_ref(), Ok(&filter), "{field} {value:?}");
        assert_eq!(variable_in_filter(&filter.to_string()), None, "{field} {value:?}");
        assert_eq!(filter.matches(&Record(&field, value.as_deref().filter(|value| !value.is_empty()))), Truth::True);
    }
}

proptest! {
    #[test]
    fn condition_of_any_text_finds_exactly_it(value in "\\PC*|[\\s\\S]{0,12}|[\\\\*?$\\[\\]{}\"'nrtx245a_ ]{0,12}", other in "[\\s\\S]{0,3}") {
        let written = condition("destination.workload", Some(&value)).unwrap().to_string();
        let filter = Filter::parse(&written).unwrap();
        prop_assert_eq!(variable_in_filter(&written), None);
        let holds = |text: &str| filter.matches(&Record("destination.workload", Some(text)));
        prop_assert_eq!(holds(&value), Truth::True);
        let longer = format!("{value}{other}");
        prop_assert_eq!(holds(&longer), Truth::from(longer == value));
    }
}
