//! The budget, measured by the allocator. Alone in its process, so that nothing else is counted.

#[path = "../benches/history/counting.rs"]
mod counting;
#[expect(dead_code, reason = "the suite uses the rest of the world")]
#[path = "suite/common/records.rs"]
mod records;

use goldwire_history::{History, Options};
use goldwire_model::{record::Record, time::Timestamp};
use records::World;

const START: i64 = 1_800_000_000;
const SECOND: i64 = 1_000_000_000;
/// Endpoints that the world itself holds, and the channel of live queries.
const BESIDE: usize = 2 << 20;

#[test]
fn memory_stays_within_the_budget_whatever_comes() {
    for (memory, endpoints) in [(2 << 20, 5), (8 << 20, 2_000), (24 << 20, 200)] {
        let before = counting::bytes();
        let history = History::new(Options { memory, ..Options::new("node-1", Timestamp(START * SECOND)) });
        let mut world = World::new(7, endpoints);
        for minute in 0..12 {
            let time = |number: i64| (START + minute * 60) * SECOND + number * 6_000_000;
            let records: Vec<Record> = (0..10_000).map(|number| world.record(time(number))).collect();
            history.append_all(&records);
            drop(records);
            let report = history.report(Timestamp(time(10_000)));
            assert!(report.bytes <= memory, "{} counted of {memory}", report.bytes);
            let allocated = counting::bytes() - before;
            assert!(allocated <= memory + BESIDE, "{allocated} allocated of {memory}, {} counted", report.bytes);
        }
    }
}
