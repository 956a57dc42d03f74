//! The plaintext gRPC connection to a plugin.

use grafana_plugin_sdk::pluginv2::{
    data_client::DataClient, diagnostics_client::DiagnosticsClient, resource_client::ResourceClient,
    stream_client::StreamClient,
};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tonic_0_12::{
    Request, Status,
    client::Grpc,
    codec::ProstCodec,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint, Error, Uri},
};
use tower::service_fn;

use super::handshake::Address;

/// go-plugin dials this name whatever the address is, so it is the authority of every call.
const DIALLED_NAME: &str = "http://unused";
/// go-plugin's client sets the largest limit there is.
const MESSAGE_LIMIT: usize = i32::MAX as usize;

/// Connects to where the plugin said that it listens.
pub(super) async fn connect(address: &Address) -> Result<Channel, Error> {
    let endpoint = Endpoint::from_static(DIALLED_NAME);
    match address.clone() {
        Address::Unix(path) => {
            let dial = move |_: Uri| {
                let path = path.clone();
                async move { UnixStream::connect(path).await.map(TokioIo::new) }
            };
            endpoint.connect_with_connector(service_fn(dial)).await
        }
        Address::Tcp(address) => {
            let dial = move |_: Uri| async move { TcpStream::connect(address).await.map(TokioIo::new) };
            endpoint.connect_with_connector(service_fn(dial)).await
        }
    }
}

pub(super) fn data(channel: &Channel) -> DataClient<Channel> {
    DataClient::new(channel.clone()).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT)
}

pub(super) fn diagnostics(channel: &Channel) -> DiagnosticsClient<Channel> {
    DiagnosticsClient::new(channel.clone()).max_decoding_message_size(MESSAGE_LIMIT)
}

pub(super) fn resources(channel: &Channel) -> ResourceClient<Channel> {
    ResourceClient::new(channel.clone())
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT)
}

pub(super) fn streams(channel: &Channel) -> StreamClient<Channel> {
    StreamClient::new(channel.clone()).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT)
}

/// Asks the plugin to end, by go-plugin's own service.
pub(super) async fn shut_down(channel: &Channel) -> Result<(), Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let method = PathAndQuery::from_static("/plugin.GRPCController/Shutdown");
    client.unary(Request::new(()), method, ProstCodec::<(), ()>::default()).await.map(drop)
}
