//! Template variables of Grafana that nobody filled in.

use std::sync::LazyLock;

use regex::Regex;

use super::token::{Token, tokens};

/// `$name`, `${name}` and `[[name]]`, as Grafana reads them.
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\$[0-9A-Za-z_]+|\$\{[0-9A-Za-z_]+(?:[.:][^}]*)?\}|\[\[[0-9A-Za-z_]+(?:[.:][^\]]*)?\]\]").ok()
});

/// The first reference to a template variable in a text.
#[must_use]
pub fn template_variable(text: &str) -> Option<&str> {
    REFERENCE.as_ref()?.find(text).map(|found| found.as_str())
}

/// The first reference in a filter: in a field, in a value or in place of either. Comments are left alone, and so is a
/// dollar sign that is written by its number, `\x24`, as the condition for a value does it.
#[must_use]
pub fn variable_in_filter(text: &str) -> Option<String> {
    // Most filters have none of the signs.
    template_variable(text)?;
    tokens(text).into_iter().find_map(|placed| match placed.token {
        Token::Word(word) => template_variable(word).map(str::to_owned),
        Token::Quoted(text) => template_variable(&text).map(str::to_owned),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_where_grafana_finds_them() {
        let cases = [
            ("destination.workload = $workload", Some("$workload")),
            ("destination.workload = \"a-$workload\"", Some("$workload")),
            ("destination.port in ($port)", Some("$port")),
            ("destination.port in (${port:csv}, 80)", Some("${port:csv}")),
            ("$field = \"a\"", Some("$field")),
            ("${filter}", Some("${filter}")),
            ("url.path = \"/[[path]]\"", Some("[[path]]")),
            ("url.path =~ \"^/$start\"", Some("$start")),
            ("latency > $__interval", Some("$__interval")),
        ];
        for (filter, reference) in cases {
            assert_eq!(variable_in_filter(filter).as_deref(), reference, "{filter}");
        }
    }

    #[test]
    fn other_dollar_signs_are_left_alone() {
        for filter in [
            "url.path =~ \"/users/\\d+$\"",
            "url.path =~ \"^(a$|b$)\"",
            "url.path = \"/price-5$\"",
            "url.path = \"/\\x24metadata\"",
            "url.path =~ \"[[:alpha:]]\"",
            "latency > 1s -- as $threshold says",
            "url.path = \"$ \"",
        ] {
            assert_eq!(variable_in_filter(filter), None, "{filter}");
        }
    }
}
