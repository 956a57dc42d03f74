//! Records that two nodes reported: one row each, with what only one of the two knows.

use goldwire_answer::column::Column;
use goldwire_model::field::{EndField, Field, Side};
use rustc_hash::FxHashMap;

use super::records::Records;

/// Clocks differ between nodes, and reports on a flow come up to ten seconds apart.
const TOLERANCE_NANOSECONDS: i64 = 15_000_000_000;

/// Addresses and ports of both ends, and the transport.
type Ends = (Box<str>, Option<i64>, Box<str>, Option<i64>, Box<str>);

/// Rows of one pair of ends, by who reports them.
#[derive(Default)]
struct Reports {
    client: Vec<usize>,
    server: Vec<usize>,
}

/// The rows to show: of two reports of one record the server's, which takes from the client's what it lacks.
pub(super) fn once_each(records: &mut Records) -> Vec<usize> {
    let mut by_ends: FxHashMap<Ends, Reports> = FxHashMap::default();
    for row in 0..records.len() {
        let Some(ends) = ends_of(records, row) else { continue };
        match records.text(&Field::Reporter, row) {
            Some("client") => by_ends.entry(ends).or_default().client.push(row),
            Some("server") => by_ends.entry(ends).or_default().server.push(row),
            _ => {}
        }
    }
    let mut is_shown = vec![true; records.len()];
    for reports in by_ends.into_values() {
        for (client, server) in same_records(records, reports) {
            is_shown[client] = false;
            complete(records, server, client);
        }
    }
    (0..records.len()).filter(|row| is_shown[*row]).collect()
}

fn ends_of(records: &Records, row: usize) -> Option<Ends> {
    let address = |side| records.text(&Field::End(side, EndField::Address), row).map(Box::from);
    let port = |side| records.number(&Field::End(side, EndField::Port), row);
    let transport = records.text(&Field::NetworkTransport, row).unwrap_or_default().into();
    Some((address(Side::Source)?, port(Side::Source), address(Side::Destination)?, port(Side::Destination), transport))
}

/// Which client's report is of the same record as which server's. Between two ends records have an order, which both
/// sides see alike; where one side has more, times decide.
fn same_records(records: &Records, reports: Reports) -> Vec<(usize, usize)> {
    let Reports { mut client, mut server } = reports;
    let time = |row: &usize| records.number(&Field::Time, *row).unwrap_or(0);
    client.sort_by_key(time);
    server.sort_by_key(time);
    if client.len() == server.len() {
        return client.into_iter().zip(server).collect();
    }
    let mut pairs = Vec::new();
    let (mut client, mut server) = (client.into_iter().peekable(), server.into_iter().peekable());
    while let (Some(ours), Some(theirs)) = (client.peek(), server.peek()) {
        let difference = time(ours).saturating_sub(time(theirs));
        if difference.abs() <= TOLERANCE_NANOSECONDS {
            pairs.extend(client.next().zip(server.next()));
        } else if difference < 0 {
            client.next();
        } else {
            server.next();
        }
    }
    pairs
}

/// Gives a row the values that it lacks.
fn complete(records: &mut Records, row: usize, other: usize) {
    for (field, column) in records.columns_mut() {
        match column {
            Column::Text(values) => {
                if values[row].as_deref().is_none_or(str::is_empty) {
                    values[row] = values[other].clone();
                }
            }
            // Each socket knows the segments that itself sent again.
            Column::Integer(values) if *field == Field::Retransmits => {
                let sum = values[row].unwrap_or(0).saturating_add(values[other].unwrap_or(0));
                values[row] = (values[row].is_some() || values[other].is_some()).then_some(sum);
            }
            Column::Integer(values) | Column::Time(values) => values[row] = values[row].or(values[other]),
            Column::Float(values) => values[row] = values[row].or(values[other]),
        }
    }
}
