//! What the two hellos say in the clear.

use super::Fields;

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const EARLY_DATA: u16 = 42;
const SUPPORTED_VERSIONS: u16 = 43;
const HOST_NAME: u8 = 0;
const NAME_MAX: usize = 255;
const RANDOM: usize = 32;

/// A client's hello: RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientHello<'a> {
    /// RFC 6066 section 3.
    pub(crate) server_name: Option<&'a str>,
    /// The first protocol that is offered, RFC 7301 section 3.1.
    pub(crate) alpn: Option<&'a str>,
    /// The client may send before the server's hello, RFC 8446 section 4.2.10.
    pub(crate) early_data: bool,
    /// All its vectors fit in. One that was cut short in front of its extensions looks so too.
    pub(crate) is_well_formed: bool,
}

impl<'a> ClientHello<'a> {
    /// Reads the message behind its type and length, as far as it is there: what is found is certain.
    pub(crate) fn read(body: &'a [u8]) -> Self {
        let mut hello = Self::default();
        hello.is_well_formed = hello.fill(Fields(body)).is_some();
        hello
    }

    fn fill(&mut self, mut body: Fields<'a>) -> Option<()> {
        let _version = body.number()?;
        body.take(RANDOM)?;
        let _session = body.short_vector()?;
        let _suites = body.vector()?;
        let _compressions = body.short_vector()?;
        for_each_extension(body, |kind, value| match kind {
            SERVER_NAME => self.server_name = host_name(value),
            ALPN => self.alpn = first_protocol(value),
            EARLY_DATA => self.early_data = true,
            _ => {}
        })
    }
}

/// A version that a server may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl Version {
    const fn of(number: u16) -> Option<Self> {
        match number {
            0x0301 => Some(Self::Tls10),
            0x0302 => Some(Self::Tls11),
            0x0303 => Some(Self::Tls12),
            0x0304 => Some(Self::Tls13),
            _ => None,
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Tls10 => "1.0",
            Self::Tls11 => "1.1",
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }
}

/// A server's hello, or its request for another hello, which looks the same: RFC 8446 section 4.1.3, RFC 5246
/// section 7.4.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerHello<'a> {
    /// The chosen version; absent where it is none of RFC 8446 and before.
    pub(super) version: Option<Version>,
    /// The chosen cipher suite.
    pub(super) suite: u16,
    /// The chosen protocol, in the clear up to TLS 1.2.
    pub(super) alpn: Option<&'a str>,
}

impl<'a> ServerHello<'a> {
    /// Only a whole one: the version may stand at its end.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut body = Fields(body);
        let legacy = body.number()?;
        body.take(RANDOM)?;
        let _session = body.short_vector()?;
        let suite = body.number()?;
        let _compression = body.byte()?;
        let (mut version, mut alpn) = (legacy, None);
        for_each_extension(body, |kind, value| match kind {
            SUPPORTED_VERSIONS => version = Fields(value).number().unwrap_or(0),
            ALPN => alpn = first_protocol(value),
            _ => {}
        })?;
        Some(Self { version: Version::of(version), suite, alpn })
    }
}

/// Absent where the list is cut short. There may be none at all up to TLS 1.2.
fn for_each_extension<'a>(mut body: Fields<'a>, mut visit: impl FnMut(u16, &'a [u8])) -> Option<()> {
    if body.0.is_empty() {
        return Some(());
    }
    let declared = usize::from(u16::from_be_bytes(*body.0.first_chunk()?));
    let mut extensions = body.vector_in_part()?;
    let is_whole = extensions.0.len() == declared;
    while !extensions.0.is_empty() {
        let kind = extensions.number()?;
        visit(kind, extensions.vector()?);
    }
    is_whole.then_some(())
}

fn host_name(extension: &[u8]) -> Option<&str> {
    let mut names = Fields(Fields(extension).vector()?);
    names.byte().filter(|kind| *kind == HOST_NAME)?;
    printable(names.vector()?)
}

/// What browsers add to keep the list open (RFC 8701) is none.
fn first_protocol(extension: &[u8]) -> Option<&str> {
    let mut protocols = Fields(Fields(extension).vector()?);
    loop {
        if let Some(protocol) = printable(protocols.short_vector()?) {
            return Some(protocol);
        }
    }
}

