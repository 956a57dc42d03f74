//! What Grafana would refuse or quietly mistreat in a plugin's frames.
//!
//! Grafana itself says little: an unreadable type fails the whole answer, a wrong name leaves a panel empty and an
//! edge without its node crashes the map. These rules say it in words, for tests.

mod general;
mod node_graph;
mod series;
mod trace;

use super::Frame;

/// The faults of one frame by itself.
pub fn rules_of_one(frame: &Frame) -> Vec<String> {
    let mut found = general::problems(frame);
    found.extend(match kind(frame) {
        Kind::TimeSeries => series::problems(frame),
        Kind::Heatmap => series::problems_of_heatmap(frame),
        Kind::Nodes => node_graph::problems_of_nodes(frame),
        Kind::Edges => node_graph::problems_of_edges(frame),
        Kind::Trace => trace::problems(frame),
        Kind::Logs => series::problems_of_logs(frame),
        Kind::Table => Vec::new(),
    });
    let name = if frame.name.is_empty() { "unnamed frame" } else { &frame.name };
    found.into_iter().map(|problem| format!("{name}: {problem}")).collect()
}

/// The faults of an answer's frames, each alone and all together.
pub fn problems_of(frames: &[Frame]) -> Vec<String> {
    let mut found: Vec<String> = frames.iter().flat_map(rules_of_one).collect();
    found.extend(node_graph::problems_together(frames));
    found.extend(series::problems_together(frames));
    found
}

/// What a frame gives itself out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    TimeSeries,
    Heatmap,
    Nodes,
    Edges,
    Trace,
    Logs,
    Table,
}

fn kind(frame: &Frame) -> Kind {
    let of = |key: &str| frame.meta[key].as_str().unwrap_or_default();
    match (of("type"), of("preferredVisualisationType")) {
        ("timeseries-multi" | "timeseries-wide", _) => Kind::TimeSeries,
        ("heatmap-cells" | "heatmap-rows", _) => Kind::Heatmap,
        ("log-lines", _) | (_, "logs") => Kind::Logs,
        (_, "trace") => Kind::Trace,
        (_, "nodeGraph") if frame.field("source").is_some() => Kind::Edges,
        (_, "nodeGraph") => Kind::Nodes,
        _ => Kind::Table,
    }
}

/// A message for each of these fields that the frame lacks.
fn missing(frame: &Frame, required: &[&str]) -> Vec<String> {
    let absent = required.iter().filter(|name| frame.field(name).is_none());
    absent.map(|name| format!("has no field {name}")).collect()
}

#[cfg(test)]
mod tests;
