//! Certificates and tokens for nodes that live as long as a demo or a test.

pub mod folders;

use std::{fs::File, io::Read};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// An authority whose key is never written: it is forgotten with this value.
#[derive(Debug)]
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its private key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// What is shown.
    pub certificate: String,
    /// What is kept.
    pub key: String,
}

impl Authority {
    /// Makes one.
    pub fn create() -> anyhow::Result<Self> {
        let mut wanted = CertificateParams::new(Vec::new())?;
        wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        wanted.distinguished_name.push(DnType::CommonName, "Goldwire demo authority");
        wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = wanted.self_signed(&key).context("cannot make a certificate authority")?.pem();
        Ok(Self { certificate, issuer: Issuer::new(wanted, key) })
    }

    /// What clients check nodes against (PEM).
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Certifies a server by the name or address that its clients use, or a client by its name.
    pub fn certify(&self, name: &str) -> anyhow::Result<Certified> {
        let mut wanted = CertificateParams::new(vec![name.to_owned()])?;
        wanted.distinguished_name.push(DnType::CommonName, name);
        wanted.use_authority_key_identifier_extension = true;
        wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        let certificate = wanted.signed_by(&key, &self.issuer).with_context(|| format!("cannot certify {name}"))?;
        Ok(Certified { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A token that nobody can guess: 24 random bytes as text.
pub fn token() -> anyhow::Result<String> {
    let mut random = [0; 24];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (first, second) = (token().unwrap(), token().unwrap());
        assert_eq!(first.len(), 48);
        assert_ne!(first, second);
    }

    #[test]
    fn names_and_addresses_are_certified() {
        let authority = Authority::create().unwrap();
        for name in ["10.77.0.1", "goldwire"] {
            let certified = authority.certify(name).unwrap();
            assert!(certified.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
            assert!(certified.key.contains("PRIVATE KEY"));
        }
    }
}
