//! What Docker wrote down of a container, read from its own files: where its socket is not to be had.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::container::Container;

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

/// The file's own form, which is that of Docker's answers on one container too.
pub(super) fn parse(config: &Value) -> Container {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Container::new(&text(&config["Name"]), &text(&config["Config"]["Image"]), labels(&config["Config"]["Labels"]))
}

/// Of an object of texts.
pub(super) fn labels(object: &Value) -> impl Iterator<Item = (String, String)> {
    let entries = object.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read() {
        let config = serde_json::json!({
            "Name": "/app-shop-1",
            "Config": { "Image": "shop:1", "Labels": { "team": "x", "com.docker.compose.service": "shop" } },
        });
        let container = parse(&config);
        assert_eq!((container.service.as_deref(), container.image.as_deref()), (Some("shop"), Some("shop:1")));
        assert_eq!(container.labels[1], ("team".to_owned(), "x".to_owned()));
        let plain = parse(&serde_json::json!({ "Name": "/web", "Config": { "Labels": null } }));
        assert_eq!(plain, Container { name: Some("web".to_owned()), ..Container::default() });
        assert_eq!(parse(&Value::Null), Container::default());
    }
}
