//! Why an engine did not answer.

use std::io;

use thiserror::Error;

/// Fit to follow "failed to ask".
#[derive(Debug, Error)]
pub(super) enum AskError {
    #[error("{0}")]
    Unreachable(#[from] io::Error),
    #[error("{0}")]
    Broken(#[from] hyper::Error),
    #[error("it answered with HTTP status {0}")]
    Refused(u16),
    #[error("its answer is no JSON: {0}")]
    Nonsense(#[from] serde_json::Error),
    #[error("its answer is larger than 16 MiB, or broke off: {0}")]
    Unfinished(String),
    #[error("{}", .0.message())]
    Call(#[from] tonic::Status),
    #[error("{0}")]
    Transport(#[from] tonic::transport::Error),
    #[error("it did not answer within 2 s")]
    Slow,
}

impl AskError {
    /// Nobody listens there, which is no failure.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused))
    }

    /// Whoever listens does not speak what it is asked in.
    pub(super) fn is_other_language(&self) -> bool {
        matches!(self, Self::Call(status) if status.code() == tonic::Code::Unimplemented)
    }
}
