//! A filter as the editor's builder shows it: a list of conditions that must all hold.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{Comparison, FieldRef, Filter, Operand, Operator};

/// One row of the builder. In JSON: `{"field": "destination.port", "operator": "in", "values": ["53", "5353"]}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whose value is tested.
    pub field: FieldRef,
    /// How.
    pub operator: Operator,
    /// With what, without quotes; one but for `in` and `not in`.
    pub values: Vec<String>,
}

impl Filter {
    /// The conditions of a filter that is nothing but comparisons joined by `and`, each perhaps with a `not` before it;
    /// none for a filter that matches all. `None` where the filter is more than that.
    #[must_use]
    pub fn conditions(&self) -> Option<Vec<Condition>> {
        match self {
            Self::All => Some(Vec::new()),
            Self::And(parts) => parts.iter().map(Self::condition).collect(),
            one => one.condition().map(|condition| vec![condition]),
        }
    }

    fn condition(&self) -> Option<Condition> {
        match self {
            Self::Compare(comparison) => Some(comparison.condition(comparison.test.operator())),
            Self::Not(inner) => match &**inner {
                Self::Compare(comparison) => Some(comparison.condition(comparison.test.operator().opposite()?)),
                _ => None,
            },
            Self::All | Self::And(_) | Self::Or(_) => None,
        }
    }
}

impl Comparison {
    fn condition(&self, operator: Operator) -> Condition {
        let values = self.test.operands().iter().map(Operand::plain_text).collect();
        Condition { field: self.field.clone(), operator, values }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Condition", 3)?;
        object.serialize_field("field", &self.field.to_string())?;
        object.serialize_field("operator", self.operator.symbol())?;
        object.serialize_field("values", &self.values)?;
        object.end()
    }
}
