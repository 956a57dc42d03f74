//! Ids as 128 bits: the API's and the runtimes' are hexadecimal and as good as random.

use std::fmt;

const DIGITS: usize = 32;

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
        let (mut halves, mut digits) = ([0_u64; 2], 0);
        for byte in text.bytes().filter(|byte| !matches!(byte, b'-' | b'_')) {
            let digit = char::from(byte).to_digit(16)?;
            if let Some(half) = halves.get_mut(digits / (DIGITS / 2)) {
                *half = *half << 4 | u64::from(digit);
            }
            digits += 1;
        }
        let [high, low] = halves;
        (digits >= DIGITS).then_some(Self { high, low })
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
