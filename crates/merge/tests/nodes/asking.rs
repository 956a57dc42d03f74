//! Asks the nodes, and reads what comes of it.

use goldwire_answer::{
    column::Column,
    table::{Answer, Finished, Table},
};
use goldwire_history::{Execute, History};
use goldwire_merge::{Asked, Inquiry};
use goldwire_model::{query::Query, time::Timestamp};

use super::world::{MILLI, SECONDS, START};

/// A query over all of it; `rest` is JSON without braces.
pub(crate) fn query(rest: &str) -> Query {
    let from = START / MILLI - SECONDS * 1_000;
    let json = format!(r#"{{"from": {from}, "to": {}, {rest}}}"#, START / MILLI + 2 * SECONDS * 1_000);
    Query::from_json(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Asks the nodes in as many rounds as it takes.
pub(crate) fn ask(histories: &[History], query: &Query) -> Answer {
    let now = Timestamp(START + 3 * SECONDS * 1_000 * MILLI);
    let answer = |node: usize, query: &Query| {
        let read = Query::from_json(query.to_json()).unwrap();
        assert_eq!(read.portion, query.portion, "nothing is lost on the way");
        histories[node].execute(&read, now, Execute::default()).unwrap()
    };
    let opening = Inquiry::opening(query, histories.len());
    let answers = (0..histories.len()).map(|node| answer(node, &opening)).collect();
    let asked = Asked { asked: histories.len(), now: now.as_millis(), ..Asked::default() };
    let mut inquiry = Inquiry::new(query, answers, asked);
    loop {
        let questions = inquiry.questions();
        if questions.is_empty() {
            return inquiry.finish().unwrap();
        }
        for question in questions {
            let answer = answer(question.node, &question.query);
            inquiry.take(&question, Some(answer));
        }
    }
}

pub(crate) fn table(answer: Answer) -> (Vec<String>, Vec<String>) {
    match answer.body {
        Finished::Table(table) => (lines(&table), answer.coverage.notes),
        other => panic!("no table: {other:?}"),
    }
}

/// One text a row.
pub(crate) fn lines(table: &Table) -> Vec<String> {
    let cell = |column: &Column, row: usize| match column {
        Column::Text(values) => values[row].as_deref().unwrap_or("-").to_owned(),
        Column::Integer(values) | Column::Time(values) => {
            values[row].map_or_else(|| "-".to_owned(), |value| value.to_string())
        }
        Column::Float(values) => values[row].map_or_else(|| "-".to_owned(), |value| format!("{value:.6}")),
    };
    let rows = table.columns.first().map_or(0, |column| column.values.len());
    let line = |row| table.columns.iter().map(|column| cell(&column.values, row)).collect::<Vec<_>>().join(" ");
    (0..rows).map(line).collect()
}
