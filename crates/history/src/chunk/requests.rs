//! Rows of `requests`.

use goldwire_model::{
    field::Field,
    record::{Detail, RequestRecord, Text},
};

use super::{
    ends::{EndCodes, pack_ends},
    names::{error_code, nanoseconds, protocol_code},
    numbers::ABSENT,
    open::{Dictionaries, Row, Values},
    sealed::{Packer, Slot},
};

/// Places of the texts in a row.
pub(crate) mod text {
    pub(crate) const HTTP_METHOD: usize = 0;
    pub(crate) const URL_PATH: usize = 1;
    pub(crate) const HTTP_ROUTE: usize = 2;
    pub(crate) const HTTP_HOST: usize = 3;
    pub(crate) const RPC_METHOD: usize = 4;
    pub(crate) const DNS_NAME: usize = 5;
    pub(crate) const DNS_TYPE: usize = 6;
    pub(crate) const DNS_CODE: usize = 7;
    pub(crate) const DNS_ANSWERS: usize = 8;
    pub(crate) const OPERATION: usize = 9;
    pub(crate) const DB_TARGET: usize = 10;
    pub(crate) const MESSAGING_DESTINATION: usize = 11;
    pub(crate) const USER_AGENT: usize = 12;
    pub(crate) const DB_QUERY: usize = 13;
    pub(crate) const ERROR_CODE: usize = 14;
    pub(crate) const COUNT: usize = 15;
}

/// An exchange by code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestRow {
    pub(crate) time: i64,
    start: i64,
    connection: u64,
    /// Durations in nanoseconds.
    pub(crate) latency: u64,
    first_byte: u64,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) rpc_status: u32,
    /// `u32::MAX` is absent, as in all counts.
    request_messages: u32,
    response_messages: u32,
    dns_ttl: u32,
    dns_retries: u32,
    position: u32,
    /// The position is known: every number may be one.
    has_position: bool,
    pub(crate) ends: EndCodes,
    /// 1000 and up never occur; `u16::MAX` is absent.
    pub(crate) http_status: u16,
    trace_id: u16,
    span_id: u16,
    pub(crate) texts: [u16; text::COUNT],
    pub(crate) protocol: u8,
    pub(crate) error: u8,
}

const NO_HTTP_STATUS: u16 = u16::MAX;
const NO_RPC_STATUS: u32 = u32::MAX;
const NO_COUNT: u32 = u32::MAX;

/// Numbers beyond the column are cut.
fn counted(count: Option<u64>) -> u32 {
    count.map_or(NO_COUNT, |count| u32::try_from(count).unwrap_or(u32::MAX).min(NO_COUNT - 1))
}

fn count_or_absent(count: u32) -> u64 {
    if count == NO_COUNT { ABSENT } else { u64::from(count) }
}

impl RequestRow {
    /// HTTP's or gRPC's status, or [`ABSENT`].
    pub(crate) fn status(&self) -> u64 {
        if self.http_status == NO_HTTP_STATUS { self.rpc_status_or_absent() } else { u64::from(self.http_status) }
    }

    fn rpc_status_or_absent(&self) -> u64 {
        if self.rpc_status == NO_RPC_STATUS { ABSENT } else { u64::from(self.rpc_status) }
    }

    fn http_status_or_absent(&self) -> u64 {
        if self.http_status == NO_HTTP_STATUS { ABSENT } else { u64::from(self.http_status) }
    }

    fn add_detail(&mut self, detail: &Detail, dictionaries: &mut Dictionaries) {
        let mut set = |column: usize, value: Option<&Text>| self.texts[column] = dictionaries.text(column, value);
        match detail {
            Detail::Http { method, path, route, host, status, user_agent, error_code } => {
                set(text::HTTP_METHOD, method.as_ref());
                set(text::URL_PATH, path.as_ref());
                set(text::HTTP_ROUTE, route.as_ref());
                set(text::HTTP_HOST, host.as_ref());
                set(text::USER_AGENT, user_agent.as_ref());
                set(text::ERROR_CODE, error_code.as_ref());
                self.http_status = status.unwrap_or(NO_HTTP_STATUS);
            }
            Detail::Grpc { method, status, request_messages, response_messages, error_code } => {
                set(text::RPC_METHOD, method.as_ref());
                set(text::ERROR_CODE, error_code.as_ref());
                self.rpc_status = status.unwrap_or(NO_RPC_STATUS);
                self.request_messages = counted(*request_messages);
                self.response_messages = counted(*response_messages);
            }
            Detail::Dns { name, question_type, code, answers, ttl, retries } => {
                set(text::DNS_NAME, Some(name));
                set(text::DNS_TYPE, Some(question_type));
                set(text::DNS_CODE, code.as_ref());
                set(text::DNS_ANSWERS, answers.as_ref());
                self.dns_ttl = counted(ttl.map(u64::from));
                self.dns_retries = counted(retries.map(u64::from));
            }
            Detail::Database { operation, target, statement, error_code } => {
                set(text::OPERATION, operation.as_ref());
                set(text::DB_TARGET, target.as_ref());
                set(text::DB_QUERY, statement.as_ref());
                set(text::ERROR_CODE, error_code.as_ref());
            }
            Detail::Messaging { operation, destination, error_code } => {
                set(text::OPERATION, operation.as_ref());
                set(text::MESSAGING_DESTINATION, destination.as_ref());
                set(text::ERROR_CODE, error_code.as_ref());
            }
        }
    }
}

