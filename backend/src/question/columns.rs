//! The columns of a panel that does not choose its own.

use goldwire_model::field::{EndField, Field, Side, Table};

const SOURCE: fn(EndField) -> Field = |end| Field::End(Side::Source, end);
const DESTINATION: fn(EndField) -> Field = |end| Field::End(Side::Destination, end);

/// What a table shows, and what its links to processes are made of.
pub(super) fn table_columns(table: Table) -> Vec<Field> {
    let mut columns = table.default_columns();
    if matches!(table, Table::Flows | Table::Requests) {
        let process = [EndField::Process, EndField::Pid, EndField::Node];
        columns.extend([SOURCE, DESTINATION].into_iter().flat_map(|end| process.clone().map(end)));
    }
    columns
}

/// What a line tells, and what its labels are.
pub(super) fn log_columns(table: Table) -> Vec<Field> {
    let mut columns = table.default_columns();
    if table == Table::Requests {
        columns.extend([Field::SpanId, Field::HttpHost, Field::NodeName]);
    }
    columns
}

/// What a span is made of.
pub(super) fn trace_columns() -> Vec<Field> {
    vec![
        Field::TraceId,
        Field::SpanId,
        Field::Time,
        Field::Start,
        Field::Latency,
        SOURCE(EndField::Workload),
        SOURCE(EndField::Address),
        SOURCE(EndField::Port),
        SOURCE(EndField::Pod),
        SOURCE(EndField::Node),
        SOURCE(EndField::Pid),
        DESTINATION(EndField::Workload),
        DESTINATION(EndField::Address),
        DESTINATION(EndField::Port),
        DESTINATION(EndField::Namespace),
        DESTINATION(EndField::Pod),
        DESTINATION(EndField::Node),
        DESTINATION(EndField::Pid),
        Field::NodeName,
        Field::NetworkProtocol,
        Field::HttpMethod,
        Field::HttpRoute,
        Field::UrlPath,
        Field::HttpHost,
        Field::HttpStatus,
        Field::RpcMethod,
        Field::RpcStatus,
        Field::DbSystem,
        Field::DbOperation,
        Field::DbTarget,
        Field::DbQueryText,
        Field::MessagingDestination,
        Field::DnsName,
        Field::DnsCode,
        Field::ErrorType,
        Field::ErrorCode,
        Field::RequestBytes,
        Field::ResponseBytes,
    ]
}
