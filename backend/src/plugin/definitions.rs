//! Messages of Grafana's plugin protocol that are newer than the SDK's, or not in it.

use std::collections::HashMap;

/// `pluginv2.QueryDataResponse`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct QueryDataResponse {
    /// By refId.
    #[prost(map = "string, message", tag = "1")]
    pub(super) responses: HashMap<String, DataResponse>,
}

/// `pluginv2.DataResponse`, with `errorSource`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DataResponse {
    /// Arrow IPC files.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub(super) frames: Vec<Vec<u8>>,
    /// Empty where there is none.
    #[prost(string, tag = "2")]
    pub(super) error: String,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) json_meta: Vec<u8>,
    /// An HTTP status.
    #[prost(int32, tag = "4")]
    pub(super) status: i32,
    /// `plugin` or `downstream`; empty where there is no error.
    #[prost(string, tag = "5")]
    pub(super) error_source: String,
}

/// `plugin.Empty`
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Empty {}
