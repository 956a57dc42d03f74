//! What a proxy says in front of a connection: the PROXY protocol, version 1 in text and version 2 in binary ("The PROXY
//! protocol", HAProxy Technologies, 2020).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest preamble in text, its end included (section 2.1).
const TEXT_MAX: usize = 107;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, and the length of the rest.
const HEADER: usize = 16;
const VERSION: u8 = 2;
const LOCAL: u8 = 0;
const PROXY: u8 = 1;
const IPV4: u8 = 1;
const IPV6: u8 = 2;

/// The connection that a proxy passes on, as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// Who opened it.
    pub source: IpAddr,
    /// Who was asked.
    pub destination: IpAddr,
}

/// A preamble that is there, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Preamble {
    /// What runs on the connection begins behind so many bytes.
    pub(crate) length: u64,
    /// Absent where the proxy speaks for itself, and of what has no IP addresses.
    pub(crate) proxied: Option<Proxied>,
}

/// What a stream begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    Preamble(Preamble),
    /// Too little is there to tell.
    NeedMore,
    Another,
}

/// Looks at the first bytes of what a client sends.
pub(crate) fn read(bytes: &[u8]) -> Beginning {
    match bytes.first() {
        Some(b'P') => read_text(bytes),
        Some(b'\r') => read_binary(bytes),
        None => Beginning::NeedMore,
        Some(_) => Beginning::Another,
    }
}

/// What is behind a preamble that a segment begins with, if it does.
#[must_use]
pub fn behind(bytes: &[u8]) -> &[u8] {
    match read(bytes) {
        Beginning::Preamble(Preamble { length, .. }) => bytes.get(length as usize..).unwrap_or_default(),
        Beginning::NeedMore | Beginning::Another => bytes,
    }
}

