//! TLS to a node.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
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

impl TlsSettings {
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
