//! The log, in the form that Grafana reads from stderr.

use grafana_plugin_sdk::backend;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Never logged, whatever `RUST_LOG` says: at their most talkative these print whole requests, and a request has the
/// data source's secrets in it.
const SILENCED: [&str; 3] = ["grafana_plugin_sdk=off", "tonic=info", "h2=info"];

/// Starts it. `RUST_LOG` says how much of it there is; without it, what an operator must know.
pub(super) fn start() {
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = SILENCED.iter().filter_map(|directive| directive.parse().ok()).fold(asked, EnvFilter::add_directive);
    tracing_subscriber::registry().with(backend::layer()).with(filter).init();
}
