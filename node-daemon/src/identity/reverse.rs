//! Names of addresses from the reverse DNS: looked up by threads of their own, remembered here.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use goldwire_model::record::Text;
use lru::LruCache;
use rustc_hash::FxBuildHasher;

use crate::decode::KernelTime;

/// Addresses remembered, those without a name among them.
const CAPACITY: usize = 16_384;
/// How long an answer is believed, and how long one is waited for, before the address is asked for again.
const KEPT: u64 = 300 * 1_000_000_000;
/// Look-ups under way at a time.
const THREADS: usize = 4;
/// Questions that wait for a thread, and answers that wait for [`ReverseNames::sweep`].
const WAITING: usize = 256;

/// Names of addresses. Asked for a name, it answers at once with what it knows; what it does not know is looked up
/// meanwhile, and known from a later [`Self::sweep`] on.
#[derive(Debug)]
pub struct ReverseNames {
    now: KernelTime,
    known: LruCache<IpAddr, Known, FxBuildHasher>,
    questions: SyncSender<IpAddr>,
    answers: Receiver<Answer>,
}

#[derive(Debug)]
struct Known {
    /// Absent where there is none, and until the first answer.
    name: Option<Text>,
    /// From then on it is asked for again.
    due: KernelTime,
}

#[derive(Debug)]
struct Answer {
    address: IpAddr,
    name: Option<Text>,
}

/// The other end of [`ReverseNames`]: addresses to look up.
#[derive(Debug)]
pub(crate) struct Questions {
    waiting: Mutex<Receiver<IpAddr>>,
    answers: SyncSender<Answer>,
}

impl ReverseNames {
    /// Starts the threads, which ask the system's resolver. They end with this.
    ///
    /// # Errors
    ///
    /// Where a thread cannot be started.
    pub fn start(now: KernelTime) -> io::Result<Self> {
        Self::start_with(now, |address| dns_lookup::lookup_addr(&address).ok())
    }

    fn start_with<R>(now: KernelTime, resolve: R) -> io::Result<Self>
    where
        R: Fn(IpAddr) -> Option<String> + Clone + Send + 'static,
    {
        let (names, questions) = Self::with_questions(now);
        let questions = Arc::new(questions);
        for _ in 0..THREADS {
            let (questions, resolve) = (Arc::clone(&questions), resolve.clone());
            let work = move || while questions.answer_next(&resolve) {};
            thread::Builder::new().name("reverse-dns".to_owned()).spawn(work)?;
        }
        Ok(names)
    }

    /// Knows nothing yet; whoever has the questions answers them.
    pub(crate) fn with_questions(now: KernelTime) -> (Self, Questions) {
        let (questions, waiting) = sync_channel(WAITING);
        let (sender, answers) = sync_channel(WAITING);
        let known = LruCache::unbounded_with_hasher(FxBuildHasher);
        (Self { now, known, questions, answers }, Questions { waiting: Mutex::new(waiting), answers: sender })
    }

    /// The name of an address as far as it is known. Never waits: where too many questions wait already, this one is
    /// dropped, and comes again with the next call.
    pub fn name(&mut self, address: IpAddr) -> Option<Text> {
        if let Some(known) = self.known.get_mut(&address) {
            if self.now >= known.due && self.questions.try_send(address).is_ok() {
                known.due = due(self.now);
            }
            return known.name.clone();
        }
        if may_have_name(address) && self.questions.try_send(address).is_ok() {
            self.remember(address, None);
        }
        None
    }

    /// Takes in what was answered since the last call.
    pub fn sweep(&mut self, now: KernelTime) {
        self.now = now;
        while let Ok(Answer { address, name }) = self.answers.try_recv() {
            self.remember(address, name);
        }
    }

    fn remember(&mut self, address: IpAddr, name: Option<Text>) {
        self.known.put(address, Known { name, due: due(self.now) });
        if self.known.len() > CAPACITY {
            self.known.pop_lru();
        }
    }
}

impl Questions {
    /// Waits for a question and answers it. False where nobody asks any more.
    pub(crate) fn answer_next(&self, resolve: impl FnOnce(IpAddr) -> Option<String>) -> bool {
        let Some(address) = self.next() else { return false };
        let name = resolve(address).and_then(|name| written(&name));
        self.answers.send(Answer { address, name }).is_ok()
    }

    /// The lock is given back before the look-up begins.
    fn next(&self) -> Option<IpAddr> {
        self.waiting.lock().ok()?.recv().ok()
    }
}

/// As the names are written that clients ask for: in lower case, without the dot of the root.
fn written(name: &str) -> Option<Text> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    (!name.is_empty()).then(|| name.into())
}

const fn due(now: KernelTime) -> KernelTime {
    KernelTime(now.0.saturating_add(KEPT))
}

/// Others mean something else on every network, or nobody in particular.
const fn may_have_name(address: IpAddr) -> bool {
    let is_for_one = !address.is_loopback() && !address.is_unspecified() && !address.is_multicast();
    let is_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    is_for_one && !is_local
}

#[cfg(test)]
mod tests;
