//! One DNS message, read as far as it was captured.

use std::{fmt::Write as _, net::IpAddr};

use hickory_proto::{
    op::{Header, MessageType, OpCode, Query},
    rr::{DNSClass, RData, Record, RecordType},
    serialize::binary::{BinDecodable, BinDecoder},
};

use super::names;

/// Records of an answer that are shown and remembered.
const ANSWERS_MAX: usize = 64;
/// Records that are looked at in search of the extended code.
const RECORDS_MAX: usize = 256;
/// Bytes of the text of all answers.
const TEXT_MAX: usize = 512;

/// Not a DNS message with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read a DNS message: {0}")]
pub struct Malformed(&'static str);

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) kind: u16,
}

impl Question {
    pub(super) fn kind_name(&self) -> std::borrow::Cow<'static, str> {
        names::record_type(RecordType::from(self.kind))
    }
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: u16,
    pub(super) is_answer: bool,
    pub(super) question: Question,
    pub(super) code: u16,
    /// Answers in text, joined by `, `.
    pub(super) answers: String,
    /// The smallest of theirs, in seconds.
    pub(super) ttl: Option<u32>,
    /// Its class is usual, and all records are there and nothing is left over.
    pub(super) is_beyond_doubt: bool,
    /// Addresses with the seconds they may be used.
    pub(super) addresses: Vec<(IpAddr, u32)>,
}

impl Message {
    /// Reads header and question, and of the records what is there: a message that was not captured whole keeps what was.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut decoder = BinDecoder::new(bytes);
        let header = Header::read(&mut decoder).map_err(|_| Malformed("header cut short"))?;
        if header.op_code != OpCode::Query || header.counts.queries != 1 {
            return Err(Malformed("no single question"));
        }
        let query = Query::read(&mut decoder).map_err(|_| Malformed("question cut short or wrong"))?;
        let question = Question { name: names::domain(query.name()), kind: query.query_type().into() };
        let mut message = Self {
            id: header.id,
            is_answer: header.message_type == MessageType::Response,
            question,
            code: header.response_code.into(),
            answers: String::new(),
            ttl: None,
            is_beyond_doubt: false,
            addresses: Vec::new(),
        };
        if message.is_answer {
            let are_whole = message.read_records(&mut decoder, &header).is_some() && decoder.is_empty();
            message.is_beyond_doubt = are_whole && is_usual(query.query_class());
        }
        Ok(message)
    }

    fn read_records(&mut self, decoder: &mut BinDecoder<'_>, header: &Header) -> Option<()> {
        let answers = usize::from(header.counts.answers);
        let others = usize::from(header.counts.authorities) + usize::from(header.counts.additionals);
        for index in 0..(answers + others).min(RECORDS_MAX) {
            let record = Record::read(decoder).ok()?;
            if index < answers {
                self.ttl = Some(self.ttl.map_or(record.ttl, |ttl| ttl.min(record.ttl)));
            }
            if index < answers.min(ANSWERS_MAX) {
                self.take_answer(&record);
            } else if let RData::OPT(_) = record.data {
                self.extend_code(record.ttl);
            }
        }
        Some(())
    }

    fn take_answer(&mut self, record: &Record) {
        if let Some(address) = record.data.ip_addr() {
            self.addresses.push((address, record.ttl));
        }
        if self.answers.len() < TEXT_MAX
            && let Some(text) = answer_text(&record.data)
        {
            if !self.answers.is_empty() {
                self.answers.push_str(", ");
            }
            self.answers.push_str(&text);
            self.answers.truncate(self.answers.floor_char_boundary(TEXT_MAX));
        }
    }

    /// The upper eight bits of the code are the first byte of the OPT record's TTL, RFC 6891 section 6.1.3.
    fn extend_code(&mut self, opt_ttl: u32) {
        self.code |= ((opt_ttl >> 24) as u16) << 4;
    }
}

/// IN, or ANY.
fn is_usual(class: DNSClass) -> bool {
    matches!(u16::from(class), 1 | 255)
}

