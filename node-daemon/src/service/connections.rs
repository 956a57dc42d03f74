//! Connections of clients: a bounded number of them, none of which may idle or be held without a call that is let in.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use futures::{Stream, StreamExt as _, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep, sleep_until},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tonic::{
    Extensions,
    transport::server::{Connected, TlsConnectInfo},
};

use super::limits::{CONNECTIONS, FIRST_CALL, IDLE};
use crate::daemon::certificates::Certificates;

/// Waits after a connection could not be accepted: the reason, such as too many open files, stays for a while.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Connections as they are accepted; the next one is accepted when there is room for it.
pub(super) fn accepted(listener: TcpListener) -> impl Stream<Item = io::Result<Connection>> {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    stream::unfold((listener, room), |(listener, room)| async move {
        let place = Arc::clone(&room).acquire_owned().await.ok()?;
        let accepted = match listener.accept().await {
            Ok((stream, _)) => Ok(Connection::new(stream, place)),
            Err(error) => {
                sleep(AFTER_FAILURE).await;
                Err(error)
            }
        };
        Some((accepted, (listener, room)))
    })
}

/// The same with TLS, by the certificate as it is then. Who does not finish the handshake in time is closed with the connection.
pub(super) fn secured(
    connections: impl Stream<Item = io::Result<Connection>>,
    certificates: Certificates,
) -> impl Stream<Item = io::Result<TlsStream<Connection>>> {
    let handshakes = connections.map(move |connection| {
        let acceptor = TlsAcceptor::from(certificates.config());
        async move {
            match connection {
                Ok(connection) => acceptor.accept(connection).await.ok().map(Ok),
                Err(error) => Some(Err(error)),
            }
        }
    });
    handshakes.buffer_unordered(CONNECTIONS).filter_map(std::future::ready)
}

/// A client's connection, which ends when it is not used.
pub(super) struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    /// When to look whether it is used.
    look: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

/// What the connection and its calls know of each other.
#[derive(Debug)]
struct Shared {
    use_: Mutex<Use>,
    is_closed: AtomicBool,
}

#[derive(Debug)]
struct Use {
    /// Closed then, unless a call is open.
    until: Instant,
    open_calls: usize,
    reader: Option<Waker>,
}

impl Default for Shared {
    fn default() -> Self {
        let until = Instant::now() + FIRST_CALL;
        Self { use_: Mutex::new(Use { until, open_calls: 0, reader: None }), is_closed: AtomicBool::new(false) }
    }
}

impl Shared {
    fn with<T>(&self, look: impl FnOnce(&mut Use) -> T) -> T {
        look(&mut self.use_.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn check(&self) -> io::Result<()> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the client does not read"));
        }
        Ok(())
    }
}

/// What requests carry of their connection.
#[derive(Clone, Debug)]
pub(super) struct ConnectionOf(Arc<Shared>);

impl ConnectionOf {
    /// The connection of a request.
    pub(super) fn find(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Self>().or_else(|| extensions.get::<TlsConnectInfo<Self>>().map(TlsConnectInfo::get_ref))
    }

    /// A call was let in.
    pub(super) fn let_in(&self) {
        self.0.with(|used| used.until = Instant::now() + IDLE);
    }
}

/// A call that is being answered: its connection is in use as long as this lives.
#[derive(Debug, Default)]
pub(super) struct Call(Arc<Shared>);

impl Call {
    /// Of a request.
    pub(super) fn of(extensions: &Extensions) -> Self {
        let call = Self(ConnectionOf::find(extensions).map(|connection| Arc::clone(&connection.0)).unwrap_or_default());
        call.0.with(|used| used.open_calls += 1);
        call
    }

    /// Closes the connection at once.
    pub(super) fn close_connection(&self) {
        self.0.is_closed.store(true, Ordering::Relaxed);
        if let Some(reader) = self.0.with(|used| used.reader.take()) {
            reader.wake();
        }
    }

    #[cfg(test)]
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl Clone for Call {
    fn clone(&self) -> Self {
        self.0.with(|used| used.open_calls += 1);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.with(|used| {
            used.open_calls = used.open_calls.saturating_sub(1);
            used.until = Instant::now() + IDLE;
        });
    }
}

impl Connection {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        // Answers are written whole. Without it they are merely later.
        let _ = stream.set_nodelay(true);
        let look = Box::pin(sleep(FIRST_CALL));
        Self { stream, shared: Arc::default(), look, _place: place }
    }

    /// Fails once the connection has not been used for too long.
    fn check_use(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.shared.check()?;
        let now = Instant::now();
        let until = self.shared.with(|used| {
            used.reader = Some(context.waker().clone());
            if used.open_calls > 0 { now + IDLE } else { used.until }
        });
        if until <= now {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the connection is not used"));
        }
        while self.look.as_mut().poll(context).is_ready() {
            self.look.set(sleep_until(until));
        }
        Ok(())
    }
}

impl Connected for Connection {
    type ConnectInfo = ConnectionOf;

    fn connect_info(&self) -> ConnectionOf {
        ConnectionOf(Arc::clone(&self.shared))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_use(context)?;
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
