//! Resources: HTTP-like calls from the editors.

use std::collections::HashMap;

use futures::{StreamExt, stream, stream::BoxStream};
use grafana_plugin_sdk::pluginv2::{CallResourceRequest, CallResourceResponse, StringList, resource_server::Resource};
use serde_json::json;
use tonic_0_12::{Request, Response, Status};

use super::Door;
use crate::resources;

#[tonic_0_12::async_trait]
impl Resource for Door {
    type CallResourceStream = BoxStream<'static, Result<CallResourceResponse, Status>>;

    async fn call_resource(
        &self,
        request: Request<CallResourceRequest>,
    ) -> Result<Response<Self::CallResourceStream>, Status> {
        let mut call = request.into_inner();
        let response = match self.instance(call.plugin_context.take()) {
            Ok(instance) => resources::answer(&instance, &self.0.metrics, question(call)).await,
            Err(error) => {
                let body = json!({ "error": "settings", "message": error.to_string() });
                resources::Response::json(400, &body)
            }
        };
        Ok(Response::new(stream::iter([Ok(answer(response))]).boxed()))
    }
}

fn question(call: CallResourceRequest) -> resources::Request {
    let parameters = call.url.split_once('?').map_or("", |(_, parameters)| parameters);
    let parameters = parameters.split('#').next().unwrap_or_default();
    resources::Request {
        method: call.method.to_ascii_uppercase(),
        path: call.path.trim_matches('/').to_owned(),
        parameters: form_urlencoded::parse(parameters.as_bytes()).into_owned().collect(),
        body: call.body.to_vec(),
    }
}

fn answer(response: resources::Response) -> CallResourceResponse {
    let json = StringList { values: vec!["application/json".to_owned()] };
    CallResourceResponse {
        code: response.status.into(),
        headers: HashMap::from([("Content-Type".to_owned(), json)]),
        body: response.body.into(),
    }
}
