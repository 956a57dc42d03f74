//! Which part of the rows a merge asks a node for.

use std::{fmt, net::SocketAddr, str::FromStr};

/// How a query for rows is put to one of several nodes. The default asks for what the query itself says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// So many of the first rows that may be shown, whatever the query's limit is.
    pub first: Option<usize>,
    /// No other node is asked: what this node does not know of an end, nobody does.
    pub alone: bool,
    /// Not the first rows but the reports of these, whatever the filter says.
    pub partners: Vec<Partner>,
    /// Of a live query: it goes on from here.
    pub after: Option<Mark>,
}

/// How far a live query has come in a node's records. Its text is `0123456789abcdef/42/1700000000000000000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Names the run of the daemon: its records are counted anew in the next.
    pub epoch: u64,
    /// How many records of the table had come.
    pub records: u64,
    /// When the last of them ended, nanoseconds since the epoch: where the daemon has begun anew, this is where to go on.
    pub time: i64,
}

/// A text that is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a mark that a live query's answer had")]
pub struct MarkError;

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}/{}/{}", self.epoch, self.records, self.time)
    }
}

impl FromStr for Mark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(MarkError);
        let (epoch, records, time) = (next()?, next()?, next()?);
        Ok(Self {
            epoch: u64::from_str_radix(epoch, 16).map_err(|_| MarkError)?,
            records: records.parse().map_err(|_| MarkError)?,
            time: time.parse().map_err(|_| MarkError)?,
        })
    }
}

/// The most rows that a merge asks one node for.
pub const MOST_FIRST: usize = 65_536;

/// The most partners that a merge asks for at once.
pub const MOST_PARTNERS: usize = 2_048;

/// What two reports of one exchange, or of one connection, have in common.
///
/// Its text is `0123456789abcdef/17` (pairing and position), `0123456789abcdef` (without a position), or
/// `tcp 10.0.0.1:40000 10.0.0.2:80`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partner {
    /// The pairing of the connection and, of an exchange, its position.
    Pairing(u64, Option<u32>),
    /// Transport, source and destination, where there is no pairing.
    Ends(Box<str>, SocketAddr, SocketAddr),
}

/// A text that names no partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a pairing, a pairing and a position, or a transport and two addresses")]
pub struct PartnerError;

impl fmt::Display for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pairing(pairing, None) => write!(f, "{pairing:016x}"),
            Self::Pairing(pairing, Some(position)) => write!(f, "{pairing:016x}/{position}"),
            Self::Ends(transport, source, destination) => write!(f, "{transport} {source} {destination}"),
        }
    }
}

impl FromStr for Partner {
    type Err = PartnerError;

    fn from_str(text: &str) -> Result<Self, PartnerError> {
        if let Some((transport, ends)) = text.split_once(' ') {
            let (source, destination) = ends.split_once(' ').ok_or(PartnerError)?;
            let address = |text: &str| text.parse().map_err(|_| PartnerError);
            return Ok(Self::Ends(transport.into(), address(source)?, address(destination)?));
        }
        let (pairing, position) = match text.split_once('/') {
            None => (text, None),
            Some((pairing, position)) => (pairing, Some(position.parse().map_err(|_| PartnerError)?)),
        };
        if pairing.len() != 16 || !pairing.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(PartnerError);
        }
        Ok(Self::Pairing(u64::from_str_radix(pairing, 16).map_err(|_| PartnerError)?, position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partner_text_reads_back() {
        for partner in [
            Partner::Pairing(0x0123_4567_89ab_cdef, Some(u32::MAX)),
            Partner::Pairing(7, None),
            Partner::Ends("tcp".into(), "10.0.0.1:1".parse().unwrap(), "10.0.0.2:80".parse().unwrap()),
            Partner::Ends("47".into(), "[fd00::1]:0".parse().unwrap(), "[::1]:65535".parse().unwrap()),
        ] {
            assert_eq!(partner.to_string().parse(), Ok(partner));
        }
    }

    #[test]
    fn mark_text_reads_back() {
        let mark = Mark { epoch: u64::MAX, records: 7, time: -1 };
        assert_eq!(mark.to_string().parse(), Ok(mark));
        assert_eq!("1/2".parse::<Mark>(), Err(MarkError));
    }

    #[test]
    fn partner_of_another_form_is_refused() {
        for text in ["", "1", "0123456789abcdef/", "0123456789abcdef/-1", "+123456789abcdef0", "tcp 1 2", "x y"] {
            assert_eq!(text.parse::<Partner>(), Err(PartnerError), "{text}");
        }
    }
}
