//! What a reader must know of an answer, on the panel itself.

use chrono::{DateTime, SecondsFormat};
use goldwire_answer::coverage::{Coverage, Loss, LossStage, NodeCoverage, UnreadKind};
use goldwire_model::query::Window;

use super::{Notice, Severity, numbers::whole};
use crate::fan_out::missing;

pub(super) fn notices(coverage: &Coverage, window: Option<Window>) -> Vec<Notice> {
    let warning = |text| Notice { severity: Severity::Warning, text };
    let info = |text| Notice { severity: Severity::Info, text };
    let mut notices = Vec::new();
    notices.extend(missing_nodes(coverage).map(warning));
    notices.extend(lost_events(&coverage.nodes).map(warning));
    notices.extend(folded_groups(&coverage.nodes).map(info));
    notices.extend(unread_traffic(&coverage.nodes).map(info));
    notices.extend(window.and_then(|window| reach(&coverage.nodes, window)).map(info));
    notices.extend(coverage.notes.iter().cloned().map(info));
    notices.extend(node_notes(&coverage.nodes).into_iter().map(info));
    notices
}

fn missing_nodes(coverage: &Coverage) -> Option<String> {
    let missing = missing(&coverage.late, &coverage.unreachable)?;
    Some(format!("{} of {} nodes answered. Missing: {missing}", coverage.nodes_answered, coverage.nodes_asked))
}

/// By stage, over all nodes.
fn lost_events(nodes: &[NodeCoverage]) -> Option<String> {
    let mut by_stage: Vec<Loss> = Vec::new();
    for loss in nodes.iter().flat_map(|node| &node.lost).filter(|loss| loss.events > 0 || loss.bytes > 0) {
        match by_stage.iter_mut().find(|sum| sum.stage == loss.stage) {
            Some(sum) => (sum.events, sum.bytes) = (sum.events + loss.events, sum.bytes + loss.bytes),
            None => by_stage.push(loss.clone()),
        }
    }
    if by_stage.is_empty() {
        return None;
    }
    by_stage.sort_by_key(|loss| loss.stage);
    let events = by_stage.iter().map(|loss| loss.events).sum();
    let bytes = by_stage.iter().map(|loss| loss.bytes).sum();
    let stages: Vec<String> = by_stage
        .iter()
        .map(|loss| format!("{} {}{}", stage_name(loss.stage), whole(loss.events), with_bytes(loss.bytes)))
        .collect();
    let what = format!("{} events{} were lost in this range", whole(events), with_bytes(bytes));
    Some(format!("Numbers may be low: {what} ({})", stages.join(", ")))
}

/// An event may hold many messages, so bytes are told where they are known.
fn with_bytes(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!(" with {} bytes", whole(bytes)) }
}

const fn stage_name(stage: LossStage) -> &'static str {
    match stage {
        LossStage::KernelRing => "kernel ring full:",
        LossStage::KernelMap => "kernel map full:",
        LossStage::Decoder => "not decoded:",
        LossStage::Tracker => "not followed:",
        LossStage::Queue => "queue full:",
        LossStage::Budget => "memory budget reached:",
    }
}

/// By kind, over all nodes.
fn unread_traffic(nodes: &[NodeCoverage]) -> Option<String> {
    const KINDS: [(UnreadKind, &str); 3] = [
        (UnreadKind::CompressedMysql, "sessions of compressed MySQL"),
        (UnreadKind::Http2Joined, "exchanges of HTTP/2 without method and path, on connections that were joined"),
        (UnreadKind::UnixSockets, "connections of UNIX sockets"),
    ];
    let all = || nodes.iter().flat_map(|node| &node.unread);
    let count = |kind| all().filter(|unread| unread.kind == kind).map(|unread| unread.count).sum::<u64>();
    let there = KINDS.iter().map(|(kind, what)| (count(*kind), what)).filter(|(count, _)| *count > 0);
    let there: Vec<String> = there.map(|(count, what)| format!("{} {what}", whole(count))).collect();
    (!there.is_empty()).then(|| format!("Not read: {}", there.join(", ")))
}

fn folded_groups(nodes: &[NodeCoverage]) -> Option<String> {
    let folded: u64 = nodes.iter().map(|node| node.folded_groups).sum();
    (folded > 0).then(|| format!("{} groups did not fit on their nodes and are counted under `other`", whole(folded)))
}

