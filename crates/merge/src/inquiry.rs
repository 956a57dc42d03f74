//! A query put to several nodes, in as many rounds as it takes.
//!
//! Most queries take one. Rows take more where the reports of both ends are to be found, see
//! [`rows::Search`](crate::rows::Search); groups, where the filter has [several terms](crate::terms). The callers carry
//! questions and answers; what to ask and when it is enough is decided here, so that daemon, command line and plugin all
//! answer alike.

use goldwire_answer::{
    Body, PartialAnswer,
    rows::Rows,
    table::{Answer, Finished},
};
use goldwire_model::query::{Portion, Query, QueryKind};

use crate::{
    asked::{Asked, MergeError},
    coverage::Joined,
    finish,
    rounds::Rounds,
    rows::{self, Search},
};

/// A query for one node.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which of the nodes that answered the opening.
    pub node: usize,
    /// What it is asked.
    pub query: Query,
}

/// A query of which the first answers are there.
pub struct Inquiry {
    query: Query,
    joined: Joined,
    stage: Stage,
}

enum Stage {
    /// Records, and the places of the nodes whose answers fit among those that answered.
    Rows(Box<Search>, Vec<usize>),
    Groups(Box<Rounds>),
    Values(Vec<PartialAnswer>),
}

impl Inquiry {
    /// What all of so many nodes are asked first.
    #[must_use]
    pub fn opening(query: &Query, nodes: usize) -> Query {
        if matches!(query.kind, QueryKind::Rows { .. }) {
            return Query { partial: true, portion: Search::opening(query, nodes), ..query.clone() };
        }
        match Rounds::new(query) {
            Some(rounds) => rounds.question(0),
            None => Query { partial: true, ..query.clone() },
        }
    }

    /// Begins with what was answered to the opening. Nodes are named by their places among the answers from here on.
    #[must_use]
    pub fn new(query: &Query, answers: Vec<PartialAnswer>, asked: Asked) -> Self {
        let mut joined = Joined::new(asked);
        let stage = if matches!(query.kind, QueryKind::Rows { .. }) {
            let nodes = joined.asked();
            let (mut parts, mut fitting) = (Vec::new(), Vec::new());
            for (place, answer) in answers.into_iter().enumerate() {
                let part = joined.take(vec![answer], rows_of);
                fitting.extend(part.first().map(|_| place));
                parts.extend(part);
            }
            Stage::Rows(Box::new(Search::new(query, nodes, parts)), fitting)
        } else if let Some(mut rounds) = Rounds::new(query) {
            rounds.begin(answers, &mut joined);
            Stage::Groups(Box::new(rounds))
        } else {
            Stage::Values(answers)
        };
        Self { query: query.clone(), joined, stage }
    }

    /// What is to be asked now, one question a node at most; nothing where all is there.
    pub fn questions(&mut self) -> Vec<Question> {
        match &mut self.stage {
            Stage::Rows(search, fitting) => {
                let of = |(node, portion): (usize, Portion)| Question {
                    node: fitting[node],
                    query: Query { partial: true, portion, ..self.query.clone() },
                };
                search.next().into_iter().map(of).collect()
            }
            Stage::Groups(rounds) => rounds.next(),
            Stage::Values(_) => Vec::new(),
        }
    }

    /// Takes the answer to a question of [`Inquiry::questions`]; `None` where there is none.
    pub fn take(&mut self, question: &Question, answer: Option<PartialAnswer>) {
        match &mut self.stage {
            Stage::Rows(search, fitting) => {
                let Some(node) = fitting.iter().position(|place| *place == question.node) else { return };
                match answer.map(|answer| answer.body) {
                    Some(Body::Rows(rows)) => search.take(node, &question.query.portion, rows),
                    _ => search.miss(node),
                }
            }
            Stage::Groups(rounds) => rounds.take(question.node, answer),
            Stage::Values(_) => {}
        }
    }

    /// The finished answer, of what is there.
    ///
    /// # Errors
    /// Where the query itself can't be finished: it has no window.
    pub fn finish(self) -> Result<Answer, MergeError> {
        let Self { query, mut joined, stage } = self;
        let body = match stage {
            Stage::Rows(search, _) => Finished::Table(rows::finish(&query, &search.finish(), &mut joined)),
            Stage::Groups(rounds) => rounds.finish(&query, &mut joined)?,
            Stage::Values(answers) => values(&query, answers, &mut joined),
        };
        Ok(Answer { body, coverage: joined.finish() })
    }

    /// Finishes reports of rows whose other ends' reports nobody is asked for.
    pub(crate) fn settle(&mut self) {
        if let Stage::Rows(search, _) = &mut self.stage {
            search.settle();
        }
    }
}

fn rows_of(body: Body) -> Result<Rows, String> {
    match body {
        Body::Rows(rows) => Ok(rows),
        _ => Err("it answered no records".to_owned()),
    }
}

fn values(query: &Query, answers: Vec<PartialAnswer>, joined: &mut Joined) -> Finished {
    let QueryKind::Values { field, limit, .. } = &query.kind else { return Finished::Values(Vec::new()) };
    let parts = joined.take(answers, |body| match body {
        Body::Values { field: of, values } if of == *field => Ok(values),
        _ => Err("it answered no values of the field".to_owned()),
    });
    Finished::Values(finish::values(parts, *limit))
}
