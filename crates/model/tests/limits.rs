//! Every bound of a query: at it, one step beyond, and a thousand times beyond.

use goldwire_model::{filter::Filter, limits, query::Query};

fn many(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect::<Vec<_>>().join(",")
}

/// At the bound `read` takes it; beyond, it says `refusal`.
fn check(bound: usize, refusal: &str, read: impl Fn(usize) -> Result<(), String>) {
    assert_eq!(read(bound), Ok(()), "{refusal}: at {bound}");
    for beyond in [bound + 1, bound * 1_000] {
        let error = read(beyond).expect_err(refusal);
        assert!(error.contains(refusal), "{beyond}: {error}");
    }
}

fn query(json: String) -> Result<(), String> {
    Query::from_json(json).map(|_| ()).map_err(|error| error.to_string())
}

fn filter(text: String) -> Result<(), String> {
    Filter::parse(&text).map(|_| ()).map_err(|error| error.to_string())
}

/// Where a refusal of many comes after another bound was passed, that one's words will do: both are bounds.
fn is_bounded(bound: usize, refusal: &str, read: impl Fn(usize) -> Result<(), String>) {
    assert_eq!(read(bound), Ok(()), "{refusal}: at {bound}");
    let error = read(bound + 1).expect_err(refusal);
    assert!(error.contains(refusal), "{error}");
    let error = read(bound * 1_000).expect_err(refusal);
    assert!(error.contains("more than") || error.contains("longer than"), "{error}");
}

#[test]
fn query_at_its_longest_is_read_and_none_that_is_longer() {
    check(limits::QUERY_BYTES, "query is longer than 524288 bytes", |bytes| {
        let json = r#"{"queryType":"requests"}"#;
        query(format!("{json}{}", " ".repeat(bytes - json.len())))
    });
}

#[test]
fn json_at_its_deepest_is_read_and_none_that_is_deeper() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        query(format!("{{\"queryType\":\"requests\",\"columns\":{open}{close}}}"))
    };
    let at = nested(limits::JSON_DEPTH).expect_err("no list of texts");
    assert!(at.contains("a list of texts"), "{at}");
    for beyond in [limits::JSON_DEPTH + 1, limits::JSON_DEPTH * 1_000] {
        let error = nested(beyond).expect_err("too deep");
        assert!(error.contains("recursion limit"), "{error}");
    }
}

#[test]
fn lists_of_a_query_are_bounded() {
    let labels = |count| many(count, |number| format!("\"source.labels.l{number}\""));
    is_bounded(limits::GROUP_BY, "`groupBy` has 17 values, more than 16", |count| {
        query(format!("{{\"queryType\":\"signals\",\"signals\":[\"request_rate\"],\"groupBy\":[{}]}}", labels(count)))
    });
    is_bounded(limits::COLUMNS, "`columns` has 65 values, more than 64", |count| {
        query(format!("{{\"queryType\":\"requests\",\"columns\":[{}]}}", labels(count)))
    });
    is_bounded(limits::ORDER_BY, "`orderBy` has 9 values, more than 8", |count| {
        query(format!("{{\"queryType\":\"requests\",\"orderBy\":[{}]}}", labels(count)))
    });
    is_bounded(limits::AGGREGATES, "`aggregates` has 33 values, more than 32", |count| {
        let aggregates = many(count, |number| format!("\"quantile(latency, 0.{:02})\"", number + 10));
        query(format!("{{\"queryType\":\"table\",\"table\":\"requests\",\"aggregates\":[{aggregates}]}}"))
    });
    for beyond in [limits::SIGNALS + 1, limits::SIGNALS * 1_000] {
        let signals = many(beyond, |_| "\"request_rate\"".to_owned());
        let error = query(format!("{{\"queryType\":\"signals\",\"signals\":[{signals}]}}")).expect_err("many");
        assert!(error.contains("more than 32"), "{error}");
    }
}

#[test]
fn numbers_of_a_query_are_bounded() {
    let limited = |rest: &'static str| move |limit| query(format!("{{{rest},\"limit\":{limit}}}"));
    let series = r#""queryType":"signals","signals":["request_rate"]"#;
    check(limits::SERIES as usize, "`limit` must be from 1 to 1000", limited(series));
    for rows in [
        r#""queryType":"requests""#,
        r#""queryType":"values","field":"url.path""#,
        r#""queryType":"table","table":"requests","aggregates":["count()"]"#,
    ] {
        check(limits::ROWS as usize, "`limit` must be from 1 to 10000", limited(rows));
    }
    for kind in [series, r#""queryType":"heatmap","signal":"latency""#] {
        check(limits::STEPS as usize, "steps, more than 11000", |steps| {
            query(format!("{{{kind},\"step\":\"1ms\",\"from\":0,\"to\":{steps}}}"))
        });
    }
}

#[test]
fn filter_at_its_bounds_is_read_and_none_beyond() {
    check(limits::FILTER_CHARACTERS, "more than 65536 characters", |count| filter(" ".repeat(count)));
    is_bounded(limits::FILTER_DEPTH, "more than 64 deep", |depth| {
        filter(format!("{}source.port = 1{}", "(".repeat(depth), ")".repeat(depth)))
    });
    is_bounded(limits::COMPARISONS, "more than 512 comparisons", |count| {
        filter(vec!["source.port = 1"; count].join(" or "))
    });
    is_bounded(limits::LIST_VALUES, "more than 8192 values", |count| {
        filter(format!("source.port in ({})", many(count, |number| (number % 9_999).to_string())))
    });
    is_bounded(limits::LIST_PATTERNS, "more than 1024 patterns", |count| {
        filter(format!(
            "source.address in ({})",
            many(count, |number| format!("10.{}.{}.0/24", number / 250, number % 250))
        ))
    });
    is_bounded(limits::GLOB_CHARACTERS, "more than 1024 characters", |count| {
        filter(format!("url.path = \"{}*\"", "a".repeat(count - 1)))
    });
    is_bounded(limits::REGEXES, "more than 32 regular expressions", |count| {
        filter(vec!["url.path =~ \"a\""; count].join(" or "))
    });
    is_bounded(limits::REGEX_CHARACTERS, "more than 4096 characters", |count| {
        filter(format!("url.path =~ \"{}\"", "a".repeat(count)))
    });
}
