//! Names of what records hold, as columns and filters have them.

use std::{borrow::Cow, fmt, str::FromStr};

use super::{
    Detail, Ending, ExchangeError, FlowEvent, ProcessEvent, Protocol, Reporter, RequestRecord, TcpState, Transport,
    Verdict,
};

/// Nothing of its kind has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} `{name}`")]
pub struct UnknownName {
    /// What was to be named.
    pub what: &'static str,
    /// As it was written.
    pub name: String,
}

macro_rules! names {
    ($type:ident, $what:literal { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $type {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As columns and filters have it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                let found = Self::ALL.iter().copied().find(|one| one.name() == name);
                found.ok_or_else(|| UnknownName { what: $what, name: name.to_owned() })
            }
        }
    };
}

names!(Reporter, "reporter" { Client = "client", Server = "server" });

names!(FlowEvent, "flow event" { Start = "start", Adopted = "adopted", Update = "update", End = "end" });

names!(Ending, "ending" {
    Closed = "closed",
    ResetBySource = "reset_by_source",
    ResetByDestination = "reset_by_destination",
    Refused = "refused",
    TimedOut = "timed_out",
    Unreachable = "unreachable",
    Aborted = "aborted",
});

names!(Verdict, "verdict" { Forwarded = "forwarded", Dropped = "dropped", Refused = "refused", Error = "error" });

names!(TcpState, "TCP state" {
    Established = "established",
    SynSent = "syn_sent",
    SynRecv = "syn_recv",
    FinWait1 = "fin_wait1",
    FinWait2 = "fin_wait2",
    TimeWait = "time_wait",
    Close = "close",
    CloseWait = "close_wait",
    LastAck = "last_ack",
    Listen = "listen",
    Closing = "closing",
    NewSynRecv = "new_syn_recv",
});

names!(Protocol, "protocol" {
    Http = "http",
    Http2 = "http2",
    Grpc = "grpc",
    Dns = "dns",
    Redis = "redis",
    Postgresql = "postgresql",
    Mysql = "mysql",
    Kafka = "kafka",
    Tls = "tls",
    Quic = "quic",
});

names!(ExchangeError, "error type" {
    Status = "status",
    NoAnswer = "no_answer",
    Truncated = "truncated",
    ClosedByClient = "closed_by_client",
    ResetByClient = "reset_by_client",
    ResetByServer = "reset_by_server",
    Refused = "refused",
});

names!(ProcessEvent, "process event" { Exec = "exec", Exit = "exit", Seen = "seen" });

impl Reporter {
    /// `direction` as this reporter sees it: `egress` at the client, `ingress` at the server.
    #[must_use]
    pub const fn direction(self) -> &'static str {
        match self {
            Self::Client => "egress",
            Self::Server => "ingress",
        }
    }
}

impl TcpState {
    /// From the kernel's number.
    #[must_use]
    pub fn from_kernel(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| *state as u8 == number)
    }
}

impl Transport {
    /// `tcp`, `udp`, else the number of the IP protocol.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Tcp => "tcp".into(),
            Self::Udp => "udp".into(),
            Self::Other(number) => number.to_string().into(),
        }
    }

    /// From the number of the IP protocol.
    #[must_use]
    pub const fn from_ip_protocol(number: u8) -> Self {
        match number {
            6 => Self::Tcp,
            17 => Self::Udp,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FromStr for Transport {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            number => {
                let number = number.parse().map_err(|_| UnknownName { what: "transport", name: name.to_owned() })?;
                Ok(Self::from_ip_protocol(number))
            }
        }
    }
}

impl RequestRecord {
    /// `db.system`: the protocol of a database, absent of any other.
    #[must_use]
    pub const fn db_system(&self) -> Option<&'static str> {
        match self.detail {
            Detail::Database { .. } => Some(self.protocol.name()),
            _ => None,
        }
    }
}

/// Flags of the TCP header, lowest bit first.
const TCP_FLAGS: [&str; 8] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];

/// `tcp.flags`: the names of the flags that are set, lowest bit first, joined by commas; empty where none is.
#[must_use]
pub fn tcp_flags_text(flags: u8) -> String {
    let set = TCP_FLAGS.iter().enumerate().filter(|(bit, _)| flags & (1 << bit) != 0);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        assert!(Protocol::ALL.iter().all(|one| one.name().parse() == Ok(*one)));
        assert!(Ending::ALL.iter().all(|one| one.name().parse() == Ok(*one)));
        assert!(TcpState::ALL.iter().all(|one| one.name().parse() == Ok(*one)));
        assert_eq!("gopher".parse::<Protocol>().unwrap_err().to_string(), "there is no protocol `gopher`");
    }

    #[test]
    fn transports_keep_their_numbers() {
        for transport in [Transport::Tcp, Transport::Udp, Transport::Other(1)] {
            assert_eq!(transport.name().parse(), Ok(transport));
        }
        assert_eq!("6".parse(), Ok(Transport::Tcp));
        assert!("sctp".parse::<Transport>().is_err());
    }

    #[test]
    fn states_have_the_kernel_s_numbers() {
        assert_eq!(TcpState::from_kernel(1), Some(TcpState::Established));
        assert_eq!(TcpState::from_kernel(12), Some(TcpState::NewSynRecv));
        assert_eq!(TcpState::from_kernel(0), None);
    }

    #[test]
    fn flags_are_listed_in_the_order_of_the_header() {
        assert_eq!(tcp_flags_text(0x12), "syn,ack");
        assert_eq!(tcp_flags_text(0), "");
        assert_eq!(tcp_flags_text(0xff), "fin,syn,rst,psh,ack,urg,ece,cwr");
    }
}
