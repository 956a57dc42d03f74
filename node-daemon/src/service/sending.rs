//! Sends an answer on, and gives up on a client that does not read it.

use std::time::Duration;

use futures::{StreamExt, stream};
use goldwire_protocol::encode::Messages;
use tokio::sync::{mpsc, watch};
use tonic::Status;

use super::connections::Call;

/// What is kept until the answer is sent, and what ends it earlier.
pub(super) struct Terms<H> {
    /// Memory and turns, given back at the end.
    pub(super) held: H,
    /// The call that is answered. Its connection is closed where a message stays unread for too long.
    pub(super) call: Call,
    pub(super) unread: Duration,
    /// True once the node ends; then the answer does, too.
    pub(super) ending: Option<watch::Receiver<bool>>,
}

/// The same messages, one ahead of the client.
pub(super) fn send<H: Send + 'static>(mut messages: Messages, terms: Terms<H>) -> Messages {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let Terms { held: _held, call, unread, mut ending } = terms;
        loop {
            let next = tokio::select! {
                next = messages.next() => next,
                () = has_ended(&mut ending) => Some(Err(Status::unavailable("the node is shutting down"))),
                () = sender.closed() => return,
            };
            let Some(next) = next else { return };
            let is_last = next.is_err();
            match sender.send_timeout(next, unread).await {
                Ok(()) if !is_last => {}
                Ok(()) | Err(mpsc::error::SendTimeoutError::Closed(_)) => return,
                Err(mpsc::error::SendTimeoutError::Timeout(_)) => return call.close_connection(),
            }
        }
    });
    stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) }).boxed()
}

async fn has_ended(ending: &mut Option<watch::Receiver<bool>>) {
    match ending {
        // The sender lives as long as the service.
        Some(ending) => {
            let _ = ending.wait_for(|ending| *ending).await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_flight::FlightData;

    use super::*;

    fn messages(count: usize) -> Messages {
        stream::iter((0..count).map(|_| Ok(FlightData::default()))).boxed()
    }

    fn terms(held: Arc<()>) -> Terms<Arc<()>> {
        Terms { held, call: Call::default(), unread: Duration::from_millis(50), ending: None }
    }

    #[tokio::test]
    async fn answer_that_is_read_arrives_whole_and_gives_back_what_it_held() {
        let held = Arc::new(());
        let sent: Vec<_> = send(messages(9), terms(Arc::clone(&held))).collect().await;
        assert_eq!(sent.len(), 9);
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test]
    async fn answer_that_is_not_read_gives_back_what_it_held_and_closes_the_connection() {
        let (held, terms_call) = (Arc::new(()), Call::default());
        let terms = Terms { call: terms_call.clone(), ..terms(Arc::clone(&held)) };
        let unread = send(messages(9), terms);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(Arc::strong_count(&held), 1);
        assert!(terms_call.is_closed());
        drop(unread);
    }

    #[tokio::test]
    async fn answer_ends_with_the_node() {
        let (ends, ending) = watch::channel(false);
        let never: Messages = stream::pending().boxed();
        let mut sent = send(never, Terms { ending: Some(ending), ..terms(Arc::new(())) });
        ends.send(true).expect("a receiver");
        let last = sent.next().await.expect("a last message").expect_err("the reason");
        assert_eq!(last.message(), "the node is shutting down");
        assert!(sent.next().await.is_none());
    }
}
