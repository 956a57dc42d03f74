//! Processes that begin and end.

use goldwire_model::{
    record::{ProcessEvent, ProcessRecord, Record},
    time::Timestamp,
};

use crate::{
    decode::{BootTime, KernelTime, ProcessExecuted, ProcessExited},
    identity::{Identity, IdentityLookup},
};

use super::{outlets::Outlets, tracker::Tracker};

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn executed(&mut self, event: &ProcessExecuted<'_>, out: &mut Outlets<'_>) {
        let identity = self.identity.executed(event);
        let record = ProcessRecord {
            time: self.wall(event.time),
            start: self.since_boot(event.started),
            parent: event.parent,
            ..record(&identity, ProcessEvent::Exec, None)
        };
        out.records.record(Record::Process(record));
    }

    /// A process that was never seen leaves no record: nothing could be said of it but a number.
    pub(super) fn exited(&mut self, event: &ProcessExited, out: &mut Outlets<'_>) {
        let Some(identity) = self.identity.exited(event) else { return };
        let record = ProcessRecord {
            time: self.wall(event.time),
            start: self.since_boot(event.started),
            ..record(&identity, ProcessEvent::Exit, Some(event.status))
        };
        out.records.record(Record::Process(record));
    }

    /// Those that were noticed only now, so that whoever is named on a record can be looked up, and its parents as well.
    pub(super) fn newly_seen(&mut self, now: KernelTime, out: &mut Outlets<'_>) {
        for (identity, started) in self.identity.newly_seen(now) {
            let record = ProcessRecord {
                time: self.wall(now),
                start: self.since_boot(started),
                ..record(&identity, ProcessEvent::Seen, None)
            };
            out.records.record(Record::Process(record));
        }
    }

    fn since_boot(&self, time: Option<BootTime>) -> Option<Timestamp> {
        time.map(|time| self.shared.anchor.wall_since_boot(time))
    }
}

fn record(identity: &Identity, event: ProcessEvent, exit_code: Option<i32>) -> ProcessRecord {
    ProcessRecord {
        time: Timestamp::default(),
        event,
        pid: identity.pid,
        parent: identity.parent,
        process: identity.process.clone(),
        executable: identity.executable.clone(),
        arguments: identity.arguments.clone(),
        user: identity.user.clone(),
        start: None,
        workload: Some(identity.workload.clone()),
        container: identity.container.clone(),
        ancestry: identity.ancestry.clone(),
        exit_code,
    }
}
