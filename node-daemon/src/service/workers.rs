//! The threads that queries run on: few, and less urgent than the one that reads the probes.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use tokio::sync::oneshot;
use tracing::warn;

/// As far as a thread may step back without stopping altogether when others want all of the machine.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// Hands work to the threads. Clones share them; they end with the last one.
#[derive(Clone)]
pub(super) struct Workers(Sender<Job>);

/// Work broke off: it panicked. The thread, and all that others share with it, goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BrokeOff;

impl Workers {
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        let (sender, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new().name(format!("query-{number}")).spawn(move || work(&jobs))?;
        }
        Ok(Self(sender))
    }

    /// Does the work when its turn has come. It is done to its end even where nobody waits for it any more.
    pub(super) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, BrokeOff> {
        let (done, wait) = oneshot::channel();
        let job = Box::new(move || {
            if let Ok(result) = catch_unwind(AssertUnwindSafe(job)) {
                // Nobody may wait any more.
                let _ = done.send(result);
            }
        });
        self.0.send(job).map_err(|_| BrokeOff)?;
        wait.await.map_err(|_| BrokeOff)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    step_back();
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

/// Makes this thread less urgent.
fn step_back() {
    let this_thread = 0;
    // SAFETY: takes numbers only. On Linux the priority is that of the calling thread.
    let failed = unsafe { libc::setpriority(libc::PRIO_PROCESS, this_thread, NICENESS) } != 0;
    if failed {
        warn!(error = %io::Error::last_os_error(), "failed to make a query thread less urgent");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_is_told_and_the_thread_goes_on() {
        let workers = Workers::start(1).expect("a thread");
        for number in 0..3 {
            let panics = workers.run(|| panic!("a fault in a query")).await;
            assert_eq!(panics, Err::<(), _>(BrokeOff));
            assert_eq!(workers.run(move || number).await, Ok(number));
        }
    }

    #[tokio::test]
    async fn threads_of_queries_are_less_urgent() {
        let workers = Workers::start(1).expect("a thread");
        // SAFETY: takes numbers only.
        let niceness = workers.run(|| unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }).await;
        assert!(niceness.is_ok_and(|niceness| niceness >= NICENESS), "{niceness:?}");
    }
}
