//! Heads of messages: start line and header section, RFC 9112 sections 2 to 6.
//!
//! Only what an exchange shows leaves this file. Query strings, user names in targets and all other header values stay
//! inside.

use std::{borrow::Cow, mem::MaybeUninit};

use httparse::{Header, ParserConfig, Status};

use super::{body::Body, chunked::Chunked};
use crate::http::{TraceContext, host_name, split_target};

/// Header lines that fit on the stack.
const USUAL_HEADERS: usize = 64;
/// Header lines of the largest head that is read.
const MOST_HEADERS: usize = 4096;

/// What came of reading a head.
#[derive(Debug)]
pub(super) enum Parsed<T> {
    /// It is whole and this many bytes long.
    Whole(T, usize),
    Partial,
    Invalid,
}

#[derive(Debug)]
pub(super) struct RequestHead<'a> {
    pub(super) method: &'a str,
    /// Without its query string. Absent where the target is an authority, or was not seen to its end.
    pub(super) path: Option<&'a str>,
    /// Without user and port, in lower case.
    pub(super) host: Option<Cow<'a, str>>,
    pub(super) user_agent: Option<&'a [u8]>,
    pub(super) trace: TraceContext,
    pub(super) body: Body,
}

#[derive(Clone, Debug)]
pub(super) struct ResponseHead {
    pub(super) status: u16,
    /// Without regard to the request: see [`Body::of_response`].
    pub(super) body: Body,
}

pub(super) fn parse_request(bytes: &[u8]) -> Parsed<RequestHead<'_>> {
    let mut usual = [const { MaybeUninit::uninit() }; USUAL_HEADERS];
    match request_with(bytes, &mut usual) {
        Err(httparse::Error::TooManyHeaders) => {
            let mut many = vec![MaybeUninit::uninit(); MOST_HEADERS];
            request_with(bytes, &mut many).unwrap_or(Parsed::Invalid)
        }
        parsed => parsed.unwrap_or(Parsed::Invalid),
    }
}

pub(super) fn parse_response(bytes: &[u8]) -> Parsed<ResponseHead> {
    let mut usual = [const { MaybeUninit::uninit() }; USUAL_HEADERS];
    match response_with(bytes, &mut usual) {
        Err(httparse::Error::TooManyHeaders) => {
            let mut many = vec![MaybeUninit::uninit(); MOST_HEADERS];
            response_with(bytes, &mut many).unwrap_or(Parsed::Invalid)
        }
        parsed => parsed.unwrap_or(Parsed::Invalid),
    }
}

fn request_with<'a>(
    bytes: &'a [u8],
    headers: &mut [MaybeUninit<Header<'a>>],
) -> Result<Parsed<RequestHead<'a>>, httparse::Error> {
    let mut request = httparse::Request::new(&mut []);
    let status = ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, headers)?;
    let (Status::Complete(length), Some(method), Some(target)) = (status, request.method, request.path) else {
        return Ok(Parsed::Partial);
    };
    Ok(Parsed::Whole(request_head(method, target, request.headers), length))
}

fn response_with<'a>(
    bytes: &'a [u8],
    headers: &mut [MaybeUninit<Header<'a>>],
) -> Result<Parsed<ResponseHead>, httparse::Error> {
    let mut response = httparse::Response::new(&mut []);
    let mut lenient = ParserConfig::default();
    lenient.ignore_invalid_headers_in_responses(true).allow_multiple_spaces_in_response_status_delimiters(true);
    let status = lenient.parse_response_with_uninit_headers(&mut response, bytes, headers)?;
    let (Status::Complete(length), Some(code)) = (status, response.code) else {
        return Ok(Parsed::Partial);
    };
    let mut framing = Framing::default();
    response.headers.iter().for_each(|header| framing.header(header));
    Ok(Parsed::Whole(ResponseHead { status: code, body: framing.of_response() }, length))
}

