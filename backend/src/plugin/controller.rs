//! How Grafana asks the plugin to stop.

use std::sync::Arc;

use tokio::sync::Notify;
use tonic_0_12::Status;

use super::{definitions::Empty, unary::Unary};

/// `plugin.GRPCController`: wakes all who wait for the end.
#[derive(Clone)]
pub(super) struct Controller(pub(super) Arc<Notify>);

impl Unary for Controller {
    const SERVICE: &'static str = "plugin.GRPCController";
    const PATH: &'static str = "/plugin.GRPCController/Shutdown";
    type Request = Empty;
    type Response = Empty;

    async fn answer(&self, Empty {}: Empty) -> Result<Empty, Status> {
        self.0.notify_waiters();
        Ok(Empty {})
    }
}
