//! Who may ask: the rules for listening, TLS and tokens.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tracing::{info, warn};

use crate::{
    command_line::arguments::DaemonArguments,
    secret_file::{self, SecretError, Stamp},
};

/// Why the daemon will not serve as asked.
#[derive(Debug, Error)]
pub(crate) enum AccessError {
    #[error(
        "listening on {listen} would let others on the network read this node, so it also needs {missing}; \
         or listen on a loopback address such as 127.0.0.1:{port}",
        port = listen.port()
    )]
    Unprotected { listen: SocketAddr, missing: String },
    #[error("failed to read {path}: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}", path = path.display())]
    Secret { path: PathBuf, source: SecretError },
    #[error("{path} holds no token; write one a line, at least 16 characters each", path = path.display())]
    NoToken { path: PathBuf },
    #[error("{path} holds a token of fewer than 16 characters in line {line}", path = path.display())]
    ShortToken { path: PathBuf, line: usize },
}

/// How the service is protected.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Absent where the service speaks plain text.
    pub(crate) tls: Option<ServerTlsConfig>,
    /// Absent where anybody who reaches the service may ask.
    pub(crate) tokens: Option<Tokens>,
}

impl Access {
    /// Reads certificate, key and tokens, and refuses an open door.
    pub(crate) fn from_arguments(arguments: &DaemonArguments) -> Result<Self, AccessError> {
        refuse_open_door(arguments)?;
        let tls = match (&arguments.tls_cert, &arguments.tls_key) {
            (Some(cert), Some(key)) => Some(server_tls(cert, key, arguments.tls_client_ca.as_deref())?),
            _ => None,
        };
        let tokens = arguments.token_file.as_deref().map(Tokens::read).transpose()?;
        Ok(Self { tls, tokens })
    }
}

fn refuse_open_door(arguments: &DaemonArguments) -> Result<(), AccessError> {
    if arguments.listen.ip().is_loopback() {
        return Ok(());
    }
    let needed = [
        ("--tls-cert", arguments.tls_cert.is_some()),
        ("--tls-key", arguments.tls_key.is_some()),
        ("--token-file", arguments.token_file.is_some()),
    ];
    let missing: Vec<_> = needed.iter().filter(|(_, given)| !given).map(|(flag, _)| *flag).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(AccessError::Unprotected { listen: arguments.listen, missing: missing.join(", ") })
}

