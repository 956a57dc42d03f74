//! Which keys each kind of query has.

use crate::{field::Table, suggest::nearest};

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
const COMMON: &[&str] = &["refId", "queryType", "filter", "where", "from", "to", "partial"];

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
            Self::Rows(_) => &["columns", "orderBy", "limit", "live", "as", "first", "alone", "partners", "after"],
            Self::Table => &["table", "groupBy", "aggregates", "orderBy", "limit"],
            Self::Values => &["field", "prefix", "limit"],
        }
    }

    /// The kinds that have this key.
    pub(super) fn with_key(key: &str) -> Vec<&'static str> {
        Self::ALL.into_iter().filter(|kind| kind.own_keys().contains(&key)).map(Self::name).collect()
    }

    pub(super) fn keys(self) -> impl Iterator<Item = &'static str> {
        self.own_keys().iter().chain(COMMON).copied()
    }
}

/// True where a key is one of ours, of whatever kind of query, or so like one that it is probably a slip of the pen. Grafana
/// adds keys of its own to queries, and other ones with each version.
#[must_use]
pub fn is_like_own_key(key: &str) -> bool {
    let own = QueryType::ALL.into_iter().flat_map(QueryType::own_keys).chain(COMMON);
    nearest(&key.to_lowercase(), own.map(|own| own.to_lowercase())).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_foreign_keys() {
        for slip in
            ["filter", "Filter", "filtre", "filters", "groupby", "group_by", "signal", "agregates", "sginals", "limt"]
        {
            assert!(is_like_own_key(slip), "{slip}");
        }
        for foreign in [
            "timeRange",
            "resultAssertions",
            "datasource",
            "hide",
            "key",
            "intervalMs",
            "maxDataPoints",
            "queryCachingTTL",
            "timezone",
            "panelId",
            "dashboardUID",
            "scopes",
            "adhocFilters",
            "expr",
            "range",
            "instant",
            "format",
            "legendFormat",
            "exemplar",
            "editorMode",
            "useTimeRange",
            "alias",
            "app",
            "interval",
            "meta",
            "type",
        ] {
            assert!(!is_like_own_key(foreign), "{foreign}");
        }
    }
}