impl Row for RequestRow {
    const TEXTS: &'static [Field] = &[
        Field::HttpMethod,
        Field::UrlPath,
        Field::HttpRoute,
        Field::HttpHost,
        Field::RpcMethod,
        Field::DnsName,
        Field::DnsType,
        Field::DnsCode,
        Field::DnsAnswers,
        Field::DbOperation,
        Field::DbTarget,
        Field::MessagingDestination,
        Field::UserAgentClass,
        Field::DbQueryText,
        Field::ErrorCode,
    ];
    type Record = RequestRecord;

    #[inline]
    fn make(record: &RequestRecord, dictionaries: &mut Dictionaries) -> Self {
        let mut row = Self {
            time: record.time.0,
            start: record.start.0,
            connection: record.connection.0,
            latency: record.latency.map_or(ABSENT, nanoseconds),
            first_byte: record.latency_first_byte.map_or(ABSENT, nanoseconds),
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            rpc_status: NO_RPC_STATUS,
            request_messages: NO_COUNT,
            response_messages: NO_COUNT,
            dns_ttl: NO_COUNT,
            dns_retries: NO_COUNT,
            position: record.position.unwrap_or_default(),
            has_position: record.position.is_some(),
            ends: EndCodes::make(&record.ends, dictionaries),
            http_status: NO_HTTP_STATUS,
            trace_id: dictionaries.trace_id(record.trace_id),
            span_id: dictionaries.span_id(record.span_id),
            texts: [0; text::COUNT],
            protocol: protocol_code(Some(record.protocol)),
            error: error_code(record.error),
        };
        row.add_detail(&record.detail, dictionaries);
        row
    }

    fn time(&self) -> i64 {
        self.time
    }

    fn text_codes(&self) -> &[u16] {
        &self.texts
    }

    fn pack(rows: &[Self], values: &Values, packer: &mut Packer) {
        let first = packer.first_time();
        packer.column(Slot::Time, rows, |row| row.time.abs_diff(first));
        packer.column(Slot::Age, rows, |row| row.time.saturating_sub(row.start).max(0).cast_unsigned());
        packer.connections(rows, |row| row.connection);
        pack_ends(packer, rows, &values.pairings, |row| &row.ends);
        packer.column(Slot::Latency, rows, |row| row.latency);
        packer.column(Slot::LatencyFirstByte, rows, |row| row.first_byte);
        packer.column(Slot::RequestBytes, rows, |row| row.request_bytes);
        packer.column(Slot::ResponseBytes, rows, |row| row.response_bytes);
        packer.column(Slot::HttpStatus, rows, Self::http_status_or_absent);
        packer.column(Slot::RpcStatus, rows, Self::rpc_status_or_absent);
        packer.column(Slot::RequestMessages, rows, |row| count_or_absent(row.request_messages));
        packer.column(Slot::ResponseMessages, rows, |row| count_or_absent(row.response_messages));
        packer.column(Slot::DnsTtl, rows, |row| count_or_absent(row.dns_ttl));
        packer.column(Slot::DnsRetries, rows, |row| count_or_absent(row.dns_retries));
        packer.column(Slot::Position, rows, |row| if row.has_position { u64::from(row.position) } else { ABSENT });
        packer.column(Slot::Protocol, rows, |row| u64::from(row.protocol));
        packer.column(Slot::Error, rows, |row| u64::from(row.error));
        packer.trace_ids(rows, |row| row.trace_id, &values.trace_ids);
        packer.span_ids(rows, |row| row.span_id, &values.span_ids);
    }
}