fn server_tls(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<ServerTlsConfig, AccessError> {
    let tls = ServerTlsConfig::new().identity(Identity::from_pem(read(cert)?, read(key)?));
    Ok(match client_ca {
        Some(authority) => tls.client_ca_root(Certificate::from_pem(read(authority)?)),
        None => tls,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, AccessError> {
    fs::read(path).map_err(|source| AccessError::Unreadable { path: path.to_owned(), source })
}

/// The tokens that open the door, as their file has them now: it is read again when it changes. Never printed.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<TokenFile>);

struct TokenFile {
    path: PathBuf,
    content: RwLock<Content>,
}

/// What was read of the file, and when: that it was not read again in vain.
struct Content {
    stamp: Option<Stamp>,
    tokens: Vec<String>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tokens of {}", self.0.path.display())
    }
}

impl Tokens {
    /// Shorter ones could be guessed.
    const SHORTEST: usize = 16;

    fn read(path: &Path) -> Result<Self, AccessError> {
        // Before the content: a change in between is seen at the next call.
        let stamp = Stamp::of(path);
        let content = RwLock::new(Content { stamp, tokens: read_tokens(path)? });
        Ok(Self(Arc::new(TokenFile { path: path.to_owned(), content })))
    }

    /// True where `authorization` is `Bearer` and one of the tokens. Takes the same time whichever byte differs and
    /// whichever token it is.
    #[must_use]
    pub(crate) fn accept(&self, authorization: Option<&str>) -> bool {
        self.0.refresh();
        let Some(given) = authorization.and_then(|value| value.strip_prefix("Bearer ")) else { return false };
        let given = given.trim().as_bytes();
        let content = self.0.content.read().unwrap_or_else(PoisonError::into_inner);
        let found = content.tokens.iter().fold(Choice::from(0), |found, token| found | token.as_bytes().ct_eq(given));
        found.into()
    }
}

impl TokenFile {
    /// Reads the file again where it is another one. Tokens that cannot be read leave those in force that could.
    fn refresh(&self) {
        let stamp = Stamp::of(&self.path);
        if self.content.read().unwrap_or_else(PoisonError::into_inner).stamp == stamp {
            return;
        }
        let read = read_tokens(&self.path);
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        content.stamp = stamp;
        match read {
            Ok(tokens) => {
                info!(file = %self.path.display(), tokens = tokens.len(), "read the tokens again");
                content.tokens = tokens;
            }
            Err(error) => warn!(%error, "the tokens of before stay in force"),
        }
    }
}

fn read_tokens(path: &Path) -> Result<Vec<String>, AccessError> {
    let text = secret_file::read(path).map_err(|source| AccessError::Secret { path: path.to_owned(), source })?;
    let mut tokens = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let token = line.trim();
        if token.is_empty() {
            continue;
        }
        if token.len() < Tokens::SHORTEST {
            return Err(AccessError::ShortToken { path: path.to_owned(), line: index + 1 });
        }
        tokens.push(token.to_owned());
    }
    if tokens.is_empty() {
        return Err(AccessError::NoToken { path: path.to_owned() });
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn arguments(extra: &[&str]) -> DaemonArguments {
        use clap::Parser as _;
        let typed = ["goldwire", "daemon"].iter().chain(extra);
        match crate::command_line::arguments::Arguments::parse_from(typed).command {
            crate::command_line::arguments::Command::Daemon(arguments) => arguments,
            other => panic!("not a daemon: {other:?}"),
        }
    }

    #[test]
    fn loopback_needs_nothing() {
        for listen in ["127.0.0.1:4270", "[::1]:4270", "127.9.9.9:1"] {
            assert!(Access::from_arguments(&arguments(&["--listen", listen])).is_ok());
        }
    }

    #[test]
    fn an_open_door_is_refused_and_says_what_it_needs() {
        let refused = Access::from_arguments(&arguments(&["--listen", "0.0.0.0:4270"])).expect_err("an open door");
        assert_eq!(
            refused.to_string(),
            "listening on 0.0.0.0:4270 would let others on the network read this node, so it also needs --tls-cert, \
             --tls-key, --token-file; or listen on a loopback address such as 127.0.0.1:4270"
        );
    }

    /// A file that only its owner can read, with this text.
    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("written");
        file
    }

    #[test]
    fn only_a_whole_token_opens() {
        let file = file("correct-horse-battery\n\nsecond-token-of-two\n");
        let tokens = Tokens::read(file.path()).expect("tokens");
        assert!(tokens.accept(Some("Bearer correct-horse-battery")));
        assert!(tokens.accept(Some("Bearer second-token-of-two")));
        for wrong in
            [None, Some(""), Some("Bearer "), Some("Bearer correct-horse"), Some("Basic correct-horse-battery")]
        {
            assert!(!tokens.accept(wrong), "{wrong:?}");
        }
        assert!(!format!("{tokens:?}").contains("horse"));
    }

    #[test]
    fn tokens_of_a_changed_file_are_read_again() {
        let file = file("correct-horse-battery\n");
        let tokens = Tokens::read(file.path()).expect("tokens");
        let clone = tokens.clone();
        fs::write(file.path(), "another-horse-battery-2\n").expect("written");
        assert!(clone.accept(Some("Bearer another-horse-battery-2")));
        assert!(!tokens.accept(Some("Bearer correct-horse-battery")));
        // What cannot be used leaves the last ones in force, and so does a file that is gone.
        fs::write(file.path(), "short\n").expect("written");
        assert!(tokens.accept(Some("Bearer another-horse-battery-2")));
        fs::remove_file(file.path()).expect("removed");
        assert!(tokens.accept(Some("Bearer another-horse-battery-2")));
        fs::write(file.path(), "correct-horse-battery\n").expect("written");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("rights");
        assert!(tokens.accept(Some("Bearer correct-horse-battery")));
    }

    #[test]
    fn token_file_that_others_can_read_is_refused() {
        let file = file("correct-horse-battery\n");
        for (mode, refused) in [(0o400, false), (0o640, false), (0o644, true), (0o604, true), (0o602, true)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("rights");
            let read = Tokens::read(file.path());
            assert_eq!(read.is_err(), refused, "{mode:o}");
            if let Err(error) = read {
                assert!(error.to_string().contains("chmod 600"), "{error}");
            }
        }
    }

    #[test]
    fn a_token_file_without_a_token_is_an_error() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().to_str().expect("a path");
        assert!(matches!(
            Access::from_arguments(&arguments(&["--token-file", path])),
            Err(AccessError::NoToken { .. })
        ));
        fs::write(file.path(), "\nshort\n").expect("written");
        assert!(matches!(
            Access::from_arguments(&arguments(&["--token-file", path])),
            Err(AccessError::ShortToken { line: 2, .. })
        ));
    }
}
