//! What a request says: its header, and of some kinds the first topic.

use super::{
    api::{self, Api},
    fields::Fields,
};

/// Longest client id that is believed.
const CLIENT_MAX: usize = 255;
/// Longest name of a topic that a broker takes.
const TOPIC_MAX: usize = 249;

/// The header of a request, behind its size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) key: i16,
    /// What kind of request it is, if that is known.
    pub(super) api: Option<&'static Api>,
    pub(super) version: i16,
    pub(super) correlation: i32,
    /// The client says who it is.
    pub(super) is_named: bool,
    /// What is behind it; absent where its end was not captured, or nobody knows how to read it.
    body: Option<Fields<'a>>,
}

/// What a request asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic<'a> {
    Name(&'a str),
    Id([u8; 16]),
}

/// What is read of a request's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Body<'a> {
    pub(super) topic: Option<Topic<'a>>,
    /// How many topics there are.
    pub(super) topics: usize,
    /// Nobody will answer it (`acks=0`).
    pub(super) is_unanswered: bool,
    /// Epoch of its fetch session, where there are sessions.
    pub(super) session_epoch: Option<i32>,
}

impl<'a> Header<'a> {
    /// Reads a request's first bytes behind its size. None where it is none, or where its header is not there as a whole.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(bytes);
        let (key, version, correlation) = (fields.i16()?, fields.i16()?, fields.i32()?);
        let api = api::find(key);
        let is_kind = api.map_or(key >= 0 && version >= 0, |api| api.has(version));
        if !is_kind || correlation < 0 {
            return None;
        }
        let has_client = key != api::CONTROLLED_SHUTDOWN || version > 0;
        let client = if has_client { fields.text()? } else { &[] };
        if !is_client(client) {
            return None;
        }
        let known = api.filter(|api| api.knows(version));
        let body = known.and_then(|api| {
            let mut fields = fields.flexible(api.is_flexible(version));
            fields.tags().map(|()| fields)
        });
        Some(Self { key, api, version, correlation, is_named: !client.is_empty(), body })
    }

    /// What is behind it.
    pub(super) const fn fields(&self) -> Option<Fields<'a>> {
        self.body
    }

    /// The bytes of it.
    pub(super) fn rest(&self) -> Option<&'a [u8]> {
        self.body.map(|fields| fields.rest())
    }

    /// Reads what is of interest behind it.
    pub(super) fn body(&self) -> Body<'a> {
        let Some(fields) = self.body else { return Body::default() };
        let mut body = Body::default();
        match self.key {
            api::PRODUCE => read_produce(fields, self.version, &mut body),
            api::FETCH => read_fetch(fields, self.version, &mut body),
            api::LIST_OFFSETS => read_list_offsets(fields, self.version, &mut body),
            api::CREATE_TOPICS => read_topics(fields, false, &mut body),
            api::DELETE_TOPICS => read_delete(fields, self.version, &mut body),
            _ => None,
        };
        body
    }
}

/// Printable, or empty.
fn is_client(text: &[u8]) -> bool {
    text.len() <= CLIENT_MAX && text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A name of a topic, if a broker would take it.
pub(super) fn topic_name(name: &[u8]) -> Option<&str> {
    let is_name = (1..=TOPIC_MAX).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if is_name { std::str::from_utf8(name).ok() } else { None }
}

/// How many topics follow, and the first of them.
fn read_topics<'a>(mut fields: Fields<'a>, by_id: bool, body: &mut Body<'a>) -> Option<()> {
    body.topics = fields.count()?;
    if body.topics > 0 {
        body.topic =
            if by_id { fields.uuid().map(Topic::Id) } else { fields.text().and_then(topic_name).map(Topic::Name) };
    }
    Some(())
}

fn read_produce<'a>(mut fields: Fields<'a>, version: i16, body: &mut Body<'a>) -> Option<()> {
    if version >= 3 {
        fields.text()?;
    }
    body.is_unanswered = fields.i16()? == 0;
    fields.i32()?;
    read_topics(fields, version >= 13, body)
}

fn read_fetch<'a>(mut fields: Fields<'a>, version: i16, body: &mut Body<'a>) -> Option<()> {
    if version <= 14 {
        fields.i32()?;
    }
    fields.skip(8)?;
    if version >= 3 {
        fields.i32()?;
    }
    if version >= 4 {
        fields.i8()?;
    }
    if version >= 7 {
        fields.i32()?;
        body.session_epoch = Some(fields.i32()?);
    }
    read_topics(fields, version >= 13, body)
}

