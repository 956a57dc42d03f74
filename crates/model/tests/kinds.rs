//! The browser's list of fields that are no text, which it needs before any answer of the backend.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use goldwire_model::field::{Field, Kind};

#[test]
fn browser_list_of_kinds_is_that_of_the_model() {
    let listed: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../../../frontend/src/filter/kinds.json")).unwrap();
    let kinds = Field::all().filter(|field| field.kind() != Kind::Text);
    let known: BTreeMap<String, String> =
        kinds.map(|field| (field.name().into_owned(), field.kind().name().to_owned())).collect();
    assert_eq!(listed, known);
}
