//! The golden signals of a node or an edge of the map.

use goldwire_answer::{
    groups::{Quantiles, StateColumn},
    plan::Quantity,
    table::Golden,
};
use goldwire_model::signal::Measure;

use crate::{groups::Plan, quantiles, states};

/// State of one node or edge, in the order of the plan.
pub(crate) struct Total(Vec<StateColumn>);

impl Total {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self(plan.states.iter().map(|state| states::zeros(state, 1)).collect())
    }

    pub(crate) fn add(&mut self, states: &[StateColumn], row: usize) {
        for (into, from) in self.0.iter_mut().zip(states) {
            states::add(into, 0, from, row);
        }
    }

    fn column(&self, plan: &Plan, measure: Measure) -> Option<&StateColumn> {
        let place = plan.states.iter().position(|state| state.quantity == Quantity::Measure(measure))?;
        self.0.get(place)
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

    pub(crate) fn finish(&self, plan: &Plan, seconds: f64) -> Golden {
        let requests = self.count(plan, Measure::Exchanges);
        let errors = self.count(plan, Measure::Errors);
        Golden {
            requests,
            request_rate: requests as f64 / seconds,
            errors,
            error_ratio: (requests > 0).then(|| errors as f64 / requests as f64),
            latency_p50: self.quantile(plan, Measure::Latency, 0.50),
            latency_p95: self.quantile(plan, Measure::Latency, 0.95),
            latency_p99: self.quantile(plan, Measure::Latency, 0.99),
            bytes_sent: self.count(plan, Measure::BytesSent),
            bytes_received: self.count(plan, Measure::BytesReceived),
            connections: self.count(plan, Measure::Connects),
            connect_failures: self.count(plan, Measure::ConnectFailures),
            retransmits: self.count(plan, Measure::Retransmits),
            rtt_p95: self.quantile(plan, Measure::Rtt, 0.95),
        }
    }
}
