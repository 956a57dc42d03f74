//! What a node's groups must look like to fit the query.

use goldwire_answer::{
    coverage::Records,
    groups::{Groups, Pair},
    plan::{Merging, Quantity, State},
};
use goldwire_model::{field::Field, query::QueryKind, signal::Measure};

use crate::states;

/// Keys and states of a query, in the order in which nodes answer them.
pub(crate) struct Plan {
    /// The keys that were asked for; a node's further keys stand behind them.
    pub(crate) keys: Vec<Field>,
    pub(crate) states: Vec<State>,
    /// By state: what it counts, where rates may be made of it.
    pub(crate) rated: Vec<Option<Records>>,
    /// The state by which groups are the heaviest.
    pub(crate) rank: Option<usize>,
    has_steps: bool,
    /// Rows whose first key nobody knows are left out.
    pub(crate) known_only: bool,
}

/// A node's groups after they were checked.
pub(crate) struct Part {
    /// Which of the nodes that answered.
    pub(crate) node: usize,
    pub(crate) groups: Groups,
    pub(crate) rows: usize,
}

impl Part {
    pub(crate) fn pair(&self, row: usize) -> Option<&Pair> {
        self.groups.pairs.get(row)?.as_deref()
    }
}

impl Plan {
    pub(crate) fn new(kind: &QueryKind) -> Self {
        let states = goldwire_answer::plan::states(kind);
        Self {
            keys: goldwire_answer::plan::keys(kind),
            rated: states.iter().map(rated).collect(),
            states,
            rank: goldwire_answer::plan::rank(kind),
            has_steps: matches!(kind, QueryKind::Signals { .. } | QueryKind::Heatmap { .. }),
            known_only: false,
        }
    }

    /// Where the state stands.
    pub(crate) fn place(&self, state: &State) -> Option<usize> {
        self.states.iter().position(|planned| planned == state)
    }

    /// Takes groups of a node that fit.
    ///
    /// # Errors
    /// What does not fit, fit to follow "bad answer:".
    pub(crate) fn check(&self, node: usize, groups: Groups) -> Result<Part, String> {
        let rows = super::rows(&groups);
        let keys_fit = groups.keys.len() >= self.keys.len()
            && groups.keys.iter().zip(&self.keys).all(|(key, planned)| key.field == *planned);
        if !keys_fit {
            return Err("its groups have other keys than asked for".to_owned());
        }
        let states_fit = groups.states.len() == self.states.len()
            && groups.states.iter().zip(&self.states).all(|(column, planned)| states::fits(column, planned));
        if !states_fit {
            return Err("its groups have other measures than asked for".to_owned());
        }
        let lengths_fit = groups.keys.iter().all(|key| key.values.len() == rows)
            && groups.states.iter().all(|column| states::len(column) == Some(rows))
            && (groups.pairs.is_empty() || groups.pairs.len() == rows)
            && (!self.has_steps || groups.steps.len() == rows);
        if !lengths_fit {
            return Err("its columns have different lengths".to_owned());
        }
        Ok(Part { node, groups, rows })
    }
}

fn rated(state: &State) -> Option<Records> {
    match (&state.quantity, state.merging) {
        (Quantity::Measure(measure), Merging::Count) => Some((*measure).into()),
        _ => None,
    }
}

/// Which of two nodes' reports of one exchange says the truth about a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Witness {
    /// Whichever is counted: both say the same.
    Either,
    /// Only the client sees it: a connect is its doing, and a refused one reaches no socket of the server.
    Client,
    /// Each sees its own part: a socket knows the segments that itself sent again.
    Both,
}

impl Witness {
    pub(crate) fn of(state: &State) -> Self {
        match &state.quantity {
            Quantity::Measure(Measure::ConnectFailures | Measure::ConnectLatency)
            | Quantity::Field(Field::ConnectLatency) => Self::Client,
            _ if state.is_known_in_parts() => Self::Both,
            _ => Self::Either,
        }
    }
}
