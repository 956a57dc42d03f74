//! What holds for any filter and any query, and for what is neither.

use std::collections::HashMap;

use goldwire_model::{
    field::{EndField, Field, Table},
    filter::{Condition, Filter, Lookup, Operator, Value},
    query::Query,
    signal::Signal,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value as Json, json};

/// Texts of comparisons that are right.
fn comparison() -> impl Strategy<Value = String> {
    let text = "\"([a-z*? /.]|\\\\\\\\|\\\\\"|ä){0,8}\"";
    let duration = "[0-9]{1,4}(\\.[0-9]{1,3})?(ns|us|ms|s|m|h)?";
    prop_oneof![
        (select(vec!["source.workload", "either.pod", "url.path", "source.labels.app"]), select(vec!["=", "!="]), text)
            .prop_map(|(field, operator, value)| format!("{field} {operator} {value}")),
        (select(vec!["latency", "rtt", "duration"]), select(vec!["<", "<=", ">", ">=", "=", "!="]), duration)
            .prop_map(|(field, operator, value)| format!("{field} {operator} {value}")),
        (
            select(vec!["either.port", "http.response.status_code"]),
            select(vec!["in", "not in"]),
            vec("[0-9]{1,4}", 1..4)
        )
            .prop_map(|(field, operator, values)| format!("{field} {operator} ({})", values.join(", "))),
        ("(source|either)\\.address (=|!=) (10|127)\\.[0-9]\\.[0-9]\\.[0-9](/[0-9])?"),
        ("destination\\.dns (=~|!~) \"[a-z]{0,3}\\\\\\.(a|b)\\*\\$?\""),
    ]
}

/// Texts of filters that are right.
fn filter() -> impl Strategy<Value = String> {
    comparison().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("not ({inner})")),
            (vec(inner.clone(), 2..4)).prop_map(|parts| format!("({})", parts.join(" and "))),
            (vec(inner, 2..4)).prop_map(|parts| format!("({})", parts.join(" OR "))),
        ]
    })
}

/// Pieces of the language in no order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = vec![
        "and",
        "or",
        "not",
        "in",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "=~",
        "<",
        "\"",
        "'",
        "\\",
        "--",
        "\n",
        " ",
        "5ms",
        "..",
        "10.0.0.0/8",
        "latency",
        "source.address",
        "either.",
        "source.labels.",
        "\"a*\"",
        "\"[\"",
        "ä",
        "🦀",
        "\u{b5}s",
    ];
    vec(select(pieces), 0..30).prop_map(|pieces| pieces.concat())
}

#[derive(Clone, Debug)]
struct Sample(HashMap<Field, Value<'static>>);

impl Lookup for Sample {
    fn value(&self, field: &Field) -> Value<'_> {
        self.0.get(field).cloned().unwrap_or(Value::Absent)
    }
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Absent),
        Just(Value::Unknown),
        "[a-z]{0,4}".prop_map(|text| Value::Text(text.into())),
        (0_i64..600).prop_map(Value::Integer),
        (0.0..10.0_f64).prop_map(Value::Float),
        any::<[u8; 4]>().prop_map(|bytes| Value::Address(std::net::IpAddr::from(bytes))),
    ]
}

fn sample() -> impl Strategy<Value = Sample> {
    let fields: Vec<Field> = Field::all().collect();
    vec(value(), fields.len()).prop_map(move |values| Sample(fields.iter().cloned().zip(values).collect()))
}

/// Queries as an editor could send them, all right.
fn query() -> impl Strategy<Value = Json> {
    let ends = select(vec!["source.workload", "destination.port", "reporter", "node.name", "destination.labels.a b"]);
    let groups = vec(ends, 0..3).prop_map(|mut fields| {
        fields.sort_unstable();
        fields.dedup();
        fields
    });
    let signals = proptest::sample::subsequence(Signal::all()[..12].to_vec(), 1..6)
        .prop_map(|signals| signals.into_iter().map(Signal::name).collect::<Vec<_>>());
    let table = select(vec!["flows", "requests", "drops"]);
    let kinds = prop_oneof![
        (signals, groups.clone(), proptest::option::of(1_u32..4_000))
            .prop_map(|(signals, groups, step)| json!({"queryType": "signals", "signals": signals, "groupBy": groups, "step": step})),
        (table.clone(), any::<bool>(), select(vec!["table", "logs"]))
            .prop_map(|(table, live, shape)| json!({"queryType": table, "live": live, "as": shape, "orderBy": ["-time"]})),
        (table, groups, select(vec!["count()", "sum(count)", "p99.9(count)"]))
            .prop_map(|(table, groups, aggregate)| json!({"queryType": "table", "table": table, "groupBy": groups,
                "aggregates": [aggregate], "orderBy": [{"field": aggregate, "desc": true}]})),
        select(EndField::all().to_vec()).prop_map(|end| json!({"queryType": "serviceMap", "groupBy": end.name()})),
        ("[a-z]{0,3}", 1..50).prop_map(|(prefix, limit)| json!({"queryType": "values", "field": "source.pod", "prefix": prefix, "limit": limit})),
        Just(json!({"queryType": "heatmap", "signal": "rtt_p99", "step": "15s"})),
    ];
    let common =
        (select(vec!["", "either.pod != 'x'", "source.port = 1..5 or reporter = server"]), 0..1_000_i64, 1..9_i64);
    (kinds, common, any::<bool>()).prop_map(|(mut query, (filter, from, length), partial)| {
        // Not every kind of query has reports of ends to filter.
        query["filter"] = filter.into();
        query["from"] = (from * 1_000).into();
        query["to"] = ((from + length) * 1_000).into();
        query["partial"] = partial.into();
        query
    })
}

