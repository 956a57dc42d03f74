//! What was told, and how it stands with those who tell: shared by the look-ups and the tasks that ask.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use rustc_hash::FxBuildHasher;

use super::{ContainerId, place::Place};
use crate::{decode::KernelTime, identity::container::Container};

/// Containers remembered, those that nobody knows among them.
const CAPACITY: usize = 8_192;
const SECOND: u64 = 1_000_000_000;
/// What nobody knew is asked for again after a second, then after twice as long each time, up to this.
const LONGEST_PAUSE: u64 = 64 * SECOND;

/// How it stands with an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody listens there.
    Absent,
    /// It answers; so many containers ran when it was asked for all.
    Answers {
        /// Running containers.
        containers: usize,
    },
    /// It does not answer.
    Fails(String),
}

/// An engine and how it stands with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineState {
    pub(crate) place: Place,
    pub(crate) state: State,
}

#[derive(Debug)]
struct Entry {
    container: Option<Arc<Container>>,
    /// Up to when nobody is asked again.
    asked_until: KernelTime,
    pause: u64,
}

#[derive(Debug)]
pub(super) struct Shared {
    /// Ids are never used again, so that what was told of one stays true of it when it has ended.
    known: Mutex<LruCache<ContainerId, Entry, FxBuildHasher>>,
    states: Mutex<Vec<EngineState>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { known: Mutex::new(LruCache::unbounded_with_hasher(FxBuildHasher)), states: Mutex::default() }
    }
}

impl Shared {
    /// What is known, and whether it is time to ask.
    pub(super) fn look_up(&self, id: &ContainerId, now: KernelTime) -> (Option<Arc<Container>>, bool) {
        let mut known = lock(&self.known);
        let Some(entry) = known.get_mut(id) else {
            let entry = Entry { container: None, asked_until: KernelTime(now.0 + SECOND), pause: SECOND };
            put(&mut known, id.clone(), entry);
            return (None, true);
        };
        let is_due = entry.container.is_none() && now >= entry.asked_until;
        if is_due {
            entry.pause = (entry.pause * 2).min(LONGEST_PAUSE);
            entry.asked_until = KernelTime(now.0 + entry.pause);
        }
        (entry.container.clone(), is_due)
    }

    /// An engine told of a container.
    pub(super) fn tell(&self, id: ContainerId, container: Container) {
        let entry = Entry { container: Some(Arc::new(container)), asked_until: KernelTime(0), pause: SECOND };
        put(&mut lock(&self.known), id, entry);
    }

    pub(super) fn states(&self) -> Vec<EngineState> {
        lock(&self.states).clone()
    }

    pub(super) fn set_state(&self, place: &Place, state: State) {
        let mut states = lock(&self.states);
        match states.iter_mut().find(|known| known.place == *place) {
            Some(known) => known.state = state,
            None => states.push(EngineState { place: place.clone(), state }),
        }
    }
}

fn put(known: &mut LruCache<ContainerId, Entry, FxBuildHasher>, id: ContainerId, entry: Entry) {
    known.put(id, entry);
    if known.len() > CAPACITY {
        known.pop_lru();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> ContainerId {
        ContainerId { id: format!("{number:064}"), user: None, is_podman: false }
    }

    #[test]
    fn what_nobody_knows_is_asked_for_ever_more_rarely() {
        let shared = Shared::default();
        let asked = |seconds: u64| shared.look_up(&id(1), KernelTime(seconds * SECOND)).1;
        let times: Vec<u64> = (0..200).filter(|seconds| asked(*seconds)).collect();
        assert_eq!(times, [0, 1, 3, 7, 15, 31, 63, 127, 191]);
        shared.tell(id(1), Container::new("web", "", []));
        let (container, is_due) = shared.look_up(&id(1), KernelTime(1_000 * SECOND));
        assert_eq!(container.and_then(|container| container.name.clone()).as_deref(), Some("web"));
        assert!(!is_due);
    }

    #[test]
    fn a_container_of_a_user_is_another() {
        let shared = Shared::default();
        shared.tell(ContainerId { user: Some(1000), ..id(1) }, Container::new("false", "", []));
        assert_eq!(shared.look_up(&id(1), KernelTime(0)).0, None);
    }

    #[test]
    fn memory_is_bounded() {
        let shared = Shared::default();
        (0..2 * CAPACITY).for_each(|number| drop(shared.look_up(&id(number), KernelTime(0))));
        assert_eq!(lock(&shared.known).len(), CAPACITY);
    }
}
