//! Small codes for closed sets, and the texts that they stand for.

use std::{sync::LazyLock, time::Duration};

use goldwire_model::record::{Ending, ExchangeError, Protocol, Verdict};

use super::{
    ends::{TCP, UDP},
    numbers::ABSENT,
    value::Value,
};

/// Code 0 is "absent" in each of the lists below.
const PROTOCOLS: [(Protocol, &str); 10] = [
    (Protocol::Http, "http"),
    (Protocol::Http2, "http2"),
    (Protocol::Grpc, "grpc"),
    (Protocol::Dns, "dns"),
    (Protocol::Redis, "redis"),
    (Protocol::Postgresql, "postgresql"),
    (Protocol::Mysql, "mysql"),
    (Protocol::Kafka, "kafka"),
    (Protocol::Tls, "tls"),
    (Protocol::Quic, "quic"),
];

/// Nanoseconds of a duration; durations of centuries are cut.
#[inline]
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(ABSENT - 1)
}

pub(crate) const fn protocol_code(protocol: Option<Protocol>) -> u8 {
    match protocol {
        None => 0,
        Some(protocol) => protocol as u8 + 1,
    }
}

/// Code of DNS, by which its exchanges are told apart.
pub(crate) const DNS: u8 = protocol_code(Some(Protocol::Dns));

pub(crate) const fn error_code(error: Option<ExchangeError>) -> u8 {
    match error {
        None => 0,
        Some(ExchangeError::Status) => 1,
        Some(ExchangeError::NoAnswer) => 2,
        Some(ExchangeError::Truncated) => 3,
        Some(ExchangeError::ResetByServer) => 4,
        Some(ExchangeError::ResetByClient) => 5,
        Some(ExchangeError::Refused) => 6,
        Some(ExchangeError::ClosedByClient) => 7,
    }
}

/// The last code of `error.type` that counts as an error.
pub(crate) const LAST_COUNTED: u8 = error_code(Some(ExchangeError::ResetByServer));

/// Whether a code of `error.type` counts as an error, see [`ExchangeError::is_counted`].
pub(crate) const fn is_counted_error(code: u8) -> bool {
    code != 0 && code <= LAST_COUNTED
}

/// Whether a code of `error.type` says that the client gave up, see [`ExchangeError::is_left_by_client`].
pub(crate) const fn is_left_by_client(code: u8) -> bool {
    matches!(code, RESET_BY_CLIENT | CLOSED_BY_CLIENT)
}

const RESET_BY_CLIENT: u8 = error_code(Some(ExchangeError::ResetByClient));
const CLOSED_BY_CLIENT: u8 = error_code(Some(ExchangeError::ClosedByClient));

pub(crate) const fn ending_code(ending: Option<Ending>) -> u8 {
    match ending {
        None => 0,
        Some(Ending::Closed) => 1,
        Some(Ending::ResetBySource) => 2,
        Some(Ending::ResetByDestination) => 3,
        Some(Ending::Refused) => 4,
        Some(Ending::TimedOut) => 5,
        Some(Ending::Unreachable) => 6,
        Some(Ending::Aborted) => 7,
    }
}

/// In the order of their weight: of the verdicts on a connection's reports the largest is the connection's.
pub(crate) const fn verdict_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Forwarded => 1,
        Verdict::Dropped => 2,
        Verdict::Refused => 3,
        Verdict::Error => 4,
    }
}

type Names = &'static [Value<'static>];

/// `error.type` by code.
pub(crate) const ERRORS: Names = &[
    Value::Absent,
    Value::Text("status"),
    Value::Text("no_answer"),
    Value::Text("truncated"),
    Value::Text("reset_by_server"),
    Value::Text("reset_by_client"),
    Value::Text("refused"),
    Value::Text("closed_by_client"),
];

/// `ending` by code.
pub(crate) const ENDINGS: Names = &[
    Value::Absent,
    Value::Text("closed"),
    Value::Text("reset_by_source"),
    Value::Text("reset_by_destination"),
    Value::Text("refused"),
    Value::Text("timed_out"),
    Value::Text("unreachable"),
    Value::Text("aborted"),
];

