//! What an answer says of itself.

use goldwire_answer::{
    Body, PartialAnswer,
    coverage::{Exactness, Tier, Unreachable},
    groups::Groups,
    rows::Rows,
};
use goldwire_merge::{Asked, MergeError, merge};

use super::node;

const QUERY: &str =
    r#"{"queryType": "signals", "from": 0, "to": 10000, "step": "10s", "signals": ["latency_p95"], "partial": true}"#;

#[test]
fn what_nodes_say_is_joined() {
    let query = node::query(QUERY);
    let mut rolled = node::answer(&query, &[], 1);
    rolled.coverage.tier = Tier::TenSeconds;
    rolled.coverage.quantiles = Exactness::Sketch;
    let asked = Asked {
        asked: 4,
        late: vec!["c:1".into()],
        unreachable: vec![Unreachable { node: "d:1".into(), reason: "connection refused".into() }],
        now: i64::MAX,
    };
    let coverage = merge(&query, vec![node::answer(&query, &[], 0), rolled], asked).unwrap().coverage;
    assert_eq!((coverage.nodes_asked, coverage.nodes_answered), (4, 2));
    assert_eq!((coverage.late.len(), coverage.unreachable.len()), (1, 1));
    assert_eq!((coverage.tier, coverage.quantiles), (Some(Tier::TenSeconds), Exactness::Sketch));
    assert_eq!(coverage.relative_error, Some(0.01));
}

#[test]
fn an_answer_to_another_question_is_left_out_and_named() {
    let query = node::query(QUERY);
    let stranger = |number, body| PartialAnswer { body, coverage: node::coverage_of(number) };
    let mut uneven = node::groups(&query, &[node::local(0, "a", "b", 0.1)]);
    uneven.steps.push(0);
    let answers = vec![
        node::answer(&query, &[node::local(0, "a", "b", 0.1)], 0),
        stranger(1, Body::Rows(Rows::default())),
        stranger(2, Body::Groups(Groups::default())),
        stranger(3, Body::Groups(uneven)),
    ];
    let coverage = merge(&query, answers, node::asked(4)).unwrap().coverage;
    assert_eq!(coverage.nodes_answered, 1);
    let named: Vec<(&str, &str)> =
        coverage.unreachable.iter().map(|node| (node.node.as_str(), node.reason.as_str())).collect();
    assert_eq!(
        named,
        [
            ("node-1", "bad answer: it answered no groups"),
            ("node-2", "bad answer: its groups have other measures than asked for"),
            ("node-3", "bad answer: its columns have different lengths"),
        ]
    );
}

#[test]
fn a_query_without_a_window_can_not_be_finished() {
    let query = node::query(r#"{"queryType": "signals", "signals": ["latency_p95"]}"#);
    assert_eq!(merge(&query, Vec::new(), node::asked(0)).unwrap_err(), MergeError::NoWindow);
}
