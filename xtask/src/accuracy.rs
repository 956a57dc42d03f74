//! `cargo xtask accuracy`: runs the trials, and writes their table.

use std::{fmt::Write as _, fs};

use anyhow::Context;
use serde_json::Value;

use crate::{
    build, places, setup,
    shell::{cargo, say, timed},
};

/// Names the file that the tests add their lines to, one JSON object a line (`goldwire_tests::sheet`).
const SHEET: &str = "GOLDWIRE_ACCURACY_SHEET";

pub(crate) fn run() -> anyhow::Result<()> {
    setup::run()?;
    build::programs()?;
    build::development_plugin()?;
    let sheet = places::target().join("accuracy-sheet");
    if sheet.exists() {
        fs::remove_file(&sheet)?;
    }
    let tests = ["test", "--workspace", "--test", "accuracy", "--", "--test-threads=1"];
    let outcome = timed("the trials", || cargo().args(tests).env(SHEET, &sheet).run());
    let written = fs::read_to_string(&sheet).context("no trial wrote what it counted")?;
    let lines = written.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let page = places::root().join("docs/accuracy.md");
    fs::write(&page, render(lines))?;
    say(&format!("wrote {}", page.display()));
    outcome
}

const INTRODUCTION: &str = "\
# Accuracy: Goldwire's counts against the programs' own

Written by `cargo xtask accuracy`, which runs the tests of `tests/tests/accuracy` on the real kernel: real servers and clients, \
their own counts (or `ss`, `nstat`) as the truth, and the numbers as the Grafana plugin answers them. `cargo xtask test` runs the \
same trials and fails where any of them differs.

`sent` is the programs' own count. An end that was not watched, or that does not count what the trial is about, is `-`. `lost` \
is what the daemon itself says it lost, in events: an exchange has two at each end, so one lost event costs at most one exchange. \
`difference` is the larger of both ends' distances from `sent`. Where a ring is far too small, requests are missing; the buffers of \
that load, counted by the packet filter at both ends, are in the unit of `lost`, so there `difference` is what is neither seen nor \
reported lost.

| trial | what | sent | seen at client | seen at server | lost | difference |
|--:|---|--:|--:|--:|--:|--:|
";

fn render(mut lines: Vec<Value>) -> String {
    lines.sort_by_key(|line| line["trial"].as_u64());
    let mut page = INTRODUCTION.to_owned();
    for line in &lines {
        let seen = |end: &str| line[end].as_u64().map_or("-".to_owned(), |count| count.to_string());
        let what = line["what"].as_str().unwrap_or_default();
        let columns = ["sent", "client", "server", "lost", "difference"].map(seen).join(" | ");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {} | {what} | {columns} |", line["trial"]);
    }
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_ordered_by_trial() {
        let line = |trial: u64, client: Option<u64>| json!({ "trial": trial, "what": "w", "sent": 5, "client": client, "server": 4, "lost": 0, "difference": 1 });
        let page = render(vec![line(9, None), line(1, Some(5))]);
        let rows: Vec<_> = page.lines().rev().take(2).collect();
        assert_eq!(rows, ["| 9 | w | 5 | - | 4 | 0 | 1 |", "| 1 | w | 5 | 5 | 4 | 0 | 1 |"]);
    }
}