/// `verdict` by code.
pub(crate) const VERDICTS: Names =
    &[Value::Absent, Value::Text("forwarded"), Value::Text("dropped"), Value::Text("refused"), Value::Text("error")];

/// `process.event` by code.
pub(crate) const PROCESS_EVENTS: Names =
    &[Value::Absent, Value::Text("exec"), Value::Text("exit"), Value::Text("seen")];

/// `tcp.state` by the kernel's number.
pub(crate) const TCP_STATES: Names = &[
    Value::Absent,
    Value::Text("established"),
    Value::Text("syn_sent"),
    Value::Text("syn_recv"),
    Value::Text("fin_wait1"),
    Value::Text("fin_wait2"),
    Value::Text("time_wait"),
    Value::Text("close"),
    Value::Text("close_wait"),
    Value::Text("last_ack"),
    Value::Text("listen"),
    Value::Text("closing"),
    Value::Text("new_syn_recv"),
];

/// `network.protocol` by code.
pub(crate) fn protocols() -> Vec<Value<'static>> {
    let names = PROTOCOLS.iter().map(|(_, name)| Value::Text(name));
    [Value::Absent].into_iter().chain(names).collect()
}

/// `db.system` by the code of the protocol.
pub(crate) fn database_systems() -> Vec<Value<'static>> {
    let names = PROTOCOLS.iter().map(|(protocol, name)| match protocol {
        Protocol::Redis | Protocol::Postgresql | Protocol::Mysql => Value::Text(name),
        _ => Value::Absent,
    });
    [Value::Absent].into_iter().chain(names).collect()
}

static NUMBER_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| (0..=u8::MAX).map(|number| number.to_string()).collect());

/// `network.transport` by the number of the IP protocol.
pub(crate) fn transport_name(number: u8) -> &'static str {
    match number {
        TCP => "tcp",
        UDP => "udp",
        other => &NUMBER_TEXTS[usize::from(other)],
    }
}

/// `network.transport` for every number.
pub(crate) fn transports() -> Vec<Value<'static>> {
    (0..=u8::MAX).map(|number| Value::Text(transport_name(number))).collect()
}

/// Lowest bit first, as in the TCP header.
const TCP_FLAGS: [&str; 8] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];

static TCP_FLAG_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| (0..=u8::MAX).map(tcp_flags_text).collect());

fn tcp_flags_text(flags: u8) -> String {
    let set = TCP_FLAGS.iter().enumerate().filter(|(bit, _)| flags & (1 << bit) != 0);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

/// `tcp.flags` by the bits of the header; no flag at all is absent.
pub(crate) fn tcp_flags() -> Vec<Value<'static>> {
    let texts = TCP_FLAG_TEXTS.iter().map(|text| if text.is_empty() { Value::Absent } else { Value::Text(text) });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_for_their_names() {
        for (protocol, name) in PROTOCOLS {
            assert_eq!(protocols()[usize::from(protocol_code(Some(protocol)))], Value::Text(name));
        }
        assert_eq!(ENDINGS[usize::from(ending_code(Some(Ending::Refused)))], Value::Text("refused"));
        assert_eq!(VERDICTS[usize::from(verdict_code(Verdict::Refused))], Value::Text("refused"));
        for error in ExchangeError::ALL {
            let code = error_code(Some(*error));
            assert_eq!(ERRORS[usize::from(code)], Value::Text(error.name()));
            assert_eq!(is_counted_error(code), error.is_counted());
            assert_eq!(is_left_by_client(code), error.is_left_by_client());
        }
        assert!(!is_counted_error(error_code(None)));
    }

    #[test]
    fn flags_are_named_from_the_lowest() {
        assert_eq!(tcp_flags()[0x12], Value::Text("syn,ack"));
        assert_eq!(tcp_flags()[0], Value::Absent);
        assert_eq!(transport_name(47), "47");
    }
}
