//! The parts of the API's objects that are looked at. Everything else is skipped as it is read, without a copy.

mod metadata;
mod node;
mod owner;
mod pod;
mod service;
mod slice;
mod time;

pub(crate) use node::NodeObject;
pub(crate) use pod::{PodFacts, PodObject};
pub(crate) use service::{ServiceFacts, ServiceObject};
pub(crate) use slice::{SliceFacts, SliceObject};

use goldwire_model::record::Transport;

/// Makes a trimmed struct the API's resource of a whole one.
macro_rules! resource {
    ($trimmed:ty, $whole:ty) => {
        impl kube::Resource for $trimmed {
            type DynamicType = ();
            type Scope = <$whole as kube::Resource>::Scope;

            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                <$whole as kube::Resource>::kind(&())
            }

            fn group((): &()) -> std::borrow::Cow<'_, str> {
                <$whole as kube::Resource>::group(&())
            }

            fn version((): &()) -> std::borrow::Cow<'_, str> {
                <$whole as kube::Resource>::version(&())
            }

            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                <$whole as kube::Resource>::plural(&())
            }

            fn meta(&self) -> &kube::api::ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut kube::api::ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

use resource;

/// As ports of services name it; TCP where they do not.
fn transport(protocol: Option<&str>) -> Option<Transport> {
    const SCTP: u8 = 132;
    match protocol {
        None | Some("TCP" | "") => Some(Transport::Tcp),
        Some("UDP") => Some(Transport::Udp),
        Some("SCTP") => Some(Transport::Other(SCTP)),
        Some(_) => None,
    }
}
