//! The part of Grafana's HTTP side that a data source uses, over a real plugin process.

mod data_source_routes;
mod data_sources;
mod error;
mod files;
mod guard;
mod live;
mod plugin;
mod query;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    middleware,
    routing::{any, get, post},
};
use serde_json::{Value, json};

use self::{data_sources::DataSources, error::ApiError, plugin::Plugin};
pub use self::{data_sources::Settings, plugin::PluginError};
use crate::plugin_host::GRAFANA_VERSION;

/// Queries are small; this leaves room for a dashboard's worth of them.
const BODY_LIMIT_BYTES: usize = 4 << 20;

/// One plugin, its data sources and the page that shows them.
#[derive(Debug, Clone)]
pub struct Workbench {
    plugin: Arc<Plugin>,
    sources: Arc<DataSources>,
    page: PathBuf,
}

impl Workbench {
    /// Starts the plugin in `plugin_folder`; `page` is the folder of the built page.
    pub async fn start(plugin_folder: &Path, page: &Path) -> Result<Self, PluginError> {
        let plugin = Arc::new(Plugin::start(plugin_folder).await?);
        Ok(Self { plugin, sources: Arc::default(), page: page.to_owned() })
    }

    /// Sets up a data source, as provisioning would, and gives its uid; a name or uid that is taken is an error's text.
    pub fn provision(&self, settings: Settings) -> Result<String, String> {
        let settings = Settings { plugin_id: self.plugin.id.clone(), ..settings };
        let added = self.sources.add(settings).map_err(|error| error.to_string())?;
        Ok(added["uid"].as_str().unwrap_or_default().to_owned())
    }

    /// Ends the plugin's process as Grafana does.
    pub async fn stop(&self) {
        self.plugin.stop().await;
    }

    /// The routes, which answer to loopback names only.
    pub fn router(self) -> Router {
        let source = "/api/datasources/uid/{uid}";
        Router::new()
            .route("/api/health", get(health))
            .route("/api/plugins", get(plugins))
            .route("/api/plugins/{id}/settings", get(plugin_settings))
            .route("/api/datasources", get(data_source_routes::list).post(data_source_routes::add))
            .route(
                source,
                get(data_source_routes::view).put(data_source_routes::save).delete(data_source_routes::remove),
            )
            .route(&format!("{source}/health"), get(data_source_routes::check_health))
            .route(&format!("{source}/resources/{{*path}}"), any(data_source_routes::call_resource))
            .route("/api/ds/query", post(query::run))
            .route("/api/live/subscribe", post(live::subscribe))
            .route("/api/{*path}", any(no_such_route))
            .route("/public/plugins/{id}/{*path}", get(files::plugin_file))
            .fallback(get(files::page_file))
            .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
            .layer(middleware::from_fn(guard::loopback_only))
            .with_state(self)
    }
}

async fn health() -> Json<Value> {
    Json(json!({ "database": "ok", "version": GRAFANA_VERSION }))
}

async fn no_such_route() -> ApiError {
    ApiError::NotFound("the workbench has no such part of Grafana's API".into())
}

async fn plugins(State(bench): State<Workbench>) -> Json<Value> {
    let plugin = &bench.plugin;
    Json(json!([{ "id": plugin.id, "name": plugin.meta["name"], "type": plugin.meta["type"], "enabled": true }]))
}

/// What Grafana tells its page about a plugin: `plugin.json` and where its files are.
async fn plugin_settings(
    State(bench): State<Workbench>,
    axum::extract::Path(id): axum::extract::Path<String>,
) -> Result<Json<Value>, ApiError> {
    let plugin = &bench.plugin;
    if id != plugin.id {
        return Err(ApiError::NotFound(format!("there is no plugin {id:?}")));
    }
    let mut settings = plugin.meta.clone();
    settings["module"] = format!("public/plugins/{id}/module.js").into();
    settings["baseUrl"] = format!("public/plugins/{id}").into();
    Ok(Json(settings))
}
