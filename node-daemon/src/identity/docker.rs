//! What Docker wrote down of a container, read from its own files: no socket, no API.

use std::{fs, path::PathBuf};

use serde_json::Value;

const COMPOSE_SERVICE: &str = "com.docker.compose.service";
/// Labels that are kept, and their longest value.
const LABELS: usize = 32;
const VALUE_MAX: usize = 128;

/// Facts of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Container {
    /// The compose service that it is of.
    pub(super) service: Option<String>,
    pub(super) name: Option<String>,
    pub(super) image: Option<String>,
    /// Sorted by key.
    pub(super) labels: Vec<(String, String)>,
}

/// The directory of containers.
#[derive(Clone, Debug)]
pub(super) struct DockerFiles {
    root: PathBuf,
}

impl DockerFiles {
    pub(super) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(super) fn container(&self, id: &str) -> Option<Container> {
        let text = fs::read(self.root.join(id).join("config.v2.json")).ok()?;
        serde_json::from_slice(&text).ok().map(|config| parse(&config))
    }
}

fn parse(config: &Value) -> Container {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let labels = &config["Config"]["Labels"];
    let name = text(&config["Name"]).map(|name| name.trim_start_matches('/').to_owned());
    let mut kept: Vec<(String, String)> = labels
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), text(value)?)))
        .filter(|(_, value)| value.len() <= VALUE_MAX)
        .take(LABELS)
        .collect();
    kept.sort();
    let (service, image) = (text(&labels[COMPOSE_SERVICE]), text(&config["Config"]["Image"]));
    Container { service, name, image, labels: kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_read() {
        let config = serde_json::json!({
            "Name": "/app-shop-1",
            "Config": { "Image": "shop:1", "Labels": { "team": "x", "com.docker.compose.service": "shop" } },
        });
        let container = parse(&config);
        assert_eq!((container.service.as_deref(), container.name.as_deref()), (Some("shop"), Some("app-shop-1")));
        assert_eq!(container.image.as_deref(), Some("shop:1"));
        assert_eq!(container.labels[1], ("team".to_owned(), "x".to_owned()));
        let plain = parse(&serde_json::json!({ "Name": "/web", "Config": { "Labels": null } }));
        assert_eq!(plain, Container { name: Some("web".to_owned()), ..Container::default() });
        assert_eq!(parse(&Value::Null), Container::default());
    }
}
