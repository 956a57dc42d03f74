//! Signals: what can be shown over time, and how each is made.
//!
//! A signal is a [`Recipe`] over a [`Measure`]. History keeps measures and merge finishes recipes, so both share the one
//! definition here.

use std::{fmt, str::FromStr};

use crate::{
    field::Table,
    suggest::{did_you_mean, nearest},
};

mod catalogue;
mod measure;

pub use measure::Measure;

/// A signal of the design's section 5. Its text is [`Signal::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Exchanges a second.
    RequestRate,
    /// Exchanges that are errors, a second.
    ErrorRate,
    /// Share of exchanges that are errors, 0 to 1.
    ErrorRatio,
    /// Exchanges that the client gave up before the answer was complete, a second.
    ClientClosedRate,
    /// Share of exchanges that the client gave up, 0 to 1.
    ClientClosedRatio,
    /// Median latency.
    LatencyP50,
    /// 90th percentile of latency.
    LatencyP90,
    /// 95th percentile of latency.
    LatencyP95,
    /// 99th percentile of latency.
    LatencyP99,
    /// Mean latency.
    LatencyAvg,
    /// Largest latency.
    LatencyMax,
    /// Bytes of requests a second.
    RequestBytes,
    /// Bytes of answers a second.
    ResponseBytes,
    /// Payload from source to destination, bytes a second.
    BytesSent,
    /// Payload from destination to source, bytes a second.
    BytesReceived,
    /// Segments and datagrams from source to destination, a second.
    PacketsSent,
    /// Segments and datagrams from destination to source, a second.
    PacketsReceived,
    /// Retransmitted segments a second.
    RetransmitRate,
    /// Share of all segments that are retransmissions, 0 to 1.
    RetransmitRatio,
    /// Median round trip time.
    RttP50,
    /// 95th percentile of round trip time.
    RttP95,
    /// 99th percentile of round trip time.
    RttP99,
    /// Connections opened a second.
    ConnectRate,
    /// Connects that failed, a second.
    ConnectFailureRate,
    /// 95th percentile of the time from SYN to established.
    ConnectLatencyP95,
    /// TCP resets a second.
    ResetRate,
    /// Connections open at the end of the step.
    ActiveConnections,
    /// Dropped packets a second.
    DropRate,
    /// DNS exchanges a second.
    DnsRate,
    /// DNS exchanges that are errors, a second.
    DnsErrorRate,
    /// 95th percentile of the latency of DNS exchanges.
    DnsLatencyP95,
    /// Connections refused by a full accept queue, a second; of a whole node.
    AcceptQueueOverflowRate,
    /// Zero windows advertised, a second; of a whole node.
    ZeroWindowRate,
    /// 95th percentile of network time: of the same exchange, the client's latency less the server's.
    ///
    /// Needs both ends' reports, of one node or of two. An exchange that only one end reports has no network time and
    /// is left out; clocks are never compared, only durations.
    NetworkTimeP95,
}

/// How a signal is made from measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recipe {
    /// Sum of the measure in the step, divided by the step's seconds. 0 where there is nothing.
    Rate(Measure),
    /// Sum of the first divided by the sum of the second; nothing where the second is 0.
    Ratio(Measure, Measure),
    /// Quantile (0 to 1) of the measure's values; nothing where there are none.
    Quantile(Measure, f64),
    /// Mean of the measure's values; nothing where there are none.
    Average(Measure),
    /// Largest of the measure's values; nothing where there are none.
    Max(Measure),
    /// What the measure is at the end of the step.
    Gauge(Measure),
}

impl Recipe {
    /// What is counted, summed or ranked.
    #[must_use]
    pub const fn numerator(self) -> Measure {
        match self {
            Self::Rate(measure)
            | Self::Ratio(measure, _)
            | Self::Quantile(measure, _)
            | Self::Average(measure)
            | Self::Max(measure)
            | Self::Gauge(measure) => measure,
        }
    }