fn request_head<'a>(method: &'a str, target: &'a str, headers: &[Header<'a>]) -> RequestHead<'a> {
    let (mut framing, mut host, mut user_agent) = (Framing::default(), None, None);
    let (mut trace, mut from_w3c) = (TraceContext::default(), false);
    for header in headers {
        match header.name.len() {
            4 if header.name.eq_ignore_ascii_case("host") => host = std::str::from_utf8(header.value).ok(),
            10 if header.name.eq_ignore_ascii_case("user-agent") => user_agent = Some(header.value),
            2 | 11 | 12 => trace.header(&mut from_w3c, header.name, header.value),
            _ => framing.header(header),
        }
    }
    let (authority, path) = split_target(method, target);
    let host = authority.or(host).map(host_name).filter(|host| !host.is_empty());
    RequestHead { method, path, host, user_agent, trace, body: framing.of_request() }
}

/// How a message's length is told, RFC 9112 section 6.3.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    chunked: bool,
    other_coding: bool,
    wrong: bool,
}

impl Framing {
    fn header(&mut self, header: &Header<'_>) {
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => self.content_length(header.value),
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => self.transfer_encoding(header.value),
            _ => {}
        }
    }

    /// A list of like numbers is one number; anything else is an error.
    fn content_length(&mut self, value: &[u8]) {
        for part in value.split(|byte| *byte == b',') {
            match number(part.trim_ascii()) {
                Some(number) if self.length.is_none_or(|known| known == number) => self.length = Some(number),
                _ => self.wrong = true,
            }
        }
    }

    /// Only a last coding of `chunked` tells where the message ends.
    fn transfer_encoding(&mut self, value: &[u8]) {
        let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
        self.chunked = last.eq_ignore_ascii_case(b"chunked");
        self.other_coding = !self.chunked;
    }

    /// A request without a length has no body.
    fn of_request(&self) -> Body {
        match self {
            Self { chunked: true, .. } => Body::Chunked(Chunked::START),
            Self { other_coding: true, .. } | Self { wrong: true, .. } => Body::BLIND,
            Self { length, .. } => Body::Length(length.unwrap_or(0)),
        }
    }

    /// A response without a length goes on until the connection closes.
    fn of_response(&self) -> Body {
        match self {
            Self { chunked: true, .. } => Body::Chunked(Chunked::START),
            Self { other_coding: true, .. } | Self { length: None, wrong: false, .. } => Body::UntilClose,
            Self { wrong: true, .. } => Body::BLIND,
            Self { length: Some(length), .. } => Body::Length(*length),
        }
    }
}

/// Digits; a number too large for the type is as good as its largest.
fn number(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.is_empty())?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(u64::MAX))
}

