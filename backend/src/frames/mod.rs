//! From answers to data frames. Pure: `Answer` to [`Frame`] to [`CheckedFrame`] to Arrow bytes or JSON.
//!
//! Grafana accepts few Arrow types and mistreats much quietly, so only a [`CheckedFrame`] can be sent.

use std::collections::BTreeMap;

use goldwire_answer::{
    coverage::Unreachable,
    table::{Answer, Finished, Table},
};
use goldwire_model::query::{Query, QueryKind, RowShape};

use crate::fan_out::missing;

mod check;
mod encode;
mod field;
mod heatmap;
mod json;
mod links;
mod logs;
mod map_links;
mod meta;
mod node_graph;
mod notices;
mod numbers;
mod parents;
mod rows;
mod series;
mod table;
mod trace;

pub use check::{CheckError, CheckedFrame, Frame};
pub use encode::EncodeError;
pub use field::FrameField;
pub use links::Links;
pub use meta::{Meta, Notice, Severity};

/// Why an answer can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A frame that Grafana would refuse.
    #[error("failed to make a frame: {0}")]
    Check(#[from] CheckError),
    /// Arrow refused it.
    #[error("failed to encode a frame: {0}")]
    Encode(#[from] EncodeError),
}

/// The frame of what a live query just saw. `troubles` are nodes that can't be followed now, by address.
///
/// # Errors
/// Where the frame is not fit for Grafana: a defect of this program.
pub fn live(
    query: &Query,
    rows: &Table,
    troubles: &BTreeMap<String, String>,
    notes: Vec<String>,
    links: &Links,
) -> Result<CheckedFrame, FrameError> {
    let mut frame = match &query.kind {
        QueryKind::Rows { shape: RowShape::Logs, .. } => logs::frame(rows),
        _ => table::frame(rows, query, links),
    };
    let unreachable: Vec<Unreachable> =
        troubles.iter().map(|(node, reason)| Unreachable { node: node.clone(), reason: reason.clone() }).collect();
    let missing = missing(&[], &unreachable).map(|missing| format!("Not followed now: {missing}"));
    let warnings = missing.into_iter().chain(notes);
    frame.meta.notices = warnings.map(|text| Notice { severity: Severity::Warning, text }).collect();
    frame.ref_id = query.ref_id.clone().unwrap_or_default();
    Ok(frame.check()?)
}

/// All frames of an answer. The first bears the notices and the coverage, and there always is a first. `notes` are what
/// of the question could not be asked.
///
/// # Errors
/// Where a frame is not fit for Grafana: a defect of this program.
pub fn frames(
    query: &Query,
    answer: &Answer,
    links: &Links,
    notes: Vec<String>,
) -> Result<Vec<CheckedFrame>, FrameError> {
    let mut frames = match &answer.body {
        Finished::Series(series) => series::frames(series, query, links),
        Finished::Heatmap(heatmap) => vec![heatmap::frame(heatmap)],
        Finished::Map(map) => node_graph::frames(map, query, links),
        Finished::Table(table) => match &query.kind {
            QueryKind::Rows { shape: RowShape::Logs, .. } => vec![logs::frame(table)],
            QueryKind::Rows { shape: RowShape::Traces, .. } => vec![trace::frame(table)],
            _ => vec![table::frame(table, query, links)],
        },
        Finished::Values(values) => vec![table::values(values)],
    };
    if frames.is_empty() {
        frames.push(Frame::new("no data"));
    }
    let window = query.window;
    if let Some(first) = frames.first_mut() {
        let notes = notes.into_iter().map(|text| Notice { severity: Severity::Warning, text });
        first.meta.notices = notes.chain(notices::notices(&answer.coverage, window)).collect();
        first.meta.coverage = Some(answer.coverage.clone());
    }
    let executed = query.to_json();
    frames
        .into_iter()
        .map(|mut frame| {
            frame.meta.executed_query = Some(executed.clone());
            frame.ref_id = query.ref_id.clone().unwrap_or_default();
            Ok(frame.check()?)
        })
        .collect()
}
