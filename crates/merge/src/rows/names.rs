//! Names for ends that no node knows.

use std::sync::Arc;

use goldwire_answer::column::Column;
use goldwire_model::field::{EndField, Field, Side};

use super::records::Records;

/// A workload that nobody knows is called by its DNS name, else by its address.
pub(super) fn fill(records: &mut Records) {
    for side in [Side::Source, Side::Destination] {
        let end = |end| Field::End(side, end);
        let stand_in = |row: usize| -> Option<Arc<str>> {
            [EndField::Dns, EndField::Address]
                .into_iter()
                .find_map(|field| records.text(&end(field), row).filter(|name| !name.is_empty()))
                .map(Arc::from)
        };
        let Some(Column::Text(names)) = records.column(&end(EndField::Workload)) else { continue };
        let is_unknown = |name: &Option<Arc<str>>| name.as_deref().is_none_or(str::is_empty);
        let filled = names
            .iter()
            .enumerate()
            .map(|(row, name)| if is_unknown(name) { stand_in(row) } else { name.clone() })
            .collect();
        if let Some(Column::Text(names)) = records.column_mut(&end(EndField::Workload)) {
            *names = filled;
        }
    }
}
