//! What the demo's nodes and their clients show each other: made at its start, gone with its folder.

use std::path::PathBuf;

use super::place::Place;
use crate::{
    credentials::{Authority, token},
    nodes::Node,
};

/// What clients have.
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
    let authority = Authority::create()?;
    let files = nodes.iter().map(|node| node_files(place, node, &authority)).collect::<anyhow::Result<_>>()?;
    let token = token()?;
    let credentials = Credentials {
        authority: authority.certificate().to_owned(),
        authority_file: place.write("authority.pem", authority.certificate())?,
        token_file: place.write_secret("token", &token)?,
        token,
    };
    Ok((credentials, files))
}

fn node_files(place: &Place, node: &Node, authority: &Authority) -> anyhow::Result<NodeFiles> {
    let certified = authority.certify(&node.address().to_string())?;
    Ok(NodeFiles {
        certificate: place.write(&format!("{}.pem", node.name()), &certified.certificate)?,
        key: place.write_secret(&format!("{}.key", node.name()), &certified.key)?,
    })
}
