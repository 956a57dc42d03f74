//! Frames as Grafana's server reads them: Arrow IPC files.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Field, Schema};
use serde_json::{Value, json};

use super::{CheckedFrame, FrameField};

/// Arrow refused the frame.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EncodeError(#[from] ArrowError);

impl CheckedFrame {
    /// The bytes of an Arrow IPC file.
    ///
    /// # Errors
    /// Where Arrow refuses it.
    pub fn to_arrow(&self) -> Result<Vec<u8>, EncodeError> {
        let fields: Vec<Field> = self.0.fields.iter().map(arrow_field).collect();
        let metadata = HashMap::from([
            ("name".to_owned(), self.0.name.clone()),
            ("refId".to_owned(), self.0.ref_id.clone()),
            ("meta".to_owned(), self.0.meta.to_json().to_string()),
        ]);
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let arrays: Vec<_> = self.0.fields.iter().map(|field| Arc::clone(&field.values)).collect();
        let rows = arrays.first().map_or(0, arrow_array::Array::len);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let bytes = arrays.iter().map(arrow_array::Array::get_buffer_memory_size).sum::<usize>();
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)?;
        let mut writer = FileWriter::try_new(Vec::with_capacity(bytes + 4096), &schema)?;
        writer.write(&batch)?;
        writer.finish()?;
        Ok(writer.into_inner()?)
    }
}

fn arrow_field(field: &FrameField) -> Field {
    let mut metadata = HashMap::new();
    if !field.labels.is_empty() {
        metadata.insert("labels".to_owned(), json!(field.labels).to_string());
    }
    if !field.config.is_empty() {
        metadata.insert("config".to_owned(), Value::Object(field.config.clone()).to_string());
    }
    Field::new(&field.name, field.values.data_type().clone(), field.nullable).with_metadata(metadata)
}
