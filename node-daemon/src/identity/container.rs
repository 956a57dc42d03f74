//! Facts of a container, whoever tells them.

/// The label by which Docker's and Podman's compose tell the service.
const COMPOSE_SERVICE: &str = "com.docker.compose.service";
/// Labels of what the kubelet starts.
const POD_NAME: &str = "io.kubernetes.pod.name";
const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// Labels that are kept, and the longest name and value.
const LABELS: usize = 32;
const TEXT_MAX: usize = 128;
const IMAGE_MAX: usize = 512;

/// Facts of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Container {
    /// Its own name; in a pod the one it has there.
    pub(super) name: Option<String>,
    /// The compose service.
    pub(super) service: Option<String>,
    /// What it was made from, as its maker wrote it.
    pub(super) image: Option<String>,
    /// Namespace and name of the Kubernetes pod.
    pub(super) pod: Option<(String, String)>,
    /// Sorted by key.
    pub(super) labels: Vec<(String, String)>,
}

impl Container {
    /// Of what an engine tells. Empty texts are as good as none; labels that are too long are left out, as are those beyond
    /// the first 32 by their keys.
    pub(super) fn new(name: &str, image: &str, labels: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all: Vec<_> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        all.sort();
        let label = |wanted: &str| all.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.clone());
        let (service, pod) = (label(COMPOSE_SERVICE), label(POD_NAMESPACE).zip(label(POD_NAME)));
        all.retain(|(key, value)| key.len() <= TEXT_MAX && value.len() <= TEXT_MAX);
        all.truncate(LABELS);
        let text = |text: &str, most: usize| (!text.is_empty() && text.len() <= most).then(|| text.to_owned());
        Self {
            name: text(name.trim_start_matches('/'), TEXT_MAX),
            service: service.filter(|service| service.len() <= TEXT_MAX),
            image: text(image, IMAGE_MAX),
            pod,
            labels: all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_are_read() {
        let container = Container::new("/app-shop-1", "shop:1", labels(&[("team", "x"), (COMPOSE_SERVICE, "shop")]));
        assert_eq!((container.name.as_deref(), container.service.as_deref()), (Some("app-shop-1"), Some("shop")));
        assert_eq!(container.labels[1], ("team".to_owned(), "x".to_owned()));
        let plain = Container::new("web", "", []);
        assert_eq!((plain.service.as_deref(), plain.image.as_deref()), (None, None));
    }

    #[test]
    fn a_pod_needs_its_namespace() {
        let pod = |pairs| Container::new("c", "", labels(pairs)).pod;
        assert_eq!(pod(&[(POD_NAME, "p"), (POD_NAMESPACE, "n")]), Some(("n".to_owned(), "p".to_owned())));
        assert_eq!(pod(&[(POD_NAME, "p")]), None);
    }

    #[test]
    fn labels_are_bounded() {
        let many = (0..100).map(|number| (format!("{number:03}"), "x".to_owned()));
        let long = ("000a".to_owned(), "x".repeat(TEXT_MAX + 1));
        let container = Container::new("c", "", many.chain([long]));
        assert_eq!(container.labels.len(), LABELS);
        assert!(container.labels.iter().all(|(_, value)| value.len() == 1));
    }
}
