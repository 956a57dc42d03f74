//! What filters mean: records in, truths out.

use std::collections::HashMap;

use goldwire_model::{
    field::{EndField, Field, Side, Table},
    filter::{Filter, Lookup, Operator, Truth, Value},
    time::Timestamp,
};

/// A record made of the fields that a test names; what it does not name is absent.
#[derive(Default)]
struct Sample(HashMap<Field, Value<'static>>);

impl Lookup for Sample {
    fn value(&self, field: &Field) -> Value<'_> {
        self.0.get(field).cloned().unwrap_or(Value::Absent)
    }
}

impl Sample {
    fn with(mut self, field: &str, value: Value<'static>) -> Self {
        self.0.insert(Field::parse(field).unwrap(), value);
        self
    }
}

fn text(text: &'static str) -> Value<'static> {
    Value::Text(text.into())
}

/// A request of an X-wing to the Death Star that failed.
fn request() -> Sample {
    Sample::default()
        .with("source.workload", text("xwing"))
        .with("source.pod", text("xwing-7f"))
        .with("source.namespace", text("rebels"))
        .with("source.labels.org/side", text("light"))
        .with("source.address", Value::Address("10.1.2.3".parse().unwrap()))
        .with("source.port", Value::Integer(40_123))
        .with("destination.workload", text("deathstar"))
        .with("destination.namespace", text("default"))
        .with("destination.address", Value::Address("::ffff:192.168.1.7".parse().unwrap()))
        .with("destination.port", Value::Integer(8_080))
        .with("http.request.method", text("GET"))
        .with("url.path", text("/v1/exhaust-port"))
        .with("http.response.status_code", Value::Integer(503))
        .with("latency", Value::Float(0.3))
        .with("response_bytes", Value::Float(20_480.0))
        .with("time", Value::Time(Timestamp::from_millis(1_700_000_000_000)))
}

fn truth(filter: &str, sample: &Sample) -> Truth {
    Filter::parse(filter).unwrap_or_else(|error| panic!("{error}")).matches(sample)
}

fn check(cases: &[(&str, bool)]) {
    let sample = request();
    for (filter, expected) in cases {
        assert_eq!(truth(filter, &sample), Truth::from(*expected), "{filter}");
    }
}

#[test]
fn the_examples_of_the_design() {
    check(&[
        ("destination.workload = \"deathstar\" and http.response.status_code >= 500", true),
        ("source.address in (10.0.0.0/8, 192.168.1.7) and not destination.port in (53, 5353)", true),
        ("url.path =~ \"^/v1/\" and latency > 250ms", true),
        ("source.pod = \"xwing-*\"", true),
        ("retransmits > 0", false),
        ("either.namespace = \"default\"   -- either end", true),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("destination.workload = deathstar", true),
        ("destination.workload = 'deathstar'", true),
        ("destination.workload = Deathstar", false),
        ("destination.workload = death*", true),
        ("destination.workload = \"deathsta?\"", true),
        ("destination.workload != \"death*\"", false),
        ("destination.workload in (tiefighter, \"death*\")", true),
        ("destination.workload not in (tiefighter, xwing)", true),
        ("url.path = /v1/exhaust-port", true),
        ("url.path !~ \"\\d\"", false),
        ("url.path =~ \"PORT\"", false),
        ("url.path =~ \"(?i)PORT$\"", true),
        ("source.labels.org/side = light", true),
        ("source.labels.\"org/side\" = light", true),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("latency > 250ms", true),
        ("latency >= 0.3", true),
        ("latency = 300ms", true),
        ("latency < 300000us", false),
        ("latency <= 300000\u{b5}s", true),
        ("latency in (1ms..299ms, 1s..2s)", false),
        ("latency in (1ms..300ms)", true),
        ("response_bytes = 20KiB", true),
        ("response_bytes > 20KB", true),
        ("destination.port in (80, 8000..8999)", true),
        ("destination.port = 8000..8079", false),
        ("destination.port != 8080", false),
        ("destination.port = \"80*\"", true),
        ("http.response.status_code = 5*", true),
        ("http.response.status_code = \"503\"", true),
        ("http.response.status_code =~ \"^5\"", true),
        ("http.response.status_code not in (500..599)", false),
        ("time >= 1700000000000 and time < 1700000000001", true),
    ]);
}

#[test]
fn addresses() {
    check(&[
        ("source.address = 10.1.2.3", true),
        ("source.address = ::ffff:10.1.2.3", true),
        ("source.address = 10.0.0.0/8", true),
        ("source.address != 10.0.0.0/8", false),
        ("source.address = \"10.1.*\"", true),
        ("source.address =~ \"^10\\.\"", true),
        ("destination.address = 192.168.1.7", true),
        ("destination.address in (fd00::/8, 192.168.0.0/16)", true),
        ("either.address = 10.1.2.3", true),
    ]);
}

#[test]
fn logic() {
    check(&[
        ("", true),
        ("  -- nothing but a comment", true),
        ("latency > 1s or destination.port = 8080 and source.port = 1", false),
        ("(latency > 1s or destination.port = 8080) and source.port = 40123", true),
        ("not latency > 1s and not source.port = 1", true),
        ("not (latency > 1s or destination.port = 8080)", false),
        ("NOT latency > 1s AND destination.port IN (8080)", true),
        ("not not destination.port = 8080", true),
    ]);
}

#[test]
fn what_is_absent_is_not_anything() {
    check(&[
        ("tls.sni = \"*\"", false),
        ("tls.sni != \"*\"", true),
        ("tls.sni =~ \"\"", false),
        ("tls.sni !~ \"\"", true),
        ("rtt < 1s", false),
        ("rtt >= 0", false),
        ("not rtt < 1s", true),
        ("rtt in (0..9)", false),
        ("rtt not in (0..9)", true),
        ("source.labels.none = \"x\"", false),
    ]);
}

#[test]
fn either_is_one_end_and_its_opposite_neither() {
    check(&[
        ("either.workload = xwing", true),
        ("either.workload != xwing", false),
        ("not either.workload = xwing", false),
        ("either.workload not in (tiefighter)", true),
        ("either.port > 9000", true),
        ("either.labels.org/side = light", true),
    ]);
}

#[test]
fn the_unknown_stays_unknown_until_the_rest_decides() {
    let sample = request().with("source.workload", Value::Unknown);
    let cases = [
        ("source.workload = xwing", Truth::Unknown),
        ("source.workload != xwing", Truth::Unknown),
        ("source.workload = xwing and latency > 1s", Truth::False),
        ("source.workload = xwing or latency > 1ms", Truth::True),
        ("not source.workload = xwing", Truth::Unknown),
        ("either.workload = deathstar", Truth::True),
        ("either.workload = xwing", Truth::Unknown),
    ];
    for (filter, expected) in cases {
        assert_eq!(truth(filter, &sample), expected, "{filter}");
        let written_out = Filter::parse(filter).unwrap().without_either();
        assert_eq!(written_out.matches(&sample), expected, "{written_out}");
    }
}

#[test]
fn group_keys_in_text_form_are_compared_as_what_they_are() {
    let sample = Sample::default()
        .with("destination.port", text("8080"))
        .with("source.address", text("10.1.2.3"))
        .with("http.response.status_code", text(""));
    for (filter, expected) in [
        ("destination.port >= 8000", true),
        ("destination.port in (8000..8999)", true),
        ("source.address in (10.0.0.0/8)", true),
        ("http.response.status_code >= 500", false),
        ("http.response.status_code != 500", true),
    ] {
        assert_eq!(truth(filter, &sample), Truth::from(expected), "{filter}");
    }
}

#[test]
fn canonical_texts() {
    for (written, canonical) in [
        ("destination.workload=deathstar", "destination.workload = \"deathstar\""),
        ("a -- nothing", ""),
        (
            "NOT(latency>250ms or rtt<1)and source.address in(10.1.2.3/8)",
            "not (latency > 250ms or rtt < 1) and source.address in (10.0.0.0/8)",
        ),
        ("(latency > 1s and rtt > 1s) or time > 5", "(latency > 1s and rtt > 1s) or time > 5"),
        ("url.path =~ '^/v\\d+/'", "url.path =~ \"^/v\\d+/\""),
        ("source.labels.\"a b\" = c", "source.labels.\"a b\" = \"c\""),
    ] {
        match Filter::parse(written) {
            Ok(filter) => assert_eq!(filter.to_string(), canonical),
            Err(_) => assert_eq!(canonical, ""),
        }
    }
}

#[test]
fn a_filter_says_what_it_mentions() {
    let filter = Filter::parse(
        "either.pod = x and destination.port = 53 and reporter = client and latency > 1s and latency < 2s",
    )
    .unwrap();
    let names: Vec<String> = filter.fields().iter().map(Field::to_string).collect();
    assert_eq!(names, ["source.pod", "destination.pod", "destination.port", "reporter", "latency"]);
    assert!(filter.references_reporter());
    let pods = [Side::Source, Side::Destination].map(|side| Field::End(side, EndField::Pod));
    assert_eq!(filter.end_identity_fields(), pods);
    assert_eq!(filter.check_table(Table::Requests), Ok(()));
    assert_eq!(
        filter.check_table(Table::Flows).unwrap_err().to_string(),
        "table flows has no field `latency`; it is in requests"
    );
}

#[test]
fn filters_are_joined() {
    let parse = |text| Filter::parse(text).unwrap();
    let joined = Filter::and(parse("latency > 1s or rtt > 1s"), parse("reporter = server and latency < 2s"));
    assert_eq!(joined.to_string(), "(latency > 1s or rtt > 1s) and reporter = \"server\" and latency < 2s");
    assert_eq!(Filter::and(Filter::All, parse("latency > 1s")), parse("latency > 1s"));
    assert_eq!(Filter::and(Filter::All, Filter::All), Filter::All);
}

#[test]
fn conditions_for_the_builder() {
    let conditions = |text| Filter::parse(text).unwrap().conditions();
    let flat =
        conditions("either.pod = \"x*\" and not destination.port in (53, 8000..8999) and latency > 250ms").unwrap();
    assert_eq!(flat[1].operator, Operator::NotIn);
    assert_eq!(
        serde_json::to_value(&flat).unwrap(),
        serde_json::json!([
            { "field": "either.pod", "operator": "=", "values": ["x*"] },
            { "field": "destination.port", "operator": "not in", "values": ["53", "8000..8999"] },
            { "field": "latency", "operator": ">", "values": ["250ms"] },
        ])
    );
    assert_eq!(conditions(""), Some(Vec::new()));
    assert_eq!(conditions("latency > 1s or latency < 1ms"), None);
    assert_eq!(conditions("latency > 1s and (rtt > 1s or rtt < 1ms)"), None);
    assert_eq!(conditions("not latency > 1s"), None);
}

#[test]
fn exact_texts_are_for_dictionaries() {
    let of = |text: &str| {
        let filter = Filter::parse(text).unwrap();
        let test = filter.comparisons()[0].test.clone();
        test.exact_texts().map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(of("source.pod in (a, b)"), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(of("source.pod in (a, \"b*\")"), None);
    assert_eq!(of("source.port = 5"), None);
}
