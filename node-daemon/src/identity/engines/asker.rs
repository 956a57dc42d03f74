//! The task that asks one engine.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::{Receiver, Sender, WeakSender},
    task::{JoinHandle, spawn},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tracing::{info, warn};

use super::{
    ContainerId,
    cri::Cri,
    dial::Dialer,
    docker_api::DockerApi,
    error::AskError,
    place::{Kind, Place},
    shared::{Shared, State},
};
use crate::identity::container::Container;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether an engine that was not there is there now.
const LOOK: Duration = Duration::from_secs(5);
/// Pause after an attempt that failed, for those who need it at once.
const PAUSE: Duration = Duration::from_secs(1);
/// Pause where whoever listens can't answer at all.
const LONG_PAUSE: Duration = Duration::from_secs(60);

/// Asks one engine, over one connection, and a second one on which Docker tells of new containers.
pub(super) struct Asker {
    place: Place,
    dialer: Dialer,
    shared: Arc<Shared>,
    /// The own queue, which new containers are put into.
    wishes: WeakSender<ContainerId>,
    session: Option<Session>,
    events: Option<JoinHandle<()>>,
    not_before: Instant,
    state: State,
}

/// A connection.
enum Session {
    Docker(DockerApi),
    Cri(Cri),
}

impl Session {
    async fn open(place: &Place, dialer: &Dialer) -> Result<Self, AskError> {
        Ok(match place.kind {
            Kind::Docker | Kind::Podman => Self::Docker(DockerApi::open(dialer.connect(&place.path).await?).await?),
            Kind::Cri => Self::Cri(Cri::open(place, dialer).await?),
        })
    }

    async fn all(&mut self) -> Result<Vec<(String, Container)>, AskError> {
        match self {
            Self::Docker(api) => api.all().await,
            Self::Cri(api) => api.all().await,
        }
    }

    async fn one(&mut self, id: &str) -> Result<Option<Container>, AskError> {
        match self {
            Self::Docker(api) => api.one(id).await,
            Self::Cri(api) => api.one(id).await,
        }
    }
}

/// Asks once.
pub(super) async fn look(place: &Place, dialer: &Dialer) -> State {
    let asked = async { patient(Session::open(place, dialer)).await?.all().await };
    match patient(asked).await {
        Ok(all) => State::Answers { containers: all.len() },
        Err(error) => state_of(&error),
    }
}

impl Asker {
    pub(super) fn new(place: Place, dialer: Dialer, shared: Arc<Shared>, wishes: WeakSender<ContainerId>) -> Self {
        let not_before = Instant::now();
        Self { place, dialer, shared, wishes, session: None, events: None, not_before, state: State::Absent }
    }

    /// Until nobody can ask for anything any more. `first_look` is dropped after the first attempt.
    pub(super) async fn run(mut self, mut wished: Receiver<ContainerId>, mut first_look: Option<Sender<()>>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                wish = wished.recv() => match wish {
                    Some(id) => self.fulfil(&id).await,
                    None => break,
                },
                _ = looks.tick() => {
                    if self.place.is_eager() || self.events.is_some() {
                        self.keep_up().await;
                    }
                    first_look = None;
                }
            }
        }
        drop(first_look);
        if let Some(events) = self.events {
            events.abort();
        }
    }

    /// A connection, and the stream of events, where they can be had. What runs is asked for whenever events begin anew.
    async fn keep_up(&mut self) {
        let hears = self.place.kind == Kind::Cri || self.events.as_ref().is_some_and(|events| !events.is_finished());
        if (self.session.is_some() && hears) || Instant::now() < self.not_before {
            return;
        }
        let opened = async {
            self.listen().await?;
            let mut session = Session::open(&self.place, &self.dialer).await?;
            let all = session.all().await?;
            Ok((session, all))
        };
        match patient(opened).await {
            Ok((session, all)) => {
                self.session = Some(session);
                self.enter(State::Answers { containers: all.len() });
                all.into_iter().for_each(|(id, container)| self.shared.tell(self.place.id(&id), container));
            }
            Err(error) => self.fail(&error, PAUSE),
        }
    }

    /// New containers are put into the own queue.
    async fn listen(&mut self) -> Result<(), AskError> {
        if self.place.kind == Kind::Cri {
            return Ok(());
        }
        let mut api = DockerApi::open(self.dialer.connect(&self.place.path).await?).await?;
        let (place, wishes) = (self.place.clone(), self.wishes.clone());
        let events = spawn(async move {
            let visit = |id: &str| {
                let Some(wishes) = wishes.upgrade() else { return false };
                // What finds no room is asked for when it is seen.
                let _ = wishes.try_send(place.id(id));
                true
            };
            // That it ended is seen at the next look.
            let _ = api.watch(visit).await;
        });
        if let Some(before) = self.events.replace(events) {
            before.abort();
        }
        Ok(())
    }

    /// Asks for one container. A connection may have died of a restart since it was used, so that a second one is tried.
    async fn fulfil(&mut self, id: &ContainerId) {
        loop {
            let was_open = self.session.is_some();
            if !was_open {
                self.keep_up().await;
            }
            let Some(session) = &mut self.session else { return };
            match patient(session.one(&id.id)).await {
                Ok(found) => {
                    if let Some(container) = found {
                        self.shared.tell(id.clone(), container);
                    }
                    return;
                }
                Err(error) => {
                    self.session = None;
                    let is_slow = matches!(error, AskError::Slow);
                    self.fail(&error, if was_open && !is_slow { Duration::ZERO } else { PAUSE });
                    if !was_open || is_slow {
                        return;
                    }
                }
            }
        }
    }

    fn fail(&mut self, error: &AskError, pause: Duration) {
        let pause = if error.is_other_language() { LONG_PAUSE } else { pause };
        self.not_before = Instant::now() + pause;
        self.enter(state_of(error));
    }

    fn enter(&mut self, state: State) {
        if std::mem::discriminant(&state) != std::mem::discriminant(&self.state) {
            match &state {
                State::Answers { containers } => info!(engine = %self.place, containers, "names of containers"),
                State::Fails(reason) => warn!(engine = %self.place, reason, "failed to ask for names of containers"),
                State::Absent => info!(engine = %self.place, "no names of containers any more: nobody listens"),
            }
        }
        self.shared.set_state(&self.place, state.clone());
        self.state = state;
    }
}

fn state_of(error: &AskError) -> State {
    if error.is_absence() {
        State::Absent
    } else if error.is_other_language() {
        State::Fails("whoever listens there does not speak runtime.v1 of the CRI".to_owned())
    } else {
        State::Fails(error.to_string())
    }
}

async fn patient<T>(asked: impl Future<Output = Result<T, AskError>>) -> Result<T, AskError> {
    timeout(PATIENCE, asked).await.map_err(|_| AskError::Slow)?
}
