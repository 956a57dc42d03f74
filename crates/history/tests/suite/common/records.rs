//! Records of a small world, by a seed.

use std::{net::IpAddr, sync::Arc, time::Duration};

use goldwire_model::{
    record::{
        ConnectionId, Detail, DropRecord, Ending, Endpoint, Ends, ExchangeError, FlowEvent, FlowRecord, PairingId,
        Protocol, Record, Reporter, RequestRecord, SaturationRecord, TcpState, Text, Transport, Verdict,
    },
    time::Timestamp,
};

use super::{SECOND, START};

/// A small generator of numbers, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn one_in(&mut self, chance: u64) -> bool {
        self.below(chance) == 0
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}

pub(crate) fn endpoint(number: u64) -> Endpoint {
    let local = number % 3 != 2;
    let text = |prefix: &str, number: u64| Some(Text::from(format!("{prefix}-{number}")));
    Endpoint {
        address: if number % 7 == 6 {
            IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, number as u16])
        } else {
            IpAddr::from([10, 0, (number / 200) as u8, (number % 200) as u8])
        },
        local,
        workload: if local { text("workload", number % 5) } else { None },
        namespace: if local && number.is_multiple_of(2) { text("space", number % 3) } else { None },
        pod: None,
        service: None,
        container: None,
        image: None,
        process: if local { text("process", number % 4) } else { None },
        executable: None,
        pid: local.then_some(number as u32 + 100),
        ancestry: if local { text("parent", number % 2) } else { None },
        node: if local { Some("node-1".into()) } else { None },
        dns: if number % 6 == 5 { text("name", number) } else { None },
        reverse_dns: if number % 6 == 2 { text("reverse", number % 4) } else { None },
        proxied_address: (number % 5 == 3).then(|| IpAddr::from([192, 0, 2, number as u8])),
        labels: if number.is_multiple_of(4) {
            [("app".into(), format!("app-{}", number % 3).into())].into()
        } else {
            [].into()
        },
    }
}

/// Endpoints, some shared between records and some made anew, as a tracker would.
pub(crate) struct World {
    pub(crate) random: Random,
    endpoints: Vec<Arc<Endpoint>>,
    /// Few series: many records in each.
    narrow: bool,
}

impl World {
    pub(crate) fn new(seed: u64, endpoints: u64) -> Self {
        let endpoints = (0..endpoints).map(|number| Arc::new(endpoint(number))).collect();
        Self { random: Random::new(seed), endpoints, narrow: false }
    }

    /// Three endpoints, one of them remote, and little that differs between exchanges.
    pub(crate) fn narrow(seed: u64) -> Self {
        Self { narrow: true, ..Self::new(seed, 3) }
    }

    pub(crate) fn endpoint(&mut self) -> Arc<Endpoint> {
        let endpoint = self.random.pick(&self.endpoints);
        if self.random.one_in(4) { Arc::new(Endpoint::clone(&endpoint)) } else { endpoint }
    }

    pub(crate) fn ends(&mut self) -> Ends {
        let (source, destination) = (self.endpoint(), self.endpoint());
        let ports: &[u16] = if self.narrow { &[80] } else { &[80, 443, 5353, 6379] };
        let transports: &[_] =
            if self.narrow { &[Transport::Tcp] } else { &[Transport::Tcp, Transport::Tcp, Transport::Udp] };
        let joined = source.local && destination.local && self.random.one_in(2);
        let by_client = if joined { self.random.one_in(2) } else { source.local };
        Ends {
            source,
            source_port: 30_000 + self.random.below(50) as u16,
            destination,
            destination_port: self.random.pick(ports),
            transport: self.random.pick(transports),
            reporter: if by_client { Reporter::Client } else { Reporter::Server },
            role_is_guess: false,
            joined,
            pairing: self.random.one_in(2).then(|| PairingId(self.random.below(300) << 40 | 7)),
        }
    }

    /// Nanoseconds with the spread of real latencies; rarely zero.
    pub(crate) fn duration(&mut self) -> Duration {
        let exponent = self.random.below(7);
        Duration::from_nanos(self.random.below(10_u64.pow(exponent as u32 + 3)))
    }

    pub(crate) fn request(&mut self, time: i64) -> RequestRecord {
        let (protocol, detail) = self.detail();
        let error = match self.random.below(12) {
            0 => Some(ExchangeError::Status),
            // One that does not count.
            1 if self.narrow => Some(ExchangeError::ResetByClient),
            1 => Some(ExchangeError::NoAnswer),
            2 if !self.narrow => Some(self.random.pick(&[
                ExchangeError::ClosedByClient,
                ExchangeError::ResetByClient,
                ExchangeError::ResetByServer,
            ])),
            3 if !self.narrow => Some(ExchangeError::Refused),
            _ => None,
        };
        let latency = (error != Some(ExchangeError::NoAnswer)).then(|| self.duration());
        RequestRecord {
            time: Timestamp(time),
            start: Timestamp(time - latency.unwrap_or_default().as_nanos() as i64),
            connection: ConnectionId(self.random.below(500)),
            ends: self.ends(),
            position: self.random.one_in(2).then(|| self.random.below(1 << 32) as u32),
            protocol,
            latency,
            latency_first_byte: latency.map(|latency| latency / 2),
            request_bytes: self.random.below(2_000),
            response_bytes: self.random.below(3) * self.random.below(100_000),
            error,
            trace_id: self.random.one_in(3).then(|| [self.random.below(200) as u8; 16]),
            span_id: self.random.one_in(3).then(|| [self.random.below(200) as u8; 8]),
            detail,
        }
    }

