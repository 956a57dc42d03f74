//! Who may ask: the rules for listening, TLS and tokens.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    thread,
    time::Duration,
};

use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;
use tracing::{info, warn};

use super::certificates::{CertificateError, Certificates};
use crate::{
    command_line::arguments::DaemonArguments,
    privileges::{self, Role},
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
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("{path}: {source}", path = path.display())]
    Secret { path: PathBuf, source: SecretError },
    #[error("{path} holds no token; write one a line, at least 16 characters each", path = path.display())]
    NoToken { path: PathBuf },
    #[error("{path} holds a token of fewer than 16 characters in line {line}", path = path.display())]
    ShortToken { path: PathBuf, line: usize },
}

/// Between two looks at files that may have changed.
const LOOK: Duration = Duration::from_millis(500);

/// How the service is protected.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Absent where the service speaks plain text.
    pub(crate) tls: Option<Certificates>,
    /// Absent where anybody who reaches the service may ask.
    pub(crate) tokens: Option<Tokens>,
}

impl Access {
    /// Reads tokens and certificates again where their files change, in a thread of its own: the threads that answer may not
    /// read them.
    pub(crate) fn watch(&self) -> io::Result<()> {
        let (tls, tokens) = (self.tls.clone(), self.tokens.clone());
        if tls.is_none() && tokens.is_none() {
            return Ok(());
        }
        thread::Builder::new().name("secrets".to_owned()).spawn(move || {
            privileges::confine_or_warn(Role::Secrets);
            loop {
                thread::sleep(LOOK);
                tokens.iter().for_each(Tokens::refresh);
                tls.iter().for_each(Certificates::refresh);
            }
        })?;
        Ok(())
    }

    /// Reads certificate, key and tokens, and refuses an open door.
    pub(crate) fn from_arguments(arguments: &DaemonArguments) -> Result<Self, AccessError> {
        refuse_open_door(arguments)?;
        let tls = match (&arguments.tls_cert, &arguments.tls_key) {
            (Some(cert), Some(key)) => Some(Certificates::read(cert, key, arguments.tls_client_ca.as_deref())?),
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
        let Some(given) = authorization.and_then(|value| value.strip_prefix("Bearer ")) else { return false };
        let given = given.trim().as_bytes();
        let content = self.0.content.read().unwrap_or_else(PoisonError::into_inner);
        let found = content.tokens.iter().fold(Choice::from(0), |found, token| found | token.as_bytes().ct_eq(given));
        found.into()
    }
}

impl Tokens {
    /// Reads the file again where it is another one. Tokens that cannot be read leave those in force that could.
    fn refresh(&self) {
        let TokenFile { path, content } = &*self.0;
        let stamp = Stamp::of(path);
        if content.read().unwrap_or_else(PoisonError::into_inner).stamp == stamp {
            return;
        }
        let read = read_tokens(path);
        let mut content = content.write().unwrap_or_else(PoisonError::into_inner);
        content.stamp = stamp;
        match read {
            Ok(tokens) => {
                info!(file = %path.display(), tokens = tokens.len(), "read the tokens again");
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
    use std::{fs, os::unix::fs::PermissionsExt as _};

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
        let read_again = |text: &str| {
            fs::write(file.path(), text).expect("written");
            tokens.refresh();
        };
        read_again("another-horse-battery-2\n");
        assert!(clone.accept(Some("Bearer another-horse-battery-2")));
        assert!(!tokens.accept(Some("Bearer correct-horse-battery")));
        // What cannot be used leaves the last ones in force, and so does a file that is gone.
        read_again("short\n");
        assert!(tokens.accept(Some("Bearer another-horse-battery-2")));
        fs::remove_file(file.path()).expect("removed");
        tokens.refresh();
        assert!(tokens.accept(Some("Bearer another-horse-battery-2")));
        fs::write(file.path(), "correct-horse-battery\n").expect("written");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("rights");
        tokens.refresh();
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
