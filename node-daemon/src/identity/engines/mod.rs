//! What containers are called, by the engines that run them.
//!
//! A look-up never waits: what is not known yet is asked for by tasks, one an engine, and is there at a later look-up. Docker
//! tells of a container when it is made, before its first process runs. Engines are asked by reading calls only.

mod asker;
mod cri;
mod dial;
mod docker_api;
mod error;
mod place;
mod shared;

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, sync::mpsc, time::timeout};

pub(crate) use dial::Dialer;
pub(crate) use place::Place;
pub(crate) use shared::{EngineState, State};

use super::container::Container;
use crate::decode::KernelTime;
use asker::Asker;
use shared::Shared;

/// Containers that are to be asked for.
const WISHES: usize = 1_024;
/// Users whose engines are asked.
const USERS: usize = 32;

/// A container as its control group names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ContainerId {
    /// Whole.
    pub(super) id: String,
    /// Whose session it runs in, where that is a user's.
    pub(super) user: Option<u32>,
    /// Podman keeps it.
    pub(super) is_podman: bool,
}

/// Engines give 64 hexadecimal digits, and nothing else is put into a question.
fn is_asked_for(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What engines tell. Copies share it.
#[derive(Clone, Debug)]
pub struct Engines {
    shared: Arc<Shared>,
    wishes: mpsc::Sender<ContainerId>,
}

impl Engines {
    /// Starts to ask the engines at these places, and those that users have. Those who are there have told what runs when this
    /// returns, or `patience` is over.
    pub(crate) async fn start(places: Vec<Place>, dialer: Dialer, patience: Duration) -> Self {
        let shared = Arc::new(Shared::default());
        let (wishes, wished) = mpsc::channel(WISHES);
        let (first_looks, mut all_looked) = mpsc::channel(1);
        let mut router = Router {
            shared: Arc::clone(&shared),
            dialer,
            askers: Vec::new(),
            users: Vec::new(),
            runtime: Handle::current(),
        };
        for place in places {
            router.add(place, Some(first_looks.clone()));
        }
        drop(first_looks);
        tokio::spawn(router.run(wished));
        // Each drops its end when it has looked.
        let _ = timeout(patience, all_looked.recv()).await;
        Self { shared, wishes }
    }

    /// What is known of a container; asks for what is not.
    pub(super) fn container(&self, id: &ContainerId, now: KernelTime) -> Option<Arc<Container>> {
        if !is_asked_for(&id.id) {
            return None;
        }
        let (container, is_due) = self.shared.look_up(id, now);
        if is_due {
            // Where too many are asked for already, it is due again later.
            let _ = self.wishes.try_send(id.clone());
        }
        container
    }

    /// How it stands with each engine that is there.
    pub(crate) fn states(&self) -> Vec<EngineState> {
        self.shared.states()
    }
}

/// Hands what is asked for to those who may know.
struct Router {
    shared: Arc<Shared>,
    dialer: Dialer,
    askers: Vec<(Place, mpsc::Sender<ContainerId>)>,
    users: Vec<u32>,
    runtime: Handle,
}

impl Router {
    fn add(&mut self, place: Place, first_look: Option<mpsc::Sender<()>>) {
        let (wishes, wished) = mpsc::channel(WISHES);
        self.askers.push((place.clone(), wishes.clone()));
        let asker = Asker::new(place, self.dialer.clone(), Arc::clone(&self.shared), wishes.downgrade());
        self.runtime.spawn(asker.run(wished, first_look));
    }

    async fn run(mut self, mut wished: mpsc::Receiver<ContainerId>) {
        while let Some(id) = wished.recv().await {
            if let Some(user) = id.user
                && self.users.len() < USERS
                && !self.users.contains(&user)
            {
                self.users.push(user);
                Place::of_user(user).into_iter().for_each(|place| self.add(place, None));
            }
            for (_, asker) in self.askers.iter().filter(|(place, _)| place.takes(&id)) {
                // One that is too slow is asked for this again later.
                let _ = asker.try_send(id.clone());
            }
        }
    }
}

/// What a place answers when it is asked once: how many containers run, or why it does not say.
pub(crate) async fn look(place: &Place, dialer: &Dialer) -> State {
    asker::look(place, dialer).await
}

#[cfg(test)]
mod tests;
