//! Names of codes and types as the registries write them (IANA, "Domain Name System (DNS) Parameters").

use std::{borrow::Cow, fmt::Write as _};

use hickory_proto::rr::{Name, RecordType};

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

/// The presentation form (RFC 1035 section 5.1, RFC 4343 section 2.1) in lower case, without the last dot; the root is `.`.
pub(super) fn domain(name: &Name) -> String {
    let mut text = String::with_capacity(name.len());
    for label in name.iter() {
        if !text.is_empty() {
            text.push('.');
        }
        label.iter().for_each(|byte| push_escaped(&mut text, byte.to_ascii_lowercase()));
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// What means something in a zone file has a backslash in front, what cannot be printed is three decimal digits.
fn push_escaped(text: &mut String, byte: u8) {
    match byte {
        b'.' | b'\\' | b'"' | b'(' | b')' | b';' | b'@' | b'$' => text.extend(['\\', char::from(byte)]),
        0x21..=0x7e => text.push(char::from(byte)),
        // Writing to a string does not fail.
        _ => drop(write!(text, "\\{byte:03}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_odd_bytes_are_in_presentation_form() {
        let name = |labels: &[&[u8]]| domain(&Name::from_labels(labels.iter().copied()).expect("a name"));
        assert_eq!(name(&[b"Shop", b"EXAMPLE"]), "shop.example");
        assert_eq!(name(&[b"_dmarc", b"*", b"a-b"]), "_dmarc.*.a-b");
        assert_eq!(name(&[b"first.last", b"x"]), r"first\.last.x");
        assert_eq!(name(&[b"a b\0\x7f\xc3\xa9", b"x"]), r"a\032b\000\127\195\169.x");
        assert_eq!(name(&[br#"\"();@$"#, b"x"]), r#"\\\"\(\)\;\@\$.x"#);
        assert_eq!(domain(&Name::root()), ".");
    }

    #[test]
    fn domain_longest_name_is_whole() {
        let labels = [&[0xff_u8; 63][..], &[0xff; 63], &[0xff; 63], &[0xff; 61]];
        let text = domain(&Name::from_labels(labels).expect("a name"));
        assert_eq!(text.len(), 250 * 4 + 3);
    }
}
