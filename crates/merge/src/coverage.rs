//! What the joined answer says of itself.

use goldwire_answer::{
    Body, PartialAnswer,
    coverage::{Coverage, Exactness, NodeCoverage, Unreachable},
};

use crate::asked::Asked;

/// Coverage while it is being joined.
pub(crate) struct Joined {
    asked: Asked,
    nodes: Vec<NodeCoverage>,
    notes: Vec<String>,
}

impl Joined {
    pub(crate) const fn new(asked: Asked) -> Self {
        Self { asked, nodes: Vec::new(), notes: Vec::new() }
    }

    /// How many nodes were asked.
    pub(crate) const fn asked(&self) -> usize {
        self.asked.asked
    }

    /// The asker's clock, milliseconds since the epoch.
    pub(crate) const fn now(&self) -> i64 {
        self.asked.now
    }

    /// The nodes whose answers were taken, in the order of the parts.
    pub(crate) fn nodes(&self) -> &[NodeCoverage] {
        &self.nodes
    }

    /// Takes the parts of answers that fit; the others' nodes are named with the reason.
    pub(crate) fn take<T>(&mut self, answers: Vec<PartialAnswer>, fit: impl Fn(Body) -> Result<T, String>) -> Vec<T> {
        let mut parts = Vec::with_capacity(answers.len());
        for answer in answers {
            match fit(answer.body) {
                Ok(part) => {
                    parts.push(part);
                    self.nodes.push(answer.coverage);
                }
                Err(why) => {
                    let reason = format!("bad answer: {why}");
                    self.asked.unreachable.push(Unreachable { node: answer.coverage.node, reason });
                }
            }
        }
        parts
    }

    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(crate) fn finish(self) -> Coverage {
        let quantiles = exactness(&self.nodes);
        Coverage {
            nodes_asked: self.asked.asked,
            nodes_answered: self.nodes.len(),
            late: self.asked.late,
            unreachable: self.asked.unreachable,
            tier: self.nodes.iter().map(|node| node.tier).max(),
            quantiles,
            relative_error: (quantiles == Exactness::Sketch).then_some(goldwire_sketch::RELATIVE_ERROR),
            nodes: self.nodes,
            notes: self.notes,
        }
    }
}

/// One sketch makes the whole a sketch.
fn exactness(nodes: &[NodeCoverage]) -> Exactness {
    let any = |what| nodes.iter().any(|node| node.quantiles == what);
    if any(Exactness::Sketch) {
        Exactness::Sketch
    } else if any(Exactness::Exact) {
        Exactness::Exact
    } else {
        Exactness::None
    }
}
