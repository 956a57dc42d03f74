//! How much a query may ask for. Everything that who asks can make large has its bound here; what is beyond is refused with
//! the bound in the error.

/// Bytes of a query's JSON, which is also the largest ticket.
pub const QUERY_BYTES: usize = 512 * 1_024;

/// How deep lists and objects of a query's JSON may be nested, as the JSON parser has it.
pub const JSON_DEPTH: usize = 127;

/// Characters of a filter.
pub const FILTER_CHARACTERS: usize = 64 * 1_024;

/// How deep parentheses and `not` may be nested in a filter.
pub const FILTER_DEPTH: usize = 64;

/// Comparisons of a filter: each looks once at every record.
pub const COMPARISONS: usize = 512;

/// Values of one `in (…)`. They are a set: a long list takes no longer than a short one.
pub const LIST_VALUES: usize = 8_192;

/// Patterns with `*` or `?`, networks and ranges of one `in (…)`: these are tried one by one.
pub const LIST_PATTERNS: usize = 1_024;

/// Characters of a text with `*` or `?`.
pub const GLOB_CHARACTERS: usize = 1_024;

/// Regular expressions of a filter; each takes memory when it is compiled.
pub const REGEXES: usize = 32;

/// Characters of a regular expression.
pub const REGEX_CHARACTERS: usize = 4_096;

/// Bytes that a compiled regular expression may take.
pub const REGEX_BYTES: usize = 256 * 1_024;

/// Steps of a range.
pub const STEPS: i64 = 11_000;

/// Signals of a query.
pub const SIGNALS: usize = 32;

/// Fields to group by.
pub const GROUP_BY: usize = 16;

/// Columns of a query for rows.
pub const COLUMNS: usize = 64;

/// Aggregates of a table.
pub const AGGREGATES: usize = 32;

/// Columns to order by.
pub const ORDER_BY: usize = 8;

/// Series of a query for signals.
pub const SERIES: i64 = 1_000;

/// Rows, groups or values of an answer.
pub const ROWS: i64 = 10_000;
