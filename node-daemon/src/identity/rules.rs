//! Workloads by hand: rules of a file, the first that fits names a process's workload.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use goldwire_model::{filter::Glob, record::Text, suggest};
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use thiserror::Error;

use super::{Identity, cgroup::Cgroup};

/// Why there are no rules.
#[derive(Debug, Error)]
pub enum RulesError {
    /// The file can't be read.
    #[error("failed to read {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else than rules.
    #[error("{path}, line {line}, column {column}: {reason}", path = path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// From 1.
        column: u64,
        /// What is wrong, and what was expected.
        reason: String,
    },
}

/// Rules in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct WorkloadRules(Arc<[Rule]>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(rename = "match")]
    wanted: Match,
    #[serde(deserialize_with = "name")]
    workload: Text,
}

/// What a process must be; of what is not named, anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    executable: Option<Globs>,
    process: Option<Globs>,
    arguments: Option<Globs>,
    user: Option<Globs>,
    unit: Option<Globs>,
    cgroup: Option<Globs>,
    container: Option<Globs>,
    image: Option<Globs>,
    namespace: Option<Globs>,
    pod: Option<Globs>,
    labels: BTreeMap<String, Globs>,
}

/// [`Wanted`] that wants something.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Wanted")]
struct Match(Wanted);

/// One of these.
#[derive(Debug)]
struct Globs(Vec<Glob>);

impl WorkloadRules {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it can't be read or holds something else than rules.
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let text =
            fs::read_to_string(path).map_err(|source| RulesError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, RulesError> {
        let file: File = serde_saphyr::from_str(text).map_err(|error| wrong(&error, path))?;
        Ok(Self(file.rules.into()))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether any of them looks at command lines.
    #[must_use]
    pub fn want_arguments(&self) -> bool {
        self.0.iter().any(|rule| rule.wanted.0.arguments.is_some())
    }

    /// With the workload of the first rule that fits, where one does.
    pub(super) fn apply(&self, identity: Identity, cgroup: &Cgroup) -> Identity {
        match self.0.iter().find(|rule| rule.wanted.0.fits(&identity, cgroup)) {
            Some(rule) => Identity { workload: rule.workload.clone(), ..identity },
            None => identity,
        }
    }
}

fn wrong(error: &serde_saphyr::Error, path: &Path) -> RulesError {
    let error = error.without_snippet();
    let (line, column) = error.location().map_or((1, 1), |location| (location.line(), location.column()));
    let reason = match error {
        serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
            let near = suggest::did_you_mean(suggest::nearest(field, expected).as_deref());
            format!("there is no key `{field}` here{near}; expected {}", expected.join(", "))
        }
        other => other.to_string(),
    };
    RulesError::Wrong { path: path.to_owned(), line, column, reason }
}

impl Wanted {
    fn fits(&self, identity: &Identity, cgroup: &Cgroup) -> bool {
        let has = |wanted: &Option<Globs>, text: Option<&str>| wanted.as_ref().is_none_or(|globs| globs.fit(text));
        let label = |key: &str| identity.labels.iter().find(|(known, _)| **known == *key).map(|(_, value)| &**value);
        has(&self.executable, identity.executable.as_deref())
            && has(&self.process, Some(&identity.process))
            && has(&self.arguments, identity.arguments.as_deref())
            && has(&self.user, identity.user.as_deref())
            && has(&self.unit, cgroup.unit.as_deref())
            && has(&self.cgroup, Some(&cgroup.path))
            && has(&self.container, identity.container.as_deref())
            && has(&self.image, identity.image.as_deref())
            && has(&self.namespace, identity.namespace.as_deref())
            && has(&self.pod, identity.pod.as_deref())
            && self.labels.iter().all(|(key, globs)| globs.fit(label(key)))
    }

    fn wants_nothing(&self) -> bool {
        let globs = [
            &self.executable,
            &self.process,
            &self.arguments,
            &self.user,
            &self.unit,
            &self.cgroup,
            &self.container,
            &self.image,
            &self.namespace,
            &self.pod,
        ];
        globs.iter().all(|globs| globs.is_none()) && self.labels.is_empty()
    }
}

impl TryFrom<Wanted> for Match {
    type Error = &'static str;

    fn try_from(wanted: Wanted) -> Result<Self, Self::Error> {
        if wanted.wants_nothing() {
            return Err("`match` names nothing, so that it would take every process; expected at least one key");
        }
        Ok(Self(wanted))
    }
}

impl Globs {
    fn fit(&self, text: Option<&str>) -> bool {
        text.is_some_and(|text| self.0.iter().any(|glob| glob.matches(text)))
    }
}

impl<'de> Deserialize<'de> for Globs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GlobsVisitor)
    }
}

struct GlobsVisitor;

impl<'de> Visitor<'de> for GlobsVisitor {
    type Value = Globs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text such as \"/usr/bin/python*\", or a list of texts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Globs, E> {
        Ok(Globs(vec![Glob::new(text)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Globs, A::Error> {
        let mut globs = Vec::new();
        while let Some(text) = texts.next_element::<String>()? {
            globs.push(Glob::new(&text));
        }
        if globs.is_empty() { Err(de::Error::invalid_length(0, &self)) } else { Ok(Globs(globs)) }
    }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name.trim().is_empty() {
        return Err(de::Error::custom("a workload needs a name, expected text that is not empty"));
    }
    Ok(name.into())
}

#[cfg(test)]
mod tests;
