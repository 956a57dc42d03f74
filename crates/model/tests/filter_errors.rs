//! What a reader is told about a filter that cannot be read: one snapshot to look at as a whole.

use std::fmt::Write;

use goldwire_model::{filter::Filter, limits};

const WRONG: &[&str] = &[
    "destination.worklaod = \"deathstar\"",
    "workload = \"deathstar\"",
    "src.ip = 10.0.0.1",
    "either.http = \"x\"",
    "latency = \"x\"",
    "latency > 10KiB",
    "latency > 5parsecs",
    "request_bytes > 3ms",
    "retransmits > 1.5s",
    "latency =~ \"5\"",
    "destination.workload > 5",
    "source.address < 10.0.0.1",
    "source.address = deathstar",
    "source.address in (10.0.0.0/33)",
    "destination.port = http",
    "destination.port = 80.5",
    "destination.port in (53, )",
    "destination.port in ()",
    "destination.port in 53",
    "destination.port in (53 5353)",
    "destination.port = 9000..8000",
    "destination.port not (53)",
    "destination.port == 53",
    "destination.port <> 53",
    "destination.port",
    "destination.port =",
    "destination.port = 53 && source.port = 1",
    "destination.port = 53 || source.port = 1",
    "destination.port = 53, source.port = 1",
    "destination.port = 53 source.port = 1",
    "destination.port = 53 and",
    "and destination.port = 53",
    "(destination.port = 53",
    "destination.port = 53)",
    "not",
    "()",
    "source.workload = not",
    "source.workload = \"deathstar",
    "url.path =~ \"(v1\"",
    "url.path =~ \"(a)\\1\"",
    "url.path = =",
    "! destination.port = 53",
    "# a comment of another language",
    "url.path = \"/v1/\"\n  and latancy > 250ms\n  and retransmits > 0",
    "url.path = \"/ä/ö/ü\" and latancy > 250ms",
    "time > \"yesterday\"",
];

#[test]
fn messages() {
    let mut shown = String::new();
    for text in WRONG {
        let error = Filter::parse(text).expect_err(text);
        writeln!(shown, "{error}").unwrap();
        writeln!(shown, "  at {}, length {}; expected: {}", error.position, error.length, error.expected.join(" | "))
            .unwrap();
        if let Some(suggestion) = &error.suggestion {
            writeln!(shown, "  suggestion: {suggestion}").unwrap();
        }
        shown.push('\n');
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn positions_count_characters() {
    let error = Filter::parse("url.path = \"ä\" and latancy > 1s").unwrap_err();
    assert_eq!((error.position, error.length), (19, 7));
    assert_eq!(error.suggestion.as_deref(), Some("latency"));
}

#[test]
fn depth_is_limited_and_never_the_stack() {
    let nested = |depth| format!("{}latency > 1s{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(limits::FILTER_DEPTH)).is_ok());
    let error = Filter::parse(&nested(limits::FILTER_DEPTH + 1)).unwrap_err();
    assert_eq!(error.message, "parentheses and `not` are nested more than 64 deep");
    assert!(Filter::parse(&"(".repeat(limits::FILTER_CHARACTERS)).is_err());
    assert!(Filter::parse(&"not ".repeat(limits::FILTER_CHARACTERS / 4)).is_err());
}

#[test]
fn length_is_limited() {
    let error = Filter::parse(&" ".repeat(limits::FILTER_CHARACTERS + 1)).unwrap_err();
    assert_eq!(error.message, "this filter has more than 65536 characters");
    assert!(Filter::parse(&" ".repeat(limits::FILTER_CHARACTERS)).is_ok());
}

#[test]
fn regular_expressions_are_counted() {
    let text = vec!["url.path =~ \"a\""; 33].join(" or ");
    let error = Filter::parse(&text).unwrap_err();
    assert_eq!(error.message, "this filter has more than 32 regular expressions");
}

#[test]
fn a_long_line_is_shown_around_the_fault() {
    let text = format!("url.path = \"{}\" and latancy > 1s", "a".repeat(1_000));
    let shown = Filter::parse(&text).unwrap_err().to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[1].contains("latancy") && lines[1].len() <= 102, "{shown}");
    let caret = lines[2].find('^').unwrap();
    assert_eq!(&lines[1][caret..caret + 7], "latancy");
}

#[test]
fn the_editor_gets_json() {
    let error = Filter::parse("latancy > 1s").unwrap_err();
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        serde_json::json!({
            "message": "there is no field `latancy`: did you mean `latency`?",
            "position": 0,
            "length": 7,
            "expected": ["field"],
            "suggestion": "latency",
        })
    );
}