    /// What it is a share of.
    #[must_use]
    pub const fn denominator(self) -> Option<Measure> {
        match self {
            Self::Ratio(_, whole) => Some(whole),
            _ => None,
        }
    }

    /// Which quantile, 0 to 1.
    #[must_use]
    pub const fn quantile(self) -> Option<f64> {
        match self {
            Self::Quantile(_, quantile) => Some(quantile),
            _ => None,
        }
    }
}

/// No signal has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no signal `{name}`{}", did_you_mean(.suggestion.as_deref()))]
pub struct UnknownSignal {
    /// As it was written.
    pub name: String,
    /// The nearest name there is, where one is near.
    pub suggestion: Option<String>,
}

impl Signal {
    /// All of them, in the order in which a list should show them.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        catalogue::ALL
    }

    /// As queries spell it, such as `latency_p95`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// As people read it, such as `Latency p95`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.facts().title
    }

    /// How Grafana names its unit, such as `s` or `reqps`.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        self.facts().unit
    }

    /// One sentence for people, without its full stop.
    #[must_use]
    pub const fn description(self) -> &'static str {
        self.facts().description
    }

    /// How it is made.
    #[must_use]
    pub const fn recipe(self) -> Recipe {
        self.facts().recipe
    }

    /// The table whose fields it can be filtered and grouped by. Signals of a whole node say `flows`, and take
    /// `node.name` only: see [`Signal::is_node_wide`].
    #[must_use]
    pub const fn table(self) -> Table {
        self.recipe().numerator().table()
    }

    /// Counted by the kernel for a whole node, so that it has no ends: only `node.name` filters and groups it.
    #[must_use]
    pub const fn is_node_wide(self) -> bool {
        self.recipe().numerator().is_node_wide()
    }

    /// The measure whose values a heatmap of this signal shows, where it is a latency or a size.
    #[must_use]
    pub const fn heatmap_measure(self) -> Option<Measure> {
        let measure = self.recipe().numerator();
        if measure.is_distribution() { Some(measure) } else { None }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Signal {
    type Err = UnknownSignal;

    fn from_str(name: &str) -> Result<Self, UnknownSignal> {
        Self::all().iter().copied().find(|signal| signal.name() == name).ok_or_else(|| {
            let names = Self::all().iter().map(|signal| signal.name().to_owned());
            let suggestion = nearest(&name.to_lowercase(), names);
            UnknownSignal { name: name.to_owned(), suggestion }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for signal in Signal::all() {
            assert_eq!(signal.name().parse(), Ok(*signal));
        }
        assert_eq!(Signal::all().len(), 34);
    }

    #[test]
    fn a_wrong_name_brings_the_nearest() {
        let error = "latency_95".parse::<Signal>().unwrap_err();
        assert_eq!(error.to_string(), "there is no signal `latency_95`: did you mean `latency_p95`?");
        assert_eq!("xyzzy".parse::<Signal>().unwrap_err().suggestion, None);
    }

    #[test]
    fn both_parts_of_a_ratio_come_from_one_table() {
        for signal in Signal::all() {
            if let Some(whole) = signal.recipe().denominator() {
                assert_eq!(whole.table(), signal.table(), "{signal}");
            }
        }
    }

    #[test]
    fn the_quantile_of_a_name_is_the_recipe_s() {
        for signal in Signal::all() {
            let named = signal.name().rsplit_once("_p").and_then(|(_, digits)| digits.parse::<f64>().ok());
            assert_eq!(signal.recipe().quantile(), named.map(|percent| percent / 100.0), "{signal}");
        }
    }

    #[test]
    fn heatmaps_are_of_latencies_and_sizes() {
        assert_eq!(Signal::LatencyP95.heatmap_measure(), Some(Measure::Latency));
        assert_eq!(Signal::RequestBytes.heatmap_measure(), Some(Measure::RequestBytes));
        assert_eq!(Signal::RequestRate.heatmap_measure(), None);
        assert_eq!(Signal::BytesSent.heatmap_measure(), None);
    }
}
