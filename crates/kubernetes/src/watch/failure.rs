//! What an error of the client means for a follower.

use std::{error::Error, time::Duration};

use kube::{Error as ClientError, runtime::watcher};
use tokio::time::timeout;

use super::Progress;

const BAD_REQUEST: u16 = 400;
const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;
const GONE: u16 = 410;
const INVALID: u16 = 422;

/// The server no longer has the history that the watch was to go on from. The watcher knows that of a watch that runs, but
/// would ask for ever where it can't begin.
pub(super) fn is_expired_start(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchStartFailed(error) if code(error) == Some(GONE))
}

/// The server does not list by watching.
pub(super) fn refuses_streaming(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchStartFailed(error) if matches!(code(error), Some(BAD_REQUEST | INVALID)))
}

/// A part of the daily life of a watch: it starts anew by itself.
pub(super) fn is_expiry(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::WatchError(status) => status.code == GONE,
        watcher::Error::InitialListFailed(error) => code(error) == Some(GONE),
        other => is_expired_start(other),
    }
}

pub(super) fn progress(error: &watcher::Error) -> Progress {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => client_progress(error),
        watcher::Error::WatchError(status) => failing(status.message.clone(), Some(status.code)),
        watcher::Error::NoResourceVersion => failing(error.to_string(), None),
    }
}

fn client_progress(error: &ClientError) -> Progress {
    match error {
        ClientError::Api(status) => failing(status.message.clone(), Some(status.code)),
        other => failing(with_causes(other), None),
    }
}

/// The answer, where it comes in time.
pub(super) async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, Progress> {
    match timeout(patience, answer).await {
        Ok(answer) => answer.map_err(|error| client_progress(&error)),
        Err(_) => Err(silent(patience)),
    }
}

pub(super) fn silent(patience: Duration) -> Progress {
    failing(format!("no complete answer within {} s", patience.as_secs_f32()), None)
}

fn failing(reason: String, code: Option<u16>) -> Progress {
    Progress::Failing { reason, denied: matches!(code, Some(UNAUTHORIZED | FORBIDDEN)) }
}

fn code(error: &ClientError) -> Option<u16> {
    match error {
        ClientError::Api(status) => Some(status.code),
        _ => None,
    }
}

/// The client's own texts say little: what happened is at the bottom.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
