//! What servers over TLS need.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// A folder with `cert.pem`, a certificate for `localhost`, and its `key.pem`.
pub fn certificate() -> Result<TempDir> {
    let folder = TempDir::new()?;
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder.path())
        .output()
        .context("openssl")?;
    ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    Ok(folder)
}

/// nginx's configuration for a port and the files of [`certificate`]: 200 to everything, and 404 to `/missing`.
#[must_use]
pub fn nginx_over_tls(port: u16) -> String {
    format!(
        "daemon off; user root; worker_processes 2; pid nginx.pid; error_log error.log; events {{ worker_connections 4096; }}\n\
         http {{ access_log off; keepalive_requests 100000000; server {{\n\
         listen 127.0.0.1:{port} ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;\n\
         location / {{ return 200 'hello'; }} location /missing {{ return 404; }} }} }}\n"
    )
}