/// Any JSON, with keys that mean something.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        soup().prop_map(Json::from),
        select(vec!["signals", "table", "flows", "values", "request_rate", "count()", "source.pod", "p(", "-"])
            .prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        let keys = select(vec![
            "queryType",
            "signals",
            "signal",
            "groupBy",
            "limit",
            "step",
            "from",
            "to",
            "filter",
            "orderBy",
            "field",
            "desc",
            "aggregates",
            "table",
            "columns",
            "live",
            "as",
            "prefix",
            "partial",
            "refId",
            "x",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            vec((keys.prop_map(str::to_owned), inner), 0..8)
                .prop_map(|pairs| Json::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn is_within(text: &str) -> Result<(), TestCaseError> {
    if let Err(error) = Filter::parse(text) {
        prop_assert!(error.position + error.length <= text.chars().count(), "{error:?}");
        prop_assert!(!error.message.is_empty());
        prop_assert!(error.to_string().lines().count() >= 3);
    }
    Ok(())
}

/// A condition as the editor's builder writes it: every value in quotes.
fn text_of(condition: &Condition) -> String {
    let quoted = |value: &String| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let values = condition.values.iter().map(quoted).collect::<Vec<_>>().join(", ");
    match condition.operator {
        Operator::In | Operator::NotIn => format!("{} {} ({values})", condition.field, condition.operator),
        _ => format!("{} {} {values}", condition.field, condition.operator),
    }
}

proptest! {
    #[test]
    fn the_canonical_text_is_the_same_filter(text in filter()) {
        let parsed = Filter::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let canonical = parsed.to_string();
        prop_assert_eq!(&Filter::parse(&canonical), &Ok(parsed), "{}", canonical);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        is_within(&text)?;
    }

    #[test]
    fn any_pieces_are_read_or_refused(text in soup()) {
        is_within(&text)?;
        if let Ok(parsed) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&parsed.to_string()), Ok(parsed));
        }
    }

    #[test]
    fn not_is_the_opposite_and_either_can_be_written_out(text in filter(), sample in sample()) {
        let parsed = Filter::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let truth = parsed.matches(&sample);
        prop_assert_eq!(parsed.without_either().matches(&sample), truth);
        prop_assert_eq!(Filter::Not(Box::new(parsed.clone())).matches(&sample), !truth);
        prop_assert_eq!(Filter::and(parsed.clone(), parsed).matches(&sample), truth);
    }

    #[test]
    fn conditions_mean_the_same(parts in vec(comparison(), 1..5), sample in sample()) {
        let parsed = Filter::parse(&parts.join(" and ")).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let conditions = parsed.conditions().unwrap_or_default();
        let rebuilt = conditions.iter().map(text_of).collect::<Vec<_>>().join(" and ");
        let rebuilt = Filter::parse(&rebuilt).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(rebuilt.matches(&sample), parsed.matches(&sample));
        prop_assert_eq!(conditions.len(), parts.len());
    }

    #[test]
    fn queries_are_written_as_they_are_read(json in query()) {
        let read = Query::from_value(json.clone()).map_err(|error| TestCaseError::fail(format!("{json}: {error}")))?;
        let again = Query::from_json(read.to_json()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        // The text becomes the canonical one; all else stays.
        let canonical = Query { filter_text: read.filter.to_string(), ..read };
        prop_assert_eq!(&again, &canonical);
        prop_assert_eq!(again.to_json(), canonical.to_json());
    }

    #[test]
    fn any_json_is_read_or_refused(json in any_json()) {
        if let Ok(query) = Query::from_value(json) {
            prop_assert!(Query::from_json(query.to_json()).is_ok());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..64)) {
        prop_assert!(Query::from_json(&bytes).is_err());
    }

    #[test]
    fn a_key_that_is_not_known_is_named(mut json in query(), key in "[a-z]{9,12}") {
        json[key.as_str()] = 1.into();
        let error = Query::from_value(json).map(|_| ()).unwrap_err().to_string();
        prop_assert!(error.contains(&key), "{}", error);
    }

    #[test]
    fn fields_are_read_back(place in any::<prop::sample::Index>(), key in "[^\"]{1,12}") {
        let fields: Vec<Field> = Field::all().collect();
        let field = place.get(&fields);
        prop_assert_eq!(Field::parse(&field.name()), Ok(field.clone()));
        // The field of all keys of labels.
        prop_assume!(key != "*");
        let label = format!("source.labels.{key}");
        prop_assert_eq!(Field::parse(&label).map(|field| field.to_string()), Ok(label));
    }
}

#[test]
fn every_table_has_fields_to_group_by() {
    for table in Table::ALL {
        assert!(Field::all().any(|field| field.is_in(table) && field.is_groupable()), "{table}");
    }
}
