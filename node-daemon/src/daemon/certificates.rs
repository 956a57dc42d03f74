//! The certificate that the service shows, read again when its files change.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use thiserror::Error;
use tracing::{info, warn};

use crate::secret_file::Stamp;

/// Why a certificate is not taken.
#[derive(Debug, Error)]
pub(crate) enum CertificateError {
    #[error("failed to read {path}: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("invalid {path}: expected {expected}", path = path.display())]
    Invalid { path: PathBuf, expected: &'static str },
    #[error("failed to set up TLS with {path}: {reason}; the certificate and key must belong together", path = path.display())]
    Unusable { path: PathBuf, reason: String },
}

/// Certificate, key and the clients' authority, as their files have them now.
#[derive(Clone)]
pub(crate) struct Certificates(Arc<Files>);

struct Files {
    certificate: PathBuf,
    key: PathBuf,
    client_authority: Option<PathBuf>,
    content: RwLock<Content>,
}

struct Content {
    stamps: Stamps,
    config: Arc<ServerConfig>,
}

type Stamps = [Option<Stamp>; 3];

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "certificate of {}", self.0.certificate.display())
    }
}

impl Certificates {
    pub(crate) fn read(
        certificate: &Path,
        key: &Path,
        client_authority: Option<&Path>,
    ) -> Result<Self, CertificateError> {
        // Before the content: a change in between is seen at the next look.
        let stamps = stamps(certificate, key, client_authority);
        let config = Arc::new(config(certificate, key, client_authority)?);
        Ok(Self(Arc::new(Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            client_authority: client_authority.map(Path::to_owned),
            content: RwLock::new(Content { stamps, config }),
        })))
    }

    /// For the next connection.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.content.read().unwrap_or_else(PoisonError::into_inner).config)
    }

    /// Reads the files again where one is another. What cannot be used leaves in force what could: files are replaced one after
    /// the other.
    pub(super) fn refresh(&self) {
        let Files { certificate, key, client_authority, content } = &*self.0;
        let stamps = stamps(certificate, key, client_authority.as_deref());
        if content.read().unwrap_or_else(PoisonError::into_inner).stamps == stamps {
            return;
        }
        let read = config(certificate, key, client_authority.as_deref());
        let mut content = content.write().unwrap_or_else(PoisonError::into_inner);
        content.stamps = stamps;
        match read {
            Ok(config) => {
                info!(file = %certificate.display(), "read the certificate again");
                content.config = Arc::new(config);
            }
            Err(error) => warn!(%error, "the certificate of before stays in force"),
        }
    }
}

fn stamps(certificate: &Path, key: &Path, client_authority: Option<&Path>) -> Stamps {
    [Stamp::of(certificate), Stamp::of(key), client_authority.and_then(Stamp::of)]
}

fn config(certificate: &Path, key: &Path, client_authority: Option<&Path>) -> Result<ServerConfig, CertificateError> {
    let unusable = |reason: String| CertificateError::Unusable { path: certificate.to_owned(), reason };
    let chain = certificates(certificate)?;
    let invalid_key = |_| CertificateError::Invalid { path: key.to_owned(), expected: "a private key in PEM" };
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(invalid_key)?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| unusable(error.to_string()))?;
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            for trusted in certificates(authority)? {
                roots.add(trusted).map_err(|error| unusable(error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| unusable(error.to_string()))?)
        }
    };
    let mut config = builder.with_single_cert(chain, secret).map_err(|error| unusable(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let invalid = || CertificateError::Invalid { path: path.to_owned(), expected: "certificates in PEM" };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(invalid)
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, pki_types::ServerName};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// Writes a new certificate and its key; gives the certificate.
    fn write(certificate: &Path, key: &Path) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["goldwire".to_owned()]).expect("a certificate");
        fs::write(key, made.signing_key.serialize_pem()).expect("written");
        fs::write(certificate, made.cert.pem()).expect("written");
        made.cert.der().clone()
    }

    /// The certificate that a client is shown, who trusts this one.
    async fn shown(certificates: &Certificates, trusted: &CertificateDer<'static>) -> Option<CertificateDer<'static>> {
        let (client, server) = tokio::io::duplex(1 << 14);
        let acceptor = TlsAcceptor::from(certificates.config());
        let served = tokio::spawn(async move { acceptor.accept(server).await });
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).expect("a root");
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("goldwire").expect("a name");
        let connected = TlsConnector::from(Arc::new(config)).connect(name, client).await.ok()?;
        let _ = served.await;
        connected.get_ref().1.peer_certificates()?.first().cloned()
    }

    #[tokio::test]
    async fn certificate_of_changed_files_is_shown_to_the_next_client() {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let first = write(&certificate, &key);
        let certificates = Certificates::read(&certificate, &key, None).expect("certificates");
        assert_eq!(shown(&certificates, &first).await, Some(first.clone()));
        let second = write(&certificate, &key);
        certificates.refresh();
        assert_eq!(shown(&certificates, &second).await, Some(second.clone()));
        assert_eq!(shown(&certificates, &first).await, None, "the old one is not shown any more");
        // Half of a change, or nonsense, leaves the last one in force.
        let other = folder.path().join("other.pem");
        write(&other, &key);
        certificates.refresh();
        fs::write(&certificate, "nonsense").expect("written");
        certificates.refresh();
        assert_eq!(shown(&certificates, &second).await, Some(second));
    }

    #[test]
    fn files_that_do_not_fit_are_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let refused = |certificate: &Path, key: &Path| {
            Certificates::read(certificate, key, None).map(drop).expect_err("refused").to_string()
        };
        assert!(refused(&certificate, &key).contains("failed to read"));
        write(&certificate, &key);
        assert!(refused(&key, &key).contains("expected certificates in PEM"));
        assert!(refused(&certificate, &certificate).contains("expected a private key in PEM"));
        let other = folder.path().join("other.pem");
        write(&folder.path().join("another.pem"), &other);
        assert!(refused(&certificate, &other).contains("must belong together"));
    }
}
