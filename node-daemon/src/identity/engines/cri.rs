//! The kubelet's API of container runtimes (`runtime.v1` of `k8s.io/cri-api`): the parts of its messages that are read, by the
//! numbers that `api.proto` gives them.

use std::{collections::HashMap, io};

use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use prost::Message;
use tonic::{
    Code, Request,
    client::Grpc,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use super::{dial::Dialer, error::AskError, place::Place};
use crate::identity::container::Container;

const LIST: PathAndQuery = PathAndQuery::from_static("/runtime.v1.RuntimeService/ListContainers");
const STATUS: PathAndQuery = PathAndQuery::from_static("/runtime.v1.RuntimeService/ContainerStatus");
/// Longest answer.
const MOST: usize = 16 << 20;
/// `ContainerState.CONTAINER_RUNNING`
const RUNNING: i32 = 1;

#[derive(Clone, PartialEq, Message)]
pub(super) struct ListContainersRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) filter: Option<ContainerFilter>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ContainerFilter {
    #[prost(message, optional, tag = "2")]
    pub(super) state: Option<ContainerStateValue>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ContainerStateValue {
    #[prost(int32, tag = "1")]
    pub(super) state: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ListContainersResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) containers: Vec<Listed>,
}

/// `Container` of the API, which has more.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Listed {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ContainerStatusRequest {
    #[prost(string, tag = "1")]
    pub(super) container_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ContainerStatusResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) status: Option<ContainerStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ContainerStatus {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) metadata: Option<ContainerMetadata>,
    #[prost(message, optional, tag = "8")]
    pub(super) image: Option<ImageSpec>,
    #[prost(map = "string, string", tag = "12")]
    pub(super) labels: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ContainerMetadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ImageSpec {
    /// A name, or the image's id.
    #[prost(string, tag = "1")]
    pub(super) image: String,
    /// The name as the pod's maker wrote it; newer runtimes only.
    #[prost(string, tag = "18")]
    pub(super) user_specified_image: String,
}

/// A connection, which tonic opens again where it broke.
#[derive(Debug)]
pub(super) struct Cri {
    grpc: Grpc<Channel>,
}

impl Cri {
    pub(super) async fn open(place: &Place, dialer: &Dialer) -> Result<Self, AskError> {
        // Tonic's own error would not say what is wrong with the socket.
        drop(dialer.connect(&place.path).await?);
        let (path, dialer) = (place.path.clone(), dialer.clone());
        let connect = tower::service_fn(move |_| {
            let (path, dialer) = (path.clone(), dialer.clone());
            async move { Ok::<_, io::Error>(TokioIo::new(dialer.connect(&path).await?)) }
        });
        // There is no host; HTTP/2 wants a name.
        let channel = Endpoint::from_static("http://localhost").connect_with_connector(connect).await?;
        Ok(Self { grpc: Grpc::new(channel).max_decoding_message_size(MOST) })
    }

    /// Every container that runs.
    pub(super) async fn all(&mut self) -> Result<Vec<(String, Container)>, AskError> {
        let filter = Some(ContainerFilter { state: Some(ContainerStateValue { state: RUNNING }) });
        let listed: ListContainersResponse = self.call(LIST, ListContainersRequest { filter }).await?;
        let mut all = Vec::new();
        for Listed { id } in listed.containers.into_iter().filter(|listed| super::is_asked_for(&listed.id)) {
            // It may have ended meanwhile.
            if let Some(container) = self.one(&id).await? {
                all.push((id, container));
            }
        }
        Ok(all)
    }

    /// One container, whether or not it runs.
    pub(super) async fn one(&mut self, id: &str) -> Result<Option<Container>, AskError> {
        let request = ContainerStatusRequest { container_id: id.to_owned() };
        match self.call::<_, ContainerStatusResponse>(STATUS, request).await {
            // Asked for by a prefix, a runtime may find another.
            Ok(answer) => Ok(answer.status.filter(|status| status.id == id).map(read)),
            Err(AskError::Call(status)) if is_unknown(&status) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn call<Q, A>(&mut self, method: PathAndQuery, question: Q) -> Result<A, AskError>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        self.grpc.ready().await?;
        let codec = ProstCodec::<Q, A>::default();
        Ok(self.grpc.unary(Request::new(question), method, codec).await?.into_inner())
    }
}

/// cri-dockerd has no code for it.
fn is_unknown(status: &tonic::Status) -> bool {
    status.code() == Code::NotFound || status.code() == Code::Unknown && status.message().contains("No such container")
}

fn read(status: ContainerStatus) -> Container {
    let ContainerStatus { metadata, image, labels, .. } = status;
    let image = image.unwrap_or_default();
    let named = if image.user_specified_image.is_empty() { image.image } else { image.user_specified_image };
    Container::new(&metadata.unwrap_or_default().name, &named, labels)
}
