//! Records as rows, one connection a row, values, and live rows.

use std::{sync::Arc, time::Duration};

use crate::common::{
    SECOND, START, execute, history, query,
    records::{World, endpoint},
    rows,
};
use goldwire_answer::{Body, column::Column, rows::Rows};
use goldwire_model::{
    field::Field,
    record::{ConnectionId, Ending, Endpoint, FlowEvent, FlowRecord, Record, Reporter, TcpState},
    time::Timestamp,
};

fn column<'a>(rows: &'a Rows, name: &str) -> &'a Column {
    let found = rows.columns.iter().find(|(field, _)| field.name() == name);
    &found.unwrap_or_else(|| panic!("no column {name}")).1
}

fn times(rows: &Rows) -> Vec<i64> {
    match column(rows, "time") {
        Column::Time(times) => times.iter().map(|time| time.unwrap()).collect(),
        other => panic!("no times: {other:?}"),
    }
}

#[test]
fn rows_come_newest_first_and_what_is_cut_is_counted() {
    let records = World::new(21, 12).records(5_000, 60);
    let history = history(64 << 20, &records);
    let text = r#""queryType":"requests","columns":["time","latency","http.host","reporter"],"limit":50"#;
    let got = rows(execute(&history, &query(0, 60, text), 60));
    let mut expected: Vec<i64> = records
        .iter()
        .filter_map(|record| match record {
            Record::Request(request) => Some(request.time.0),
            _ => None,
        })
        .collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(times(&got), expected[..50]);
    assert_eq!(got.cut, expected.len() as u64 - 50);
    let names: Vec<_> = got.columns.iter().map(|(field, _)| field.name().into_owned()).collect();
    assert_eq!(names[..4], ["time", "latency", "http.host", "reporter"]);
    assert!(names.contains(&"source.address".to_owned()) && names.contains(&"destination.port".to_owned()));
}

#[test]
fn rows_can_be_ordered_by_any_column() {
    let records = World::new(22, 12).records(4_000, 60);
    let history = history(64 << 20, &records);
    let text = r#""queryType":"requests","columns":["latency","reporter"],"orderBy":["-latency"],"limit":20,"filter":"network.protocol = http""#;
    let got = rows(execute(&history, &query(0, 60, text), 60));
    let mut expected: Vec<Duration> = records
        .iter()
        .filter_map(|record| match record {
            Record::Request(request) if request.protocol == goldwire_model::record::Protocol::Http => request.latency,
            _ => None,
        })
        .collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    let expected: Vec<Option<f64>> = expected[..20].iter().map(|latency| Some(latency.as_secs_f64())).collect();
    assert_eq!(column(&got, "latency"), &Column::Float(expected));
}

fn flow(id: u64, event: FlowEvent, time: i64, reporter: Reporter) -> FlowRecord {
    let mut record = World::new(1, 1).flow((START + time) * SECOND);
    record.connection = ConnectionId(id);
    record.event = event;
    record.start = Timestamp((START + 1) * SECOND);
    record.since = record.time;
    record.ends.source = Arc::new(endpoint(0));
    record.ends.destination = Arc::new(endpoint(1));
    record.ends.reporter = reporter;
    record.ends.joined = true;
    record.ending = (event == FlowEvent::End).then_some(Ending::Closed);
    record.bytes_sent = 100;
    record.rtt = None;
    record.connect_latency = None;
    record
}

fn connection() -> Vec<Record> {
    let mut start = flow(4, FlowEvent::Start, 1, Reporter::Client);
    start.connect_latency = Some(Duration::from_millis(3));
    let mut update = flow(4, FlowEvent::Update, 11, Reporter::Server);
    update.rtt = Some(Duration::from_micros(250));
    let mut end = flow(4, FlowEvent::End, 16, Reporter::Server);
    end.state = Some(TcpState::Close);
    let reports = [
        start,
        flow(4, FlowEvent::Start, 1, Reporter::Server),
        update,
        end,
        flow(4, FlowEvent::End, 16, Reporter::Client),
    ];
    reports.into_iter().map(Record::Flow).collect()
}

#[test]
fn a_connection_is_one_row_with_the_sums_of_its_reports() {
    let history = history(8 << 20, &connection());
    let text = r#""queryType":"flows","columns":["bytes_sent","duration","rtt","connect_latency","ending","tcp.state","source.workload"]"#;
    let got = rows(execute(&history, &query(0, 60, text), 60));
    assert_eq!(column(&got, "bytes_sent"), &Column::Integer(vec![Some(300)]));
    assert_eq!(column(&got, "duration"), &Column::Float(vec![Some(15.0)]));
    assert_eq!(column(&got, "rtt"), &Column::Float(vec![Some(0.000_25)]));
    assert_eq!(column(&got, "connect_latency"), &Column::Float(vec![Some(0.003)]), "only the client knows it");
    assert_eq!(column(&got, "ending"), &Column::Text(vec![Some("closed".into())]));
    assert_eq!(column(&got, "tcp.state"), &Column::Text(vec![Some("close".into())]));
    assert_eq!(column(&got, "source.workload"), &Column::Text(vec![Some("workload-0".into())]));
}

