//! Names of codes and types as the registries write them (IANA, "Domain Name System (DNS) Parameters").

use std::borrow::Cow;

use hickory_proto::rr::{Name, RecordType};

/// Names are at most 255 bytes on the wire; escapes may make them longer in text.
const NAME_MAX: usize = 255;

/// `NOERROR`, `NXDOMAIN`, …; `RCODE17` style for the unassigned.
pub(super) fn code(code: u16) -> Cow<'static, str> {
    let name = match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "DSOTYPENI",
        16 => "BADVERS",
        22 => "BADTRUNC",
        23 => "BADCOOKIE",
        other => return Cow::Owned(format!("RCODE{other}")),
    };
    Cow::Borrowed(name)
}

/// Codes that are no failure of the server: the name exists or does not.
pub(super) fn is_error(code: u16) -> bool {
    !matches!(code, 0 | 3)
}

/// `A`, `AAAA`, …; `TYPE4711` style for the unknown (RFC 3597 section 5).
pub(super) fn record_type(kind: RecordType) -> Cow<'static, str> {
    match kind {
        RecordType::Unknown(number) => Cow::Owned(format!("TYPE{number}")),
        known => Cow::Borrowed(known.into()),
    }
}

/// Lower case, without the last dot; the root is `.`.
pub(super) fn domain(name: &Name) -> String {
    let mut text = name.to_ascii();
    text.make_ascii_lowercase();
    if text.len() > 1 && text.ends_with('.') {
        text.pop();
    }
    text.truncate(text.floor_char_boundary(text.len().min(NAME_MAX)));
    text
}
