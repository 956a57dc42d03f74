//! What an answer says: its error code, where the layout of its version has one within reach, and which topics have which
//! ids.

use super::{
    api::{self, Api},
    fields::Fields,
    request::topic_name,
};

/// The fields behind an answer's correlation id.
pub(super) fn fields<'a>(api: &Api, version: i16, bytes: &'a [u8]) -> Option<Fields<'a>> {
    if !api.knows(version) {
        // A broker that does not know a version answers ApiVersions in version 0 (KIP-511), which begins like all others.
        return (api.key == api::API_VERSIONS).then(|| Fields::new(bytes));
    }
    let mut fields = Fields::new(bytes).flexible(api.is_flexible(version));
    if api.key != api::API_VERSIONS {
        fields.tags()?;
    }
    Some(fields)
}

/// Where the first error code of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    /// Behind the throttle time, in versions that have one.
    Behind,
    /// Of the first topic's first partition.
    Partition,
    /// Of the first topic.
    Topic,
    OfFetch,
}

/// The first version whose answer begins with a throttle time, and where the error code is.
const fn layout(key: i16, version: i16) -> Option<(i16, Place)> {
    Some(match key {
        api::PRODUCE => (i16::MAX, Place::Partition),
        api::FETCH => (1, Place::OfFetch),
        api::LIST_OFFSETS => (2, Place::Partition),
        8 => (3, Place::Partition),
        10 if version < 4 => (1, Place::Behind),
        11 => (2, Place::Behind),
        12 | 13 | 14 | 16 => (1, Place::Behind),
        17 | api::API_VERSIONS | 36 => (i16::MAX, Place::First),
        api::CREATE_TOPICS => (2, Place::Topic),
        api::DELETE_TOPICS => (1, Place::Topic),
        21 | 28 => (0, Place::Partition),
        22 | 25 | 26 | 60 | 63 | 68 | 71 | 72 | 76 | 78 => (0, Place::Behind),
        24 if version >= 4 => (0, Place::Behind),
        _ => return None,
    })
}

/// Whether the place of the error code is known.
pub(super) const fn has_code(key: i16, version: i16) -> bool {
    layout(key, version).is_some()
}

/// The error code of an answer, or that of its first topic or partition. None where it cannot be read.
pub(super) fn error_code(key: i16, version: i16, mut fields: Fields<'_>) -> Option<i16> {
    let (throttled_from, place) = layout(key, version)?;
    if version >= throttled_from {
        fields.i32()?;
    }
    match place {
        Place::First | Place::Behind => fields.i16(),
        Place::Partition => partition_code(fields, has_ids(key, version)),
        Place::Topic => topic_code(fields, key, version),
        Place::OfFetch => {
            if version >= 7 {
                let code = fields.i16()?;
                if code != 0 {
                    return Some(code);
                }
                fields.i32()?;
            }
            partition_code(fields, has_ids(key, version))
        }
    }
}

/// Whether topics are told by their ids and not by their names.
const fn has_ids(key: i16, version: i16) -> bool {
    match key {
        api::PRODUCE | api::FETCH => version >= 13,
        8 => version >= 10,
        _ => false,
    }
}

/// No topic and no partition is no error either.
fn partition_code(mut fields: Fields<'_>, by_id: bool) -> Option<i16> {
    if fields.count()? == 0 {
        return Some(0);
    }
    if by_id {
        fields.uuid()?;
    } else {
        fields.text()?;
    }
    if fields.count()? == 0 {
        return Some(0);
    }
    fields.i32()?;
    match fields.i16()? {
        code if code >= -1 => Some(code),
        _ => None,
    }
}

fn topic_code(mut fields: Fields<'_>, key: i16, version: i16) -> Option<i16> {
    if fields.count()? == 0 {
        return Some(0);
    }
    fields.text()?;
    let id_from = if key == api::CREATE_TOPICS { 7 } else { 6 };
    if version >= id_from {
        fields.uuid()?;
    }
    fields.i16()
}

/// What Metadata tells of a topic.
pub(super) struct Told<'a> {
    pub(super) error: i16,
    pub(super) name: Option<&'a str>,
    pub(super) id: Option<[u8; 16]>,
}

/// Reads the topics of a Metadata answer, as far as they are there.
pub(super) fn metadata(version: i16, mut fields: Fields<'_>, mut take: impl FnMut(Told<'_>)) -> Option<()> {
    if version >= 3 {
        fields.i32()?;
    }
    for _ in 0..fields.count()? {
        broker(&mut fields, version)?;
    }
    if version >= 2 {
        fields.text()?;
    }
    if version >= 1 {
        fields.i32()?;
    }
    for _ in 0..fields.count()? {
        let error = fields.i16()?;
        let name = topic_name(fields.text()?);
        let id = if version >= 10 { Some(fields.uuid()?) } else { None };
        take(Told { error, name, id });
        rest_of_topic(&mut fields, version)?;
    }
    Some(())
}

fn broker(fields: &mut Fields<'_>, version: i16) -> Option<()> {
    fields.i32()?;
    fields.text()?;
    fields.i32()?;
    if version >= 1 {
        fields.text()?;
    }
    fields.tags()
}

fn rest_of_topic(fields: &mut Fields<'_>, version: i16) -> Option<()> {
    if version >= 1 {
        fields.i8()?;
    }
    for _ in 0..fields.count()? {
        // Error, index and leader.
        fields.skip(10)?;
        if version >= 7 {
            fields.i32()?;
        }
        for _ in 0..if version >= 5 { 3 } else { 2 } {
            let replicas = fields.count()?;
            fields.skip(replicas.checked_mul(4)?)?;
        }
        fields.tags()?;
    }
    if version >= 8 {
        fields.i32()?;
    }
    fields.tags()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(key: i16, version: i16, bytes: &[u8]) -> Option<i16> {
        let api = api::find(key)?;
        error_code(key, version, fields(api, version, bytes)?)
    }

    #[test]
    fn codes_in_their_places() {
        for (key, version, bytes, code) in [
            (0, 3, &b"\0\0\0\x01\0\x01a\0\0\0\x01\0\0\0\0\0\x06"[..], Some(6)),
            (0, 9, b"\0\x02\x02a\x02\0\0\0\0\0\x07", Some(7)),
            (0, 9, b"\0\x01", Some(0)),
            (1, 4, b"\0\0\0\0\0\0\0\x01\0\x01a\0\0\0\x01\0\0\0\0\0\x01", Some(1)),
            (1, 12, b"\0\0\0\0\0\0\x46", Some(70)),
            (2, 1, b"\0\0\0\x01\0\x01a\0\0\0\x01\0\0\0\0\0\x03", Some(3)),
            (8, 2, b"\0\0\0\x01\0\x01a\0\0\0\x01\0\0\0\0\0\x19", Some(25)),
            (10, 0, b"\0\x0f", Some(15)),
            (10, 4, b"\0\0\0\0\0\x02", None),
            (11, 5, b"\0\0\0\0\0\x4f", Some(79)),
            (12, 4, b"\0\0\0\0\0\0\x1b", Some(27)),
            (18, 3, b"\0\x23\x01", Some(35)),
            (18, 8, b"\0\x23\x01", Some(35)),
            (19, 7, b"\0\0\0\0\0\x02\x02a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x24", Some(36)),
            (20, 1, b"\0\0\0\0\0\0\0\x01\0\x01a\0\x03", Some(3)),
            (32, 4, b"\0\0\0\0\0", None),
            (0, 3, b"\0\0\0\x01\0\x01a", None),
        ] {
            assert_eq!(code_of(key, version, bytes), code, "{key} version {version}");
        }
    }
}
