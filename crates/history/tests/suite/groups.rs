//! Groups of `execute` against a model that looks at each record.

use crate::common::{SECOND, START, execute, groups, history, naive, query, records::World};
use goldwire_answer::coverage::Tier;
use proptest::prelude::*;

const ROOMY: usize = 256 << 20;

const QUERIES: &[&str] = &[
    r#""queryType":"signals","signals":["request_rate","error_ratio","latency_p95","latency_avg","latency_max"],"step":"10s""#,
    r#""queryType":"signals","signals":["request_rate","request_bytes"],"groupBy":["destination.workload","network.protocol"],"step":"1s""#,
    r#""queryType":"signals","signals":["request_rate"],"groupBy":["reporter","http.response.status_code"],"step":"60s""#,
    r#""queryType":"signals","signals":["error_rate","response_bytes"],"filter":"destination.workload = \"workload-1\" and not destination.port = 443","step":"10s""#,
    r#""queryType":"signals","signals":["bytes_sent","bytes_received","retransmit_ratio","rtt_p50","connect_rate","connect_failure_rate","connect_latency_p95","reset_rate"],"groupBy":["source.namespace"],"step":"20s""#,
    r#""queryType":"signals","signals":["dns_rate","dns_error_rate","dns_latency_p95"],"groupBy":["dns.question.name"],"step":"30s""#,
    r#""queryType":"signals","signals":["drop_rate"],"groupBy":["drop.reason"],"filter":"source.address in (10.0.0.0/29, fd00::/16)","step":"30s""#,
    r#""queryType":"signals","signals":["accept_queue_overflow_rate","zero_window_rate"],"step":"10s""#,
    r#""queryType":"heatmap","signal":"latency_p50","filter":"either.namespace = \"space-0\"","step":"10s""#,
    r#""queryType":"serviceMap""#,
    r#""queryType":"serviceMap","groupBy":"address","filter":"source.workload != \"workload-2\" or destination.port = 80""#,
    r#""queryType":"table","table":"requests","groupBy":["http.route","error.type"],"aggregates":["count()","p99(latency)","sum(request_bytes)","max(latency)","min(latency)","avg(response_bytes)"]"#,
    r#""queryType":"table","table":"flows","groupBy":["source.workload"],"aggregates":["count()","sum(bytes_sent)","p50(rtt)","sum(retransmits)"]"#,
    r#""queryType":"table","table":"drops","groupBy":["drop.place"],"aggregates":["count()","sum(count)","sum(drop.bytes)"]"#,
    r#""queryType":"table","table":"flows","groupBy":["destination.reverse_dns"],"filter":"not source.reverse_dns = \"reverse-0\"","aggregates":["count()","sum(bytes_sent)"]"#,
];

const RAW_QUERIES: &[&str] = &[
    r#""queryType":"signals","signals":["request_rate","latency_p50"],"filter":"url.path =~ \"item/[12]\" and latency > 3ms","step":"10s""#,
    r#""queryType":"signals","signals":["request_rate"],"groupBy":["source.pid","db.target"],"step":"30s""#,
    r#""queryType":"table","table":"requests","groupBy":["source.proxied_address"],"filter":"source.proxied_address in (192.0.2.0/28) or destination.proxied_address != \"192.0.2.8\"","aggregates":["count()"]"#,
    r#""queryType":"signals","signals":["bytes_sent"],"groupBy":["source.port"],"filter":"source.ancestry = \"parent-*\" or bytes_received >= 1GiB","step":"30s""#,
    r#""queryType":"table","table":"flows","groupBy":["source.labels.app"],"aggregates":["max(bytes_sent)","p90(bytes_received)"]"#,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn raw_records_give_what_the_model_gives(
        seed in any::<u64>(), count in 1..3_000_usize, from in 0..60_i64, length in 1..200_i64,
    ) {
        let records = World::new(seed, 20).records(count, 120);
        let history = history(ROOMY, &records);
        for text in QUERIES.iter().chain(RAW_QUERIES) {
            let query = query(from, from + length, text);
            let answer = execute(&history, &query, 1_000);
            prop_assert_eq!(answer.coverage.tier, Tier::Raw);
            naive::assert_same(&query, &groups(answer), &naive::group(&query, &records, 0));
        }
    }
}

/// So little memory that raw records are gone, and a tier that still has everything.
fn rolled(
    seed: u64,
    count: usize,
    seconds: i64,
    memory: usize,
) -> (goldwire_history::History, Vec<goldwire_model::record::Record>) {
    let records = World::narrow(seed).records(count, seconds);
    (history(memory, &records), records)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rollups_give_what_the_model_gives(seed in any::<u64>()) {
        let (history, records) = rolled(seed, 300_000, 600, 7 << 20);
        let mut tiers = std::collections::BTreeSet::new();
        for text in QUERIES {
            for (from, to) in [(60, 600), (300, 600), (480, 600)] {
                let query = query(from, to, text);
                let answer = execute(&history, &query, 1_000);
                let oldest = answer.coverage.oldest.unwrap_or(0);
                if oldest > (START + from) * 1_000 {
                    continue;
                }
                prop_assert_eq!(answer.coverage.folded_groups, 0);
                tiers.insert(answer.coverage.tier);
                naive::assert_same(&query, &groups(answer), &naive::group(&query, &records, (START - 60) * SECOND));
            }
        }
        prop_assert!(tiers.len() >= 2, "{:?} {:#?}", tiers, history.report(crate::common::after(600)));
    }
}
