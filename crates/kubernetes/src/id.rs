//! Ids as 128 bits: the API's and the runtimes' are hexadecimal and as good as random.

use std::fmt;

const DIGITS: usize = 32;
const SEPARATOR: u8 = 16;
const OTHER: u8 = 17;
/// What each byte is worth: look-ups parse an id each, and a table is the fastest.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut values = [OTHER; 256];
    (values[b'-' as usize], values[b'_' as usize]) = (SEPARATOR, SEPARATOR);
    let mut digit = 0_u8;
    while digit < 16 {
        let first = if digit < 10 { b'0' } else { b'a' - 10 };
        values[(first + digit) as usize] = digit;
        values[(first + digit).to_ascii_uppercase() as usize] = digit;
        digit += 1;
    }
    values
}

/// A uid of the API, or the first half of a container's id.
// Two halves rather than one number, which would be aligned to 16 bytes wherever it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid {
    high: u64,
    low: u64,
}

impl Uid {
    /// Of at least 32 hexadecimal digits, whatever the separators: control groups write `_` where the API writes `-`. Of
    /// longer ids the first 32 digits count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = text.bytes().map(|byte| VALUES[usize::from(byte)]).filter(|digit| *digit != SEPARATOR);
        let mut half = || {
            let mut value = 0;
            for _ in 0..DIGITS / 2 {
                let digit = digits.next().filter(|digit| *digit != OTHER)?;
                value = value << 4 | u64::from(digit);
            }
            Some(value)
        };
        Some(Self { high: half()?, low: half()? })
    }

    /// As the API tells a container's: `containerd://ID`.
    pub(crate) fn of_container(text: &str) -> Option<Self> {
        Self::parse(text.rsplit_once("://").map_or(text, |(_, id)| id))
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:016x}{:016x}", self.high, self.low);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "5f0c0f1e-8c6a-4f6e-9d3b-0a1b2c3d4e5f";

    #[test]
    fn the_api_and_control_groups_write_one_uid_differently() {
        let uid = Uid::parse(UID);
        assert_eq!(uid, Uid::parse(&UID.replace('-', "_")));
        assert_eq!(uid, Uid::parse(&UID.replace('-', "").to_uppercase()));
        assert_eq!(uid.map(|uid| uid.to_string()).as_deref(), Some(UID));
    }

    #[test]
    fn containers_of_every_runtime() {
        let id = "0123456789abcdef".repeat(4);
        for scheme in ["", "containerd://", "cri-o://", "docker://"] {
            assert_eq!(Uid::of_container(&format!("{scheme}{id}")), Uid::parse(&id), "{scheme}");
        }
    }

    #[test]
    fn others_are_none() {
        for text in ["", "0123", "containerd://", "g".repeat(32).as_str(), "é".repeat(40).as_str()] {
            assert_eq!(Uid::parse(text), None, "{text}");
        }
    }
}
