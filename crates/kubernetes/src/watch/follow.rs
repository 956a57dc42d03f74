//! Follows one kind of object for as long as the daemon lives.

use std::{fmt::Debug, hash::BuildHasher, pin::pin, time::Duration};

use futures::{Stream, StreamExt};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::ListParams,
    runtime::watcher::{self, DefaultBackoff, Event},
};
use rustc_hash::FxBuildHasher;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Config, Progress, clock, failure};
use crate::{
    Directory,
    directory::{Known, Listing},
};

/// A watch that was resumed after a failure works again once it has gone on for this long without another one: the client
/// does not tell that a watch is open.
const CALM: Duration = Duration::from_secs(3);
/// Pause after a failure where the client's own series of pauses has ended, which it never does.
const PAUSE: Duration = Duration::from_secs(30);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    relist: Duration,
    patience: Duration,
}

impl Pace {
    /// Nodes do not list all at once: each has its own share of the time more or less, by its name.
    pub(super) fn new(config: &Config) -> Self {
        const PARTS: u64 = 1_024;
        let part = FxBuildHasher.hash_one(&config.node_name) % PARTS;
        let spread = 0.75 + 0.5 * part as f64 / PARTS as f64;
        Self { relist: config.relist.mul_f64(spread), patience: config.patience }
    }
}

/// What a follower needs of a kind of object.
pub(super) trait Watched:
    Known + Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static
{
}

impl<K> Watched for K where K: Known + Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static {}

pub(super) struct Follower<K> {
    api: Api<K>,
    config: watcher::Config,
    pace: Pace,
    directory: Directory,
    resource: &'static str,
    backoff: DefaultBackoff,
    /// Ask the server to list by watching: it sends from its memory, an object at a time.
    streaming: bool,
    listing: Listing,
    /// The newest version seen since the last listing began.
    newest: u64,
}

/// How a watcher is doing.
#[derive(Clone, Copy, Debug)]
struct Phase {
    is_listing: bool,
    /// When to give up waiting for its next event.
    deadline: Instant,
    /// When all is listed anew.
    relist: Instant,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    ListAnew,
}

impl<K: Watched> Follower<K> {
    pub(super) fn new(client: &Client, config: watcher::Config, pace: Pace, directory: &Directory) -> Self {
        Self {
            api: Api::all(client.clone()),
            config,
            pace,
            directory: directory.clone(),
            resource: K::RESOURCE,
            backoff: DefaultBackoff::default(),
            streaming: true,
            listing: Listing::default(),
            newest: 0,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let config = self.config.clone();
            let config = if self.streaming { config.streaming_lists() } else { config };
            self.follow(pin!(watcher::watcher(self.api.clone(), config))).await;
        }
    }

    /// Until all is to be listed anew.
    async fn follow(&mut self, mut events: impl Stream<Item = watcher::Result<Event<K>>> + Unpin) {
        let now = Instant::now();
        let mut phase = Phase { is_listing: true, deadline: now + self.pace.patience, relist: now + self.pace.relist };
        loop {
            let next = match timeout_at(phase.deadline, events.next()).await {
                Ok(Some(Ok(event))) => self.take(event, &mut phase),
                Ok(Some(Err(error))) => self.recover(&error, &mut phase).await,
                Ok(None) => Next::ListAnew,
                Err(_) => self.waited(&mut phase).await,
            };
            if next == Next::ListAnew {
                return;
            }
        }
    }

    fn take(&mut self, event: Event<K>, phase: &mut Phase) -> Next {
        let now = clock::now();
        match event {
            Event::Init => {
                (phase.is_listing, phase.deadline) = (true, Instant::now() + self.pace.patience);
                (self.listing, self.newest) = (self.listing.next(), 0);
            }
            Event::InitApply(object) | Event::Apply(object) => {
                // A server that does not know lists by watching sends objects for ever, and never that these were all.
                if phase.is_listing && !self.streaming {
                    phase.deadline = Instant::now() + self.pace.patience;
                }
                self.see(&object);
                self.directory.change(|content| object.apply(content, self.listing, now));
            }
            Event::Delete(object) => {
                self.see(&object);
                self.directory.change(|content| object.delete(content, now));
            }
            Event::InitDone => {
                (phase.is_listing, phase.deadline) = (false, phase.relist);
                self.directory.change(|content| K::finish(content, self.listing, now));
                self.directory.report(self.resource, Progress::Current);
            }
        }
        Next::GoOn
    }

    fn see(&mut self, object: &K) {
        let version = object.resource_version().and_then(|version| version.parse().ok());
        self.newest = self.newest.max(version.unwrap_or(0));
    }

    /// Nothing came for as long as was to be waited.
    async fn waited(&mut self, phase: &mut Phase) -> Next {
        if phase.is_listing {
            self.directory.report(self.resource, failure::silent(self.pace.patience));
            self.streaming = false;
            self.pause().await;
            return Next::ListAnew;
        }
        if Instant::now() >= phase.relist {
            return Next::ListAnew;
        }
        phase.deadline = phase.relist;
        self.directory.report(self.resource, Progress::Current);
        Next::GoOn
    }

    async fn recover(&mut self, error: &watcher::Error, phase: &mut Phase) -> Next {
        if phase.is_listing && self.streaming && failure::refuses_streaming(error) {
            self.streaming = false;
            return Next::ListAnew;
        }
        if !failure::is_expiry(error) {
            self.directory.report(self.resource, failure::progress(error));
        }
        self.pause().await;
        if failure::is_expired_start(error) {
            return Next::ListAnew;
        }
        if phase.is_listing {
            phase.deadline = Instant::now() + self.pace.patience;
            return Next::GoOn;
        }
        self.resume(phase).await
    }

    /// Before a watch goes on after a failure: a server that was restored from an older state would take the version asked
    /// for as one of its future, and be silent until then.
    async fn resume(&mut self, phase: &mut Phase) -> Next {
        loop {
            let newest = ListParams::default().limit(1);
            match failure::within(self.pace.patience, self.api.list(&newest)).await {
                Ok(list) => {
                    let version = list.metadata.resource_version.and_then(|version| version.parse::<u64>().ok());
                    if version.is_some_and(|version| version < self.newest) {
                        return Next::ListAnew;
                    }
                    phase.deadline = phase.relist.min(Instant::now() + CALM);
                    return Next::GoOn;
                }
                Err(progress) => self.directory.report(self.resource, progress),
            }
            self.pause().await;
        }
    }

    async fn pause(&mut self) {
        sleep(self.backoff.next().unwrap_or(PAUSE)).await;
    }
}
