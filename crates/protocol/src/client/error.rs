//! Why a node gave no answer, in words for people.

use std::{error::Error, io, time::Duration};

use tonic::Code;

use crate::decode::DecodeError;

/// Why a node gave no answer. Its text is the reason alone: whoever shows it names the node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// No connection, or it broke.
    #[error("{reason}")]
    Unreachable {
        /// `connection refused`, `certificate not trusted: …`
        reason: String,
    },
    /// The deadline passed.
    #[error("no answer within {}", seconds(*.after))]
    Late {
        /// The deadline.
        after: Duration,
    },
    /// The node does not let this client ask.
    #[error("{reason}")]
    Refused {
        /// `token not accepted`
        reason: String,
    },
    /// The connection would not be encrypted, and there is a token to send.
    #[error(
        "the token is not sent without TLS, for anybody on the way could read it: write https:// before the address, or give \
         the authority of the nodes' certificates; only a loopback address is asked without"
    )]
    InClear,
    /// The node did not understand the question. Another node would say the same.
    #[error("{reason}")]
    BadQuery {
        /// The node's own words.
        reason: String,
    },
    /// What came is no answer.
    #[error("bad answer: {reason}")]
    BadAnswer {
        /// What is wrong with it.
        reason: String,
    },
}

impl From<tonic::Status> for NodeError {
    fn from(status: tonic::Status) -> Self {
        match status.code() {
            Code::Unauthenticated => Self::Refused { reason: said_or(&status, "token not accepted") },
            Code::PermissionDenied => Self::Refused { reason: said_or(&status, "not permitted") },
            Code::InvalidArgument => Self::BadQuery { reason: status.message().to_owned() },
            Code::Unimplemented | Code::NotFound => {
                Self::BadAnswer { reason: said_or(&status, "the node has no such service: is it a Goldwire daemon?") }
            }
            Code::DataLoss | Code::OutOfRange => Self::BadAnswer { reason: status.message().to_owned() },
            Code::Internal | Code::Unknown | Code::Unavailable | Code::Cancelled | Code::Aborted => broken(&status),
            _ => Self::BadAnswer { reason: format!("{}: {}", status.code(), status.message()) },
        }
    }
}

impl From<DecodeError> for NodeError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Call(status) => Self::from(*status),
            other => Self::BadAnswer { reason: other.to_string() },
        }
    }
}

fn said_or(status: &tonic::Status, otherwise: &str) -> String {
    match status.message() {
        "" => otherwise.to_owned(),
        said => said.to_owned(),
    }
}

const CLOSED: &str = "connection closed by the node: does it expect TLS?";

/// A status that tonic made itself has the cause below it; one that the node sent has only words.
fn broken(status: &tonic::Status) -> NodeError {
    match status.source().and_then(cause_of) {
        Some(reason) => NodeError::Unreachable { reason },
        None if status.code() == Code::Internal && status.source().is_none() => {
            NodeError::BadAnswer { reason: said_or(status, "internal error of the node") }
        }
        // hyper's word for a question that waited for a connection which ended first.
        None if status.message() == "operation was canceled" => NodeError::Unreachable { reason: CLOSED.to_owned() },
        None => NodeError::Unreachable { reason: said_or(status, "connection broken") },
    }
}

/// The deepest cause that we have words for.
fn cause_of(outermost: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(outermost);
    let mut reason = None;
    while let Some(error) = cause {
        reason = words_for(error).or(reason);
        cause = error.source().or_else(|| inside_of(error));
    }
    reason
}

/// An I/O error hides what it wraps from its `source` where that is the wrapped error itself.
fn inside_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(inner)
}

fn words_for(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls_words(error));
    }
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        // Found by this side: a TLS alert read as a frame, for one.
        let not_http2 = || error.is_library().then(|| "the answer is not HTTP/2: does it expect TLS?".to_owned());
        return error.get_io().and_then(|error| words_for(error)).or_else(not_http2);
    }
    let error = error.downcast_ref::<io::Error>()?;
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some("connection refused".to_owned()),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            Some(CLOSED.to_owned())
        }
        io::ErrorKind::TimedOut => Some("no connection: timed out".to_owned()),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some("no way to the host".to_owned()),
        _ if error.to_string().contains("lookup") => Some(format!("name not found: {error}")),
        _ => Some(error.to_string()),
    }
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => format!("certificate not trusted: {}", certificate_words(why)),
        rustls::Error::InvalidMessage(_) => "the node does not speak TLS at this address".to_owned(),
        rustls::Error::AlertReceived(alert) => format!("the node refused the TLS connection: {alert:?}"),
        other => format!("TLS failed: {other}"),
    }
}

fn certificate_words(error: &rustls::CertificateError) -> String {
    use rustls::CertificateError as E;
    match error {
        // The latter where an authority of the same name signed it with another key.
        E::UnknownIssuer | E::BadSignature => "it was issued by no authority that is trusted here".to_owned(),
        E::Expired | E::ExpiredContext { .. } => "it has expired".to_owned(),
        E::NotValidYet | E::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        E::NotValidForName | E::NotValidForNameContext { .. } => "it is for another name".to_owned(),
        other => other.to_string(),
    }
}

/// `5 s`, `0.25 s`
fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_told_in_seconds() {
        assert_eq!(NodeError::Late { after: Duration::from_secs(5) }.to_string(), "no answer within 5 s");
        assert_eq!(NodeError::Late { after: Duration::from_millis(250) }.to_string(), "no answer within 0.25 s");
    }

    #[test]
    fn the_node_s_own_words_win() {
        let refused = NodeError::from(tonic::Status::unauthenticated("token not accepted"));
        assert_eq!(refused, NodeError::Refused { reason: "token not accepted".into() });
        let query = NodeError::from(tonic::Status::invalid_argument("no field `x`"));
        assert_eq!(query, NodeError::BadQuery { reason: "no field `x`".into() });
    }

    #[test]
    fn a_connection_that_ends_early_hints_at_tls() {
        let ended = NodeError::from(tonic::Status::cancelled("operation was canceled"));
        assert_eq!(ended, NodeError::Unreachable { reason: CLOSED.into() });
    }

    #[test]
    fn the_deepest_cause_is_told() {
        let io = io::Error::from(io::ErrorKind::ConnectionRefused);
        let outer = io::Error::other(io);
        assert_eq!(cause_of(&outer), Some("connection refused".to_owned()));
        let tls = io::Error::other(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer));
        assert_eq!(
            cause_of(&tls),
            Some("certificate not trusted: it was issued by no authority that is trusted here".to_owned())
        );
    }
}
