//! The tables and what each shows when no columns are asked for.

use std::{fmt, str::FromStr};

use super::{EndField, Field, Side};

/// The tables of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// Reports on connections and conversations.
    Flows,
    /// Exchanges.
    Requests,
    /// Dropped packets.
    Drops,
    /// Begins and ends of processes.
    Processes,
}

/// No table has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no table `{0}`: expected flows, requests, drops or processes")]
pub struct UnknownTable(pub String);

const SOURCE: fn(EndField) -> Field = |end| Field::End(Side::Source, end);
const DESTINATION: fn(EndField) -> Field = |end| Field::End(Side::Destination, end);

impl Table {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Flows, Self::Requests, Self::Drops, Self::Processes];

    /// As queries spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Requests => "requests",
            Self::Drops => "drops",
            Self::Processes => "processes",
        }
    }

    /// What a list of its records shows where the query names no columns. `reporter` is never among them: to name it
    /// is to ask for both ends' reports.
    #[must_use]
    pub fn default_columns(self) -> Vec<Field> {
        match self {
            Self::Flows => flow_columns(),
            Self::Requests => request_columns(),
            Self::Drops => drop_columns(),
            Self::Processes => process_columns(),
        }
    }
}

fn end_columns() -> Vec<Field> {
    vec![
        Field::Time,
        SOURCE(EndField::Workload),
        SOURCE(EndField::Address),
        SOURCE(EndField::Port),
        DESTINATION(EndField::Workload),
        DESTINATION(EndField::Address),
        DESTINATION(EndField::Port),
    ]
}

fn flow_columns() -> Vec<Field> {
    let mut columns = end_columns();
    columns.extend([
        Field::NetworkTransport,
        Field::NetworkProtocol,
        Field::Verdict,
        Field::TcpState,
        Field::Ending,
        Field::BytesSent,
        Field::BytesReceived,
        Field::Retransmits,
        Field::Rtt,
        Field::Duration,
    ]);
    columns
}

fn request_columns() -> Vec<Field> {
    let mut columns = end_columns();
    columns.extend([
        Field::NetworkProtocol,
        Field::HttpMethod,
        Field::UrlPath,
        Field::HttpStatus,
        Field::RpcMethod,
        Field::RpcStatus,
        Field::DnsName,
        Field::DnsCode,
        Field::DbOperation,
        Field::ErrorType,
        Field::Latency,
        Field::RequestBytes,
        Field::ResponseBytes,
        Field::TraceId,
    ]);
    columns
}

fn drop_columns() -> Vec<Field> {
    let mut columns = end_columns();
    columns.extend([
        Field::NetworkTransport,
        Field::DropReason,
        Field::DropPlace,
        Field::Count,
        Field::DropBytes,
        Field::NodeName,
    ]);
    columns
}

fn process_columns() -> Vec<Field> {
    vec![
        Field::Time,
        Field::ProcessEvent,
        Field::ProcessName,
        Field::ProcessPid,
        Field::ProcessParent,
        Field::ProcessExecutable,
        Field::ProcessArguments,
        Field::ProcessUser,
        Field::ProcessWorkload,
        Field::ProcessAncestry,
        Field::ProcessExitCode,
        Field::NodeName,
    ]
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Table {
    type Err = UnknownTable;

    fn from_str(name: &str) -> Result<Self, UnknownTable> {
        Self::ALL.into_iter().find(|table| table.name() == name).ok_or_else(|| UnknownTable(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_columns_exist_in_their_table_and_leave_the_reporter_out() {
        for table in Table::ALL {
            for field in table.default_columns() {
                assert!(field.is_in(table), "{} in {table}", field.name());
                assert_ne!(field, Field::Reporter);
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for table in Table::ALL {
            assert_eq!(table.name().parse(), Ok(table));
        }
        assert_eq!("flow".parse::<Table>(), Err(UnknownTable("flow".into())));
    }
}
