//! Live queries: rows as they are appended, until the client goes.

use std::time::Duration;

use futures::stream;
use goldwire_answer::rows::Rows;
use goldwire_history::{Follow, History, LiveRows};
use goldwire_model::query::{Portion, Query};
use goldwire_protocol::{encode, live::LiveMetadata};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::Status;

/// How often is looked for new rows.
const INTERVAL: Duration = Duration::from_millis(200);

/// Begins with a message without rows, which tells the columns. Nothing is queued for a client that does not read: it is
/// the client's reading that makes the next look.
pub(super) fn rows(history: &History, query: &Query) -> Result<encode::Messages, Status> {
    let mut query = query.clone();
    if !query.partial {
        // Nobody else is asked.
        query.portion = Portion { alone: true, ..query.portion };
    }
    let follow = history
        .follow(&query)
        .ok_or_else(|| Status::invalid_argument("only flows, requests, drops and processes can be followed live"))?;
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let state = Live { follow, ticks, is_first: true };
    Ok(encode::live(stream::unfold(state, |mut live| async move {
        let rows = live.next().await;
        Some((rows, live))
    })))
}

struct Live {
    follow: Follow,
    ticks: Interval,
    is_first: bool,
}

impl Live {
    async fn next(&mut self) -> (Rows, LiveMetadata) {
        if std::mem::take(&mut self.is_first) {
            return message(self.follow.empty());
        }
        loop {
            if !self.follow.has_more() {
                self.ticks.tick().await;
            }
            if let Some(rows) = self.follow.look() {
                return message(rows);
            }
        }
    }
}

fn message(LiveRows { rows, gone, mark }: LiveRows) -> (Rows, LiveMetadata) {
    let after = Some(mark.to_string());
    let metadata = LiveMetadata { cut: rows.cut, doubtful: rows.doubtful, gone, after };
    (rows, metadata)
}
