//! Names of containers, from the engines that run them.

use std::{io, time::Duration};

use tokio::runtime::Runtime;
use tracing::warn;

use crate::{
    command_line::arguments::{Containers, DaemonArguments},
    identity::engines::{Dialer, EngineState, Engines, Place, State},
};

/// Sockets that are open at the start are taken over in a moment, and had better find their names known by then.
const HEAD_START: Duration = Duration::from_secs(2);

/// What opens engines' sockets, to be had before rights are given up. Absent where engines are not wanted.
pub(super) fn dialer(arguments: &DaemonArguments) -> Option<Dialer> {
    if arguments.containers == Containers::Off {
        return None;
    }
    let without = |error: io::Error| warn!(%error, "going on without names of containers from their engines");
    Dialer::start().map_err(without).ok()
}

/// Asks the engines at the usual places, and those that were named.
pub(super) fn start(arguments: &DaemonArguments, dialer: Option<Dialer>, runtime: &Runtime) -> Option<Engines> {
    let places = Place::of_machine().into_iter().chain(arguments.container_engines.clone()).collect();
    Some(runtime.block_on(Engines::start(places, dialer?, HEAD_START)))
}

/// Which engines are asked, and which of them do not answer, as sentences.
pub(crate) fn notes(engines: &Engines) -> Vec<String> {
    engines.states().into_iter().filter_map(note).collect()
}

fn note(EngineState { place, state }: EngineState) -> Option<String> {
    match state {
        State::Absent => None,
        State::Answers { .. } => Some(format!("names of containers come from {place}")),
        State::Fails(reason) => Some(format!("names of containers do not come from {place}: {reason}")),
    }
}
