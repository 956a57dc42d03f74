//! Which keys each kind of query has.

use crate::field::Table;

/// `queryType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueryType {
    Signals,
    Heatmap,
    ServiceMap,
    Rows(Table),
    Table,
    Values,
}

/// Keys of every query.
const COMMON: &[&str] = &["refId", "queryType", "filter", "from", "to", "partial"];

impl QueryType {
    pub(super) const ALL: [Self; 9] = [
        Self::Signals,
        Self::Heatmap,
        Self::ServiceMap,
        Self::Rows(Table::Flows),
        Self::Rows(Table::Requests),
        Self::Rows(Table::Drops),
        Self::Rows(Table::Processes),
        Self::Table,
        Self::Values,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Signals => "signals",
            Self::Heatmap => "heatmap",
            Self::ServiceMap => "serviceMap",
            Self::Rows(table) => table.name(),
            Self::Table => "table",
            Self::Values => "values",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Keys that this kind has beside the common ones.
    const fn own_keys(self) -> &'static [&'static str] {
        match self {
            Self::Signals => &["signals", "groupBy", "limit", "step"],
            Self::Heatmap => &["signal", "groupBy", "step"],
            Self::ServiceMap => &["groupBy"],
            Self::Rows(_) => &["columns", "orderBy", "limit", "live", "as"],
            Self::Table => &["table", "groupBy", "aggregates", "orderBy", "limit"],
            Self::Values => &["field", "prefix", "limit"],
        }
    }

    pub(super) fn keys(self) -> impl Iterator<Item = &'static str> {
        self.own_keys().iter().chain(COMMON).copied()
    }
}
