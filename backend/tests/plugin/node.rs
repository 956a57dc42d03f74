//! Nodes: real ones with a history, and ones that do not behave.

use std::{net::SocketAddr, time::Duration};

use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, SchemaResult, Ticket,
    flight_service_server::{FlightService, FlightServiceServer},
};
use futures::{StreamExt, stream, stream::BoxStream};
use goldwire_history::{Execute, History, LiveRows, Options};
use goldwire_model::{query::Query, record::Record, time::Timestamp};
use goldwire_protocol::{
    encode,
    live::LiveMetadata,
    status::{SignalState, StatusReport},
    ticket,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming, transport::Server};

use super::records::{FROM, TO};

type Answers<T> = BoxStream<'static, Result<T, Status>>;

/// What a node is like.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// It has these records.
    Real(History),
    /// It sends bytes that mean nothing.
    Garbage,
    /// It takes the question and says nothing.
    Hangs,
    /// It does not know the token.
    Refuses,
    /// It panics.
    Breaks,
}

/// A node with these records.
pub(crate) async fn real(name: &str, records: &[Record]) -> (SocketAddr, History) {
    let history = History::new(Options::new(name, Timestamp::from_millis(FROM)));
    history.append_all(records);
    (start(Behaviour::Real(history.clone())).await, history)
}

/// Starts a node; it lives as long as the test's runtime.
pub(crate) async fn start(behaviour: Behaviour) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = FlightServiceServer::new(Node(behaviour));
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

/// An address that nobody listens on.
pub(crate) async fn nobody() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

struct Node(Behaviour);

impl Node {
    fn answer(history: &History, query: &Query) -> Result<Answers<FlightData>, Status> {
        if query.is_live() {
            return Self::live(history, query);
        }
        assert!(query.partial, "the plugin asks for mergeable state");
        let now = Timestamp::from_millis(TO);
        let answer = history
            .execute(query, now, Execute::default())
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        Ok(encode::partial_answer(answer))
    }

    fn live(history: &History, query: &Query) -> Result<Answers<FlightData>, Status> {
        let follow = history.follow(query).ok_or_else(|| Status::invalid_argument("not live"))?;
        let message = |LiveRows { rows, gone, mark }: LiveRows| {
            let metadata = LiveMetadata { cut: rows.cut, doubtful: rows.doubtful, gone, after: Some(mark.to_string()) };
            (rows, metadata)
        };
        let first = message(follow.empty());
        let rest = stream::unfold(follow, move |mut follow| async move {
            loop {
                if let Some(rows) = follow.look() {
                    return Some((message(rows), follow));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Ok(encode::live(stream::once(async { first }).chain(rest)))
    }

    fn status(history: &History) -> StatusReport {
        let reason = Some("this kernel has no kprobes".to_owned());
        StatusReport {
            version: "0.1.0".into(),
            node: history.node().into(),
            kernel: "6.1".into(),
            started: FROM,
            now: gpx_goldwire::clock::now_millis(),
            signals: vec![SignalState { signal: "drop_rate".into(), available: false, reason }],
            retention: Vec::new(),
            lost: Vec::new(),
            memory_used: 0,
            memory_budget: 0,
            query_memory: None,
            connections: 0,
            buffers: 0,
            notes: Vec::new(),
        }
    }
}

fn none<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not in these tests"))
}

#[tonic::async_trait]
impl FlightService for Node {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = Answers<FlightData>;
    type DoPutStream = Answers<PutResult>;
    type DoExchangeStream = Answers<FlightData>;
    type DoActionStream = Answers<arrow_flight::Result>;
    type ListActionsStream = Answers<ActionType>;

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        match &self.0 {
            Behaviour::Real(history) => Self::answer(history, &ticket::parse(request.get_ref())?).map(Response::new),
            Behaviour::Garbage => {
                let message = FlightData { data_header: vec![9; 64].into(), ..FlightData::default() };
                Ok(Response::new(stream::iter([Ok(message)]).boxed()))
            }
            Behaviour::Hangs => std::future::pending().await,
            Behaviour::Refuses => Err(Status::unauthenticated("token not accepted")),
            Behaviour::Breaks => panic!("this node breaks"),
        }
    }

    async fn do_action(&self, _: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let body = match &self.0 {
            Behaviour::Real(history) => serde_json::to_vec(&Self::status(history)).unwrap(),
            Behaviour::Garbage => b"{".to_vec(),
            Behaviour::Hangs => std::future::pending().await,
            Behaviour::Refuses => return Err(Status::unauthenticated("token not accepted")),
            Behaviour::Breaks => panic!("this node breaks"),
        };
        Ok(Response::new(stream::iter([Ok(arrow_flight::Result::new(body))]).boxed()))
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
