//! Queries whose answers are groups: one round for each term of the filter and, for values, for each table.

use goldwire_answer::{Body, PartialAnswer, groups::StateColumn, table::Finished};
use goldwire_model::{
    field::{Field, Table},
    query::{Aggregate, Function, Query, QueryKind},
};

use crate::{
    asked::MergeError,
    coverage::Joined,
    finish,
    groups::{self, Answered, Merged, OTHER, Part, Plan},
    inquiry::Question,
    steps,
    terms::{Term, terms},
};

/// Keys of labels in one text.
const KEYS_BETWEEN: &str = "\n";

/// What is asked, and what was answered so far.
pub(crate) struct Rounds {
    rounds: Vec<Round>,
    /// Places of the nodes whose first answers fit, among those that answered.
    fitting: Vec<usize>,
    /// Rounds that were asked.
    asked: usize,
    /// Parts of the answers, by round.
    parts: Vec<Vec<Part>>,
    /// The filter was too much to be decided wholly.
    is_cut_short: bool,
    /// Nodes did not answer in a later round.
    is_silent: bool,
}

struct Round {
    query: Query,
    plan: Plan,
    term: Term,
}

impl Rounds {
    /// `None` where nodes answer the query with other things than groups.
    pub(crate) fn new(query: &Query) -> Option<Self> {
        let queries = match &query.kind {
            QueryKind::Rows { .. } => return None,
            // What a node says of values is enough as long as nothing is asked of ends.
            QueryKind::Values { .. } if query.filter.end_identity_fields().is_empty() => return None,
            QueryKind::Values { field, .. } => by_table(query, field),
            _ => vec![query.clone()],
        };
        let is_of_values = matches!(query.kind, QueryKind::Values { .. });
        let (terms, is_whole) = terms(&query.filter, &query.enforced);
        let mut rounds = Vec::new();
        for query in &queries {
            for term in &terms {
                let mut query = Query { partial: true, filter: term.filter.clone(), ..query.clone() };
                query.filter_text = query.filter.to_string();
                let mut plan = Plan::new(&query.kind);
                plan.known_only = is_of_values;
                rounds.push(Round { plan, query, term: term.clone() });
            }
        }
        let parts = rounds.iter().map(|_| Vec::new()).collect();
        let rounds = Self { rounds, fitting: Vec::new(), asked: 1, parts, is_cut_short: !is_whole, is_silent: false };
        (!rounds.rounds.is_empty()).then_some(rounds)
    }

    pub(crate) fn question(&self, round: usize) -> Query {
        self.rounds[round].query.clone()
    }

    /// Takes what nodes answered in the first round.
    pub(crate) fn begin(&mut self, answers: Vec<PartialAnswer>, joined: &mut Joined) {
        let plan = &self.rounds[0].plan;
        for (place, answer) in answers.into_iter().enumerate() {
            let part = joined.take(vec![answer], |body| checked(plan, self.fitting.len(), body));
            self.fitting.extend(part.first().map(|_| place));
            self.parts[0].extend(part);
        }
    }

    pub(crate) fn next(&mut self) -> Vec<Question> {
        let Some(round) = self.rounds.get(self.asked) else { return Vec::new() };
        self.asked += 1;
        self.fitting.iter().map(|node| Question { node: *node, query: round.query.clone() }).collect()
    }

    /// Takes what the node at that place answered in the last round.
    pub(crate) fn take(&mut self, place: usize, answer: Option<PartialAnswer>) {
        let Some(node) = self.fitting.iter().position(|fitting| *fitting == place) else { return };
        let round = self.asked - 1;
        let part = answer.and_then(|answer| checked(&self.rounds[round].plan, node, answer.body).ok());
        self.is_silent |= part.is_none();
        self.parts[round].extend(part);
    }

    pub(crate) fn finish(self, query: &Query, joined: &mut Joined) -> Result<Finished, MergeError> {
        if self.is_cut_short {
            joined.note("The filter joins too many conditions by `or`: some of what matches is left out".to_owned());
        }
        if self.is_silent {
            joined.note("A node did not answer all that the filter needs: some of what matches is left out".to_owned());
        }
        let steps = steps::Steps::of(query, joined)?;
        if let QueryKind::Values { field, prefix, limit } = &query.kind {
            let values = self.values(field, prefix, &steps, joined);
            return Ok(Finished::Values(finish::values(vec![values], *limit)));
        }
        let plan = Plan::new(&query.kind);
        let answered = self.rounds.iter().zip(&self.parts);
        let answered: Vec<Answered<'_>> =
            answered.map(|(round, parts)| Answered { term: &round.term, parts }).collect();
        let merged = groups::merge(&answered, &plan, &steps, joined);
        Ok(finish::groups(&query.kind, &plan, &merged, &steps, joined))
    }

    fn values(&self, field: &Field, prefix: &str, steps: &steps::Steps, joined: &mut Joined) -> Vec<(String, u64)> {
        let mut values = Vec::new();
        for (round, parts) in self.rounds.iter().zip(&self.parts) {
            let answered = [Answered { term: &round.term, parts }];
            values.extend(counted(&groups::merge(&answered, &round.plan, steps, joined)));
        }
        if field.is_label_keys() {
            let keys = |(keys, count): (String, u64)| {
                keys.split(KEYS_BETWEEN).map(|key| (key.to_owned(), count)).collect::<Vec<_>>()
            };
            values = values.into_iter().flat_map(keys).collect();
        }
        let prefix = prefix.to_lowercase();
        values.retain(|(value, _)| !value.is_empty() && *value != *OTHER && value.to_lowercase().starts_with(&prefix));
        values
    }
}

fn checked(plan: &Plan, node: usize, body: Body) -> Result<Part, String> {
    match body {
        Body::Groups(groups) => plan.check(node, groups),
        _ => Err("it answered no groups".to_owned()),
    }
}

/// Values are the groups of each table that has the field and all that the filter mentions.
fn by_table(query: &Query, field: &Field) -> Vec<Query> {
    let tables = field.tables().iter().filter(|table| query.filter.check_table(**table).is_ok());
    let of = |table: &Table| Query {
        kind: QueryKind::Table {
            table: *table,
            group_by: vec![field.clone()],
            aggregates: vec![Aggregate { text: "count()".to_owned(), function: Function::Count, argument: None }],
            order_by: Vec::new(),
            limit: usize::from(u8::MAX),
        },
        ..query.clone()
    };
    tables.map(of).collect()
}

fn counted(merged: &Merged) -> Vec<(String, u64)> {
    let Some(StateColumn::Count(counts)) = merged.states.first() else { return Vec::new() };
    let groups = merged.cells.iter().map(|cell| merged.groups[cell.group as usize].first());
    groups.zip(counts).filter_map(|(value, count)| Some((value?.to_string(), *count))).collect()
}
