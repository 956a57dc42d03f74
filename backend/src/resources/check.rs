//! `filter/check`: whether a filter can be read, and how the builder shows it.

use goldwire_model::filter::Filter;
use serde::Deserialize;
use serde_json::json;

use super::{ResourceError, Response};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    filter: String,
}

pub(super) fn answer(body: &[u8]) -> Result<Response, ResourceError> {
    let Body { filter } = serde_json::from_slice(body)?;
    Ok(match Filter::parse(&filter) {
        Ok(filter) => {
            let checked = json!({ "ok": true, "canonical": filter.to_string(), "conditions": filter.conditions() });
            Response::json(200, &checked)
        }
        Err(error) => {
            let mut wrong = json!(error);
            wrong["ok"] = false.into();
            Response::json(200, &wrong)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn check(filter: &str) -> Value {
        let body = json!({ "filter": filter }).to_string();
        serde_json::from_slice(&answer(body.as_bytes()).unwrap().body).unwrap()
    }

    #[test]
    fn a_filter_is_shown_to_the_builder() {
        let checked = check("destination.port in (53,5353) and source.pod=\"x*\"");
        assert_eq!(checked["ok"], true);
        assert_eq!(checked["conditions"][0]["operator"], "in");
        assert_eq!(checked["conditions"][0]["values"], json!(["53", "5353"]));
    }

    #[test]
    fn a_filter_that_the_builder_can_not_show_has_no_conditions() {
        assert_eq!(check("source.port = 1 or source.port = 2")["conditions"], Value::Null);
    }

    #[test]
    fn a_bad_filter_says_where_and_what_was_meant() {
        let checked = check("destination.worklod = \"x\"");
        assert_eq!(checked["ok"], false);
        assert_eq!((&checked["position"], &checked["length"]), (&json!(0), &json!(19)));
        assert_eq!(checked["suggestion"], "destination.workload");
        assert!(checked["expected"].is_array() && checked["message"].is_string());
    }
}
