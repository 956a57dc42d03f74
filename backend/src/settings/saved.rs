//! `jsonData`, key by key: files of provisioning are written by hand.

use std::time::Duration;

use goldwire_model::suggest::nearest;
use serde_json::{Map, Value};

use super::{LONGEST_TIMEOUT_SECONDS, SettingsError};

const KEYS: [&str; 10] = [
    "nodes",
    "nodesDns",
    "nodesPort",
    "timeoutSeconds",
    "enforcedFilter",
    "traceDatasourceUid",
    "tlsAuth",
    "tlsAuthWithCACert",
    "tlsSkipVerify",
    "serverName",
];

/// Settings of the right types and ranges; what they mean together is for [`super::Settings`].
pub(super) struct Saved {
    pub(super) nodes: Vec<String>,
    pub(super) nodes_dns: String,
    pub(super) nodes_port: Option<u16>,
    pub(super) timeout: Option<Duration>,
    pub(super) enforced_filter: String,
    pub(super) trace_datasource_uid: String,
    pub(super) tls_auth: bool,
    pub(super) tls_auth_with_ca_cert: bool,
    pub(super) tls_skip_verify: bool,
    pub(super) server_name: String,
}

impl Saved {
    pub(super) fn read(json: &[u8]) -> Result<Self, SettingsError> {
        let keys = match json {
            [] => Map::new(),
            json => serde_json::from_slice(json).map_err(|_| SettingsError::Unreadable)?,
        };
        let keys = Keys(keys);
        keys.refuse_slips()?;
        Ok(Self {
            nodes: keys.read("nodes", "a list of host:port, such as [\"node-a:4270\"]", texts)?.unwrap_or_default(),
            nodes_dns: keys.text("nodesDns")?,
            nodes_port: keys.read("nodesPort", "a port, a number from 1 to 65535 without quotes", port)?,
            timeout: keys.read("timeoutSeconds", "seconds, a number up to 300 without quotes", seconds)?,
            enforced_filter: keys.text("enforcedFilter")?,
            trace_datasource_uid: keys.text("traceDatasourceUid")?,
            tls_auth: keys.flag("tlsAuth")?,
            tls_auth_with_ca_cert: keys.flag("tlsAuthWithCACert")?,
            tls_skip_verify: keys.flag("tlsSkipVerify")?,
            server_name: keys.text("serverName")?,
        })
    }
}

struct Keys(Map<String, Value>);

impl Keys {
    /// Grafana and people keep other things there too, but a slip of the pen must not leave a filter unenforced.
    fn refuse_slips(&self) -> Result<(), SettingsError> {
        for key in self.0.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let lower = KEYS.map(str::to_lowercase);
            let near = nearest(&key.to_lowercase(), &lower);
            let meant = near.and_then(|near| KEYS.into_iter().find(|key| key.to_lowercase() == near));
            if let Some(meant) = meant {
                return Err(SettingsError::Unknown { key: key.clone(), meant: meant.to_owned() });
            }
        }
        Ok(())
    }

    /// `null` is what the configuration page leaves of a setting that was cleared.
    fn read<T>(
        &self,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = self.0.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
        let wrong = || SettingsError::Value { key, value: value.to_string(), expected };
        read(value).map(Some).ok_or_else(wrong)
    }

    fn text(&self, key: &'static str) -> Result<String, SettingsError> {
        Ok(self.read(key, "a text", |value| value.as_str().map(str::to_owned))?.unwrap_or_default())
    }

    fn flag(&self, key: &'static str) -> Result<bool, SettingsError> {
        Ok(self.read(key, "true or false without quotes", Value::as_bool)?.unwrap_or_default())
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn port(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0)
}

fn seconds(value: &Value) -> Option<Duration> {
    let seconds = value.as_f64().filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_TIMEOUT_SECONDS)?;
    Duration::try_from_secs_f64(seconds).ok()
}
