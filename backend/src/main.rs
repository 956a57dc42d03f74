//! The program that Grafana starts.

use gpx_goldwire::plugin;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    plugin::serve().await
}
