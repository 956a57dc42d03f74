//! Credentials as files for the containers of `docker-compose.yml`: one folder for the node, one for its clients.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, chown},
    path::Path,
};

use anyhow::Context;

use super::{Authority, token};

/// Writes `certificate.pem`, `key.pem` and `token` for a node of this name, `ca.pem` and `token` for its clients, who run
/// as this user. What was there before is replaced.
pub fn write(name: &str, node: &Path, client: &Path, client_user: u32) -> anyhow::Result<()> {
    let authority = Authority::create()?;
    let (certified, token) = (authority.certify(name)?, token()?);
    put(&node.join("certificate.pem"), &certified.certificate, None)?;
    put(&node.join("key.pem"), &certified.key, None)?;
    put(&node.join("token"), &token, None)?;
    put(&client.join("ca.pem"), authority.certificate(), Some(client_user))?;
    put(&client.join("token"), &token, Some(client_user))
}

fn put(file: &Path, text: &str, owner: Option<u32>) -> anyhow::Result<()> {
    let replace = || {
        if file.exists() {
            fs::remove_file(file)?;
        }
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())?;
        owner.map_or(Ok(()), |owner| chown(file, Some(owner), None))
    };
    replace().with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn each_side_gets_what_it_needs_and_only_its_owner_can_read_it() {
        let (node, client) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let user = fs::metadata(client.path()).unwrap().uid();
        write("goldwire", node.path(), client.path(), user).unwrap();
        write("goldwire", node.path(), client.path(), user).unwrap();
        let token = fs::read_to_string(node.path().join("token")).unwrap();
        assert_eq!(fs::read_to_string(client.path().join("token")).unwrap(), token);
        for file in [node.path().join("key.pem"), client.path().join("token")] {
            assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, 0o600);
        }
        assert!(!client.path().join("key.pem").exists());
    }
}
