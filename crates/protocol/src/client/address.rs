//! Where a node listens: `host:port`, or `https://host:port` where it speaks TLS.

use std::{fmt, net::IpAddr, str::FromStr};

/// The port that a daemon listens on by default.
pub const DEFAULT_PORT: u16 = 4270;

/// Where a node listens. Its text is what users wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeAddress {
    secure: bool,
    host: Box<str>,
    port: u16,
}

/// The text names no node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address of a node: expected host:port or https://host:port")]
pub struct AddressError {
    text: String,
}

impl NodeAddress {
    /// A plain address. An IPv6 address may stand without its brackets.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        let bare = host.contains(':') && !host.starts_with('[');
        let host = if bare { format!("[{host}]").into() } else { host.into() };
        Self { secure: false, host, port }
    }

    /// The address says `https://`.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host's name or address, IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// True where nothing that is sent there leaves this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let address: Option<IpAddr> = host.parse().ok();
        address.map_or_else(|| host.eq_ignore_ascii_case("localhost"), |address| address.to_canonical().is_loopback())
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn uri(&self, secure: bool) -> String {
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }
}

impl FromStr for NodeAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError { text: text.to_owned() };
        let trimmed = text.trim().trim_end_matches('/');
        let (secure, rest) = match trimmed.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http" | "grpc", rest)) => (false, rest),
            Some(_) => return Err(error()),
            None => (false, trimmed),
        };
        let (host, port) = split_port(rest).ok_or_else(error)?;
        // The HTTP library's own rules decide what a host is.
        let authority: http::uri::Authority = format!("{host}:{port}").parse().map_err(|_| error())?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(error());
        }
        Ok(Self { secure, host: host.into(), port })
    }
}

fn split_port(text: &str) -> Option<(&str, u16)> {
    match text.rsplit_once(':') {
        // The colon is inside an IPv6 address's brackets.
        Some((_, after)) if after.ends_with(']') => Some((text, DEFAULT_PORT)),
        Some((host, _)) if host.contains(':') && !host.starts_with('[') => None,
        Some((host, port)) => Some((host, port.parse().ok().filter(|port| *port != 0)?)),
        None => Some((text, DEFAULT_PORT)),
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https://" } else { "" };
        write!(f, "{scheme}{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_as_they_were_written() {
        for text in ["127.0.0.1:4270", "node-a.example:99", "[::1]:4270", "https://node:4270"] {
            assert_eq!(text.parse::<NodeAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_port_has_a_default() {
        assert_eq!("node-a".parse::<NodeAddress>().unwrap().to_string(), "node-a:4270");
        assert_eq!("[::1]".parse::<NodeAddress>().unwrap().to_string(), "[::1]:4270");
        assert_eq!(NodeAddress::new("fe80::1", 1).to_string(), "[fe80::1]:1");
    }

    #[test]
    fn address_of_this_machine_is_loopback() {
        for text in ["127.0.0.1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost", "LocalHost:99"] {
            assert!(text.parse::<NodeAddress>().unwrap().is_loopback(), "{text}");
        }
        for text in ["10.0.0.1", "0.0.0.0", "[::]:1", "localhost.example", "127.0.0.1.nip.io", "node"] {
            assert!(!text.parse::<NodeAddress>().unwrap().is_loopback(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", ":4270", "node:", "node:0", "node:70000", "fe80::1:4270", "ftp://node:1", "a b:1", "u@h:1"] {
            assert!(text.parse::<NodeAddress>().is_err(), "{text}");
        }
    }
}
