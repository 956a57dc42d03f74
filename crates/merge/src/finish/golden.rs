//! The golden signals of a node or an edge of the map.

use goldwire_answer::{
    coverage::Records,
    groups::{Quantiles, StateColumn},
    plan::Quantity,
    table::Golden,
};
use goldwire_model::signal::Measure;

use crate::{
    groups::{Merged, Plan},
    quantiles, states,
    steps::{Steps, Surplus},
};

/// State of one node or edge.
pub(crate) struct Total {
    /// In the order of the plan.
    states: Vec<StateColumn>,
    requests: Rated,
    bytes: Rated,
}

/// What a rate is made of.
struct Rated {
    /// Places of the states that count it.
    places: Vec<usize>,
    /// See [`Merged::surplus`].
    surplus: Surplus,
}

impl Rated {
    fn new(plan: &Plan, measures: &[Measure]) -> Self {
        Self {
            places: measures.iter().filter_map(|measure| place(plan, *measure)).collect(),
            surplus: Surplus::default(),
        }
    }

    fn add(&mut self, merged: &Merged, row: usize) {
        for place in &self.places {
            self.surplus += merged.surplus(*place, row);
        }
    }

    fn rate(&self, states: &[StateColumn], seconds: f64) -> f64 {
        let counted: u64 =
            self.places.iter().map(|place| states::count(&states[*place], 0)).fold(0, u64::saturating_add);
        (counted as f64 + self.surplus.value()) / seconds
    }
}

/// Seconds of the window that any node knows, of what rates are made of.
#[derive(Clone, Copy)]
pub(crate) struct Seconds {
    requests: f64,
    flows: f64,
}

impl Seconds {
    pub(crate) fn of(steps: &Steps) -> Self {
        // Where no node knows anything of the window, nothing was counted either.
        let seconds = |records| steps.observed_seconds(records, 0).unwrap_or(1.0);
        Self { requests: seconds(Records::Requests), flows: seconds(Records::Flows) }
    }
}

impl Total {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            states: plan.states.iter().map(|state| states::zeros(state, 1)).collect(),
            requests: Rated::new(plan, &[Measure::Exchanges]),
            bytes: Rated::new(plan, &[Measure::BytesSent, Measure::BytesReceived]),
        }
    }

    pub(crate) fn add(&mut self, merged: &Merged, row: usize) {
        for (into, from) in self.states.iter_mut().zip(&merged.states) {
            states::add(into, 0, from, row);
        }
        self.requests.add(merged, row);
        self.bytes.add(merged, row);
    }

    fn column(&self, plan: &Plan, measure: Measure) -> Option<&StateColumn> {
        self.states.get(place(plan, measure)?)
    }

    fn count(&self, plan: &Plan, measure: Measure) -> u64 {
        match self.column(plan, measure) {
            Some(StateColumn::Count(values)) => values[0],
            _ => 0,
        }
    }

    fn quantile(&self, plan: &Plan, measure: Measure, quantile: f64) -> Option<f64> {
        match self.column(plan, measure) {
            Some(StateColumn::Quantiles(values)) => {
                values.first().and_then(|of: &Quantiles| quantiles::quantile(of, quantile))
            }
            _ => None,
        }
    }

    pub(crate) fn finish(&self, plan: &Plan, seconds: Seconds) -> Golden {
        let requests = self.count(plan, Measure::Exchanges);
        let errors = self.count(plan, Measure::Errors);
        Golden {
            requests,
            request_rate: self.requests.rate(&self.states, seconds.requests),
            errors,
            error_ratio: (requests > 0).then(|| errors as f64 / requests as f64),
            latency_p50: self.quantile(plan, Measure::Latency, 0.50),
            latency_p95: self.quantile(plan, Measure::Latency, 0.95),
            latency_p99: self.quantile(plan, Measure::Latency, 0.99),
            bytes_sent: self.count(plan, Measure::BytesSent),
            bytes_received: self.count(plan, Measure::BytesReceived),
            byte_rate: self.bytes.rate(&self.states, seconds.flows),
            connections: self.count(plan, Measure::Connects),
            connect_failures: self.count(plan, Measure::ConnectFailures),
            retransmits: self.count(plan, Measure::Retransmits),
            rtt_p95: self.quantile(plan, Measure::Rtt, 0.95),
        }
    }
}

fn place(plan: &Plan, measure: Measure) -> Option<usize> {
    plan.states.iter().position(|state| state.quantity == Quantity::Measure(measure))
}