    fn detail(&mut self) -> (Protocol, Detail) {
        let text = |prefix: &str, number: u64| Some(Text::from(format!("{prefix}{number}")));
        let kinds = if self.narrow { 1 } else { 5 };
        match self.random.below(kinds) {
            0 => {
                let codes: &[&str] = if self.narrow { &["NOERROR"] } else { &["NOERROR", "NXDOMAIN", "SERVFAIL"] };
                let code = self.random.pick(codes);
                let detail = Detail::Dns {
                    name: format!("host-{}.example", self.random.below(kinds)).into(),
                    question_type: "A".into(),
                    code: (!self.random.one_in(5)).then(|| code.into()),
                    answers: None,
                    ttl: self.random.one_in(2).then(|| self.random.below(3_600) as u32),
                    retries: Some(self.random.below(3) as u32),
                };
                (Protocol::Dns, detail)
            }
            1 => (
                Protocol::Grpc,
                Detail::Grpc {
                    method: text("svc/m", self.random.below(3)),
                    status: Some(0),
                    request_messages: Some(1),
                    response_messages: None,
                    error_code: None,
                },
            ),
            2 => {
                let target = text("key", self.random.below(9));
                (
                    Protocol::Redis,
                    Detail::Database { operation: Some("GET".into()), target, statement: None, error_code: None },
                )
            }
            _ => {
                let detail = Detail::Http {
                    method: Some(self.random.pick(&["GET", "POST"]).into()),
                    path: text("/v1/item/", self.random.below(40)),
                    route: Some("/v1/item/{id}".into()),
                    host: text("shop-", self.random.below(2)),
                    status: (!self.random.one_in(9)).then(|| self.random.pick(&[200, 200, 404, 500])),
                    user_agent: None,
                    error_code: None,
                };
                (Protocol::Http, detail)
            }
        }
    }

    pub(crate) fn flow(&mut self, time: i64) -> FlowRecord {
        let event = self.random.pick(&[FlowEvent::Start, FlowEvent::Update, FlowEvent::End, FlowEvent::Adopted]);
        let ending =
            self.random.pick(&[Ending::Closed, Ending::Refused, Ending::ResetByDestination, Ending::Unreachable]);
        let covers = match self.random.below(6) {
            0 => 0,
            1 => self.random.below(150 * SECOND as u64) as i64,
            _ => self.random.below(3 * SECOND as u64) as i64,
        };
        FlowRecord {
            time: Timestamp(time),
            since: Timestamp(time - covers),
            start: Timestamp(time - self.random.below(20 * SECOND as u64) as i64),
            connection: ConnectionId(self.random.below(60)),
            ends: self.ends(),
            event,
            state: Some(TcpState::Established),
            ending: (event == FlowEvent::End).then_some(ending),
            verdict: Verdict::Forwarded,
            tcp_flags: self.random.below(32) as u8,
            bytes_sent: self.random.below(1 << 20),
            bytes_received: self.random.below(1 << 34),
            packets_sent: self.random.below(900),
            packets_received: self.random.below(900),
            retransmits: self.random.below(3),
            resets: self.random.below(2) as u32,
            rtt: self.random.one_in(2).then(|| self.duration()),
            rtt_min: None,
            connect_latency: self.random.one_in(3).then(|| self.duration()),
            tls_sni: None,
            tls_alpn: None,
            tls_version: None,
            tls_handshake_latency: None,
            protocol: if self.narrow {
                None
            } else {
                self.random.pick(&[None, Some(Protocol::Http), Some(Protocol::Tls)])
            },
        }
    }

    pub(crate) fn dropped(&mut self, time: i64) -> DropRecord {
        DropRecord {
            time: Timestamp(time),
            ends: self.ends(),
            reason: self.random.pick(&["NETFILTER_DROP", "NO_SOCKET"]).into(),
            place: self.random.one_in(2).then(|| "nf_hook_slow".into()),
            count: 1 + self.random.below(4),
            bytes: self.random.below(9_000),
        }
    }

    /// A record of any table with two ends, or of the node's saturation.
    pub(crate) fn record(&mut self, time: i64) -> Record {
        match self.random.below(10) {
            0..5 => Record::Request(self.request(time)),
            5..8 => Record::Flow(self.flow(time)),
            8 => Record::Drop(self.dropped(time)),
            _ => Record::Saturation(SaturationRecord {
                time: Timestamp(time),
                accept_queue_overflows: self.random.below(3),
                zero_windows: self.random.below(2),
            }),
        }
    }

    /// `count` records over `seconds`, in the order in which they come; some are late.
    pub(crate) fn records(&mut self, count: usize, seconds: i64) -> Vec<Record> {
        (0..count)
            .map(|number| {
                let even = number as i64 * seconds * SECOND / count as i64;
                let late = match self.random.below(20) {
                    0 => self.random.below(20 * SECOND as u64) as i64,
                    1..4 => self.random.below(SECOND as u64) as i64,
                    _ => 0,
                };
                self.record(START * SECOND + (even - late).max(0))
            })
            .collect()
    }
}
