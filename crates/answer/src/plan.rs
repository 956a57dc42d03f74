//! What a node has to put into its [`Groups`](crate::groups::Groups) for a query: the one list by which history fills
//! columns and the merge finishes them. Keys and states stand in the answer in exactly this order.

use goldwire_model::{
    field::{EndField, Field, Kind, Side},
    query::{Aggregate, Function, MapBy, Query, QueryKind},
    signal::{Measure, Recipe, Signal},
};

/// One column of state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Of what.
    pub quantity: Quantity,
    /// How it merges, and so which [`StateColumn`](crate::groups::StateColumn) it is.
    pub merging: Merging,
}

/// How a column's values come about from records, and so how they merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Merging {
    /// Whole numbers, merged by addition: events, bytes, packets.
    Count,
    /// A sum of numbers of any kind.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Sum and number of values.
    Average,
    /// All values, or a sketch of them.
    Quantiles,
}

/// What is counted, summed or ranked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// What signals are made of.
    Measure(Measure),
    /// Rows of the table that a `table` query names: `count()`.
    Rows,
    /// A field of the table that a `table` query names.
    Field(Field),
}

impl State {
    const fn of(measure: Measure, merging: Merging) -> Self {
        Self { quantity: Quantity::Measure(measure), merging }
    }

    /// True where both ends' reports of the same exchanges say the same, so that the greater one missed less: not so of how
    /// long something took, which the client sees later, nor of extremes.
    #[must_use]
    pub fn tells_completeness(&self) -> bool {
        match (self.merging, &self.quantity) {
            (Merging::Count | Merging::Average | Merging::Quantiles, _) => true,
            (Merging::Sum, Quantity::Field(field)) => field.kind() != Kind::Duration,
            (Merging::Sum | Merging::Min | Merging::Max, _) => false,
        }
    }

    /// Each end's report has its own part of it, so both count: a socket knows the segments that itself sent again, and only
    /// the client's knows how long its connect took.
    #[must_use]
    pub fn is_known_in_parts(&self) -> bool {
        match &self.quantity {
            Quantity::Measure(measure) => matches!(measure, Measure::Retransmits | Measure::ConnectLatency),
            Quantity::Field(Field::Retransmits) => self.merging == Merging::Sum,
            Quantity::Field(field) => *field == Field::ConnectLatency,
            Quantity::Rows => false,
        }
    }
}

/// The fields that groups are keyed by, before those that only the filter needs.
#[must_use]
pub fn keys(kind: &QueryKind) -> Vec<Field> {
    match kind {
        QueryKind::Signals { group_by, .. } | QueryKind::Table { group_by, .. } => group_by.clone(),
        QueryKind::ServiceMap { group_by } => map_keys(group_by),
        QueryKind::Heatmap { .. } | QueryKind::Rows { .. } | QueryKind::Values { .. } => Vec::new(),
    }
}

/// Keys that a node adds after those of [`keys`] (once each, before the filter's), by which the merge names an end that
/// no node knows, where groups are by workload: its DNS name, and its address where no pair tells it. They are dropped
/// again before anything is shown.
#[must_use]
pub fn fallback_keys(query: &Query) -> Vec<Field> {
    let keys = keys(&query.kind);
    // A filter on a workload finds what stands for one, too.
    let mentioned: Vec<Field> = keys.iter().cloned().chain(query.filter.end_identity_fields()).collect();
    let stand_ins: &[EndField] =
        if query.mentions_reporter() { &[EndField::Dns, EndField::Address] } else { &[EndField::Dns] };
    let of_workloads = mentioned.iter().filter_map(|key| match key {
        Field::End(side, EndField::Workload) => Some(stand_ins.iter().map(|end| Field::End(*side, end.clone()))),
        _ => None,
    });
    let mut fallback: Vec<Field> = Vec::new();
    for stand_in in of_workloads.flatten() {
        if !keys.contains(&stand_in) && !fallback.contains(&stand_in) {
            fallback.push(stand_in);
        }
    }
    fallback
}