/// Absent where it cannot be written: records of wrong content may be read all the same.
fn answer_text(data: &RData) -> Option<String> {
    match data {
        RData::CNAME(name) => Some(names::domain(&name.0)),
        RData::PTR(name) => Some(names::domain(&name.0)),
        RData::NS(name) => Some(names::domain(&name.0)),
        RData::MX(mx) => Some(format!("{} {}", mx.preference, names::domain(&mx.exchange))),
        RData::SRV(srv) => {
            let target = names::domain(&srv.target);
            Some(format!("{} {} {} {target}", srv.priority, srv.weight, srv.port))
        }
        other => {
            let mut text = String::new();
            write!(text, "{other}").is_ok().then_some(text)
        }
    }
}

/// Whether a datagram to any port is a DNS query beyond reasonable doubt: one question of class IN or ANY, nothing but
/// additional records behind it, no reserved bit set, and nothing left over.
#[must_use]
pub fn looks_like_query(bytes: &[u8]) -> bool {
    let [_, _, flags_high, flags_low, 0, 1, 0, 0, 0, 0, 0, additional @ 0..=2, ..] = bytes else { return false };
    let is_standard_query = flags_high & 0b1111_1000 == 0 && flags_low & 0b1100_1111 == 0;
    let mut decoder = BinDecoder::new(bytes);
    let read = Header::read(&mut decoder).is_ok();
    let Ok(query) = Query::read(&mut decoder) else { return false };
    let rest_fits = (0..*additional).all(|_| Record::<RData>::read(&mut decoder).is_ok()) && decoder.is_empty();
    read && is_standard_query && is_usual(query.query_class()) && rest_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `id 1, RD, 1 question: shop.Example A IN`
    fn query() -> Vec<u8> {
        [&b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"[..], b"\x04shop\x07Example\x00\x00\x01\x00\x01"].concat()
    }

    #[test]
    fn a_query_is_read() {
        let message = Message::parse(&query()).expect("a query");
        assert_eq!((message.id, message.is_answer), (1, false));
        assert_eq!((message.question.name.as_str(), message.question.kind_name().as_ref()), ("shop.example", "A"));
    }

    #[test]
    fn only_queries_look_like_queries() {
        assert!(looks_like_query(&query()));
        assert!(!looks_like_query(&[query(), vec![0]].concat()));
        assert!(!looks_like_query(&query()[..20]));
        assert!(!looks_like_query(b"GET / HTTP/1.1\r\n\r\n"));
        let mut answer = query();
        answer[2] |= 0x80;
        assert!(!looks_like_query(&answer));
    }

    #[test]
    fn hostile_messages_are_refused_or_cut() {
        assert!(Message::parse(b"").is_err());
        assert!(Message::parse(&[0; 12]).is_err());
        let pointing_at_itself = [&query()[..12], b"\xc0\x0c\x00\x01\x00\x01"].concat();
        assert!(Message::parse(&pointing_at_itself).is_err());
        let mut claims_answers = query();
        (claims_answers[2], claims_answers[6], claims_answers[7]) = (0x81, 0xff, 0xff);
        assert_eq!(Message::parse(&claims_answers).map(|message| message.answers), Ok(String::new()));
    }

    #[test]
    fn an_answer_that_cannot_be_written_is_left_out() {
        let mut answer = [&query()[..], b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x04\x00\x0f\x00\x00"].concat();
        (answer[2], answer[7]) = (0x81, 1);
        let read = Message::parse(&answer).expect("an answer");
        assert_eq!((read.is_beyond_doubt, read.answers.as_str()), (true, ""));
    }

    #[test]
    fn unknown_types_and_codes_have_numbers() {
        assert_eq!(Question { name: String::new(), kind: 4_711 }.kind_name(), "TYPE4711");
        assert_eq!(Question { name: String::new(), kind: 65 }.kind_name(), "HTTPS");
        assert_eq!(names::code(17), "RCODE17");
    }
}
