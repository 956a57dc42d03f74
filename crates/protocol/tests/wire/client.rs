//! The client against nodes that answer, refuse, hang and talk nonsense.

use std::time::Duration;

use arrow_flight::FlightData;
use futures::{StreamExt, stream};
use goldwire_protocol::{
    client::{Connection, NodeClient, NodeError, TlsSettings, Token},
    encode,
};
use tonic::Status;

use super::{answers, server};

const PATIENCE: Duration = Duration::from_secs(10);

fn client(address: impl ToString, connection: &Connection) -> NodeClient {
    NodeClient::new(address.to_string().parse().unwrap(), connection).unwrap()
}

#[tokio::test]
async fn an_answer_larger_than_grpc_s_default_limit_comes_whole() {
    let address = server::start(|_| Ok(encode::partial_answer(answers::large()))).await;
    let answer = client(address, &Connection::default()).query_partial("{}", PATIENCE).await.unwrap();
    assert_eq!(answer, answers::large());
}

#[tokio::test]
async fn the_query_and_the_token_are_sent() {
    let address = server::start(|request| {
        let token = request.metadata().get("authorization").map(|token| token.to_str().unwrap().to_owned());
        assert_eq!(token.as_deref(), Some("Bearer s3cret"));
        assert_eq!(request.get_ref().ticket.as_ref(), b"{\"a\":1}");
        Ok(encode::partial_answer(answers::large()))
    })
    .await;
    let connection = Connection { token: Some(Token::new("s3cret\n").unwrap()), ..Connection::default() };
    assert!(client(address, &connection).query_partial("{\"a\":1}", PATIENCE).await.is_ok());
}

#[tokio::test]
async fn each_failure_has_its_kind_and_reason() {
    let refused = server::start(|_| Err(Status::unauthenticated("token not accepted"))).await;
    let wrong = server::start(|_| Err(Status::invalid_argument("there is no field `x`"))).await;
    let garbage = server::start(|_| {
        let message = FlightData { data_header: vec![7; 40].into(), ..FlightData::default() };
        Ok(stream::iter([Ok(message)]).boxed())
    })
    .await;
    let hangs = server::start(|_| Ok(stream::pending().boxed())).await;
    let ask = async |address: String, patience: u64| {
        let client = client(address, &Connection::default());
        client.query_partial("{}", Duration::from_millis(patience)).await.unwrap_err()
    };
    assert_eq!(ask(refused.to_string(), 10_000).await, NodeError::Refused { reason: "token not accepted".into() });
    assert_eq!(ask(wrong.to_string(), 10_000).await, NodeError::BadQuery { reason: "there is no field `x`".into() });
    let error = ask(garbage.to_string(), 10_000).await;
    assert!(matches!(error, NodeError::BadAnswer { .. }), "{error:?}");
    assert_eq!(ask(hangs.to_string(), 200).await, NodeError::Late { after: Duration::from_millis(200) });
    // Nobody listens on port 1.
    let error = ask("127.0.0.1:1".to_owned(), 10_000).await;
    assert_eq!(error, NodeError::Unreachable { reason: "connection refused".into() });
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told() {
    let client = client("no-such-node.invalid:1", &Connection::default());
    let error = client.query_partial("{}", PATIENCE).await.unwrap_err();
    assert!(matches!(&error, NodeError::Unreachable { reason } if reason.contains("name")), "{error:?}");
}

#[tokio::test]
async fn tls_to_a_node_without_it_is_told() {
    let address = server::start(|_| Ok(encode::partial_answer(answers::large()))).await;
    let tls = TlsSettings { always: true, skip_verify: true, ..TlsSettings::default() };
    let client = client(address, &Connection { tls, token: None });
    let error = client.query_partial("{}", PATIENCE).await.unwrap_err();
    assert_eq!(error.to_string(), "the node does not speak TLS at this address");
}

#[tokio::test]
async fn an_action_s_results_are_joined() {
    let address = server::start(|_| Err(Status::internal("not asked"))).await;
    let body = client(address, &Connection::default()).action("values", "1234", PATIENCE).await.unwrap();
    assert_eq!(body.as_ref(), b"values 4");
}