/// What can be said about a request whose head is not whole, or wrong behind its first line.
pub(super) fn salvage_request<T>(seen: &[u8], take: impl FnOnce(RequestHead<'_>) -> T) -> Option<T> {
    let lines = whole_lines(seen);
    if let Parsed::Whole(head, _) = parse_request(&lines) {
        return Some(take(RequestHead { body: Body::BLIND, ..head }));
    }
    let line = seen.split(|byte| *byte == b'\n').next()?;
    let line_is_whole = line.len() < seen.len();
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\r'));
    let method = std::str::from_utf8(words.next()?).ok().filter(|method| !method.is_empty())?;
    let target = words.next().filter(|_| line_is_whole).and_then(|target| std::str::from_utf8(target).ok());
    let (host, path) = target.map_or((None, None), |target| split_target(method, target));
    Some(take(RequestHead {
        method,
        path,
        host: host.map(host_name),
        user_agent: None,
        trace: TraceContext::default(),
        body: Body::BLIND,
    }))
}

/// The status of a response whose head is not whole.
pub(super) fn salvage_status(seen: &[u8]) -> Option<u16> {
    std::str::from_utf8(seen.get(9..12)?).ok()?.parse().ok()
}

/// The lines that are whole, ended as a head is.
fn whole_lines(seen: &[u8]) -> Vec<u8> {
    let end = seen.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    [&seen[..end], b"\r\n"].concat()
}

/// How many of the new bytes belong to a head whose beginning is `seen`, where they end it.
pub(super) fn end_of_head(seen: &[u8], new: &[u8]) -> Option<usize> {
    let carry = &seen[seen.len().saturating_sub(2)..];
    let (mut before, mut last) = match carry {
        [before, last] => (*before, *last),
        [last] => (0, *last),
        _ => (0, 0),
    };
    for (index, byte) in new.iter().enumerate() {
        if *byte == b'\n' && (last == b'\n' || (last == b'\r' && before == b'\n')) {
            return Some(index + 1);
        }
        (before, last) = (last, *byte);
    }
    None
}

pub(super) fn ends_head(head: &[u8]) -> bool {
    head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> RequestHead<'_> {
        match parse_request(text.as_bytes()) {
            Parsed::Whole(head, length) if length == text.len() => head,
            other => panic!("{other:?}"),
        }
    }

    fn response(text: &str) -> ResponseHead {
        match parse_response(text.as_bytes()) {
            Parsed::Whole(head, length) if length == text.len() => head,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn targets_lose_query_user_and_port() {
        for (line, host, path) in [
            ("GET /a/b?token=s HTTP/1.1\r\nHost: Shop.Example:8080\r\n\r\n", Some("shop.example"), Some("/a/b")),
            ("GET http://u:p@h.example:80/x?y HTTP/1.1\r\nHost: other\r\n\r\n", Some("h.example"), Some("/x")),
            ("GET http://h.example HTTP/1.1\r\n\r\n", Some("h.example"), Some("/")),
            ("GET /p?u=http://x/ HTTP/1.0\r\n\r\n", None, Some("/p")),
            ("CONNECT db.example:5432 HTTP/1.1\r\n\r\n", Some("db.example"), None),
            ("OPTIONS * HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", Some("[::1]"), Some("*")),
            ("GET ?q HTTP/1.1\r\nHost:\r\n\r\n", None, Some("/")),
        ] {
            let head = request(line);
            assert_eq!((head.host.as_deref(), head.path), (host, path), "{line}");
        }
    }

    #[test]
    fn lengths_are_told_as_the_rfc_says() {
        let body = |headers: &str| request(&format!("POST / HTTP/1.1\r\n{headers}\r\n")).body;
        assert_eq!(body(""), Body::Length(0));
        assert_eq!(body("Content-Length: 5\r\n"), Body::Length(5));
        assert_eq!(body("Content-Length: 5, 5\r\nContent-Length: 5\r\n"), Body::Length(5));
        assert_eq!(body("Content-Length: 5\r\nContent-Length: 6\r\n"), Body::BLIND);
        assert_eq!(body("Content-Length: +5\r\n"), Body::BLIND);
        assert_eq!(body("Content-Length: 99999999999999999999\r\n"), Body::Length(u64::MAX));
        assert_eq!(body("Content-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n"), Body::Chunked(Chunked::START));
        assert_eq!(body("Transfer-Encoding: gzip\r\n"), Body::BLIND);
        let body = |headers: &str| response(&format!("HTTP/1.1 200 OK\r\n{headers}\r\n")).body;
        assert_eq!(body(""), Body::UntilClose);
        assert_eq!(body("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n"), Body::UntilClose);
        assert_eq!(body("content-length: 0\r\n"), Body::Length(0));
        assert_eq!(body("content-length: x\r\n"), Body::BLIND);
    }

    #[test]
    fn many_headers_are_read() {
        let lines: String = (0..1_000).map(|index| format!("X-{index}: y\r\n")).collect();
        assert_eq!(request(&format!("GET / HTTP/1.1\r\n{lines}Content-Length: 7\r\n\r\n")).body, Body::Length(7));
    }
}