#[test]
fn filters_of_flows_are_about_the_whole_connection() {
    let history = history(8 << 20, &connection());
    let count = |filter: &str| {
        let text = format!(r#""queryType":"flows","columns":["time"],"filter":"{filter}""#);
        times(&rows(execute(&history, &query(0, 60, &text), 60))).len()
    };
    assert_eq!(count("bytes_sent > 250"), 1);
    assert_eq!(count("bytes_sent > 350"), 0);
    assert_eq!(count("duration >= 15s and ending = closed and source.port > 0"), 1);
    assert_eq!(
        count("reporter = client or reporter = server"),
        2,
        "both ends' reports, where the reporter is mentioned"
    );
}

#[test]
fn rows_that_do_not_match_alone_do_not_push_out_those_that_match() {
    let mut world = World::new(5, 3);
    let mut records = Vec::new();
    for number in 0..200 {
        let mut record = world.request(START * SECOND + number);
        record.ends.source = Arc::new(endpoint(0));
        // Every tenth goes to a workload here, the others to an end elsewhere.
        record.ends.destination = Arc::new(endpoint(if number % 10 == 0 { 1 } else { 2 }));
        record.ends.reporter = Reporter::Client;
        record.ends.joined = false;
        records.push(Record::Request(record));
    }
    let text =
        r#""queryType":"requests","columns":["time"],"limit":15,"filter":"destination.workload = \"workload-1\"""#;
    let got = rows(execute(&history(8 << 20, &records), &query(0, 60, text), 60));
    let Column::Text(workloads) = column(&got, "destination.workload") else { panic!("no texts") };
    assert!(workloads.iter().all(|workload| workload.as_deref() == Some("workload-1")), "{workloads:?}");
    assert_eq!((workloads.len(), got.cut, got.doubtful), (15, 5, 0), "who serves the others tells them itself");
}

#[test]
fn values_are_counted_and_begin_with_the_prefix() {
    let records = World::new(33, 12).records(3_000, 60);
    let history = history(64 << 20, &records);
    let answer = execute(
        &history,
        &query(0, 60, r#""queryType":"values","field":"source.workload","prefix":"Work","limit":3"#),
        60,
    );
    let Body::Values { values, .. } = answer.body else { panic!("no values") };
    assert_eq!(values.len(), 3);
    assert!(values.is_sorted_by(|(_, often), (_, rarely)| often >= rarely));
    let seen = |workload: &str| {
        let sources = records.iter().filter_map(|record| match record {
            Record::Request(request) => Some((&request.ends.source, 1)),
            Record::Flow(flow) => Some((&flow.ends.source, 1)),
            Record::Drop(dropped) => Some((&dropped.ends.source, dropped.count)),
            _ => None,
        });
        sources.filter(|(source, _)| source.workload.as_deref() == Some(workload)).map(|(_, count)| count).sum::<u64>()
    };
    for (value, count) in values {
        assert_eq!(count, seen(&value), "{value}");
    }
}

/// Of records that are sealed and of those that are not.
#[test]
fn keys_of_labels_are_counted_by_key() {
    let with = |keys: &[&str]| {
        let labels = keys.iter().map(|key| ((*key).into(), "x".into())).collect();
        Arc::new(Endpoint { labels, ..endpoint(0) })
    };
    let (two, one, none) = (with(&["app", "team"]), with(&["app"]), with(&[]));
    let template = World::new(33, 12).records(3_000, 60);
    let mut seen = 0;
    let records: Vec<Record> = template
        .into_iter()
        .filter_map(|record| match record {
            Record::Request(mut request) => {
                request.ends.source = [&two, &one, &none][seen % 3].clone();
                seen += 1;
                Some(Record::Request(request))
            }
            _ => None,
        })
        .collect();
    let history = history(64 << 20, &records);
    let values = |text: &str| {
        let Body::Values { values, .. } = execute(&history, &query(0, 60, text), 60).body else { panic!("no values") };
        values
    };
    let (twos, ones) = ((seen as u64).div_ceil(3), (seen as u64 + 1) / 3);
    let all = values(r#""queryType":"values","field":"source.labels.*""#);
    assert_eq!(all, [("app".to_owned(), twos + ones), ("team".to_owned(), twos)]);
    let some =
        values(r#""queryType":"values","field":"source.labels.*","prefix":"te","filter":"source.labels.team = x""#);
    assert_eq!(some, [("team".to_owned(), twos)]);
}

#[test]
fn live_rows_are_those_that_match() {
    let records = World::new(44, 12).records(500, 60);
    let text = r#""queryType":"requests","columns":["time","network.protocol","reporter"],"live":true,"filter":"network.protocol = dns""#;
    let query = query(0, 60, text);
    let history = history(8 << 20, &records);
    let mut live = history.follow(&query).unwrap();
    assert!(live.look().is_none(), "what was before is no news");
    history.append_all(&records);
    let got = live.look().unwrap();
    let mut wanted: Vec<i64> = records
        .iter()
        .filter_map(|record| match record {
            Record::Request(request) if request.protocol == goldwire_model::record::Protocol::Dns => {
                Some(request.time.0)
            }
            _ => None,
        })
        .collect();
    wanted.sort_unstable();
    assert_eq!(times(&got.rows), wanted, "the oldest first");
    assert_eq!(got.rows.columns[1].0, Field::NetworkProtocol);
    assert!(live.look().is_none());
}

#[test]
fn live_query_after_a_break_goes_on_where_it_was() {
    let records = World::new(45, 12).records(3_000, 60);
    let text = r#""queryType":"requests","columns":["time","reporter"],"live":true"#;
    let history = history(8 << 20, &[]);
    let mut live = history.follow(&query(0, 60, text)).unwrap();
    let mut seen = 0;
    for records in records.chunks(100) {
        history.append_all(records);
        let mark = live.empty().mark;
        if mark.records.is_multiple_of(3) {
            let after = format!("{text},\"after\":\"{mark}\"");
            live = history.follow(&query(0, 60, &after)).unwrap();
        }
        while let Some(rows) = live.look() {
            seen += times(&rows.rows).len();
        }
    }
    assert_eq!(seen, records.iter().filter(|record| matches!(record, Record::Request(_))).count());
}

#[test]
fn live_query_over_a_restart_leaves_out_what_was_there_before() {
    let records = World::new(47, 12).records(2_000, 60);
    let (before, since) = records.split_at(1_000);
    let text = r#""queryType":"requests","columns":["time","reporter"],"live":true"#;
    let live = history(8 << 20, before).follow(&query(0, 60, text)).unwrap();
    let after = format!("{text},\"after\":\"{}\"", live.empty().mark);
    let again = history(8 << 20, &records);
    let mut live = again.follow(&query(0, 60, &after)).unwrap();
    let mut seen = 0;
    while let Some(rows) = live.look() {
        seen += times(&rows.rows).len();
    }
    let time = |record: &Record| if let Record::Request(request) = record { Some(request.time) } else { None };
    let last = before.iter().filter_map(time).max();
    assert_eq!(seen, since.iter().filter_map(time).filter(|time| Some(*time) > last).count());
    assert!(seen > 0);
}

#[test]
fn live_query_of_long_texts_is_handed_out_in_small_parts() {
    let mut records = World::new(48, 12).records(4_000, 60);
    for (number, record) in records.iter_mut().enumerate() {
        if let Record::Request(request) = record
            && let goldwire_model::record::Detail::Http { path, .. } = &mut request.detail
        {
            *path = Some(format!("/{number:0>2000}").into());
        }
    }
    let history = history(64 << 20, &[]);
    let text = r#""queryType":"requests","columns":["time","url.path","reporter"],"live":true"#;
    let mut live = history.follow(&query(0, 60, text)).unwrap();
    history.append_all(&records);
    let mut seen = 0;
    while let Some(rows) = live.look() {
        let texts = rows.rows.columns.iter().filter_map(|(_, column)| match column {
            goldwire_answer::column::Column::Text(texts) => {
                Some(texts.iter().flatten().map(|text| text.len()).sum::<usize>())
            }
            _ => None,
        });
        assert!(texts.sum::<usize>() < 512 << 10);
        seen += times(&rows.rows).len();
        assert_eq!(live.has_more(), rows.mark.records < history_requests(&records));
    }
    assert_eq!(seen as u64, history_requests(&records));
}

fn history_requests(records: &[Record]) -> u64 {
    records.iter().filter(|record| matches!(record, Record::Request(_))).count() as u64
}

#[test]
fn live_query_that_is_far_behind_counts_what_it_leaves_out() {
    let records = World::narrow(46).records(400_000, 60);
    let text = r#""queryType":"requests","columns":["time","reporter"],"live":true"#;
    let history = history(512 << 20, &[]);
    let mut live = history.follow(&query(0, 60, text)).unwrap();
    history.append_all(&records);
    let (mut seen, mut cut) = (0, 0);
    while let Some(rows) = live.look() {
        seen += times(&rows.rows).len() as u64;
        cut += rows.rows.cut + rows.gone;
        assert_eq!(rows.rows.doubtful, 0, "who tells the reporters apart gets all of them");
    }
    let all = records.iter().filter(|record| matches!(record, Record::Request(_))).count() as u64;
    assert!(cut > 0);
    assert_eq!(seen + cut, all);
}
