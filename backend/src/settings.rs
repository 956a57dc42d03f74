//! The settings of a data source, as its configuration page saves them.

use std::{collections::BTreeMap, time::Duration};

use goldwire_model::filter::{Filter, FilterError};
use goldwire_protocol::client::{
    AddressError, Connection, DEFAULT_PORT, NodeAddress, Pem, PemError, TlsSettings, Token, TokenError,
};

mod saved;

use saved::Saved;

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
    #[error("settings are not readable: they are no JSON object")]
    Unreadable,
    /// A setting that is nearly one of ours.
    #[error("there is no setting `{key}`: did you mean `{meant}`?")]
    Unknown {
        /// As it was saved.
        key: String,
        /// The nearest there is.
        meant: String,
    },
    /// Neither a list of nodes nor a name.
    #[error("no nodes are configured: add an address of a node, or a DNS name of all of them")]
    NoNodes,
    /// An address that is none.
    #[error("nodes: {0}")]
    Address(#[from] AddressError),
    /// A setting of another type, or out of range.
    #[error("invalid {key} {value}: expected {expected}")]
    Value {
        /// As provisioning files spell it.
        key: &'static str,
        /// As it was saved, as JSON.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The filter can't be read. Nothing is answered then, rather than too much.
    #[error("enforcedFilter: {0}")]
    Enforced(#[from] FilterError),
    /// The token can't be sent.
    #[error("token: {0}")]
    Token(#[from] TokenError),
    /// A secret that a switch asks for is missing.
    #[error("{needed} is empty, and {by} is on: fill it in, or switch that off")]
    Missing {
        /// The secret.
        needed: &'static str,
        /// The switch.
        by: &'static str,
    },
    /// A certificate or a key that is none.
    #[error("invalid {key}: {0}", key = pem_key(.0.pem))]
    Pem(#[from] PemError),
}

const fn pem_key(pem: Pem) -> &'static str {
    match pem {
        Pem::Authority => "tlsCACert",
        Pem::Certificate => "tlsClientCert",
        Pem::Key => "tlsClientKey",
    }
}

/// The secret settings, by name.
pub type Secrets = BTreeMap<String, String>;

impl Settings {
    /// Reads what Grafana sends with each call: the open settings as JSON, the secret ones by name.
    ///
    /// # Errors
    /// The setting that can't be used.
    pub fn read(json_data: &[u8], secrets: &Secrets) -> Result<Self, SettingsError> {
        let saved = Saved::read(json_data)?;
        let nodes = saved.nodes.iter().filter(|node| !node.trim().is_empty());
        let nodes: Vec<NodeAddress> = nodes.map(|node| node.parse()).collect::<Result<_, _>>()?;
        let discovery = saved.discovery();
        if nodes.is_empty() && discovery.is_none() {
            return Err(SettingsError::NoNodes);
        }
        Ok(Self {
            nodes,
            discovery,
            timeout: saved.timeout.unwrap_or(DEFAULT_TIMEOUT),
            enforced: Filter::parse(&saved.enforced_filter)?,
            trace_datasource: non_empty(&saved.trace_datasource_uid),
            connection: Connection { tls: saved.tls(secrets)?, token: token(secrets)? },
        })
    }
}

impl Saved {
    fn discovery(&self) -> Option<Discovery> {
        let port = self.nodes_port.unwrap_or(DEFAULT_PORT);
        non_empty(&self.nodes_dns).map(|name| Discovery { name, port })
    }

    fn tls(&self, secrets: &Secrets) -> Result<TlsSettings, SettingsError> {
        let secret = |name: &str| secrets.get(name).and_then(|secret| non_empty(secret));
        let needed = |on: bool, needed: &'static str, by: &'static str| match (on, secret(needed)) {
            (false, _) => Ok(None),
            (true, Some(secret)) => Ok(Some(secret)),
            (true, None) => Err(SettingsError::Missing { needed, by }),
        };
        let certificate = needed(self.tls_auth, "tlsClientCert", "tlsAuth")?;
        let key = needed(self.tls_auth, "tlsClientKey", "tlsAuth")?;
        let tls = TlsSettings {
            always: self.tls_auth || self.tls_auth_with_ca_cert,
            ca: needed(self.tls_auth_with_ca_cert, "tlsCACert", "tlsAuthWithCACert")?,
            client: certificate.zip(key),
            server_name: non_empty(&self.server_name),
            skip_verify: self.tls_skip_verify,
        };
        tls.check()?;
        Ok(tls)
    }
}

fn token(secrets: &Secrets) -> Result<Option<Token>, SettingsError> {
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
        Settings::read(json.as_bytes(), &Secrets::new())
    }

    #[test]
    fn what_the_configuration_page_saves_is_read() {
        let secrets = Secrets::from([("token".to_owned(), "s3cret\n".to_owned())]);
        let json = r#"{"nodes": ["a:1", "https://b:2", " "], "nodesDns": "nodes.example", "timeoutSeconds": 2.5,
            "enforcedFilter": "destination.namespace = \"shop\"", "httpMethod": "GET", "tlsAuth": null}"#;
        let settings = Settings::read(json.as_bytes(), &secrets).unwrap();
        assert_eq!(settings.nodes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a:1", "https://b:2"]);
        assert_eq!(settings.discovery, Some(Discovery { name: "nodes.example".into(), port: DEFAULT_PORT }));
        assert_eq!(settings.timeout, Duration::from_millis(2500));
        assert!(!settings.enforced.is_all());
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn bad_setting_is_named_with_what_is_expected() {
        let cases = [
            ("{}", "no nodes are configured"),
            ("nodes: a", "settings are not readable: they are no JSON object"),
            ("[]", "settings are not readable: they are no JSON object"),
            (r#"{"nodes": ["x y"]}"#, "nodes: `x y`"),
            (r#"{"nodes": "x"}"#, "invalid nodes \"x\": expected a list of host:port"),
            (r#"{"nodes": [4270]}"#, "invalid nodes [4270]: expected a list of host:port"),
            (r#"{"nodes": ["a"], "nodesDns": "n", "nodesPort": 70000}"#, "invalid nodesPort 70000: expected a port"),
            (
                r#"{"nodes": ["a"], "nodesPort": "4270"}"#,
                "invalid nodesPort \"4270\": expected a port, a number from 1 to 65535 without quotes",
            ),
            (r#"{"nodes": ["a"], "timeoutSeconds": 0}"#, "invalid timeoutSeconds 0: expected seconds"),
            (
                r#"{"nodes": ["a"], "timeoutSeconds": "5"}"#,
                "invalid timeoutSeconds \"5\": expected seconds, a number up to 300 without quotes",
            ),
            (r#"{"nodes": ["a"], "timeoutSeconds": 301}"#, "invalid timeoutSeconds 301"),
            (
                r#"{"nodes": ["a"], "tlsSkipVerify": "true"}"#,
                "invalid tlsSkipVerify \"true\": expected true or false without quotes",
            ),
            (r#"{"nodes": ["a"], "serverName": 7}"#, "invalid serverName 7: expected a text"),
            (r#"{"nodes": ["a"], "enforcedFilter": "destination.por = 1"}"#, "enforcedFilter: "),
            (r#"{"nodes": ["a"], "enforcedFilter": ["a"]}"#, "invalid enforcedFilter [\"a\"]: expected a text"),
            (r#"{"nodes": ["a"], "tlsAuth": true}"#, "tlsClientCert is empty, and tlsAuth is on"),
            (r#"{"nodes": ["a"], "tlsAuthWithCACert": true}"#, "tlsCACert is empty, and tlsAuthWithCACert is on"),
            (
                r#"{"nodes": ["a"], "timeoutSecond": 5}"#,
                "there is no setting `timeoutSecond`: did you mean `timeoutSeconds`?",
            ),
            (r#"{"node": ["a"]}"#, "there is no setting `node`: did you mean `nodes`?"),
            (
                r#"{"nodes": ["a"], "EnforcedFilter": "x"}"#,
                "there is no setting `EnforcedFilter`: did you mean `enforcedFilter`?",
            ),
        ];
        for (json, expected) in cases {
            let error = read(json).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{json}: {error}");
        }
    }

    #[test]
    fn bad_pem_is_named_without_a_part_of_it() {
        let ca = |pem: &str| {
            let secrets = Secrets::from([("tlsCACert".to_owned(), pem.to_owned())]);
            let json = br#"{"nodes": ["a"], "tlsAuthWithCACert": true}"#;
            Settings::read(json, &secrets).unwrap_err().to_string()
        };
        let expected = "invalid tlsCACert: expected a certificate in PEM, from -----BEGIN CERTIFICATE----- on, found ";
        for (pem, found) in [
            ("secret", "no PEM"),
            ("/etc/ssl/ca.pem", "what looks like the path of a file: its content goes here"),
            ("-----BEGIN CERTIFICATE-----\nc2VjcmV0", "one whose end is missing"),
            ("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "a private key"),
            ("-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n", "one that is damaged"),
            ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "one that is damaged"),
        ] {
            let error = ca(pem);
            assert!(error.starts_with(&format!("{expected}{found}")), "{pem}: {error}");
            assert!(!error.contains("c2Vj") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn tls_is_spoken_where_a_setting_of_it_is_set() {
        let tls = |json| read(json).unwrap().connection.tls.required();
        assert!(!tls(r#"{"nodes": ["a"]}"#));
        assert!(tls(r#"{"nodes": ["a"], "tlsSkipVerify": true}"#));
        assert!(tls(r#"{"nodes": ["a"], "serverName": "node"}"#));
    }
}
