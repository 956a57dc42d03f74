//! The guide to filters says nothing that does not parse, and leaves none of Hubble's filters out.

use goldwire_model::{field::Field, filter::Filter};

const GUIDE: &str = include_str!("../../../docs/filters.md");

/// `flow.FlowFilter` of Cilium's `api/v1/flow/flow.proto`.
const FLOW_FILTER: &[&str] = &[
    "uuid",
    "source_ip",
    "source_ip_xlated",
    "source_pod",
    "source_fqdn",
    "source_label",
    "source_service",
    "source_workload",
    "source_cluster_name",
    "destination_ip",
    "destination_pod",
    "destination_fqdn",
    "destination_label",
    "destination_service",
    "destination_workload",
    "destination_cluster_name",
    "traffic_direction",
    "verdict",
    "drop_reason_desc",
    "interface",
    "event_type",
    "http_status_code",
    "protocol",
    "source_port",
    "destination_port",
    "reply",
    "dns_query",
    "source_identity",
    "destination_identity",
    "http_method",
    "http_path",
    "http_url",
    "http_header",
    "tcp_flags",
    "node_name",
    "node_labels",
    "ip_version",
    "trace_id",
    "ip_trace_id",
    "encrypted",
    "experimental.cel_expression",
];

/// Lines of the blocks that are marked as filters.
fn blocks() -> Vec<&'static str> {
    let fenced = GUIDE.split("```filter\n").skip(1).filter_map(|block| block.split("```").next());
    fenced.flat_map(str::lines).filter(|line| !line.trim().is_empty()).collect()
}

/// Rows of Hubble's table: the names of its filters, and ours.
fn rows() -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let section = GUIDE.split("## Hubble").nth(1).unwrap_or_default();
    let cells = section.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let mut cells = line.trim_matches('|').split(" | ");
        (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
    });
    cells.map(|(theirs, ours)| (code_in(theirs), code_in(ours))).collect()
}

fn code_in(cell: &'static str) -> Vec<&'static str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_example_parses() {
    let examples = blocks();
    assert!(examples.len() > 15, "{}", examples.len());
    for example in examples.into_iter().chain(rows().into_iter().flat_map(|(_, ours)| ours)) {
        if let Err(error) = Filter::parse(example) {
            panic!("{error}");
        }
    }
}

#[test]
fn every_filter_of_hubble_has_its_row() {
    let listed: Vec<&str> = rows().into_iter().flat_map(|(theirs, _)| theirs).collect();
    for name in FLOW_FILTER {
        assert!(listed.contains(name), "{name}");
    }
    assert_eq!(listed.len(), FLOW_FILTER.len());
}

#[test]
fn every_field_is_listed() {
    for field in Field::all() {
        let name = field.name().replace("source.", "*.").replace("destination.", "*.");
        assert!(GUIDE.contains(&format!("`{name}`")), "{name}");
    }
}