fn read_text(bytes: &[u8]) -> Beginning {
    let line = &bytes[..bytes.len().min(TEXT_MAX)];
    let Some(end) = line.windows(2).position(|pair| pair == b"\r\n") else {
        const BEGINNINGS: [&[u8]; 3] = [b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN"];
        let fits = BEGINNINGS.iter().any(|beginning| {
            let length = beginning.len().min(line.len());
            beginning[..length] == line[..length]
        });
        return if fits && line.len() < TEXT_MAX { Beginning::NeedMore } else { Beginning::Another };
    };
    let words = str::from_utf8(&line[..end]).map(|line| line.split(' ').collect::<Vec<_>>()).unwrap_or_default();
    let proxied = match words[..] {
        ["PROXY", "UNKNOWN", ..] => Some(None),
        ["PROXY", "TCP4", source, destination, _, _] => addresses::<Ipv4Addr>(source, destination).map(Some),
        ["PROXY", "TCP6", source, destination, _, _] => addresses::<Ipv6Addr>(source, destination).map(Some),
        _ => None,
    };
    let length = (end + 2) as u64;
    proxied.map_or(Beginning::Another, |proxied| Beginning::Preamble(Preamble { length, proxied }))
}

fn addresses<A: std::str::FromStr + Into<IpAddr>>(source: &str, destination: &str) -> Option<Proxied> {
    let address = |text: &str| text.parse::<A>().ok().map(|address| address.into().to_canonical());
    Some(Proxied { source: address(source)?, destination: address(destination)? })
}

fn read_binary(bytes: &[u8]) -> Beginning {
    let there = bytes.len().min(SIGNATURE.len());
    if bytes[..there] != SIGNATURE[..there] {
        return Beginning::Another;
    }
    let Some([version_and_command, family, high, low]) = bytes.get(SIGNATURE.len()..).and_then(<[u8]>::first_chunk)
    else {
        return Beginning::NeedMore;
    };
    let (version, command) = (version_and_command >> 4, version_and_command & 0xf);
    let length = u16::from_be_bytes([*high, *low]);
    if version != VERSION || !matches!(command, LOCAL | PROXY) {
        return Beginning::Another;
    }
    // Behind the addresses are other things, which nobody needs to wait for.
    let size = match family >> 4 {
        _ if command == LOCAL => 0,
        IPV4 => 12,
        IPV6 => 36,
        _ => 0,
    };
    if usize::from(length) < size {
        return Beginning::Another;
    }
    let Some(rest) = bytes.get(HEADER..HEADER + size) else { return Beginning::NeedMore };
    let length = HEADER as u64 + u64::from(length);
    Beginning::Preamble(Preamble { length, proxied: binary_addresses(rest) })
}

/// Source, destination, and their ports.
fn binary_addresses(bytes: &[u8]) -> Option<Proxied> {
    let (source, destination) = match bytes.len() {
        12 => (ipv4(bytes)?, ipv4(&bytes[4..])?),
        36 => (ipv6(bytes)?, ipv6(&bytes[16..])?),
        _ => return None,
    };
    Some(Proxied { source, destination })
}

fn ipv4(bytes: &[u8]) -> Option<IpAddr> {
    bytes.first_chunk::<4>().map(|address| Ipv4Addr::from(*address).into())
}

fn ipv6(bytes: &[u8]) -> Option<IpAddr> {
    bytes.first_chunk::<16>().map(|address| IpAddr::from(Ipv6Addr::from(*address)).to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(version_and_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let [high, low] = (rest.len() as u16).to_be_bytes();
        [&SIGNATURE[..], &[version_and_command, family, high, low], rest].concat()
    }

    fn proxied(source: &str, destination: &str) -> Option<Proxied> {
        let address = |text: &str| text.parse().expect("an address");
        Some(Proxied { source: address(source), destination: address(destination) })
    }

    /// However much of it is there.
    fn expect(bytes: &[u8], needed: usize, length: usize, proxied: Option<Proxied>) {
        for there in 0..=bytes.len() {
            let whole = Beginning::Preamble(Preamble { length: length as u64, proxied });
            let expected = if there < needed { Beginning::NeedMore } else { whole };
            assert_eq!(read(&bytes[..there]), expected, "{there} of {bytes:?}");
        }
    }

    #[test]
    fn read_text_versions_tell_addresses() {
        for (line, told) in [
            ("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n", proxied("192.0.2.7", "198.51.100.1")),
            ("PROXY TCP6 2001:db8::7 ::1 56324 443\r\n", proxied("2001:db8::7", "::1")),
            ("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", proxied("192.0.2.7", "::1")),
            ("PROXY UNKNOWN\r\n", None),
            ("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", None),
        ] {
            expect(&[line.as_bytes(), b"GET / HTTP/1.1\r\n"].concat(), line.len(), line.len(), told);
        }
    }

    #[test]
    fn read_binary_versions_tell_addresses() {
        let ipv4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb];
        let tlv = [0x20, 0, 3, 1, 2, 3];
        let told = proxied("192.0.2.7", "198.51.100.1");
        expect(&binary(0x21, 0x11, &ipv4), 28, 28, told);
        expect(&binary(0x21, 0x11, &[&ipv4[..], &tlv].concat()), 28, 34, told);
        let ipv6: Vec<u8> = (0..36).collect();
        expect(
            &binary(0x21, 0x21, &ipv6),
            52,
            52,
            proxied("1:203:405:607:809:a0b:c0d:e0f", "1011:1213:1415:1617:1819:1a1b:1c1d:1e1f"),
        );
        expect(&binary(0x20, 0x00, &[]), 16, 16, None);
        expect(&binary(0x20, 0x11, &ipv4), 16, 28, None);
        expect(&binary(0x21, 0x31, &[b'/'; 216]), 16, 232, None);
        expect(&binary(0x21, 0x00, &tlv), 16, 22, None);
    }

    #[test]
    fn read_others_are_no_preambles() {
        for other in [
            &b"POST / HTTP/1.1\r\n"[..],
            b"PRI * HTTP/2.0\r\n\r\nSM",
            b"PROXY TCP4 one two 1 2\r\n",
            b"PROXY TCP4 192.0.2.7\r\n",
            b"PROXY TCP6 192.0.2.7 192.0.2.8 1 2\r\n",
            b"PROXY SCTP 1 2 3 4\r\n",
            b"\r\nGET / HTTP/1.1\r\n",
            &binary(0x11, 0x11, &[0; 12]),
            &binary(0x22, 0x11, &[0; 12]),
            &binary(0x21, 0x11, &[0; 11]),
            &[b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat(),
        ] {
            assert_eq!(read(other), Beginning::Another, "{other:?}");
        }
        assert_eq!(behind(b"PROXY UNKNOWN\r\n\x16\x03"), b"\x16\x03");
        assert_eq!(behind(b"\x16\x03"), b"\x16\x03");
        assert_eq!(behind(&binary(0x21, 0x00, &[0; 9])[..20]), b"");
    }
}
