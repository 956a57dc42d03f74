//! Answers as text, JSON, CSV or Arrow.

use std::io::{self, Write};

use anyhow::Result;
use arrow_array::RecordBatch;
use goldwire_answer::{
    coverage::{Coverage, Loss},
    table::Answer,
};
use goldwire_model::query::Query;
use goldwire_protocol::encode;

use super::{arguments::OutputFormat, text};

/// Writes an answer to standard output, and what it says of its completeness, where it is not complete, to standard
/// error.
pub(crate) fn write(query: &Query, answer: &Answer, format: OutputFormat) -> Result<()> {
    write_batch(&encode::finished_batch(query, &answer.body)?, format)?;
    for line in shortcomings(&answer.coverage) {
        eprintln!("note: {line}");
    }
    Ok(())
}

/// Writes a table to standard output.
pub(crate) fn write_batch(batch: &RecordBatch, format: OutputFormat) -> Result<()> {
    let mut out = io::stdout().lock();
    match format {
        OutputFormat::Text => text::write_table(&mut out, &text::table_of(batch))?,
        OutputFormat::Json => {
            let mut writer = arrow_json::LineDelimitedWriter::new(&mut out);
            writer.write(batch)?;
            writer.finish()?;
        }
        OutputFormat::Csv => arrow_csv::WriterBuilder::new().with_header(true).build(&mut out).write(batch)?,
        OutputFormat::Arrow => {
            let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut out, batch.schema_ref())?;
            writer.write(batch)?;
            writer.finish()?;
        }
    }
    Ok(out.flush()?)
}

/// What keeps an answer from being complete, a sentence each.
pub(crate) fn shortcomings(coverage: &Coverage) -> Vec<String> {
    let mut lines = Vec::new();
    for node in &coverage.unreachable {
        lines.push(format!("{} is not in this answer: {}", node.node, node.reason));
    }
    for node in &coverage.late {
        lines.push(format!("{node} is not in this answer: it did not answer in time"));
    }
    lines.extend(coverage.notes.iter().cloned());
    for node in &coverage.nodes {
        let lost: u64 = node.lost.iter().map(|loss| loss.events).sum();
        let bytes: u64 = node.lost.iter().map(|loss| loss.bytes).sum();
        if lost > 0 || bytes > 0 {
            let of = |loss: &Loss| format!("{:?} {} with {} bytes", loss.stage, loss.events, loss.bytes);
            let stages: Vec<_> = node.lost.iter().map(of).collect();
            lines.push(format!(
                "{} lost {lost} events with {bytes} bytes of payload in this window ({})",
                node.node,
                stages.join(", ")
            ));
        }
        lines.extend(node.notes.iter().map(|note| format!("{}: {note}", node.node)));
    }
    lines
}
