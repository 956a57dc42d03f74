//! The numbers to reach, row by row as the design has them (section 11), and the figures that each row is measured by.

/// A row of the design.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// What it says, with its bar.
    pub(super) what: &'static str,
    /// Names of all figures that it takes; one that no benchmark printed was not measured.
    pub(super) figures: &'static [&'static str],
}

pub(super) const WANTED: &[Row] = &[
    Row {
        what: "CPU added per HTTP request, kernel and daemon, both ends on this node: at most 3 us",
        figures: &["cpu-added-a-request"],
    },
    Row {
        what: "at 10,000 requests/s: daemon's CPU at most 3 % of a core; client's p99 within 5 %",
        figures: &["daemon-cpu-at-10k", "client-p99-ratio-at-10k"],
    },
    Row {
        what: "saturated throughput with the daemon, against without: at least 0.88",
        figures: &["throughput-ratio"],
    },
    Row {
        what: "requests counted at full load: all, or counted plus reported lost equals sent",
        figures: &["requests-unaccounted-at-full-load", "requests-beyond-sent-at-full-load"],
    },
    Row {
        what: "probe cost per socket buffer, by the kernel's BPF statistics: at most 250 ns",
        figures: &["probe-cost-in", "probe-cost-out"],
    },
    Row { what: "records taken into history on one core: at least 2 million a second", figures: &["ingest"] },
    Row {
        what: "memory per raw request record, all in: at most 100 bytes",
        figures: &["raw-request-bytes", "bytes-accounted-of-allocated"],
    },
    Row {
        what: "a 1 h signals query over 1 million raw records on a node: at most 50 ms",
        figures: &["raw-1h-signals-by-workload", "raw-1h-signals-filtered"],
    },
    Row {
        what: "1 h of rollups, 1,000 edges: rate / p95 by 25 destinations / p95 by edge: at most 10 / 20 / 100 ms",
        figures: &["rollup-1h-rate-by-25-destinations", "rollup-1h-p95-by-25-destinations", "rollup-1h-p95-by-edge"],
    },
    Row {
        what: "the same through the plugin to 1,000 simulated nodes, p99: at most 1 s, partial answers included",
        figures: &[
            "fan-out-rate-by-25-destinations",
            "fan-out-p95-by-25-destinations",
            "fan-out-p95-by-edge",
            "fan-out-partial-rate-by-25-destinations",
            "fan-out-partial-p95-by-25-destinations",
            "fan-out-partial-p95-by-edge",
        ],
    },
    Row { what: "100,000 x 20 table frame, built and encoded: at most 10 ms", figures: &["table-frame-100k-x-20"] },
    Row {
        what: "daemon resident memory at default settings, idle / full: 40 MiB / --memory (256 MiB) + 64 MiB",
        figures: &["resident-memory-idle", "resident-memory-full"],
    },
];
