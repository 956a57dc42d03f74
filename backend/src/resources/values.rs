//! `values`: distinct values of a field, for completion and variables.

use std::sync::Arc;

use goldwire_answer::table::Finished;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Request, ResourceError, Response};
use crate::{
    answer::{self, Failure},
    clock,
    metrics::Metrics,
    nodes::Instance,
    question::{self, Panel},
};

/// Where no range is given, the last hour.
const DEFAULT_RANGE: i64 = 3_600_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    field: String,
    prefix: String,
    limit: Option<u64>,
    filter: String,
    /// A dashboard's, of which those that have nothing to do with the field are left out.
    ad_hoc: Vec<String>,
    from: Option<i64>,
    to: Option<i64>,
}

pub(super) async fn answer(
    instance: &Arc<Instance>,
    metrics: &Metrics,
    request: &Request,
) -> Result<Response, ResourceError> {
    let asked = match request.method.as_str() {
        "POST" => serde_json::from_slice(&request.body)?,
        _ => Asked::read(&request.parameters)?,
    };
    let query = asked.query();
    let panel = Panel { ref_id: "values".to_owned(), ..Panel::default() };
    let question =
        question::read(query.to_string().as_bytes(), &panel, &instance.settings.enforced).map_err(Failure::from)?;
    let answer = answer::answer(instance, metrics, question.query).await?;
    let values = match &answer.body {
        Finished::Values(values) => values.as_slice(),
        _ => &[],
    };
    Ok(Response::json(200, &json!({ "values": values, "coverage": answer.coverage })))
}

impl Asked {
    fn read(parameters: &[(String, String)]) -> Result<Self, ResourceError> {
        let mut asked = Self::default();
        for (name, value) in parameters {
            match name.as_str() {
                "field" => asked.field.clone_from(value),
                "prefix" => asked.prefix.clone_from(value),
                "filter" => asked.filter.clone_from(value),
                "adHoc" => asked.ad_hoc.push(value.clone()),
                "limit" => asked.limit = Some(number(name, value)?),
                "from" => asked.from = Some(number(name, value)?),
                "to" => asked.to = Some(number(name, value)?),
                other => return Err(ResourceError::Parameter(format!("there is no parameter `{other}`"))),
            }
        }
        Ok(asked)
    }

    fn query(&self) -> Value {
        let to = self.to.unwrap_or_else(clock::now_millis);
        let mut query = json!({
            "queryType": "values",
            "field": self.field,
            "prefix": self.prefix,
            "filter": self.filter,
            "adHoc": self.ad_hoc,
            "from": self.from.unwrap_or(to - DEFAULT_RANGE),
            "to": to,
        });
        if let Some(limit) = self.limit {
            query["limit"] = limit.into();
        }
        query
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, ResourceError> {
    value.parse().map_err(|_| ResourceError::Parameter(format!("{name}: `{value}` is no number")))
}
