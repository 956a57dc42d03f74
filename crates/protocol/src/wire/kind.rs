//! The schema metadata by which a reader knows what it reads.

use std::collections::HashMap;

use arrow_schema::{Field, Schema, SchemaRef};

use crate::decode::DecodeError;

/// Key of the schema metadata that says what the columns are.
pub const KIND_KEY: &str = "goldwire.kind";

/// Key of the schema metadata with how many rows a limit has cut; absent where it cut none.
pub const CUT_KEY: &str = "goldwire.cut";

/// Key of the schema metadata with how many further reports were cut of which only a merge can tell whether they are
/// rows.
pub const DOUBTFUL_KEY: &str = "goldwire.doubtful";

/// What an answer's columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Mergeable state by group.
    Groups,
    /// Records.
    Rows,
    /// Distinct values of a field.
    Values,
    /// Finished signals over time.
    Series,
    /// Finished counts by step and bucket.
    Heatmap,
    /// Finished service map: edges, and nodes as rows whose `target` is empty.
    MapEdges,
    /// Finished rows or aggregates.
    Table,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Groups, Self::Rows, Self::Values, Self::Series, Self::Heatmap, Self::MapEdges, Self::Table];

    /// As it stands in the schema's metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Rows => "rows",
            Self::Values => "values",
            Self::Series => "series",
            Self::Heatmap => "heatmap",
            Self::MapEdges => "map-edges",
            Self::Table => "table",
        }
    }

    /// What the schema says of itself.
    ///
    /// # Errors
    /// Where it says nothing, or what no version of this protocol knows.
    pub fn of(schema: &Schema) -> Result<Self, DecodeError> {
        let name = schema.metadata().get(KIND_KEY).ok_or(DecodeError::NoKind)?;
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| DecodeError::UnknownKind { kind: name.clone() })
    }

    /// A schema of these fields that says that it is of this kind.
    pub(crate) fn schema(self, fields: Vec<Field>) -> SchemaRef {
        self.schema_with(fields, [])
    }

    /// The same with further metadata.
    pub(crate) fn schema_with<const N: usize>(
        self,
        fields: Vec<Field>,
        more: [(&'static str, String); N],
    ) -> SchemaRef {
        let metadata: HashMap<String, String> = more
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .chain([(KIND_KEY.to_owned(), self.name().to_owned())])
            .collect();
        Schema::new_with_metadata(fields, metadata).into()
    }
}
