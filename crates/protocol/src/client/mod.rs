//! Asks a node. One [`NodeClient`] is one connection, opened at the first question and again after it broke.

use std::time::Duration;

use arrow_flight::{Action, FlightData, Ticket, flight_service_client::FlightServiceClient};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use goldwire_answer::{PartialAnswer, coverage::Coverage};
use tonic::{
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

mod address;
mod error;
mod live;
mod tls;

pub use address::{AddressError, DEFAULT_PORT, NodeAddress};
pub use error::NodeError;
pub use live::{LiveRows, live_rows};
pub use tls::{Pem, PemError, TlsSettings};

use crate::{
    MAX_MESSAGE_BYTES, decode,
    decode::RawAnswer,
    status::{STATUS_ACTION, StatusReport},
};

/// How a node is spoken to.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// Used where the address says `https://`, or [`TlsSettings::required`] does.
    pub tls: TlsSettings,
    /// Sent as `authorization: Bearer …` where there is one.
    pub token: Option<Token>,
}

/// A secret; never printed.
#[derive(Clone)]
pub struct Token(MetadataValue<Ascii>);

/// The token can't be sent as a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token has characters that can't be sent in a header")]
pub struct TokenError;

impl Token {
    /// Takes a token as it was given; white space around it (a file's last line end) is no part of it.
    ///
    /// # Errors
    /// Where it can't stand in a header.
    pub fn new(token: &str) -> Result<Self, TokenError> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.trim()).parse().map_err(|_| TokenError)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A finished answer with its coverage.
#[derive(Clone, Debug)]
pub struct FinishedAnswer {
    /// Batches and what they are.
    pub answer: RawAnswer,
    /// What the answer says of itself.
    pub coverage: Coverage,
}

/// Asks one node. Cheap to clone; clones share the connection.
#[derive(Clone, Debug)]
pub struct NodeClient {
    address: NodeAddress,
    flight: FlightServiceClient<Channel>,
    token: Option<Token>,
}

impl NodeClient {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    /// Where the TLS settings can't be used, or a token would be sent in clear.
    pub fn new(address: NodeAddress, connection: &Connection) -> Result<Self, NodeError> {
        let secure = address.is_secure() || connection.tls.required();
        if connection.token.is_some() && !secure && !address.is_loopback() {
            return Err(NodeError::InClear);
        }
        let endpoint = Endpoint::from_shared(address.uri(secure))
            .map_err(|error| NodeError::Unreachable { reason: format!("not an address: {error}") })?
            .tcp_nodelay(true)
            .tcp_keepalive(Some(Duration::from_secs(30)))
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            // The deadline of each question bounds this too; this is for a host that drops packets silently.
            .connect_timeout(Duration::from_secs(5))
            .initial_stream_window_size(4 * 1024 * 1024)
            .initial_connection_window_size(16 * 1024 * 1024);
        let endpoint = if secure { connection.tls.apply(endpoint)? } else { endpoint };
        let flight = FlightServiceClient::new(endpoint.connect_lazy())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self { address, flight, token: connection.token.clone() })
    }

    /// Which node.
    #[must_use]
    pub const fn address(&self) -> &NodeAddress {
        &self.address
    }

    /// Asks for mergeable state. The query must say `"partial": true`, with `from` and `to`.
    ///
    /// # Errors
    /// Where no answer came within the deadline, or what came is none.
    pub async fn query_partial(&self, query: &str, deadline: Duration) -> Result<PartialAnswer, NodeError> {
        within(deadline, async {
            let messages = self.do_get(query).await?;
            Ok(decode::partial_answer(messages).await?)
        })
        .await
    }

    /// Asks for finished values.
    ///
    /// # Errors
    /// Where no answer came within the deadline, or what came is none.
    pub async fn query_finished(&self, query: &str, deadline: Duration) -> Result<FinishedAnswer, NodeError> {
        within(deadline, async {
            let answer = decode::collect(self.do_get(query).await?).await?;
            let coverage = answer.coverage()?;
            Ok(FinishedAnswer { answer, coverage })
        })
        .await
    }

    /// Asks for rows as they come. The query must say `"live": true`. The deadline is for the node's consent, not for
    /// the rows; dropping the stream ends it at the node too.
    ///
    /// # Errors
    /// Where the node does not consent within the deadline.
    pub async fn live(
        &self,
        query: &str,
        deadline: Duration,
    ) -> Result<impl Stream<Item = Result<LiveRows, NodeError>> + Send + use<>, NodeError> {
        let messages = within(deadline, self.do_get(query)).await?;
        Ok(live_rows(messages))
    }

    /// Asks for an action by its name: `values`, `fields`, `signals`. Gives its results, joined.
    ///
    /// # Errors
    /// Where no answer came within the deadline, or the node refused.
    pub async fn action(&self, name: &str, body: impl Into<Bytes>, deadline: Duration) -> Result<Bytes, NodeError> {
        let request = self.request(Action::new(name, body));
        within(deadline, async {
            let results = self.flight.clone().do_action(request).await?.into_inner();
            let bodies: Vec<Bytes> = results.map_ok(|result| result.body).try_collect().await?;
            Ok(match bodies.as_slice() {
                [one] => one.clone(),
                several => several.concat().into(),
            })
        })
        .await
    }

    /// Asks how the node is.
    ///
    /// # Errors
    /// Where no answer came within the deadline, or what came is no report.
    pub async fn status(&self, deadline: Duration) -> Result<StatusReport, NodeError> {
        let report = self.action(STATUS_ACTION, Bytes::new(), deadline).await?;
        serde_json::from_slice(&report)
            .map_err(|error| NodeError::BadAnswer { reason: format!("status is not readable: {error}") })
    }

    async fn do_get(
        &self,
        query: &str,
    ) -> Result<impl Stream<Item = Result<FlightData, tonic::Status>> + Send + use<>, NodeError> {
        let request = self.request(Ticket::new(query.to_owned()));
        Ok(self.flight.clone().do_get(request).await?.into_inner().boxed())
    }

    fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.0.clone());
        }
        request
    }
}

async fn within<T>(deadline: Duration, answer: impl Future<Output = Result<T, NodeError>>) -> Result<T, NodeError> {
    tokio::time::timeout(deadline, answer).await.unwrap_or(Err(NodeError::Late { after: deadline }))
}
