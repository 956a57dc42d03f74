//! The frame that answers a query: the query's JSON and the data source's settings, as texts.

use std::{collections::HashMap, io::Cursor, sync::Arc};

use arrow_array::{RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema};

/// A frame of one row, a text column for each pair.
pub(crate) fn texts(ref_id: &str, columns: &[(&str, String)]) -> Result<Vec<u8>, ArrowError> {
    let fields: Vec<Field> = columns.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, false)).collect();
    let metadata = HashMap::from([("name".to_owned(), "echo".to_owned()), ("refId".to_owned(), ref_id.to_owned())]);
    let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
    let values = columns.iter().map(|(_, text)| Arc::new(StringArray::from(vec![text.as_str()])) as _).collect();
    let mut file = FileWriter::try_new(Cursor::new(Vec::new()), &schema)?;
    file.write(&RecordBatch::try_new(Arc::clone(&schema), values)?)?;
    file.finish()?;
    Ok(file.into_inner()?.into_inner())
}
