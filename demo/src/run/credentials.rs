//! Certificates and a token for one run of the demo: made at its start, gone with its folder.

use std::{fs::File, io::Read, path::PathBuf};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use super::place::Place;
use crate::nodes::Node;

/// What nodes and their clients show each other.
#[derive(Debug)]
pub(super) struct Credentials {
    /// The authority's certificate as text.
    pub(super) authority: String,
    /// Its file.
    pub(super) authority_file: PathBuf,
    /// What clients send.
    pub(super) token: String,
    /// Its file, readable by root only.
    pub(super) token_file: PathBuf,
}

/// A node's certificate and key.
#[derive(Debug)]
pub(super) struct NodeFiles {
    /// PEM.
    pub(super) certificate: PathBuf,
    /// PEM, readable by root only.
    pub(super) key: PathBuf,
}

/// Makes an authority, a certificate for each node's address (in the order of the nodes), and a token.
pub(super) fn create(place: &Place, nodes: &[Node]) -> anyhow::Result<(Credentials, Vec<NodeFiles>)> {
    let (authority, issuer) = authority().context("cannot make a certificate authority")?;
    let files = nodes.iter().map(|node| node_files(place, node, &issuer)).collect::<anyhow::Result<_>>()?;
    let token = token()?;
    let authority_file = place.write("authority.pem", &authority)?;
    let token_file = place.write_secret("token", &token)?;
    Ok((Credentials { authority, authority_file, token, token_file }, files))
}

fn authority() -> Result<(String, Issuer<'static, KeyPair>), rcgen::Error> {
    let mut wanted = CertificateParams::new(Vec::new())?;
    wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    wanted.distinguished_name.push(DnType::CommonName, "Goldwire demo authority");
    wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = wanted.self_signed(&key)?.pem();
    // The key is never written: it is forgotten once the nodes have their certificates.
    Ok((certificate, Issuer::new(wanted, key)))
}

fn node_files(place: &Place, node: &Node, issuer: &Issuer<'_, KeyPair>) -> anyhow::Result<NodeFiles> {
    let mut wanted = CertificateParams::new(vec![node.address().to_string()])?;
    wanted.distinguished_name.push(DnType::CommonName, node.name());
    wanted.use_authority_key_identifier_extension = true;
    wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = wanted.signed_by(&key, issuer)?.pem();
    Ok(NodeFiles {
        certificate: place.write(&format!("{}.pem", node.name()), &certificate)?,
        key: place.write_secret(&format!("{}.key", node.name()), &key.serialize_pem())?,
    })
}

fn token() -> anyhow::Result<String> {
    let mut random = [0; 24];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