/// Where the range begins before any node's memory does.
fn reach(nodes: &[NodeCoverage], window: Window) -> Option<String> {
    let since = |node: &NodeCoverage| node.oldest.unwrap_or(node.recording_since).max(node.recording_since);
    let earliest = nodes.iter().map(since).min()?;
    // A second is nothing that a reader would miss.
    if earliest <= window.from.saturating_add(1_000) {
        return None;
    }
    if earliest >= window.to {
        return Some(format!("Nothing is known of this range: history begins at {}", moment(earliest)));
    }
    Some(format!("History begins at {}: nothing before it is known", moment(earliest)))
}

fn moment(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis)
        .map_or_else(|| millis.to_string(), |moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Each note once, with its node where it is one node's alone.
fn node_notes(nodes: &[NodeCoverage]) -> Vec<String> {
    let mut notes: Vec<(&str, Vec<&str>)> = Vec::new();
    for node in nodes {
        for note in &node.notes {
            match notes.iter_mut().find(|(text, _)| text == note) {
                Some((_, of)) => of.push(&node.node),
                None => notes.push((note, vec![&node.node])),
            }
        }
    }
    notes
        .into_iter()
        .map(|(note, of)| match of.as_slice() {
            [one] => format!("{one}: {note}"),
            several => format!("{} nodes: {note}", several.len()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use goldwire_answer::coverage::{Exactness, Tier, Unreachable, Unread};

    use super::*;

    fn node(name: &str) -> NodeCoverage {
        NodeCoverage {
            node: name.into(),
            tier: Tier::Raw,
            oldest: Some(1_000_000),
            recording_since: 0,
            covered: Vec::new(),
            lost: Vec::new(),
            quantiles: Exactness::Exact,
            folded_groups: 0,
            notes: Vec::new(),
            unread: Vec::new(),
        }
    }

    fn coverage(nodes: Vec<NodeCoverage>) -> Coverage {
        Coverage {
            nodes_asked: nodes.len(),
            nodes_answered: nodes.len(),
            late: Vec::new(),
            unreachable: Vec::new(),
            tier: Some(Tier::Raw),
            quantiles: Exactness::Exact,
            relative_error: None,
            nodes,
            notes: Vec::new(),
        }
    }

    fn texts(coverage: &Coverage, from: i64) -> Vec<String> {
        let window = Window { from, to: 10_000_000 };
        notices(coverage, Some(window)).into_iter().map(|notice| notice.text).collect()
    }

    #[test]
    fn a_whole_answer_says_nothing() {
        assert!(texts(&coverage(vec![node("a")]), 2_000_000).is_empty());
    }

    #[test]
    fn missing_nodes_are_named_with_the_reason() {
        let mut part = coverage(vec![node("a")]);
        part.nodes_asked = 3;
        part.late.push("b:1".into());
        part.unreachable.push(Unreachable { node: "c:1".into(), reason: "connection refused".into() });
        assert_eq!(
            texts(&part, 2_000_000),
            ["1 of 3 nodes answered. Missing: c:1 (connection refused), b:1 (no answer in time)"]
        );
    }

    #[test]
    fn losses_are_added_by_stage() {
        let loss = |stage, events, bytes| Loss { stage, events, bytes };
        let mut a = node("a");
        a.lost = vec![loss(LossStage::Decoder, 34, 0), loss(LossStage::KernelRing, 1_000, 4_000)];
        let mut b = node("b");
        b.lost = vec![loss(LossStage::KernelRing, 200, 600)];
        assert_eq!(
            texts(&coverage(vec![a, b]), 2_000_000),
            ["Numbers may be low: 1,234 events with 4,600 bytes were lost in this range \
              (kernel ring full: 1,200 with 4,600 bytes, not decoded: 34)"]
        );
    }

    #[test]
    fn the_begin_of_history_is_told_where_it_is_in_the_range() {
        assert_eq!(
            texts(&coverage(vec![node("a")]), 0),
            ["History begins at 1970-01-01T00:16:40Z: nothing before it is known"]
        );
    }

    #[test]
    fn notices_unread_traffic_is_summed_over_nodes() {
        let (mut a, mut b) = (node("a"), node("b"));
        a.unread = vec![unread(UnreadKind::UnixSockets, 1_000), unread(UnreadKind::CompressedMysql, 2)];
        b.unread = vec![unread(UnreadKind::UnixSockets, 200)];
        let texts = notices(&coverage(vec![a, b]), None).into_iter().map(|notice| (notice.severity, notice.text));
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [(
                Severity::Info,
                "Not read: 2 sessions of compressed MySQL, 1,200 connections of UNIX sockets".to_owned()
            )]
        );
    }

    const fn unread(kind: UnreadKind, count: u64) -> Unread {
        Unread { kind, count }
    }
}
