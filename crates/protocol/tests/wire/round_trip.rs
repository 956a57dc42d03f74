//! What is encoded is decoded to the same.

use arrow_flight::FlightData;
use futures::{StreamExt, TryStreamExt, stream};
use goldwire_answer::{
    Body, PartialAnswer,
    column::Column,
    coverage::Coverage,
    rows::Rows,
    table::{Answer, Finished, Golden, MapEdge, MapNode, NamedColumn, Series, ServiceMap, Table},
};
use goldwire_model::query::Query;
use goldwire_protocol::{
    MAX_MESSAGE_BYTES,
    client::{LiveRows, live_rows},
    decode, encode,
    live::LiveMetadata,
    wire::kind::Kind,
};
use proptest::prelude::*;

use super::answers;

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

pub(crate) async fn messages(answer: PartialAnswer) -> Vec<FlightData> {
    encode::partial_answer(answer).try_collect().await.unwrap()
}

fn decoded(messages: Vec<FlightData>) -> PartialAnswer {
    run(decode::partial_answer(stream::iter(messages.into_iter().map(Ok)))).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_partial_answer_comes_back_as_it_was(answer in answers::answer()) {
        let messages = run(messages(answer.clone()));
        // The coverage is on the last message and on no other.
        let bearing: Vec<bool> = messages.iter().map(|message| !message.app_metadata.is_empty()).collect();
        prop_assert_eq!(bearing.iter().rposition(|bears| *bears), Some(messages.len() - 1));
        prop_assert_eq!(bearing.iter().filter(|bears| **bears).count(), 1);
        prop_assert_eq!(decoded(messages), answer);
    }
}

#[test]
fn a_large_answer_is_cut_into_messages_that_fit() {
    let answer = answers::large();
    let messages = run(messages(answer.clone()));
    assert!(messages.len() > 5, "{}", messages.len());
    assert!(messages.iter().all(|message| message.data_body.len() < MAX_MESSAGE_BYTES / 4));
    assert_eq!(decoded(messages), answer);
}

fn coverage() -> Coverage {
    Coverage {
        nodes_asked: 1,
        nodes_answered: 1,
        late: Vec::new(),
        unreachable: Vec::new(),
        tier: None,
        quantiles: goldwire_answer::coverage::Exactness::None,
        relative_error: None,
        nodes: Vec::new(),
        notes: Vec::new(),
    }
}

fn finished(query: &str, body: Finished) -> decode::RawAnswer {
    let query = Query::from_json(query).unwrap();
    let answer = Answer { body, coverage: coverage() };
    let decoded = run(decode::collect(encode::answer(&query, &answer))).unwrap();
    assert_eq!(decoded.coverage::<Coverage>().unwrap(), answer.coverage);
    decoded
}

fn names(answer: &decode::RawAnswer) -> Vec<&str> {
    answer.schema.fields().iter().map(|field| field.name().as_str()).collect()
}

#[test]
fn finished_series_are_one_long_table() {
    let query = r#"{"queryType": "signals", "signals": ["request_rate", "latency_p95"],
        "groupBy": ["destination.workload"], "from": 0, "to": 20000}"#;
    let Ok(kind) = Query::from_json(query).map(|query| query.kind) else { panic!() };
    let goldwire_model::query::QueryKind::Signals { signals, group_by, .. } = kind else { panic!() };
    let one = |signal, group: &str| Series {
        signal,
        labels: vec![(group_by[0].clone(), group.into())],
        times: vec![0, 10_000],
        values: vec![Some(1.0), None],
    };
    let series = signals.iter().flat_map(|signal| [one(*signal, "a"), one(*signal, "b")]).collect();
    let answer = finished(query, Finished::Series(series));
    assert_eq!(answer.kind().unwrap(), Kind::Series);
    assert_eq!(names(&answer), ["time", "destination.workload", "request_rate", "latency_p95"]);
    assert_eq!(answer.batches.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), 4);
}

#[test]
fn a_finished_answer_without_rows_still_has_its_columns_and_coverage() {
    let query = r#"{"queryType": "signals", "signals": ["request_rate"], "from": 0, "to": 1}"#;
    let answer = finished(query, Finished::Series(Vec::new()));
    assert_eq!(names(&answer), ["time", "request_rate"]);
    // Some readers give metadata with a batch only.
    assert_eq!(answer.batches.len(), 1);
}

#[test]
fn a_finished_map_has_nodes_and_edges_in_one_table() {
    let golden = Golden { requests: 3, ..Golden::default() };
    let node =
        |id: &str| MapNode { id: id.into(), title: id.into(), subtitle: "".into(), served: golden, called: golden };
    let edge = MapEdge { id: "e0".into(), source: "a".into(), target: "b".into(), protocols: "http".into(), golden };
    let map = ServiceMap { nodes: vec![node("a"), node("b")], edges: vec![edge] };
    let answer = finished(r#"{"queryType": "serviceMap", "from": 0, "to": 1}"#, Finished::Map(map));
    assert_eq!(answer.batches[0].num_rows(), 3);
    assert_eq!(&names(&answer)[..3], ["id", "source", "target"]);
}

#[test]
fn a_finished_table_has_its_columns_as_they_were_asked_for() {
    let column = |name: &str, values| NamedColumn { name: name.into(), unit: None, values };
    let table = Table {
        columns: vec![
            column("http.response.status_code", Column::Text(vec![Some("200".into()), None])),
            column("count()", Column::Integer(vec![Some(1), Some(2)])),
        ],
    };
    let query = r#"{"queryType": "table", "table": "requests", "groupBy": ["http.response.status_code"],
        "aggregates": ["count()"], "from": 0, "to": 1}"#;
    assert_eq!(names(&finished(query, Finished::Table(table))), ["http.response.status_code", "count()"]);
}

#[test]
fn live_rows_come_back_part_by_part() {
    let part = |times: &[i64], cut, after: Option<&str>| {
        let rows = Rows {
            columns: vec![
                (answers::field("time"), Column::Time(times.iter().copied().map(Some).collect())),
                (
                    answers::field("url.path"),
                    Column::Text(times.iter().map(|time| Some(format!("/{time}").into())).collect()),
                ),
            ],
            cut,
            doubtful: cut / 2,
        };
        let metadata = LiveMetadata { cut, doubtful: cut / 2, gone: 1, after: after.map(str::to_owned) };
        LiveRows { rows, metadata }
    };
    let parts = vec![part(&[], 0, None), part(&[1, 2], 0, Some("0/1/2")), part(&[3], 7, None)];
    let told = parts.clone().into_iter().map(|part| (part.rows, part.metadata));
    let sent: Vec<FlightData> = run(encode::live(stream::iter(told.collect::<Vec<_>>())).try_collect()).unwrap();
    let received = run(live_rows(stream::iter(sent.into_iter().map(Ok))).map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!(received, parts);
}

#[test]
fn an_answer_of_another_kind_is_refused() {
    let values = Body::Values { field: answers::field("url.path"), values: Vec::new() };
    let sent = run(messages(PartialAnswer { body: values, coverage: answers::coverage() }));
    let first = run(Box::pin(live_rows(stream::iter(sent.into_iter().map(Ok)))).next()).unwrap();
    assert_eq!(first.unwrap_err().to_string(), "bad answer: got values where live rows were asked for");
}
