//! The one list of signals: name, title, unit, recipe, description.

use super::{
    Measure::{
        AcceptQueueOverflows, ActiveConnections, BytesReceived, BytesSent, ClientClosed, ConnectFailures,
        ConnectLatency, Connects, DnsErrors, DnsExchanges, DnsLatency, Drops, Errors, Exchanges, Latency, NetworkTime,
        PacketsReceived, PacketsSent, RequestBytes, Resets, ResponseBytes, Retransmits, Rtt, Segments, ZeroWindows,
    },
    Recipe::{self, Average, Gauge, Max, Quantile, Rate, Ratio},
    Signal,
};

/// What is fixed about a signal.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) recipe: Recipe,
    pub(super) description: &'static str,
}

macro_rules! signals {
    ($($variant:ident $name:literal $title:literal $unit:literal $recipe:expr, $description:literal;)*) => {
        /// Every signal.
        pub(super) const ALL: &[Signal] = &[$(Signal::$variant),*];

        impl Signal {
            pub(super) const fn facts(self) -> Facts {
                match self {
                    $(Self::$variant => Facts {
                        name: $name,
                        title: $title,
                        unit: $unit,
                        recipe: $recipe,
                        description: $description,
                    },)*
                }
            }
        }
    };
}

signals! {
    RequestRate "request_rate" "Requests" "reqps" Rate(Exchanges), "Exchanges a second, on any application protocol";
    ErrorRate "error_rate" "Errors" "reqps" Rate(Errors), "Exchanges a second that ended in an error or had no answer, but for those that the client took back";
    ErrorRatio "error_ratio" "Error ratio" "percentunit" Ratio(Errors, Exchanges), "Share of exchanges that are errors";
    ClientClosedRate "client_closed_rate" "Given up by the client" "reqps" Rate(ClientClosed), "Exchanges a second that the client closed or reset before the answer was complete; they are no errors of the server's";
    ClientClosedRatio "client_closed_ratio" "Ratio given up by the client" "percentunit" Ratio(ClientClosed, Exchanges), "Share of exchanges that the client closed or reset before the answer was complete";
    LatencyP50 "latency_p50" "Latency p50" "s" Quantile(Latency, 0.50), "Median latency to the last byte";
    LatencyP90 "latency_p90" "Latency p90" "s" Quantile(Latency, 0.90), "90th percentile of latency to the last byte";
    LatencyP95 "latency_p95" "Latency p95" "s" Quantile(Latency, 0.95), "95th percentile of latency to the last byte";
    LatencyP99 "latency_p99" "Latency p99" "s" Quantile(Latency, 0.99), "99th percentile of latency to the last byte";
    LatencyAvg "latency_avg" "Latency average" "s" Average(Latency), "Mean latency to the last byte";
    LatencyMax "latency_max" "Latency max" "s" Max(Latency), "Largest latency to the last byte";
    RequestBytes "request_bytes" "Request bytes" "Bps" Rate(RequestBytes), "Bytes of requests a second, headers included";
    ResponseBytes "response_bytes" "Response bytes" "Bps" Rate(ResponseBytes), "Bytes of answers a second, headers included";
    BytesSent "bytes_sent" "Sent" "Bps" Rate(BytesSent), "Payload from source to destination";
    BytesReceived "bytes_received" "Received" "Bps" Rate(BytesReceived), "Payload from destination to source";
    PacketsSent "packets_sent" "Packets sent" "pps" Rate(PacketsSent), "Segments and datagrams from source to destination";
    PacketsReceived "packets_received" "Packets received" "pps" Rate(PacketsReceived), "Segments and datagrams from destination to source";
    RetransmitRate "retransmit_rate" "Retransmits" "pps" Rate(Retransmits), "Retransmitted TCP segments a second";
    RetransmitRatio "retransmit_ratio" "Retransmit ratio" "percentunit" Ratio(Retransmits, Segments), "Share of TCP segments, both directions, that are retransmissions";
    RttP50 "rtt_p50" "RTT p50" "s" Quantile(Rtt, 0.50), "Median of the kernel's smoothed round trip time";
    RttP95 "rtt_p95" "RTT p95" "s" Quantile(Rtt, 0.95), "95th percentile of the kernel's smoothed round trip time";
    RttP99 "rtt_p99" "RTT p99" "s" Quantile(Rtt, 0.99), "99th percentile of the kernel's smoothed round trip time";
    ConnectRate "connect_rate" "Connects" "ops" Rate(Connects), "Connections established a second";
    ConnectFailureRate "connect_failure_rate" "Connect failures" "ops" Rate(ConnectFailures), "Connects a second that were refused, timed out or found no way";
    ConnectLatencyP95 "connect_latency_p95" "Connect latency p95" "s" Quantile(ConnectLatency, 0.95), "95th percentile of the time from SYN to established";
    ResetRate "reset_rate" "Resets" "ops" Rate(Resets), "TCP resets a second";
    ActiveConnections "active_connections" "Active connections" "short" Gauge(ActiveConnections), "Connections open at the end of each step";
    DropRate "drop_rate" "Drops" "pps" Rate(Drops), "Packets a second that the kernel dropped";
    DnsRate "dns_rate" "DNS requests" "reqps" Rate(DnsExchanges), "DNS exchanges a second";
    DnsErrorRate "dns_error_rate" "DNS errors" "reqps" Rate(DnsErrors), "DNS exchanges a second with a code other than NOERROR and NXDOMAIN, or no answer";
    DnsLatencyP95 "dns_latency_p95" "DNS latency p95" "s" Quantile(DnsLatency, 0.95), "95th percentile of the latency of DNS exchanges";
    AcceptQueueOverflowRate "accept_queue_overflow_rate" "Accept queue overflows" "ops" Rate(AcceptQueueOverflows), "Connections a second that a full accept queue refused, of a whole node: of all its network namespaces";
    ZeroWindowRate "zero_window_rate" "Zero windows" "ops" Rate(ZeroWindows), "Zero windows a second that a node advertised because a reader was slow";
    NetworkTimeP95 "network_time_p95" "Network time p95" "s" Quantile(NetworkTime, 0.95), "95th percentile of the client's latency less the server's, where both ends report";
}
