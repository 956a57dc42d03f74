//! A demo that runs, as one value. Each part is a guard that undoes what it did.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use super::{
    Options, PLAN, credentials,
    credentials::Credentials,
    observers,
    place::{Place, Turn},
    running::Running,
    say,
    signals::Signals,
    summary,
    summary::KernelCounts,
    system::System,
};
use crate::nodes::Cluster;

/// By then the daemons have taken in what the programs did last.
const LAST_REPORTS_WITHIN: Duration = Duration::from_secs(3);

/// Three nodes with the shop, its traffic, a daemon each, and the plugin behind the workbench. Dropping it ends it all,
/// in the order of these fields.
#[derive(Debug)]
pub struct Demo {
    workbench: Running,
    daemons: Vec<Running>,
    system: System,
    page: String,
    began: SystemTime,
    counted_before: KernelCounts,
    credentials: Credentials,
    // Keeps the folder.
    _place: Place,
    cluster: Cluster,
    _farewell: Farewell,
    // Last, so that the next demo finds nothing of this one.
    _turn: Turn,
}

impl Demo {
    /// Starts it and says each step. Fails where another demo runs on this machine, and where anything does not start;
    /// what had been started until then is gone by the time the error comes back.
    pub fn start(options: &Options, signals: &Signals) -> anyhow::Result<Self> {
        options.built.check()?;
        let turn = Turn::take()?;
        let farewell = Farewell;
        say("making three nodes: network namespaces gw-demo-a, -b and -c on a bridge, and their control groups");
        let cluster = Cluster::create(&PLAN)?;
        let place = Place::create()?;
        say("starting the shop: nginx, redis, a DNS server, and five services of our own");
        let mut system = System::start(&cluster, &options.built, &place, signals)?;
        say("starting a daemon on each node, with TLS and a token");
        let (credentials, files) = credentials::create(&place, cluster.nodes())?;
        let daemons = observers::start_daemons(&cluster, &options.built, (&credentials, &files), &place, signals)?;
        say("starting the plugin behind the workbench");
        let (workbench, page) =
            observers::start_workbench(&cluster, &options.built, &credentials, options.listen, &place, signals)?;
        let (began, counted_before) = (SystemTime::now(), KernelCounts::read(&cluster)?);
        system.start_traffic(&cluster, &place)?;
        Ok(Self {
            workbench,
            daemons,
            system,
            page,
            began,
            counted_before,
            credentials,
            _place: place,
            cluster,
            _farewell: farewell,
            _turn: turn,
        })
    }

    /// Fails where a program that should run has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        let observers = self.daemons.iter_mut().chain([&mut self.workbench]);
        self.system.running().chain(observers).try_for_each(Running::check)
    }

    /// The workbench's address, such as `http://127.0.0.1:3300/`.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Addresses of the daemons as clients write them, such as `https://10.77.0.1:4270`.
    pub fn nodes(&self) -> Vec<String> {
        self.cluster.nodes().iter().map(observers::node_url).collect()
    }

    /// The daemons' logs, in the order of [`Demo::nodes`].
    pub fn logs(&self) -> Vec<&Path> {
        self.daemons.iter().map(Running::log).collect()
    }

    /// Certificate (PEM) of the authority that certified the daemons.
    pub fn authority_file(&self) -> &Path {
        &self.credentials.authority_file
    }

    /// File with the token that the daemons ask for.
    pub fn token_file(&self) -> &Path {
        &self.credentials.token_file
    }

    /// Ends one node's daemon, as an outage would; which, is its place in [`Demo::nodes`].
    pub fn stop_daemon(&mut self, number: usize) -> anyhow::Result<()> {
        self.daemons.get_mut(number).map_or(Ok(()), Running::stop)?;
        Ok(())
    }

    /// Ends the shop, prints what its programs counted beside what Goldwire did, and fails where the two differ.
    pub fn compare(&mut self, signals: &Signals) -> anyhow::Result<()> {
        let books = self.system.close_books()?;
        signals.sleep(LAST_REPORTS_WITHIN)?;
        let kernel = KernelCounts::read(&self.cluster)?.since(self.counted_before);
        summary::print(&self.page, self.began, &books, &kernel)
    }
}

/// Speaks when all guards before it have done their work.
#[derive(Debug)]
struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        say("everything it made is gone again");
    }
}
