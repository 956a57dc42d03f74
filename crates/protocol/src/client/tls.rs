//! TLS to a node.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::NodeError;

/// How TLS is spoken where it is. The default trusts what the system trusts.
#[derive(Clone, Default)]
pub struct TlsSettings {
    /// Speak TLS even where the address does not say `https://`.
    pub always: bool,
    /// PEM of the authorities to trust instead of the system's.
    pub ca: Option<String>,
    /// PEM of the client's certificate and of its key, for nodes that ask for one.
    pub client: Option<(String, String)>,
    /// The name that the node's certificate must be for, where that is not the address's host.
    pub server_name: Option<String>,
    /// Trust any certificate. The connection is encrypted, but to whom is not known.
    pub skip_verify: bool,
}

impl std::fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsSettings")
            .field("always", &self.always)
            .field("ca", &self.ca.is_some())
            .field("client", &self.client.is_some())
            .field("server_name", &self.server_name)
            .field("skip_verify", &self.skip_verify)
            .finish()
    }
}

/// Which of the texts of [`TlsSettings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pem {
    /// [`TlsSettings::ca`]
    Authority,
    /// The certificate of [`TlsSettings::client`]
    Certificate,
    /// Its key.
    Key,
}

/// A text that is not what it should be. Never has a part of it in its own text: it may be a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, {found}")]
pub struct PemError {
    /// Which.
    pub pem: Pem,
    expected: &'static str,
    found: String,
}

impl TlsSettings {
    /// Reads all PEM, as the first connection would.
    ///
    /// # Errors
    /// Which text is not what it should be.
    pub fn check(&self) -> Result<(), PemError> {
        if let Some(ca) = &self.ca {
            let mut roots = rustls::RootCertStore::empty();
            let added =
                certificates(ca, Pem::Authority)?.into_iter().try_for_each(|certificate| roots.add(certificate));
            added.map_err(|error| wrong(Pem::Authority, format!("found one that is damaged: {error}")))?;
        }
        let Some((certificate, key)) = &self.client else { return Ok(()) };
        let chain = certificates(certificate, Pem::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| wrong(Pem::Key, found(key, &error)))?;
        let pair = rustls::sign::CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider());
        pair.map(|_| ()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => wrong(Pem::Key, "found that of another certificate".to_owned()),
            rustls::Error::InvalidCertificate(_) => {
                wrong(Pem::Certificate, format!("found one that is damaged: {error}"))
            }
            other => wrong(Pem::Key, format!("found one that cannot be used: {other}")),
        })
    }

    /// True where a setting only makes sense with TLS.
    #[must_use]
    pub const fn required(&self) -> bool {
        self.always || self.ca.is_some() || self.client.is_some() || self.server_name.is_some() || self.skip_verify
    }

    pub(super) fn apply(&self, endpoint: Endpoint) -> Result<Endpoint, NodeError> {
        let mut config = ClientTlsConfig::new();
        if let Some((certificate, key)) = &self.client {
            config = config.identity(Identity::from_pem(certificate, key));
        }
        if let Some(name) = &self.server_name {
            config = config.domain_name(name);
        }
        let applied = if self.skip_verify {
            endpoint.tls_config_with_verifier(config, Arc::new(AnyCertificate::new()))
        } else if let Some(ca) = &self.ca {
            endpoint.tls_config(config.ca_certificate(Certificate::from_pem(ca)))
        } else {
            endpoint.tls_config(config.with_native_roots())
        };
        applied
            .map_err(|error| NodeError::Unreachable { reason: format!("TLS settings not usable: {}", deepest(&error)) })
    }
}

fn certificates(text: &str, pem: Pem) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(wrong(pem, found(text, &pem::Error::NoItemsFound))),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(wrong(pem, found(text, &error))),
    }
}

fn wrong(pem: Pem, found: String) -> PemError {
    let expected = match pem {
        Pem::Authority | Pem::Certificate => "a certificate in PEM, from -----BEGIN CERTIFICATE----- on",
        Pem::Key => "its private key in PEM without a passphrase, from -----BEGIN PRIVATE KEY----- on",
    };
    PemError { pem, expected, found }
}

/// What stands there instead, told by the marks around it only.
fn found(text: &str, error: &pem::Error) -> String {
    let begins = |what: &str| text.contains(&format!("-----BEGIN {what}"));
    if begins("ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return "found a key with a passphrase".to_owned();
    }
    match error {
        pem::Error::NoItemsFound if begins("CERTIFICATE REQUEST") => "found a request for a certificate".to_owned(),
        pem::Error::NoItemsFound if begins("CERTIFICATE") => "found a certificate".to_owned(),
        pem::Error::NoItemsFound if text.contains("PRIVATE KEY-----") => "found a private key".to_owned(),
        pem::Error::NoItemsFound if text.lines().count() < 2 && text.contains(['/', '\\']) => {
            "found what looks like the path of a file: its content goes here".to_owned()
        }
        pem::Error::NoItemsFound => "found no PEM".to_owned(),
        pem::Error::MissingSectionEnd { .. } => "found one whose end is missing".to_owned(),
        _ => "found one that is damaged".to_owned(),
    }
}

/// tonic's own text for this is only "transport error".
fn deepest(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}

/// Takes any certificate, but still checks that the node has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl AnyCertificate {
    fn new() -> Self {
        let provider = CryptoProvider::get_default().cloned();
        Self(provider.unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider())))
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
