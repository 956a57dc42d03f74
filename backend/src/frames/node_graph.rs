//! The service map as Grafana's node graph: a frame `nodes` and a frame `edges`.
//!
//! The panel crashes on an edge whose node is not there, prints an edge's numbers without their unit, and wants the
//! parts of a node's ring to sum to 1.

use std::collections::HashSet;

use goldwire_answer::table::{Golden, MapEdge, MapNode, ServiceMap};
use goldwire_model::query::Query;

use super::{
    Frame, FrameField, Links,
    map_links::{MapLinks, Part},
    numbers::{bytes, bytes_per_second, percent, requests_per_second, seconds, whole},
};

const GREEN: &str = "green";
const RED: &str = "red";
const GREY: &str = "#8e8e8e";

/// From this share of errors on an edge is red.
const BAD_RATIO: f64 = 0.05;

pub(super) fn frames(map: &ServiceMap, query: &Query, links: &Links) -> Vec<Frame> {
    let ids: HashSet<&str> = map.nodes.iter().map(|node| &*node.id).collect();
    let edges: Vec<&MapEdge> =
        map.edges.iter().filter(|edge| ids.contains(&*edge.source) && ids.contains(&*edge.target)).collect();
    let links = MapLinks::of(map, query, links);
    vec![nodes(&map.nodes, &links), edges_frame(&edges, &links)]
}

fn nodes(nodes: &[MapNode], links: &MapLinks<'_>) -> Frame {
    let text = |name: &str, of: &dyn Fn(&MapNode) -> String| FrameField::texts(name, nodes.iter().map(of));
    let detail = |name: &str, title: &str, of: &dyn Fn(&MapNode) -> String| text(name, of).with("displayName", title);
    let ring = |name: &str, colour: &str, title: &str, of: fn(&Golden) -> f64| {
        FrameField::numbers(name, nodes.iter().map(|node| of(&node.served))).colour(colour).with("displayName", title)
    };
    let filter = |part: Part| text(part.column(), &|node| links.of_node(part, &node.id)).hidden();
    Frame::new("nodes")
        .shown_as("nodeGraph")
        .field(text("id", &|node| node.id.to_string()).with("links", links.node_links()))
        .field(text("title", &|node| node.title.to_string()))
        .field(text("subtitle", &|node| node.subtitle.to_string()))
        .field(text("mainstat", &|node| main_stat(busier(node))).with("displayName", "Traffic"))
        .field(text("secondarystat", &|node| second_stat(busier(node))).with("displayName", "Latency, errors"))
        .field(ring("arc__success", GREEN, "Success", |golden| golden.error_ratio.map_or(0.0, |ratio| 1.0 - ratio)))
        .field(ring("arc__errors", RED, "Errors", |golden| golden.error_ratio.unwrap_or(0.0)))
        .field(ring(
            "arc__idle",
            GREY,
            "Serves no requests",
            |golden| {
                if golden.error_ratio.is_none() { 1.0 } else { 0.0 }
            },
        ))
        .field(detail("detail__served", "Requests served", &|node| whole(node.served.requests)))
        .field(detail("detail__errors", "Errors served", &|node| whole(node.served.errors)))
        .field(detail("detail__p50", "Latency p50", &|node| or_dash(node.served.latency_p50, seconds)))
        .field(detail("detail__p95", "Latency p95", &|node| or_dash(node.served.latency_p95, seconds)))
        .field(detail("detail__p99", "Latency p99", &|node| or_dash(node.served.latency_p99, seconds)))
        .field(detail("detail__called", "Requests made", &|node| whole(node.called.requests)))
        .field(detail("detail__received", "Bytes received", &|node| {
            bytes(node.served.bytes_sent.saturating_add(node.called.bytes_received))
        }))
        .field(detail("detail__sent", "Bytes sent", &|node| {
            bytes(node.served.bytes_received.saturating_add(node.called.bytes_sent))
        }))
        .field(filter(Part::Served))
        .field(filter(Part::Called))
        .field(filter(Part::Flows))
}

/// What a node is there for: serving where it serves, else calling.
const fn busier(node: &MapNode) -> &Golden {
    let serves = node.served.requests > 0 || node.served.connections > 0;
    if serves || node.called.requests == 0 && node.called.connections == 0 { &node.served } else { &node.called }
}

