//! The data sources that were set up, with their secrets, which never leave the server.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use crate::plugin_host::DataSource;

/// What a client sends to add or to save a data source; also the form of a file of settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// The name that users see.
    pub name: String,
    /// The plugin's id; may be absent in a file.
    #[serde(rename = "type")]
    pub plugin_id: String,
    /// The id by which queries name it; made up when empty.
    pub uid: String,
    /// The address field.
    pub url: String,
    /// The open settings.
    pub json_data: Map<String, Value>,
    /// The secrets to set; an empty one is forgotten, one that is not here is kept.
    pub secure_json_data: BTreeMap<String, String>,
}

/// A data source and how often it was saved.
#[derive(Debug, Clone)]
struct Stored {
    source: DataSource,
    plugin_id: String,
    version: u64,
}

/// All data sources, by uid.
#[derive(Debug, Default)]
pub(super) struct DataSources {
    stored: RwLock<BTreeMap<String, Stored>>,
}

impl DataSources {
    /// Adds a data source and gives what a client may see of it.
    pub(super) fn add(&self, settings: Settings) -> Result<Value, ApiError> {
        let mut stored = self.write();
        check_name(&stored, &settings.name, "")?;
        let id = stored.values().map(|known| known.source.id).max().unwrap_or_default() + 1;
        let uid = if settings.uid.is_empty() { format!("goldwire-{id}") } else { settings.uid.clone() };
        if stored.contains_key(&uid) {
            return Err(ApiError::Conflict(format!("a data source with the uid {uid:?} is there already")));
        }
        let source = DataSource { id, uid: uid.clone(), updated_ms: 0, ..DataSource::new(json!({})) };
        let mut added = Stored { source, plugin_id: settings.plugin_id.clone(), version: 0 };
        added.save(settings);
        let view = added.view();
        stored.insert(uid, added);
        Ok(view)
    }

    /// Saves changed settings; secrets that the client does not send are kept.
    pub(super) fn save(&self, uid: &str, settings: Settings) -> Result<Value, ApiError> {
        let mut stored = self.write();
        check_name(&stored, &settings.name, uid)?;
        let known = stored.get_mut(uid).ok_or_else(|| not_found(uid))?;
        known.save(settings);
        Ok(known.view())
    }

    pub(super) fn remove(&self, uid: &str) -> Result<(), ApiError> {
        self.write().remove(uid).map(drop).ok_or_else(|| not_found(uid))
    }

    /// The settings with their secrets, for the plugin only.
    pub(super) fn decrypted(&self, uid: &str) -> Result<DataSource, ApiError> {
        self.read().get(uid).map(|known| known.source.clone()).ok_or_else(|| not_found(uid))
    }

    /// What a client may see of one.
    pub(super) fn view(&self, uid: &str) -> Result<Value, ApiError> {
        self.read().get(uid).map(Stored::view).ok_or_else(|| not_found(uid))
    }

    /// What a client may see of all.
    pub(super) fn views(&self) -> Vec<Value> {
        self.read().values().map(Stored::view).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Stored>> {
        self.stored.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Stored>> {
        self.stored.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn save(&mut self, settings: Settings) {
        let source = &mut self.source;
        source.name = settings.name;
        source.url = settings.url;
        source.json_data = settings.json_data.into();
        source.secure_json_data.extend(settings.secure_json_data);
        source.secure_json_data.retain(|_, secret| !secret.is_empty());
        // Plugins see by this number that they must build anew, so it has to grow even within a millisecond.
        source.updated_ms = now_ms().max(source.updated_ms + 1);
        self.version += 1;
    }

    fn view(&self) -> Value {
        let source = &self.source;
        let secrets: Map<String, Value> =
            source.secure_json_data.keys().map(|key| (key.clone(), Value::Bool(true))).collect();
        json!({
            "id": source.id, "uid": source.uid, "orgId": 1, "name": source.name, "type": self.plugin_id,
            "access": "proxy", "url": source.url, "user": "", "database": "", "basicAuth": false,
            "basicAuthUser": "", "withCredentials": false, "isDefault": source.id == 1, "readOnly": false,
            "jsonData": source.json_data, "secureJsonFields": secrets, "version": self.version,
        })
    }
}

fn check_name(stored: &BTreeMap<String, Stored>, name: &str, own_uid: &str) -> Result<(), ApiError> {
    if name.is_empty() {
        return Err(ApiError::BadRequest("a data source needs a name".into()));
    }
    let taken = stored.values().any(|known| known.source.name == name && known.source.uid != own_uid);
    if taken { Err(ApiError::Conflict("data source with the same name already exists".into())) } else { Ok(()) }
}

fn not_found(uid: &str) -> ApiError {
    ApiError::NotFound(format!("there is no data source {uid:?}"))
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(body: Value) -> Settings {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn secrets_stay_here_and_are_kept_until_emptied() {
        let sources = DataSources::default();
        let added = sources.add(settings(json!({"name": "g", "secureJsonData": {"token": "hush"}}))).unwrap();
        let uid = added["uid"].as_str().unwrap();
        assert!(!added.to_string().contains("hush"));
        assert_eq!(added["secureJsonFields"], json!({"token": true}));
        let before = sources.decrypted(uid).unwrap();
        sources.save(uid, settings(json!({"name": "g", "jsonData": {"nodes": ["a:1"]}}))).unwrap();
        let after = sources.decrypted(uid).unwrap();
        assert_eq!((after.secure_json_data["token"].as_str(), &after.json_data["nodes"][0]), ("hush", &json!("a:1")));
        assert!(after.updated_ms > before.updated_ms);
        sources.save(uid, settings(json!({"name": "g", "secureJsonData": {"token": ""}}))).unwrap();
        assert_eq!(sources.view(uid).unwrap()["secureJsonFields"], json!({}));
    }

    #[test]
    fn names_and_uids_are_unique() {
        let sources = DataSources::default();
        sources.add(settings(json!({"name": "a", "uid": "x"}))).unwrap();
        assert!(matches!(sources.add(settings(json!({"name": "a"}))), Err(ApiError::Conflict(_))));
        assert!(matches!(sources.add(settings(json!({"name": "b", "uid": "x"}))), Err(ApiError::Conflict(_))));
        assert!(matches!(sources.add(settings(json!({}))), Err(ApiError::BadRequest(_))));
        sources.remove("x").unwrap();
        assert!(matches!(sources.decrypted("x"), Err(ApiError::NotFound(_))));
    }
}
