//! The one line by which a plugin says where it listens.

use std::{net::SocketAddr, path::PathBuf};

/// The version of go-plugin's own protocol that Grafana speaks.
const CORE_PROTOCOL: &str = "1";
/// The version of Grafana's plugin protocol that a plugin must choose.
pub(crate) const APP_PROTOCOL: &str = "2";
/// A server certificate longer than this asks for AutoMTLS, which Grafana never uses.
const LONGEST_CERTIFICATE: usize = 50;

/// Where the plugin serves gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket, by its path.
    Unix(PathBuf),
    /// A TCP socket.
    Tcp(SocketAddr),
}

/// What is wrong with a handshake line, in the words in which Grafana would refuse it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The line has too few parts.
    #[error("expected CORE|APP|NETWORK|ADDRESS|PROTOCOL, got {0:?}")]
    Unrecognised(String),
    /// Another version of go-plugin.
    #[error("go-plugin core protocol {0:?}, Grafana has 1")]
    CoreProtocol(String),
    /// Another version of Grafana's plugin protocol.
    #[error("plugin protocol {0:?}, Grafana has 2")]
    AppProtocol(String),
    /// Neither `unix` nor `tcp`.
    #[error("unknown network {0:?}")]
    Network(String),
    /// A TCP address that is no address.
    #[error("{0:?} is no TCP address")]
    TcpAddress(String),
    /// Something else than gRPC.
    #[error("protocol {0:?}, Grafana allows only grpc")]
    Protocol(String),
    /// The plugin wants AutoMTLS.
    #[error("the plugin wants TLS, which Grafana does not use here")]
    Certificate,
}

/// Reads `CORE|APP|NETWORK|ADDRESS|PROTOCOL[|CERTIFICATE…]` with the checks of go-plugin's client.
pub fn parse_handshake(line: &str) -> Result<Address, HandshakeError> {
    let parts: Vec<&str> = line.trim().split('|').collect();
    let [core, app, network, address, rest @ ..] = parts.as_slice() else {
        return Err(HandshakeError::Unrecognised(line.trim().to_owned()));
    };
    if *core != CORE_PROTOCOL {
        return Err(HandshakeError::CoreProtocol((*core).to_owned()));
    }
    if *app != APP_PROTOCOL {
        return Err(HandshakeError::AppProtocol((*app).to_owned()));
    }
    check_transport(rest)?;
    parse_address(network, address)
}

/// An absent protocol means go-plugin's old net/rpc, which Grafana refuses.
fn check_transport(rest: &[&str]) -> Result<(), HandshakeError> {
    let protocol = rest.first().copied().unwrap_or("netrpc");
    if protocol != "grpc" {
        return Err(HandshakeError::Protocol(protocol.to_owned()));
    }
    match rest.get(1) {
        Some(certificate) if certificate.len() > LONGEST_CERTIFICATE => Err(HandshakeError::Certificate),
        _ => Ok(()),
    }
}

fn parse_address(network: &str, address: &str) -> Result<Address, HandshakeError> {
    match network {
        "unix" => Ok(Address::Unix(PathBuf::from(address))),
        "tcp" => address.parse().map(Address::Tcp).map_err(|_unparsed| HandshakeError::TcpAddress(address.to_owned())),
        other => Err(HandshakeError::Network(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_networks_are_read() {
        assert_eq!(parse_handshake("1|2|unix|/tmp/p.sock|grpc\n"), Ok(Address::Unix("/tmp/p.sock".into())));
        let tcp = Address::Tcp(([127, 0, 0, 1], 10_000).into());
        assert_eq!(parse_handshake("1|2|tcp|127.0.0.1:10000|grpc|"), Ok(tcp));
    }

    #[test]
    fn what_grafana_refuses_is_refused() {
        let refused = |line: &str| parse_handshake(line).expect_err(line);
        assert_eq!(refused("starting up"), HandshakeError::Unrecognised("starting up".into()));
        assert_eq!(refused("2|2|tcp|127.0.0.1:1|grpc"), HandshakeError::CoreProtocol("2".into()));
        assert_eq!(refused("1|1|tcp|127.0.0.1:1|grpc"), HandshakeError::AppProtocol("1".into()));
        assert_eq!(refused("1|2|pipe|x|grpc"), HandshakeError::Network("pipe".into()));
        assert_eq!(refused("1|2|tcp|localhost|grpc"), HandshakeError::TcpAddress("localhost".into()));
        assert_eq!(refused("1|2|tcp|127.0.0.1:1"), HandshakeError::Protocol("netrpc".into()));
        let certificate = format!("1|2|tcp|127.0.0.1:1|grpc|{}", "c".repeat(51));
        assert_eq!(refused(&certificate), HandshakeError::Certificate);
    }
}