fn edges_frame(edges: &[&MapEdge], links: &MapLinks<'_>) -> Frame {
    let text = |name: &str, of: &dyn Fn(&MapEdge) -> String| FrameField::texts(name, edges.iter().map(|edge| of(edge)));
    let detail = |name: &str, title: &str, of: &dyn Fn(&MapEdge) -> String| text(name, of).with("displayName", title);
    let filter = |part: Part| text(part.column(), &|edge| links.of_edge(part, &edge.source, &edge.target)).hidden();
    let busiest = edges.iter().map(|edge| weight(&edge.golden)).fold(0.0, f64::max);
    Frame::new("edges")
        .shown_as("nodeGraph")
        .field(text("id", &|edge| edge.id.clone()).with("links", links.edge_links()))
        .field(text("source", &|edge| edge.source.to_string()))
        .field(text("target", &|edge| edge.target.to_string()))
        .field(text("mainstat", &|edge| main_stat(&edge.golden)).with("displayName", "Traffic"))
        .field(text("secondarystat", &|edge| second_stat(&edge.golden)).with("displayName", "Latency, errors"))
        .field(FrameField::numbers("thickness", edges.iter().map(|edge| thickness(&edge.golden, busiest))))
        .field(text("color", &|edge| colour(&edge.golden).to_owned()))
        .field(text("strokedasharray", &|edge| dashes(&edge.golden).to_owned()))
        .field(detail("detail__protocols", "Protocols", &|edge| edge.protocols.to_string()))
        .field(detail("detail__requests", "Requests", &|edge| whole(edge.golden.requests)))
        .field(detail("detail__errors", "Errors", &|edge| whole(edge.golden.errors)))
        .field(detail("detail__p95", "Latency p95", &|edge| or_dash(edge.golden.latency_p95, seconds)))
        .field(detail("detail__rtt", "RTT p95", &|edge| or_dash(edge.golden.rtt_p95, seconds)))
        .field(detail("detail__connections", "Connections", &|edge| whole(edge.golden.connections)))
        .field(detail("detail__failures", "Failed connects", &|edge| whole(edge.golden.connect_failures)))
        .field(detail("detail__retransmits", "Retransmissions", &|edge| whole(edge.golden.retransmits)))
        .field(detail("detail__sent", "Bytes sent", &|edge| bytes(edge.golden.bytes_sent)))
        .field(detail("detail__received", "Bytes received", &|edge| bytes(edge.golden.bytes_received)))
        .field(filter(Part::Served))
        .field(filter(Part::Flows))
}

fn main_stat(golden: &Golden) -> String {
    if golden.requests > 0 {
        return requests_per_second(golden.request_rate);
    }
    bytes_per_second(golden.byte_rate)
}

fn second_stat(golden: &Golden) -> String {
    let latency = golden.latency_p95.map(|latency| format!("p95 {}", seconds(latency)));
    let errors = golden.error_ratio.filter(|ratio| *ratio > 0.0).map(|ratio| format!("{} errors", percent(ratio)));
    let failures = Some(golden.connect_failures)
        .filter(|failures| *failures > 0 && golden.requests == 0)
        .map(|failures| format!("{} failed connects", whole(failures)));
    [latency, errors, failures].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn or_dash(value: Option<f64>, show: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), show)
}

/// What an edge carries, to compare edges by: exchanges, and bytes where nothing else is known.
fn weight(golden: &Golden) -> f64 {
    (1.0 + golden.requests as f64 + golden.bytes_sent.saturating_add(golden.bytes_received) as f64 / 1e6).ln()
}

/// From 1 to 5 pixels.
fn thickness(golden: &Golden, busiest: f64) -> f64 {
    if busiest <= 0.0 { 1.0 } else { 1.0 + 4.0 * weight(golden) / busiest }
}

fn colour(golden: &Golden) -> &'static str {
    let bad = golden.error_ratio.is_some_and(|ratio| ratio >= BAD_RATIO);
    if bad || golden.connect_failures > golden.connections { RED } else { GREY }
}

/// Nobody ever got through: dashes.
const fn dashes(golden: &Golden) -> &'static str {
    if golden.connections == 0 && golden.requests == 0 && golden.connect_failures > 0 { "4 4" } else { "" }
}
