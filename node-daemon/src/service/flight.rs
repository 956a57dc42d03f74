//! The Arrow Flight service: `DoGet` with a query as its ticket, `DoAction` for values, fields, signals and status.

use std::{pin::Pin, sync::Arc};

use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, SchemaResult, Ticket,
    flight_service_server::{FlightService, FlightServiceServer},
};
use futures::{Stream, StreamExt, stream};
use goldwire_answer::PartialAnswer;
use goldwire_history::{Execute, History};
use goldwire_merge::{Asked, merge};
use goldwire_model::query::{Query, QueryKind};
use goldwire_protocol::{encode, ticket};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

use super::{Node, actions, live};
use crate::daemon::clock;

/// Queries that run at once; the others wait, so that a storm of panels takes memory and processors in turn.
const QUERIES_AT_ONCE: usize = 4;

pub(super) fn service(node: Node) -> FlightServiceServer<NodeFlight> {
    FlightServiceServer::new(NodeFlight { node, turns: Arc::new(Semaphore::new(QUERIES_AT_ONCE)) })
}

/// The service of one node.
pub(super) struct NodeFlight {
    node: Node,
    turns: Arc<Semaphore>,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl NodeFlight {
    /// Runs work without waiting on a thread of its own kind, when its turn has come.
    async fn in_turn<T, W>(&self, work: W) -> Result<T, Status>
    where
        T: Send + 'static,
        W: FnOnce(&Node) -> Result<T, Status> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let _turn = turn.map_err(|_| Status::unavailable("the node is shutting down"))?;
        let node = self.node.clone();
        tokio::task::spawn_blocking(move || work(&node))
            .await
            .map_err(|error| Status::internal(format!("the query failed: {error}")))?
    }
}

/// Mergeable state of this node for a query.
pub(super) fn execute(history: &History, query: &Query) -> Result<PartialAnswer, Status> {
    let how = Execute { exact: !query.partial };
    history.execute(query, clock::now(), how).map_err(|error| Status::invalid_argument(error.to_string()))
}

/// Mergeable state for those who merge, else finished values.
fn answer(node: &Node, query: &Query) -> Result<encode::Messages, Status> {
    if query.window.is_none() {
        return Err(Status::invalid_argument("the query needs \"from\" and \"to\", in milliseconds since the epoch"));
    }
    let partial = execute(&node.history, query)?;
    if query.partial {
        return Ok(encode::partial_answer(partial));
    }
    let asked = Asked { asked: 1, now: clock::now().as_millis(), ..Asked::default() };
    let finished = merge(query, vec![partial], asked).map_err(|error| Status::internal(error.to_string()))?;
    Ok(encode::answer(query, &finished))
}

fn not_offered<T>(what: &str) -> Result<Response<T>, Status> {
    Err(Status::unimplemented(format!("{what} is not offered: send the query's JSON as the ticket of DoGet")))
}

#[tonic::async_trait]
impl FlightService for NodeFlight {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = encode::Messages;
    type DoPutStream = Answers<PutResult>;
    type DoActionStream = Answers<arrow_flight::Result>;
    type ListActionsStream = Answers<ActionType>;
    type DoExchangeStream = Answers<FlightData>;

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        let query = ticket::parse(&request.into_inner())?;
        if matches!(query.kind, QueryKind::Rows { live: true, .. }) {
            return Ok(Response::new(live::rows(&self.node.history, &query)?));
        }
        let messages = self.in_turn(move |node| answer(node, &query)).await?;
        Ok(Response::new(messages))
    }

    async fn do_action(&self, request: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let Action { r#type, body } = request.into_inner();
        let body = self.in_turn(move |node| actions::answer(node, &r#type, &body)).await?;
        Ok(Response::new(stream::iter([Ok(arrow_flight::Result { body: body.into() })]).boxed()))
    }

    async fn list_actions(&self, _: Request<Empty>) -> Result<Response<Self::ListActionsStream>, Status> {
        let action = |(name, description): (&str, &str)| {
            Ok(ActionType { r#type: name.to_owned(), description: description.to_owned() })
        };
        Ok(Response::new(stream::iter(actions::ACTIONS.map(action)).boxed()))
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        Err(Status::unimplemented("there is no handshake: send the token as `authorization: Bearer …` with each call"))
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Result<Response<Self::ListFlightsStream>, Status> {
        not_offered("ListFlights")
    }

    async fn get_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<FlightInfo>, Status> {
        not_offered("GetFlightInfo")
    }

    async fn poll_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<PollInfo>, Status> {
        not_offered("PollFlightInfo")
    }

    async fn get_schema(&self, _: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        not_offered("GetSchema")
    }

    async fn do_put(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoPutStream>, Status> {
        not_offered("DoPut")
    }

    async fn do_exchange(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoExchangeStream>, Status> {
        not_offered("DoExchange")
    }
}
