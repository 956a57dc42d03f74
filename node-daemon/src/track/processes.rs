//! Processes that begin and end.

use goldwire_model::record::{ProcessEvent, ProcessRecord, Record};

use crate::{
    decode::{ProcessExecuted, ProcessExited},
    identity::{Identity, IdentityLookup},
};

use super::{outlets::Outlets, tracker::Tracker};

impl<I: IdentityLookup> Tracker<I> {
    pub(super) fn executed(&mut self, event: &ProcessExecuted<'_>, out: &mut Outlets<'_>) {
        let identity = self.identity.executed(event);
        let record = ProcessRecord {
            time: self.wall(event.time),
            parent: event.parent,
            ..record(&identity, ProcessEvent::Exec, None)
        };
        out.records.record(Record::Process(record));
    }

    /// A process that was never seen leaves no record: nothing could be said of it but a number.
    pub(super) fn exited(&mut self, event: &ProcessExited, out: &mut Outlets<'_>) {
        let Some(identity) = self.identity.exited(event.pid, event.time) else { return };
        let record =
            ProcessRecord { time: self.wall(event.time), ..record(&identity, ProcessEvent::Exit, Some(event.status)) };
        out.records.record(Record::Process(record));
    }
}

fn record(identity: &Identity, event: ProcessEvent, exit_code: Option<i32>) -> ProcessRecord {
    ProcessRecord {
        time: goldwire_model::time::Timestamp::default(),
        event,
        pid: identity.pid,
        parent: identity.parent,
        process: identity.process.clone(),
        executable: identity.executable.clone(),
        workload: Some(identity.workload.clone()),
        container: identity.container.clone(),
        ancestry: identity.ancestry.clone(),
        exit_code,
    }
}
