//! Data sources: one instance for each that Grafana has, rebuilt when its settings change.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;

use super::{Addresses, Pool};
use crate::settings::{Settings, SettingsError};

const MOST_INSTANCES: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// A data source within Grafana, with all that Grafana says of it. Only a call that brings the very same settings and secrets
/// is answered with what those open: neither its uid nor the time of its last change proves that a caller knows the token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InstanceKey {
    /// The organisation.
    pub org: i64,
    /// The data source's uid.
    pub uid: String,
    /// Its name, for links.
    pub name: String,
    /// The open settings, as JSON.
    pub settings: Vec<u8>,
    /// The secret ones. Never printed.
    pub secrets: BTreeMap<String, String>,
}

impl InstanceKey {
    fn is_of_same_source(&self, other: &Self) -> bool {
        (self.org, &self.uid) == (other.org, &other.uid)
    }
}

/// A data source at work.
pub struct Instance {
    /// Its uid, for links.
    pub uid: String,
    /// Its name, for links.
    pub name: String,
    /// Its settings.
    pub settings: Settings,
    /// Its connections.
    pub pool: Pool,
    /// What its DNS name had for addresses last.
    pub addresses: Addresses,
}

impl Instance {
    /// A data source of these settings; nothing is asked yet.
    #[must_use]
    pub fn new(uid: &str, name: &str, settings: Settings) -> Self {
        let pool = Pool::new(settings.connection.clone());
        Self { uid: uid.to_owned(), name: name.to_owned(), settings, pool, addresses: Addresses::default() }
    }
}

/// All data sources that were asked for lately.
pub struct Instances(Mutex<LruCache<InstanceKey, Arc<Instance>>>);

impl Default for Instances {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST_INSTANCES)))
    }
}

impl Instances {
    /// The instance of a data source. After a change of its settings it is built anew, with new connections, and the old one
    /// ends with the last call that uses it.
    ///
    /// # Errors
    /// Where the settings can't be used.
    pub fn get(&self, key: InstanceKey) -> Result<Arc<Instance>, SettingsError> {
        // An instance is only ever inserted whole, so a poisoned lock does no harm.
        let mut instances = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = instances.get(&key) {
            return Ok(Arc::clone(instance));
        }
        let settings = Settings::read(&key.settings, &key.secrets)?;
        let old: Vec<InstanceKey> =
            instances.iter().map(|(known, _)| known).filter(|known| known.is_of_same_source(&key)).cloned().collect();
        for known in old {
            instances.pop(&known);
        }
        let instance = Arc::new(Instance::new(&key.uid, &key.name, settings));
        instances.put(key, Arc::clone(&instance));
        Ok(instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(uid: &str, node: &str, token: &str) -> InstanceKey {
        InstanceKey {
            org: 1,
            uid: uid.into(),
            name: "name".into(),
            settings: format!(r#"{{"nodes": ["{node}"]}}"#).into_bytes(),
            secrets: BTreeMap::from([("token".to_owned(), token.to_owned())]),
        }
    }

    #[test]
    fn instance_lasts_until_its_settings_change() {
        let instances = Instances::default();
        let get = |key| instances.get(key).unwrap();
        let first = get(key("a", "localhost", "one"));
        assert!(Arc::ptr_eq(&first, &get(key("a", "localhost", "one"))));
        let second = get(key("a", "127.0.0.1", "one"));
        assert_eq!(second.settings.nodes[0].to_string(), "127.0.0.1:4270");
        assert!(!Arc::ptr_eq(&second, &get(key("b", "127.0.0.1", "one"))));
        // The old one is not kept.
        assert!(!Arc::ptr_eq(&first, &get(key("a", "localhost", "one"))));
    }

    #[test]
    fn instance_of_another_secret_is_another() {
        let instances = Instances::default();
        let get = |key| instances.get(key).unwrap();
        let known = get(key("a", "localhost", "right"));
        assert!(!Arc::ptr_eq(&known, &get(key("a", "localhost", "guessed"))));
        let mut without = key("a", "localhost", "");
        without.secrets.clear();
        assert!(get(without).settings.connection.token.is_none());
    }

    #[test]
    fn settings_that_can_not_be_used_replace_nothing() {
        let instances = Instances::default();
        let known = instances.get(key("a", "localhost", "one")).unwrap();
        assert!(instances.get(InstanceKey { settings: b"{}".to_vec(), ..key("a", "", "one") }).is_err());
        assert!(Arc::ptr_eq(&known, &instances.get(key("a", "localhost", "one")).unwrap()));
    }
}
