//! Data sources: one instance for each that Grafana has, rebuilt when its settings change.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;

use super::{Addresses, Pool};
use crate::settings::{Settings, SettingsError};

const MOST_INSTANCES: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Names a data source within Grafana.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceKey {
    /// The organisation.
    pub org: i64,
    /// The data source's uid.
    pub uid: String,
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
pub struct Instances(Mutex<LruCache<InstanceKey, (i64, Arc<Instance>)>>);

impl Default for Instances {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST_INSTANCES)))
    }
}

impl Instances {
    /// The instance of a data source. `updated` is when its settings were saved: with another value it is built anew
    /// from `settings`, and its connections are made anew.
    ///
    /// # Errors
    /// Where the new settings can't be used.
    pub fn get(
        &self,
        key: InstanceKey,
        name: &str,
        updated: i64,
        settings: impl FnOnce() -> Result<Settings, SettingsError>,
    ) -> Result<Arc<Instance>, SettingsError> {
        // An instance is only ever inserted whole, so a poisoned lock does no harm.
        let mut instances = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, instance)) = instances.get(&key)
            && *of == updated
        {
            return Ok(Arc::clone(instance));
        }
        let instance = Arc::new(Instance::new(&key.uid, name, settings()?));
        instances.put(key, (updated, Arc::clone(&instance)));
        Ok(instance)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn an_instance_lasts_until_its_settings_change() {
        let instances = Instances::default();
        let key = |uid: &str| InstanceKey { org: 1, uid: uid.into() };
        let get = |uid, updated, node: &str| {
            let json = format!(r#"{{"nodes": ["{node}"]}}"#);
            instances.get(key(uid), "name", updated, || Settings::read(json.as_bytes(), &HashMap::new())).unwrap()
        };
        let first = get("a", 1, "one");
        assert!(Arc::ptr_eq(&first, &get("a", 1, "two")));
        let second = get("a", 2, "two");
        assert_eq!(second.settings.nodes[0].to_string(), "two:4270");
        assert!(!Arc::ptr_eq(&second, &get("b", 2, "two")));
    }

    #[test]
    fn settings_that_can_not_be_used_replace_nothing() {
        let instances = Instances::default();
        let key = InstanceKey { org: 1, uid: "a".into() };
        assert!(instances.get(key, "name", 1, || Settings::read(b"{}", &HashMap::new())).is_err());
    }
}