/// Both ends by the map's field, then what titles and edges are told by.
fn map_keys(by: &MapBy) -> Vec<Field> {
    let mut keys = Vec::new();
    for end in [by.0.clone(), EndField::Namespace, EndField::Node] {
        for side in [Side::Source, Side::Destination] {
            let key = Field::End(side, end.clone());
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys.extend([Field::NetworkProtocol, Field::NetworkTransport]);
    keys
}

/// The columns of state, each needed one once, in the order in which the query first needs them. Where none of them tells
/// which of two reports missed less, one more does.
#[must_use]
pub fn states(kind: &QueryKind) -> Vec<State> {
    let wanted: Vec<State> = match kind {
        QueryKind::Signals { signals, .. } => signals.iter().flat_map(|signal| of_signal(*signal)).collect(),
        QueryKind::Heatmap { signal, .. } => of_heatmap(*signal),
        QueryKind::ServiceMap { .. } => of_map(),
        QueryKind::Table { aggregates, .. } => aggregates.iter().map(of_aggregate).collect(),
        QueryKind::Rows { .. } | QueryKind::Values { .. } => Vec::new(),
    };
    let mut states = Vec::with_capacity(wanted.len());
    for state in wanted {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    if !states.is_empty() && !states.iter().any(State::tells_completeness) {
        states.push(completeness(kind, &states[0]));
    }
    states
}

/// How many values `state` is of.
fn completeness(kind: &QueryKind, state: &State) -> State {
    match kind {
        QueryKind::Table { .. } => State { quantity: Quantity::Rows, merging: Merging::Count },
        _ => State { quantity: state.quantity.clone(), merging: Merging::Average },
    }
}

/// The place of the state by which groups are ranked where there must be fewer: of the first signal (a ratio by what it is a
/// share of), of what a table is ordered by (the largest first), else the first.
#[must_use]
pub fn rank(kind: &QueryKind) -> Option<usize> {
    let states = states(kind);
    let place = |state: &State| states.iter().position(|planned| planned == state);
    match kind {
        QueryKind::Signals { signals, .. } => place(of_signal(*signals.first()?).last()?),
        QueryKind::Table { aggregates, order_by, .. } => {
            let ordered = order_by.first().filter(|order| order.descending);
            let by = ordered.and_then(|order| aggregates.iter().find(|aggregate| aggregate.text == order.column));
            place(&of_aggregate(by.or(aggregates.first())?))
        }
        _ => (!states.is_empty()).then_some(0),
    }
}

/// The states that one signal is finished from; a ratio's numerator comes first.
#[must_use]
pub fn of_signal(signal: Signal) -> Vec<State> {
    match signal.recipe() {
        Recipe::Rate(measure) | Recipe::Gauge(measure) => vec![State::of(measure, Merging::Count)],
        Recipe::Ratio(part, whole) => vec![State::of(part, Merging::Count), State::of(whole, Merging::Count)],
        Recipe::Quantile(measure, _) => vec![State::of(measure, Merging::Quantiles)],
        Recipe::Average(measure) => vec![State::of(measure, Merging::Average)],
        Recipe::Max(measure) => vec![State::of(measure, Merging::Max)],
    }
}

/// The spread of the signal's values.
fn of_heatmap(signal: Signal) -> Vec<State> {
    vec![State::of(signal.recipe().numerator(), Merging::Quantiles)]
}

/// What [`Golden`](crate::table::Golden) is made from.
fn of_map() -> Vec<State> {
    vec![
        State::of(Measure::Exchanges, Merging::Count),
        State::of(Measure::Errors, Merging::Count),
        State::of(Measure::Latency, Merging::Quantiles),
        State::of(Measure::BytesSent, Merging::Count),
        State::of(Measure::BytesReceived, Merging::Count),
        State::of(Measure::Connects, Merging::Count),
        State::of(Measure::ConnectFailures, Merging::Count),
        State::of(Measure::Retransmits, Merging::Count),
        State::of(Measure::Rtt, Merging::Quantiles),
    ]
}

/// The state behind one aggregate of a `table` query.
#[must_use]
pub fn of_aggregate(aggregate: &Aggregate) -> State {
    let quantity = aggregate.argument.clone().map_or(Quantity::Rows, Quantity::Field);
    let merging = match aggregate.function {
        Function::Count => Merging::Count,
        Function::Sum => Merging::Sum,
        Function::Min => Merging::Min,
        Function::Max => Merging::Max,
        Function::Average => Merging::Average,
        Function::Quantile(_) => Merging::Quantiles,
    };
    State { quantity, merging }
}
