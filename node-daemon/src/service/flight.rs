//! The Arrow Flight service: `DoGet` with a query as its ticket, `DoAction` for values, fields, signals and status.

use std::{io, pin::Pin, sync::Arc};

use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, SchemaResult, Ticket,
    flight_service_server::{FlightService, FlightServiceServer},
};
use futures::{Stream, StreamExt, stream};
use goldwire_answer::table::Answer;
use goldwire_history::{Allowance, Cancel, Execute, ExecuteError, Executed, History};
use goldwire_merge::{Asked, Inquiry};
use goldwire_model::query::{Query, QueryKind};
use goldwire_protocol::{encode, ticket};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tonic::{Request, Response, Status, Streaming};

use super::{
    Node, actions,
    connections::Call,
    limits, live,
    sending::{Terms, send},
    workers::{BrokeOff, Workers},
};
use crate::daemon::{allocator, clock};

pub(super) fn service(node: Node, ending: watch::Receiver<bool>) -> io::Result<FlightServiceServer<NodeFlight>> {
    Ok(FlightServiceServer::new(NodeFlight {
        node,
        workers: Workers::start(limits::QUERIES_AT_ONCE)?,
        queries: Arc::new(Semaphore::new(limits::QUERIES)),
        live_queries: Arc::new(Semaphore::new(limits::LIVE_QUERIES)),
        ending,
    }))
}

/// The service of one node.
pub(super) struct NodeFlight {
    node: Node,
    workers: Workers,
    queries: Arc<Semaphore>,
    live_queries: Arc<Semaphore>,
    /// True once the node ends.
    ending: watch::Receiver<bool>,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Cancels a query that nobody waits for any more.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What a query came to, and its place among the queries: given back when the work has really ended and its answer is sent.
type Done<T> = (T, OwnedSemaphorePermit);

impl NodeFlight {
    /// Runs a query on a thread of its own kind, when its turn has come.
    async fn in_turn<T, W>(&self, work: W) -> Result<Done<T>, Status>
    where
        T: Send + 'static,
        W: FnOnce(&Node, &Cancel) -> Result<T, Status> + Send + 'static,
    {
        let place = take(&self.queries, "queries", limits::QUERIES)?;
        let (node, cancel) = (self.node.clone(), Cancel::default());
        let _cancel_on_drop = CancelOnDrop(cancel.clone());
        let done = self.workers.run(move || {
            if cancel.is_cancelled() {
                return Err(Status::cancelled("the query was cancelled"));
            }
            let result = work(&node, &cancel);
            if node.history.query_memory().took_much() {
                allocator::give_back();
            }
            Ok((result?, place))
        });
        match timeout(limits::QUERY_TIME, done).await {
            Ok(Ok(result)) => result,
            Ok(Err(BrokeOff)) => Err(Status::internal("the query failed: it broke off by a fault of the daemon's")),
            Err(_) => {
                let seconds = limits::QUERY_TIME.as_secs();
                Err(Status::deadline_exceeded(format!("the query was cancelled: it took more than {seconds} s")))
            }
        }
    }

    fn live(&self, query: &Query, call: Call) -> Result<encode::Messages, Status> {
        let held = take(&self.live_queries, "live queries", limits::LIVE_QUERIES)?;
        let messages = live::rows(&self.node.history, query)?;
        let ending = Some(self.ending.clone());
        Ok(send(messages, Terms { held, call, unread: limits::LIVE_UNREAD, ending }))
    }
}

fn take(places: &Arc<Semaphore>, of: &str, most: usize) -> Result<OwnedSemaphorePermit, Status> {
    Arc::clone(places)
        .try_acquire_owned()
        .map_err(|_| Status::resource_exhausted(format!("this node takes {most} {of} at once; ask again later")))
}

/// Mergeable state of this node for a query, with the memory that it takes.
fn execute(history: &History, query: &Query, how: Execute, cancel: &Cancel) -> Result<Executed, Status> {
    history.execute_unless(query, clock::now(), how, cancel).map_err(|error| match error {
        ExecuteError::NoMemory { .. } => Status::resource_exhausted(error.to_string()),
        ExecuteError::Cancelled => Status::cancelled(error.to_string()),
        ExecuteError::NoWindow | ExecuteError::EmptyWindow { .. } => Status::invalid_argument(error.to_string()),
    })
}

/// The finished answer of this node alone, and the memory that it takes.
pub(super) fn finish(history: &History, query: &Query, cancel: &Cancel) -> Result<(Answer, Allowance), Status> {
    let ask = |query: &Query| execute(history, query, Execute { exact: true }, cancel);
    let asked = Asked { asked: 1, now: clock::now().as_millis(), ..Asked::default() };
    let Executed { answer, mut allowance } = ask(&Inquiry::opening(query, 1))?;
    let mut inquiry = Inquiry::new(query, vec![answer], asked);
    loop {
        let questions = inquiry.questions();
        if questions.is_empty() {
            let answer = inquiry.finish().map_err(|error| Status::internal(error.to_string()))?;
            return Ok((answer, allowance));
        }
        for question in questions {
            let executed = ask(&question.query)?;
            inquiry.take(&question, Some(executed.answer));
            allowance = executed.allowance;
        }
    }
}

/// Mergeable state for those who merge, else finished values; and the memory that the answer takes.
fn answer(node: &Node, query: &Query, cancel: &Cancel) -> Result<(encode::Messages, Allowance), Status> {
    if query.window.is_none() {
        return Err(Status::invalid_argument("the query needs \"from\" and \"to\", in milliseconds since the epoch"));
    }
    if query.partial {
        let Executed { answer, allowance } = execute(&node.history, query, Execute::default(), cancel)?;
        return Ok((encode::partial_answer(answer), allowance));
    }
    let (finished, allowance) = finish(&node.history, query, cancel)?;
    Ok((encode::answer(query, &finished), allowance))
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
        let call = Call::of(request.extensions());
        let query = ticket::parse(&request.into_inner())?;
        if matches!(query.kind, QueryKind::Rows { live: true, .. }) {
            return Ok(Response::new(self.live(&query, call)?));
        }
        let ((messages, allowance), place) = self.in_turn(move |node, cancel| answer(node, &query, cancel)).await?;
        let terms = Terms { held: (allowance, place), call, unread: limits::ANSWER_UNREAD, ending: None };
        Ok(Response::new(send(messages, terms)))
    }

    async fn do_action(&self, request: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let _call = Call::of(request.extensions());
        let Action { r#type, body } = request.into_inner();
        let body = match &*r#type {
            actions::VALUES => self.in_turn(move |node, cancel| actions::values(node, &body, cancel)).await?.0,
            other => actions::answer(&self.node, other)?,
        };
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