fn read_list_offsets<'a>(mut fields: Fields<'a>, version: i16, body: &mut Body<'a>) -> Option<()> {
    fields.i32()?;
    if version >= 2 {
        fields.i8()?;
    }
    read_topics(fields, false, body)
}

/// From version 6 on a topic may be named by its id alone.
fn read_delete<'a>(mut fields: Fields<'a>, version: i16, body: &mut Body<'a>) -> Option<()> {
    if version < 6 {
        return read_topics(fields, false, body);
    }
    body.topics = fields.count()?;
    if body.topics > 0 {
        let name = fields.text()?;
        body.topic = if name.is_empty() { fields.uuid().map(Topic::Id) } else { topic_name(name).map(Topic::Name) };
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(key: i16, version: i16) -> Vec<u8> {
        let flexible: &[u8] = if api::find(key).is_some_and(|api| api.is_flexible(version)) { b"\0" } else { b"" };
        [&key.to_be_bytes(), &version.to_be_bytes(), &7_i32.to_be_bytes()[..], b"\0\x02me", flexible].concat()
    }

    #[test]
    fn topics_in_their_places() {
        let name = Some(Topic::Name("orders"));
        let old = b"\0\0\0\x01\0\x06orders";
        let compact = b"\x02\x07orders";
        let by_id = [&b"\x02"[..], &[5; 16]].concat();
        let id = Some(Topic::Id([5; 16]));
        let fetch = |session: &[u8], topics: &[u8]| [&[0; 17], session, topics].concat();
        let session = [0, 0, 0, 1, 0, 0, 0, 4];
        let one = Body { topics: 1, ..Body::default() };
        let in_session = Body { session_epoch: Some(4), ..one };
        for (key, version, bytes, body) in [
            (0, 2, [b"\0\x01\0\0\0\0", &old[..]].concat(), Body { topic: name, ..one }),
            (0, 7, [b"\xff\xff\0\0\0\0\0\0", &old[..]].concat(), Body { topic: name, is_unanswered: true, ..one }),
            (0, 9, [b"\0\xff\xff\0\0\0\0", &compact[..]].concat(), Body { topic: name, ..one }),
            (0, 13, [b"\0\xff\xff\0\0\0\0", &by_id[..]].concat(), Body { topic: id, ..one }),
            (1, 4, fetch(&[], old), Body { topic: name, ..one }),
            (1, 11, fetch(&session, old), Body { topic: name, ..in_session }),
            (1, 12, fetch(&session, compact), Body { topic: name, ..in_session }),
            (1, 17, fetch(&session, &by_id)[4..].to_vec(), Body { topic: id, ..in_session }),
            (2, 5, [&b"\xff\xff\xff\xff\0"[..], old].concat(), Body { topic: name, ..one }),
            (19, 7, compact.to_vec(), Body { topic: name, ..one }),
            (20, 3, old.to_vec(), Body { topic: name, ..one }),
            (20, 6, [&b"\x02\0"[..], &[5; 16]].concat(), Body { topic: id, ..one }),
            (3, 12, compact.to_vec(), Body::default()),
        ] {
            let bytes = [header(key, version), bytes].concat();
            let read = Header::parse(&bytes).map(|header| header.body());
            assert_eq!(read, Some(body), "{key} version {version}");
        }
        assert!(Header::parse(&header(0, 99)).is_none());
    }

    #[test]
    fn what_is_no_topic_is_not_shown() {
        assert_eq!(topic_name(b"a.b-c_9"), Some("a.b-c_9"));
        assert_eq!((topic_name(b""), topic_name(b"a b"), topic_name(&[b'a'; 250])), (None, None, None));
    }

    #[test]
    fn headers_that_are_none() {
        for bytes in [&b"\0\x12\0\x03\0\0\0\x01\0\x02\x01\x02"[..], b"\0\x12\0\x03\xff\0\0\x01\xff\xff", b"\0\x12"] {
            assert!(Header::parse(bytes).is_none());
        }
        assert!(Header::parse(b"\0\x12\0\0\0\0\0\x01\xff\xff").is_some());
    }
}
