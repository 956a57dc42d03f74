//! Simulated nodes: a Flight server each, on a port of its own, whose answers a real history gave.
//!
//! A node answers a question for the first time by its history and then from memory, for here a thousand nodes share the
//! processors that each would have for itself. It waits as long as its history took.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, SchemaResult, Ticket,
    flight_service_server::{FlightService, FlightServiceServer},
};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use goldwire_history::{Execute, History};
use goldwire_model::time::Timestamp;
use goldwire_protocol::{encode, ticket};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming, transport::Server};

use crate::world::HOUR;

type Answers<T> = BoxStream<'static, Result<T, Status>>;

/// A question's answer, encoded.
#[derive(Debug)]
struct Prepared {
    messages: Vec<FlightData>,
    took: Duration,
}

/// A node that has a history.
pub(crate) struct Node {
    history: History,
    answers: Mutex<HashMap<Ticket, Arc<Prepared>>>,
}

impl Node {
    pub(crate) fn new(history: History) -> Arc<Self> {
        Arc::new(Self { history, answers: Mutex::default() })
    }

    /// Bytes of all answers that it has given so far, each once.
    pub(crate) fn bytes(&self) -> usize {
        let of = |answer: &Prepared| -> usize {
            answer.messages.iter().map(|message| message.data_header.len() + message.data_body.len()).sum()
        };
        self.answers.lock().unwrap().values().map(|answer| of(answer)).sum()
    }

    async fn answer(&self, ticket: Ticket) -> Result<Arc<Prepared>, Status> {
        let known = self.answers.lock().unwrap().get(&ticket).cloned();
        if let Some(known) = known {
            tokio::time::sleep(known.took).await;
            return Ok(known);
        }
        let prepared = Arc::new(self.prepare(&ticket).await?);
        self.answers.lock().unwrap().insert(ticket, Arc::clone(&prepared));
        Ok(prepared)
    }

    async fn prepare(&self, ticket: &Ticket) -> Result<Prepared, Status> {
        let begun = Instant::now();
        let query = ticket::parse(ticket)?;
        assert!(query.partial, "the plugin asks for mergeable state");
        let answer = self.history.execute(&query, Timestamp::from_millis(HOUR.1), Execute::default());
        let answer = answer.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let messages = encode::partial_answer(answer).try_collect().await?;
        Ok(Prepared { messages, took: begun.elapsed() })
    }
}

/// What listens at an address.
#[derive(Clone)]
enum Door {
    Node(Arc<Node>),
    /// It takes the question and never answers: whenever the deadline is, this is behind it.
    Late,
}

/// Opens a node's door.
pub(crate) async fn open(node: Arc<Node>) -> SocketAddr {
    serve(Door::Node(node)).await
}

/// A node that is always late.
pub(crate) async fn late() -> SocketAddr {
    serve(Door::Late).await
}

/// An address that nobody listens on.
pub(crate) async fn dead() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// It is open for as long as the runtime lives.
async fn serve(door: Door) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().tcp_nodelay(true).add_service(FlightServiceServer::new(door));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

fn none<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not in this benchmark"))
}

#[tonic::async_trait]
impl FlightService for Door {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = Answers<FlightData>;
    type DoPutStream = Answers<PutResult>;
    type DoExchangeStream = Answers<FlightData>;
    type DoActionStream = Answers<arrow_flight::Result>;
    type ListActionsStream = Answers<ActionType>;

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        match self {
            Self::Node(node) => {
                let answer = node.answer(request.into_inner()).await?;
                Ok(Response::new(stream::iter(answer.messages.clone().into_iter().map(Ok)).boxed()))
            }
            Self::Late => std::future::pending().await,
        }
    }

    async fn do_action(&self, _: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        none()
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        none()
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Result<Response<Self::ListFlightsStream>, Status> {
        none()
    }

    async fn get_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<FlightInfo>, Status> {
        none()
    }

    async fn poll_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<PollInfo>, Status> {
        none()
    }

    async fn get_schema(&self, _: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        none()
    }

    async fn do_put(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoPutStream>, Status> {
        none()
    }

    async fn do_exchange(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoExchangeStream>, Status> {
        none()
    }

    async fn list_actions(&self, _: Request<Empty>) -> Result<Response<Self::ListActionsStream>, Status> {
        none()
    }
}
