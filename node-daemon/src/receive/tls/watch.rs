//! The thread that looks for TLS libraries: once everywhere, then at each process that starts or speaks TLS.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use aya::{
    Ebpf,
    maps::{Array, MapData},
};
use lru::LruCache;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::search::Search;
use crate::{
    privileges::{self, Role},
    receive::{OpenError, cgroup::Cgroup},
};

/// Processes that wait to be looked at. Where more start at once, all processes are looked at instead.
const QUEUE: usize = 1024;
/// After a process started: its libraries are mapped by now, and those that it loads by itself at its start.
const AFTER_START: [Duration; 2] = [Duration::from_millis(40), Duration::from_millis(600)];
/// How often it is looked whether files are still used. Finds processes too that were missed.
const REVIEW: Duration = Duration::from_secs(60);
/// All processes are looked at because of a full queue so often at most.
const REVIEW_AGAIN: Duration = Duration::from_millis(500);
/// A process that speaks TLS, with whatever library, is looked at so often at most.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// So many processes are remembered as looked at.
const ASKED: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

/// What the thread is asked.
enum Request {
    /// A process runs a new program.
    Started(u32),
    /// A process speaks TLS.
    Speaks(u32),
    End,
}

/// The probes at TLS libraries, and the thread that attaches them. Dropping this ends it.
pub(in crate::receive) struct TlsProbes {
    finder: TlsFinder,
    thread: Option<thread::JoinHandle<()>>,
}

/// Asks for a look at processes. Asking costs no system call.
#[derive(Clone, Debug)]
pub struct TlsFinder {
    requests: SyncSender<Request>,
    /// The queue was full, so that some process was not asked for.
    overflowed: Arc<AtomicBool>,
    asked: Arc<Mutex<LruCache<u32, Instant>>>,
}

impl TlsProbes {
    /// Attaches to all that is there before it returns.
    pub(in crate::receive) fn start(
        object: Arc<Mutex<Ebpf>>,
        times: Array<MapData, u64>,
        cgroup: Arc<Cgroup>,
    ) -> Result<Self, OpenError> {
        allow_many_files();
        let (requests, received) = sync_channel(QUEUE);
        let (ready, is_ready) = sync_channel(1);
        let search = Search::new(object, times, cgroup);
        let overflowed = Arc::new(AtomicBool::new(false));
        let finding = Finding { search, due: VecDeque::new(), overflowed: overflowed.clone() };
        let thread = thread::Builder::new().name("goldwire-tls".into());
        let thread = thread.spawn(move || finding.run(&received, &ready)).map_err(OpenError::Thread)?;
        let _ = is_ready.recv();
        let asked = Arc::new(Mutex::new(LruCache::new(ASKED)));
        Ok(Self { finder: TlsFinder { requests, overflowed, asked }, thread: Some(thread) })
    }

    /// A process runs a new program.
    pub(in crate::receive) fn started(&self, pid: u32) {
        self.finder.ask(Request::Started(pid));
    }

    pub(in crate::receive) fn finder(&self) -> TlsFinder {
        self.finder.clone()
    }
}

impl Drop for TlsProbes {
    fn drop(&mut self) {
        let _ = self.finder.requests.send(Request::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl TlsFinder {
    /// A process was seen to speak TLS: its library may not have been found yet.
    pub fn speaks_tls(&self, pid: u32) {
        let Ok(mut asked) = self.asked.lock() else { return };
        if asked.get(&pid).is_some_and(|before| before.elapsed() < ASK_AGAIN) {
            return;
        }
        asked.put(pid, Instant::now());
        self.ask(Request::Speaks(pid));
    }

    fn ask(&self, request: Request) {
        if self.requests.try_send(request).is_err() {
            self.overflowed.store(true, Ordering::Relaxed);
        }
    }
}

/// Each probe takes a descriptor, and some hundred files may be watched.
fn allow_many_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE)
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, most, most)
    {
        tracing::warn!(%error, "failed to raise the limit of open files");
    }
}

/// What the thread works with.
struct Finding {
    search: Search,
    /// Processes to look at again, and when.
    due: VecDeque<(Instant, u32)>,
    overflowed: Arc<AtomicBool>,
}

impl Finding {
    fn run(mut self, requests: &Receiver<Request>, ready: &SyncSender<()>) {
        privileges::confine_or_warn(Role::Libraries);
        self.search.look_everywhere();
        let _ = ready.send(());
        let (mut looked, mut reviewed) = (Instant::now(), Instant::now());
        loop {
            let next_review =
                (reviewed + REVIEW).min(looked + if self.has_overflowed() { REVIEW_AGAIN } else { REVIEW });
            let next = self.due.iter().map(|(time, _)| *time).fold(next_review, Instant::min);
            match requests.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Request::Started(pid)) => self.started(pid),
                Ok(Request::Speaks(pid)) => self.search.look_at_process(pid),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Request::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
            self.look_at_due(Instant::now());
            let now = Instant::now();
            if now >= next_review {
                looked = now;
                self.overflowed.store(false, Ordering::Relaxed);
                self.search.look_everywhere();
            }
            if now >= reviewed + REVIEW {
                reviewed = now;
                self.search.look_for_unused();
            }
        }
    }

    fn has_overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Relaxed)
    }

    fn started(&mut self, pid: u32) {
        self.search.look_at_program(pid);
        if self.due.len() < 2 * QUEUE {
            self.due.extend(AFTER_START.map(|pause| (Instant::now() + pause, pid)));
        } else {
            self.overflowed.store(true, Ordering::Relaxed);
        }
    }

    fn look_at_due(&mut self, now: Instant) {
        let search = &mut self.search;
        self.due.retain(|(time, pid)| {
            let waits = *time > now;
            if !waits {
                search.look_at_process(*pid);
            }
            waits
        });
    }
}
