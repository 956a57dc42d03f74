//! What goes with every call: the data source's settings and the user who asks.

use std::collections::{BTreeMap, HashMap};

use grafana_plugin_sdk::pluginv2;
use serde_json::{Value, json};

/// The settings of one data source instance, as Grafana sends them with every call.
///
/// A plugin notices a change of settings by a new `updated_ms`.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSource {
    /// Grafana's own number for it.
    pub id: i64,
    /// The id by which queries and live channels name it.
    pub uid: String,
    /// The name that users see.
    pub name: String,
    /// The address field, which this plugin does not use.
    pub url: String,
    /// The open settings: a JSON object.
    pub json_data: Value,
    /// The secret settings, decrypted.
    pub secure_json_data: BTreeMap<String, String>,
    /// When the settings last changed, in milliseconds since the epoch.
    pub updated_ms: i64,
}

impl DataSource {
    /// A data source whose open settings are `json_data` and which has no secrets.
    pub fn new(json_data: Value) -> Self {
        Self {
            id: 1,
            uid: "goldwire".into(),
            name: "Goldwire".into(),
            url: String::new(),
            json_data,
            secure_json_data: BTreeMap::new(),
            updated_ms: 1,
        }
    }

    /// A data source that asks these nodes, each `host:port`, with no TLS and no token.
    pub fn with_nodes<S: AsRef<str>>(nodes: &[S]) -> Self {
        let nodes: Vec<&str> = nodes.iter().map(AsRef::as_ref).collect();
        Self::new(json!({ "nodes": nodes }))
    }

    /// Adds a secret, such as `token`.
    #[must_use]
    pub fn with_secret(mut self, key: &str, value: &str) -> Self {
        self.secure_json_data.insert(key.to_owned(), value.to_owned());
        self
    }

    fn to_message(&self) -> pluginv2::DataSourceInstanceSettings {
        pluginv2::DataSourceInstanceSettings {
            id: self.id,
            uid: self.uid.clone(),
            name: self.name.clone(),
            url: self.url.clone(),
            json_data: self.json_data.to_string().into_bytes(),
            decrypted_secure_json_data: self.secure_json_data.clone().into_iter().collect(),
            last_updated_ms: self.updated_ms,
            ..Default::default()
        }
    }
}

/// The signed-in user of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub login: String,
    /// `Admin`, `Editor`, `Viewer` or `None`; may be empty.
    pub role: String,
}

impl Default for User {
    fn default() -> Self {
        Self { login: "admin".into(), role: "Admin".into() }
    }
}

impl User {
    fn to_message(&self) -> pluginv2::User {
        pluginv2::User {
            login: self.login.clone(),
            name: self.login.clone(),
            email: format!("{}@localhost", self.login),
            role: self.role.clone(),
        }
    }
}

/// The context of one call. No user means that Grafana itself asks, as alerting does.
pub(super) fn context(
    plugin_id: &str,
    user: Option<&User>,
    data_source: Option<&DataSource>,
) -> pluginv2::PluginContext {
    pluginv2::PluginContext {
        org_id: 1,
        plugin_id: plugin_id.to_owned(),
        user: user.map(User::to_message),
        app_instance_settings: None,
        data_source_instance_settings: data_source.map(DataSource::to_message),
    }
}

/// Headers in the form of resource calls, where each may have several values.
pub(super) fn header_lists(headers: &[(String, String)]) -> HashMap<String, pluginv2::StringList> {
    let mut lists: HashMap<String, pluginv2::StringList> = HashMap::new();
    for (name, value) in headers {
        lists.entry(name.clone()).or_default().values.push(value.clone());
    }
    lists
}
