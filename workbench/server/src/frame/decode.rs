//! Arrow IPC file bytes to a frame.

use std::{collections::BTreeMap, io::Cursor};

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, Field, Schema};
use arrow_select::concat::concat_batches;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Frame, FrameField};

/// The first bytes of an Arrow IPC file.
const MAGIC: &[u8] = b"ARROW1";

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Grafana reads the file form only, not the stream form.
    #[error("the bytes are not an Arrow IPC file")]
    NotAFile,
    /// The file is broken.
    #[error("the Arrow file is broken: {0}")]
    Arrow(#[from] ArrowError),
    /// Metadata that should be JSON is not.
    #[error("{what} is not JSON: {cause}")]
    Metadata {
        /// Which metadata.
        what: String,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
}

impl Frame {
    /// Decodes the only form that Grafana's server reads: an Arrow IPC file.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        if !bytes.starts_with(MAGIC) {
            return Err(FrameError::NotAFile);
        }
        let reader = FileReader::try_new(Cursor::new(bytes), None)?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        Self::from_batch(&schema, &concat_batches(&schema, &batches)?)
    }

    /// Reads the frame from a batch and the metadata of its schema.
    fn from_batch(schema: &Schema, batch: &RecordBatch) -> Result<Self, FrameError> {
        let text = |key: &str| schema.metadata().get(key).cloned().unwrap_or_default();
        let field = |(field, values): (&std::sync::Arc<Field>, _)| -> Result<FrameField, FrameError> {
            let labels: Option<BTreeMap<String, String>> = parse(field, "labels")?;
            Ok(FrameField {
                name: field.name().clone(),
                labels: labels.unwrap_or_default(),
                config: parse(field, "config")?.unwrap_or(Value::Null),
                nullable: field.is_nullable(),
                values,
            })
        };
        let columns = schema.fields().iter().zip(batch.columns().iter().cloned());
        let meta = schema.metadata().get("meta").map_or(Ok(Value::Null), |text| {
            serde_json::from_str(text).map_err(|cause| FrameError::Metadata { what: "the frame's meta".into(), cause })
        })?;
        Ok(Self {
            name: text("name"),
            ref_id: text("refId"),
            meta,
            fields: columns.map(field).collect::<Result<_, _>>()?,
        })
    }
}

fn parse<T: DeserializeOwned>(field: &Field, key: &str) -> Result<Option<T>, FrameError> {
    let Some(text) = field.metadata().get(key) else { return Ok(None) };
    let what = || format!("{key} of the field {}", field.name());
    serde_json::from_str(text).map(Some).map_err(|cause| FrameError::Metadata { what: what(), cause })
}
