//! "Save & test", and the plugin's own metrics.

use grafana_plugin_sdk::pluginv2::{
    CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest, CollectMetricsResponse,
    check_health_response::HealthStatus, collect_metrics_response::Payload, diagnostics_server::Diagnostics,
};
use tonic_0_12::{Request, Response, Status};

use super::Door;
use crate::health;

#[tonic_0_12::async_trait]
impl Diagnostics for Door {
    async fn check_health(
        &self,
        request: Request<CheckHealthRequest>,
    ) -> Result<Response<CheckHealthResponse>, Status> {
        let instance = match self.instance(request.into_inner().plugin_context) {
            Ok(instance) => instance,
            Err(error) => return Ok(Response::new(report(false, error.to_string(), Vec::new()))),
        };
        let health = health::health(&health::ask_all(&instance, &self.0.metrics).await);
        let details = serde_json::to_vec(&health).unwrap_or_default();
        Ok(Response::new(report(health.ok, health.message, details)))
    }

    async fn collect_metrics(
        &self,
        _: Request<CollectMetricsRequest>,
    ) -> Result<Response<CollectMetricsResponse>, Status> {
        let prometheus = self.0.metrics.prometheus().into_bytes();
        Ok(Response::new(CollectMetricsResponse { metrics: Some(Payload { prometheus }) }))
    }
}

fn report(ok: bool, message: String, json_details: Vec<u8>) -> CheckHealthResponse {
    let status = if ok { HealthStatus::Ok } else { HealthStatus::Error };
    CheckHealthResponse { status: status.into(), message, json_details }
}
