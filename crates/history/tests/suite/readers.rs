//! Readers while the writer writes.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use crate::common::{SECOND, START, execute, groups, history, query, records::World};
use goldwire_answer::groups::StateColumn;
use goldwire_model::record::Record;

/// Every answer holds all that was appended before the question, whole batches only partly seen at most.
#[test]
fn readers_see_every_record_that_was_appended_before() {
    let history = history(512 << 20, &[]);
    let (appended, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let text = r#""queryType":"signals","signals":["request_rate"],"groupBy":["reporter"],"step":"60s""#;
    let query = query(0, 600, text);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut world = World::new(8, 40);
            for batch in 0..400_i64 {
                let time = |number: i64| START * SECOND + batch * SECOND + number;
                let records: Vec<Record> =
                    (0..300).map(|number| Record::Request(world.request(time(number)))).collect();
                history.append_all(&records);
                appended.fetch_add(300, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let before = appended.load(Ordering::SeqCst);
                    let groups = groups(execute(&history, &query, 600));
                    let StateColumn::Count(counts) = &groups.states[0] else { panic!("no count") };
                    let seen: u64 = counts.iter().sum();
                    let after = appended.load(Ordering::SeqCst);
                    assert!(seen >= before && seen <= after + 300, "{before} <= {seen} <= {after} + 300");
                }
            });
        }
    });
}
