//! Versions, and what differs between them.

use std::borrow::Cow;

use rustls::quic;

use super::packet::Kind;

/// A version that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// RFC 9000.
    One,
    /// RFC 9369.
    Two,
    /// A draft of RFC 9000 whose headers look the same.
    Draft(u8),
}

impl Version {
    pub(super) const fn of(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            0x6b33_43cf => Some(Self::Two),
            0xff00_001b..=0xff00_0022 => Some(Self::Draft(number as u8)),
            _ => None,
        }
    }

    pub(super) fn text(self) -> Cow<'static, str> {
        match self {
            Self::One => Cow::Borrowed("quic-1"),
            Self::Two => Cow::Borrowed("quic-2"),
            Self::Draft(number) => Cow::Owned(format!("quic-draft-{number}")),
        }
    }

    /// Packet types of the long header: RFC 9000 section 17.2, RFC 9369 section 3.2.
    pub(super) const fn kind(self, first: u8) -> Kind {
        let number = first >> 4 & 3;
        let number = if matches!(self, Self::Two) { number.wrapping_sub(1) & 3 } else { number };
        match number {
            0 => Kind::Initial,
            1 => Kind::ZeroRtt,
            2 => Kind::Handshake,
            _ => Kind::Retry,
        }
    }

    /// How its first packets are protected, where that is known.
    pub(super) const fn protection(self) -> Option<quic::Version> {
        match self {
            Self::One => Some(quic::Version::V1),
            Self::Two => Some(quic::Version::V2),
            Self::Draft(29..=32) => Some(quic::Version::V1Draft),
            Self::Draft(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_names() {
        let name = |number| Version::of(number).map(|version| version.text().into_owned());
        assert_eq!(name(1).as_deref(), Some("quic-1"));
        assert_eq!(name(0x6b33_43cf).as_deref(), Some("quic-2"));
        assert_eq!(name(0xff00_001d).as_deref(), Some("quic-draft-29"));
        assert_eq!(name(0x1a2a_3a4a), None);
        assert_eq!(name(0), None);
    }

    #[test]
    fn types_are_numbered_anew_in_version_two() {
        let kinds = |version: Version| [0xc0, 0xd0, 0xe0, 0xf0].map(|first| version.kind(first));
        assert_eq!(kinds(Version::One), [Kind::Initial, Kind::ZeroRtt, Kind::Handshake, Kind::Retry]);
        assert_eq!(kinds(Version::Two), [Kind::Retry, Kind::Initial, Kind::ZeroRtt, Kind::Handshake]);
    }
}
