//! Which two reports are of one record.

use goldwire_model::field::Field;

use super::{exchange::Exchange, records::Records};

/// Clocks differ between nodes, and reports on a flow come up to ten seconds apart.
const TOLERANCE_NANOSECONDS: i64 = 15_000_000_000;

/// The records of reports that have one link: mostly one of either end. Where there are more (the addresses were used
/// again, or four gigabytes later the position comes back), both ends saw them in the same order; where one end saw
/// more, times decide.
pub(super) fn exchanges(records: &Records, rows: &[usize]) -> Vec<Exchange> {
    let (mut client, mut server): (Vec<usize>, Vec<usize>) = rows.iter().partition(|row| records.is_by_client(**row));
    let time = |row: &usize| records.number(&Field::Time, *row).unwrap_or(0);
    client.sort_by_key(time);
    server.sort_by_key(time);
    let mut found = Vec::with_capacity(client.len().max(server.len()));
    if client.len() == server.len() {
        found.extend(server.into_iter().zip(client).map(|(main, client)| Exchange::both(main, client)));
        return found;
    }
    let (mut client, mut server) = (client.into_iter().peekable(), server.into_iter().peekable());
    while let (Some(ours), Some(theirs)) = (client.peek(), server.peek()) {
        let difference = time(ours).saturating_sub(time(theirs));
        if difference.abs() <= TOLERANCE_NANOSECONDS {
            let both = server.next().zip(client.next());
            found.extend(both.map(|(main, client)| Exchange::both(main, client)));
        } else if difference < 0 {
            found.extend(client.next().map(Exchange::of));
        } else {
            found.extend(server.next().map(Exchange::of));
        }
    }
    found.extend(client.chain(server).map(Exchange::of));
    found
}