fn printable(bytes: &[u8]) -> Option<&str> {
    let is_printable = matches!(bytes.len(), 1..=NAME_MAX) && bytes.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(bytes).ok().filter(|_| is_printable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
    }

    fn vector(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
    }

    fn named(name: &[u8]) -> Vec<u8> {
        extension(SERVER_NAME, &vector(&[&[HOST_NAME][..], &vector(name)].concat()))
    }

    fn protocols(names: &[&[u8]]) -> Vec<u8> {
        let list: Vec<u8> = names.iter().flat_map(|name| [&[name.len() as u8][..], name].concat()).collect();
        extension(ALPN, &vector(&list))
    }

    fn client(extensions: &[u8]) -> Vec<u8> {
        let fixed = [&[3, 3][..], &[7; RANDOM], &[2, 9, 9], &[0, 4, 0x13, 1, 0x13, 2], &[1, 0]].concat();
        [fixed, vector(extensions)].concat()
    }

    fn server(legacy: u16, extensions: Option<&[u8]>) -> Vec<u8> {
        let fixed = [&legacy.to_be_bytes()[..], &[7; RANDOM], &[0], &[0x13, 2], &[0]].concat();
        [fixed, extensions.map(vector).unwrap_or_default()].concat()
    }

    #[test]
    fn a_client_asks_for_a_name_and_a_protocol() {
        let body = client(&[extension(10, &[0; 4]), named(b"shop.example"), protocols(&[b"h2", b"http/1.1"])].concat());
        let hello = ClientHello::read(&body);
        assert_eq!((hello.server_name, hello.alpn), (Some("shop.example"), Some("h2")));
        assert!(hello.is_well_formed && !hello.early_data);
        assert!(ClientHello::read(&client(&extension(EARLY_DATA, &[]))).early_data);
    }

    #[test]
    fn what_is_there_of_a_cut_hello_is_read() {
        let body = client(&[named(b"shop.example"), protocols(&[b"h2"])].concat());
        for end in 0..body.len() {
            let hello = ClientHello::read(&body[..end]);
            assert_eq!(hello.is_well_formed, end == client(&[]).len() - 2);
            assert_eq!(hello.alpn, None);
            assert_eq!(hello.server_name.is_some(), end >= body.len() - protocols(&[b"h2"]).len(), "{end}");
        }
    }

    #[test]
    fn what_is_wrong_is_nothing() {
        assert_eq!(ClientHello::read(&client(&named(b"a b"))).server_name, None);
        assert_eq!(ClientHello::read(&client(&named(b""))).server_name, None);
        assert_eq!(ClientHello::read(&client(&named(&[b'x'; 300]))).server_name, None);
        assert_eq!(ClientHello::read(&client(&protocols(&[b"\x0a\x0a", b"h3"]))).alpn, Some("h3"));
        assert_eq!(ClientHello::read(&client(&extension(ALPN, &[0, 9, 2]))).alpn, None);
    }

    #[test]
    fn a_server_chooses_a_version() {
        let chosen = |body: &[u8]| ServerHello::read(body).map(|hello| hello.version.map(Version::text));
        assert_eq!(chosen(&server(0x0303, Some(&extension(SUPPORTED_VERSIONS, &[3, 4])))), Some(Some("1.3")));
        assert_eq!(chosen(&server(0x0303, Some(&protocols(&[b"h2"])))), Some(Some("1.2")));
        assert_eq!(chosen(&server(0x0302, None)), Some(Some("1.1")));
        assert_eq!(chosen(&server(0x0301, Some(&[]))), Some(Some("1.0")));
        assert_eq!(chosen(&server(0x0303, Some(&extension(SUPPORTED_VERSIONS, &[0x7f, 0x1c])))), Some(None));
        let whole = server(0x0303, Some(&extension(SUPPORTED_VERSIONS, &[3, 4])));
        for end in (0..whole.len()).filter(|end| *end != server(0x0303, None).len()) {
            assert_eq!(chosen(&whole[..end]), None, "{end}");
        }
    }
}
