//! Live rows of several nodes.

use std::collections::HashMap;

use goldwire_history::{Execute, Follow, History};
use goldwire_merge::LiveInquiry;
use goldwire_model::{query::Query, record::Record, time::Timestamp};

use super::{
    asking::{lines, query},
    random::Random,
    world::{COLUMNS, START, World},
};

struct Panel {
    query: Query,
    inquiry: LiveInquiry,
    follows: Vec<Follow>,
    lines: Vec<String>,
}

impl Panel {
    fn open(histories: &[History], filter: &str) -> Self {
        let query =
            query(&format!(r#""queryType": "requests", "columns": {COLUMNS}, "live": true, "filter": "{filter}""#));
        let opening = LiveInquiry::opening(&query, histories.len(), None);
        let follows = histories.iter().map(|history| history.follow(&opening).unwrap()).collect();
        Self { inquiry: LiveInquiry::new(&query, histories.len()), query, follows, lines: Vec::new() }
    }

    /// The connection to a node breaks, and comes again.
    fn break_off(&mut self, histories: &[History], node: usize, mark: goldwire_model::query::Mark) {
        let opening = LiveInquiry::opening(&self.query, histories.len(), Some(mark));
        self.follows[node] = histories[node].follow(&opening).unwrap();
    }

    fn look(&mut self, histories: &[History], now: i64) {
        for (node, follow) in self.follows.iter_mut().enumerate() {
            while let Some(rows) = follow.look() {
                self.inquiry.take(node, rows.rows, now);
            }
        }
        let Some(mut batch) = self.inquiry.batch(now) else { return };
        for question in batch.questions().to_vec() {
            for (node, history) in histories.iter().enumerate() {
                let question = Query::from_json(question.to_json()).unwrap();
                let answer = history.execute(&question, Timestamp(START + 1_000_000_000_000), Execute::default());
                batch.take(node, &question, answer.unwrap());
            }
        }
        let table = self.inquiry.finish(&batch);
        self.lines.extend(lines(&table));
    }
}

/// The reports of the ends come apart, by up to half a second.
fn run(seed: u64, filter: &str) -> (Vec<String>, Vec<String>) {
    let world = World::random(seed, 240);
    let empty = world.only(|_| false);
    let histories = empty.histories();
    let mut random = Random::new(seed ^ 77);
    let mut coming: HashMap<i64, Vec<(usize, Record)>> = HashMap::new();
    for node in 0..world.nodes {
        for record in world.records_of(node) {
            let Record::Request(request) = &record else { continue };
            let about = (request.connection.0 % 40) as i64 * 100;
            coming.entry(about + random.below(5) as i64 * 100).or_default().push((node, record));
        }
    }
    let mut panel = Panel::open(&histories, filter);
    for now in (0..8_000).step_by(100) {
        for (node, record) in coming.remove(&now).unwrap_or_default() {
            histories[node].append(&record);
        }
        if now % 700 == 0 {
            let node = random.below(histories.len() as u64) as usize;
            let mark = panel.follows[node].empty().mark;
            panel.break_off(&histories, node, mark);
        }
        panel.look(&histories, now);
    }
    let filter = goldwire_model::filter::Filter::parse(&filter.replace("\\\"", "\"")).unwrap();
    let mut expected: Vec<String> =
        world.shown().iter().filter(|shown| shown.matches(&filter)).map(|shown| shown.line()).collect();
    expected.sort();
    panel.lines.sort();
    (panel.lines, expected)
}

#[test]
fn live_rows_are_each_exchange_once_with_both_names() {
    for seed in 0..12 {
        for filter in ["", "destination.workload = w1", "source.workload != w2"] {
            let (shown, expected) = run(seed, filter);
            assert_eq!(shown, expected, "seed {seed}, {filter}");
        }
    }
}
