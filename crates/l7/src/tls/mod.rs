//! TLS, as far as it can be read: the name of the server that a client asks for (RFC 6066 section 3, in a ClientHello of
//! RFC 8446 section 4.1.2). Everything behind it is opaque.

mod connection;

pub use connection::Connection;
pub(crate) use connection::KNOWN;

/// Record type of a handshake, and the major version that every TLS has.
const HANDSHAKE_RECORD: [u8; 2] = [22, 3];
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;
const NAME_MAX: usize = 255;

/// Whether a stream begins as a TLS client begins.
#[must_use]
pub fn is_client_hello(bytes: &[u8]) -> bool {
    bytes.starts_with(&HANDSHAKE_RECORD) && bytes.get(5).is_none_or(|message| *message == CLIENT_HELLO)
}

/// The name that the client asks for; absent where it names none, or where that part was not captured.
#[must_use]
pub fn server_name(bytes: &[u8]) -> Option<&str> {
    let mut hello = Fields(bytes);
    hello.skip(HANDSHAKE_RECORD.len() + 3)?;
    hello.byte().filter(|message| *message == CLIENT_HELLO)?;
    // Length of the message, version, random.
    hello.skip(3 + 2 + 32)?;
    // Session id, cipher suites, compression methods.
    let session = hello.byte()?;
    hello.skip(usize::from(session))?;
    let suites = hello.number()?;
    hello.skip(usize::from(suites))?;
    let methods = hello.byte()?;
    hello.skip(usize::from(methods))?;
    let _length_of_extensions = hello.number()?;
    loop {
        let (kind, length) = (hello.number()?, hello.number()?);
        let extension = hello.take(usize::from(length))?;
        if kind == SERVER_NAME {
            return host_name(extension);
        }
    }
}

fn host_name(extension: &[u8]) -> Option<&str> {
    let mut names = Fields(extension);
    names.number()?;
    names.byte().filter(|kind| *kind == HOST_NAME)?;
    let length = names.number()?;
    let name = std::str::from_utf8(names.take(usize::from(length))?).ok()?;
    let is_name = !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some(name)
}

/// Bytes that are read from the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(|_| ())
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(extensions: &[u8]) -> Vec<u8> {
        let mut bytes = vec![22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
        bytes.extend([7; 32]);
        bytes.extend([2, 9, 9, 0, 4, 0x13, 1, 0x13, 2, 1, 0]);
        bytes.extend((extensions.len() as u16).to_be_bytes());
        bytes.extend(extensions);
        bytes
    }

    fn named(name: &[u8]) -> Vec<u8> {
        let length = name.len() as u16;
        let mut extension = vec![0, 43, 0, 2, 3, 4, 0, 0];
        extension.extend((length + 5).to_be_bytes());
        extension.extend((length + 3).to_be_bytes());
        extension.push(0);
        extension.extend(length.to_be_bytes());
        extension.extend(name);
        hello(&extension)
    }

    #[test]
    fn the_name_is_found_behind_other_extensions() {
        assert_eq!(server_name(&named(b"shop.example")), Some("shop.example"));
        assert!(is_client_hello(&named(b"x")));
    }

    #[test]
    fn what_is_cut_or_wrong_has_no_name() {
        let whole = named(b"shop.example");
        for end in 0..whole.len() {
            assert_eq!(server_name(&whole[..end]), None);
        }
        assert_eq!(server_name(&named(b"a b")), None);
        assert_eq!(server_name(&hello(&[])), None);
        assert!(!is_client_hello(b"GET / HTTP/1.1"));
        assert!(!is_client_hello(&[22, 3, 3, 0, 5, 2]));
    }
}
