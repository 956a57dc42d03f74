//! Rules for the two frames of a node graph.

use std::collections::HashSet;

use super::{Kind, kind, missing};
use crate::frame::{Frame, FrameField};

/// How far a node's arcs may be from a whole circle.
const ARC_TOLERANCE: f64 = 1e-6;

pub(super) fn problems_of_nodes(frame: &Frame) -> Vec<String> {
    let mut found = missing(frame, &["id"]);
    found.extend(problems_of_names(frame));
    found.extend(problems_of_ids(frame));
    found.extend(problems_of_arcs(frame));
    found
}

pub(super) fn problems_of_edges(frame: &Frame) -> Vec<String> {
    let mut found = missing(frame, &["id", "source", "target"]);
    found.extend(problems_of_names(frame));
    found.extend(problems_of_ids(frame));
    for name in ["mainstat", "secondarystat"] {
        if frame.field(name).is_some_and(|field| field.is_number() && field.unit().is_some()) {
            found.push(format!("field {name}: an edge prints its raw unit, so it must be a text"));
        }
    }
    found
}

/// An edge to a node that is not there crashes the panel.
pub(super) fn problems_together(frames: &[Frame]) -> Vec<String> {
    let of_kind = |wanted: Kind| frames.iter().filter(move |frame| kind(frame) == wanted);
    let nodes: HashSet<&str> = of_kind(Kind::Nodes).flat_map(|frame| texts(frame, "id")).collect();
    let mut found = Vec::new();
    for edges in of_kind(Kind::Edges) {
        for end in ["source", "target"] {
            let lost = texts(edges, end).into_iter().filter(|id| !nodes.contains(id));
            found.extend(lost.map(|id| format!("an edge's {end} {id:?} is not among the nodes")));
        }
    }
    found
}

/// The panel looks for lower-case names; a prefix's own part may be anything.
fn problems_of_names(frame: &Frame) -> Vec<String> {
    let known_part = |field: &FrameField| field.name.split("__").next().unwrap_or_default().to_owned();
    let wrong = frame.fields.iter().filter(|field| known_part(field).chars().any(char::is_uppercase));
    wrong.map(|field| format!("field {}: the panel knows only lower-case names", field.name)).collect()
}

fn problems_of_ids(frame: &Frame) -> Vec<String> {
    let Some(ids) = frame.field("id") else { return Vec::new() };
    let mut seen = HashSet::new();
    let bad = ids.texts().into_iter().filter(|id| id.is_none_or(str::is_empty) || !seen.insert(*id));
    bad.map(|id| format!("field id: {} is empty or there twice", id.unwrap_or("null"))).collect()
}

/// Arcs are shares of a circle, each with a fixed colour.
fn problems_of_arcs(frame: &Frame) -> Vec<String> {
    let arcs: Vec<&FrameField> = frame.fields.iter().filter(|field| field.name.starts_with("arc__")).collect();
    let colourless = arcs.iter().filter(|arc| arc.config["color"]["fixedColor"].as_str().is_none_or(str::is_empty));
    let mut found: Vec<String> =
        colourless.map(|arc| format!("field {}: has no config.color.fixedColor", arc.name)).collect();
    if arcs.is_empty() {
        return found;
    }
    let columns: Vec<Vec<Option<f64>>> = arcs.iter().map(|arc| arc.numbers()).collect();
    for row in 0..frame.row_count() {
        let sum: f64 = columns.iter().filter_map(|column| column[row]).sum();
        if (sum - 1.0).abs() > ARC_TOLERANCE {
            found.push(format!("the arcs of row {row} add up to {sum}, not to 1"));
        }
    }
    found
}

fn texts<'a>(frame: &'a Frame, field: &str) -> Vec<&'a str> {
    frame.field(field).map_or_else(Vec::new, |field| field.texts().into_iter().flatten().collect())
}
