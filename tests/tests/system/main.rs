//! The whole system, asked as Grafana asks it: three nodes with real programs, a real daemon each, and the plugin.
//!
//! One demo serves all of these tests, in their order, so they have a `main` of their own that starts it before the
//! first and removes it after the last.

mod answers;
mod outages;
mod refusals;

use std::{
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use anyhow::Result;
use goldwire_tests::system::System;
use libtest_mimic::{Arguments, Failed, Trial};

/// A test by its name.
type Test = (&'static str, fn(&mut System) -> Result<()>);

/// Names each test by its function.
macro_rules! tests {
    ($($test:ident),* $(,)?) => {
        pub(crate) const TESTS: &[crate::Test] = &[$((stringify!($test), $test)),*];
    };
}
pub(crate) use tests;

/// Started by the first test that runs; where it does not start, why.
static SYSTEM: Mutex<Option<Result<System, String>>> = Mutex::new(None);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share one demo, and the last ones break it. Its programs end with the thread that started them: this one.
    arguments.test_threads = Some(1);
    let tests = [answers::TESTS, refusals::TESTS, outages::TESTS].concat();
    let trials = tests.into_iter().map(|(name, test)| Trial::test(name, move || run(test))).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(SYSTEM.lock().unwrap_or_else(PoisonError::into_inner).take());
    conclusion.exit_code()
}

fn run(test: fn(&mut System) -> Result<()>) -> Result<(), Failed> {
    let mut slot = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    let system = slot.get_or_insert_with(|| System::start().map_err(|error| format!("{error:#}")));
    let system = system.as_mut().map_err(|why| format!("the demo did not start: {why}"))?;
    test(system).and_then(|()| system.unharmed()).map_err(|error| format!("{error:#}").into())
}
