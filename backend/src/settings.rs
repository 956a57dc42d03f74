//! The settings of a data source, as its configuration page saves them.

use std::{collections::HashMap, time::Duration};

use goldwire_model::filter::{Filter, FilterError};
use goldwire_protocol::client::{AddressError, Connection, DEFAULT_PORT, NodeAddress, TlsSettings, Token, TokenError};
use serde::Deserialize;

/// Where a setting is absent.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest that a panel may wait for a node.
const LONGEST_TIMEOUT_SECONDS: f64 = 300.0;

/// Settings after they were checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Nodes by address.
    pub nodes: Vec<NodeAddress>,
    /// A name whose addresses are nodes too.
    pub discovery: Option<Discovery>,
    /// How long a node may take to answer.
    pub timeout: Duration,
    /// What every query is restricted to.
    pub enforced: Filter,
    /// The data source that shows traces by their id.
    pub trace_datasource: Option<String>,
    /// How nodes are spoken to.
    pub connection: Connection,
}

/// Nodes by a DNS name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Each of its addresses is a node.
    pub name: String,
    /// The port of each.
    pub port: u16,
}

/// A setting that can't be used. Never has a secret in its text.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// What was saved is not what the configuration page saves.
    #[error("settings are not readable: {0}")]
    Unreadable(serde_json::Error),
    /// Neither a list of nodes nor a name.
    #[error("no nodes are configured: add an address of a node, or a DNS name of all of them")]
    NoNodes,
    /// An address that is none.
    #[error("nodes: {0}")]
    Address(#[from] AddressError),
    /// The port is out of range.
    #[error("nodesPort: {0} is no port")]
    Port(u32),
    /// The timeout is out of range.
    #[error("timeoutSeconds: {0} is not between 0 and {LONGEST_TIMEOUT_SECONDS}")]
    Timeout(f64),
    /// The filter can't be read. Nothing is answered then, rather than too much.
    #[error("enforcedFilter: {0}")]
    Enforced(#[from] FilterError),
    /// The token can't be sent.
    #[error("token: {0}")]
    Token(#[from] TokenError),
    /// Of certificate and key one is missing.
    #[error("TLS client authentication needs both a client certificate and its key")]
    HalfAnIdentity,
}

/// `jsonData`, as it is saved.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Saved {
    nodes: Vec<String>,
    nodes_dns: String,
    nodes_port: Option<u32>,
    timeout_seconds: Option<f64>,
    enforced_filter: String,
    trace_datasource_uid: String,
    tls_auth: bool,
    #[serde(rename = "tlsAuthWithCACert")]
    tls_auth_with_ca_cert: bool,
    tls_skip_verify: bool,
    server_name: String,
}

impl Settings {
    /// Reads what Grafana sends with each call: the open settings as JSON, the secret ones by name.
    ///
    /// # Errors
    /// The setting that can't be used.
    pub fn read(json_data: &[u8], secrets: &HashMap<String, String>) -> Result<Self, SettingsError> {
        let saved: Saved = match json_data {
            [] => Saved::default(),
            json => serde_json::from_slice(json).map_err(SettingsError::Unreadable)?,
        };
        let nodes = saved.nodes.iter().filter(|node| !node.trim().is_empty());
        let nodes: Vec<NodeAddress> = nodes.map(|node| node.parse()).collect::<Result<_, _>>()?;
        let discovery = saved.discovery()?;
        if nodes.is_empty() && discovery.is_none() {
            return Err(SettingsError::NoNodes);
        }
        Ok(Self {
            nodes,
            discovery,
            timeout: saved.timeout()?,
            enforced: Filter::parse(&saved.enforced_filter)?,
            trace_datasource: non_empty(&saved.trace_datasource_uid),
            connection: Connection { tls: saved.tls(secrets)?, token: token(secrets)? },
        })
    }
}

impl Saved {
    fn discovery(&self) -> Result<Option<Discovery>, SettingsError> {
        let port = self.nodes_port.unwrap_or_else(|| DEFAULT_PORT.into());
        let port = u16::try_from(port).ok().filter(|port| *port != 0).ok_or(SettingsError::Port(port))?;
        Ok(non_empty(&self.nodes_dns).map(|name| Discovery { name, port }))
    }

    fn timeout(&self) -> Result<Duration, SettingsError> {
        match self.timeout_seconds {
            None => Ok(DEFAULT_TIMEOUT),
            Some(seconds) if seconds > 0.0 && seconds <= LONGEST_TIMEOUT_SECONDS => {
                Ok(Duration::from_secs_f64(seconds))
            }
            Some(seconds) => Err(SettingsError::Timeout(seconds)),
        }
    }

    fn tls(&self, secrets: &HashMap<String, String>) -> Result<TlsSettings, SettingsError> {
        let secret = |name: &str| secrets.get(name).and_then(|secret| non_empty(secret));
        let client = match (self.tls_auth, secret("tlsClientCert"), secret("tlsClientKey")) {
            (false, ..) => None,
            (true, Some(certificate), Some(key)) => Some((certificate, key)),
            (true, ..) => return Err(SettingsError::HalfAnIdentity),
        };
        Ok(TlsSettings {
            always: self.tls_auth || self.tls_auth_with_ca_cert,
            ca: if self.tls_auth_with_ca_cert { secret("tlsCACert") } else { None },
            client,
            server_name: non_empty(&self.server_name),
            skip_verify: self.tls_skip_verify,
        })
    }
}

fn token(secrets: &HashMap<String, String>) -> Result<Option<Token>, SettingsError> {
    Ok(secrets.get("token").and_then(|token| non_empty(token)).map(|token| Token::new(&token)).transpose()?)
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Settings, SettingsError> {
        Settings::read(json.as_bytes(), &HashMap::new())
    }

    #[test]
    fn what_the_configuration_page_saves_is_read() {
        let secrets = HashMap::from([("token".to_owned(), "s3cret\n".to_owned())]);
        let json = r#"{"nodes": ["a:1", "https://b:2", " "], "nodesDns": "nodes.example", "timeoutSeconds": 2.5,
            "enforcedFilter": "destination.namespace = \"shop\"", "httpMethod": "GET"}"#;
        let settings = Settings::read(json.as_bytes(), &secrets).unwrap();
        assert_eq!(settings.nodes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a:1", "https://b:2"]);
        assert_eq!(settings.discovery, Some(Discovery { name: "nodes.example".into(), port: DEFAULT_PORT }));
        assert_eq!(settings.timeout, Duration::from_millis(2500));
        assert!(!settings.enforced.is_all());
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn each_bad_setting_is_named() {
        let cases = [
            ("{}", "no nodes are configured"),
            (r#"{"nodes": ["x y"]}"#, "nodes: `x y`"),
            (r#"{"nodes": "x"}"#, "settings are not readable"),
            (r#"{"nodes": ["a"], "nodesDns": "n", "nodesPort": 70000}"#, "nodesPort: 70000"),
            (r#"{"nodes": ["a"], "timeoutSeconds": 0}"#, "timeoutSeconds: 0"),
            (r#"{"nodes": ["a"], "enforcedFilter": "destination.por = 1"}"#, "enforcedFilter: "),
            (r#"{"nodes": ["a"], "tlsAuth": true}"#, "TLS client authentication"),
        ];
        for (json, expected) in cases {
            let error = read(json).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{json}: {error}");
        }
    }

    #[test]
    fn tls_is_spoken_where_a_setting_of_it_is_set() {
        let tls = |json| read(json).unwrap().connection.tls.required();
        assert!(!tls(r#"{"nodes": ["a"]}"#));
        assert!(tls(r#"{"nodes": ["a"], "tlsSkipVerify": true}"#));
        assert!(tls(r#"{"nodes": ["a"], "tlsAuthWithCACert": true}"#));
        assert!(tls(r#"{"nodes": ["a"], "serverName": "node"}"#));
    }
}
