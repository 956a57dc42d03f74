//! Groups from raw records: chunk by chunk, column by column.

use goldwire_answer::coverage::Records;
use goldwire_model::filter::Filter;

use super::{
    mask::{FALSE, Mask, Missing, mask, mask_where},
    plan::{Plan, Span},
    shares::{Shares, interval_of},
    slots::StepCursor,
    space::{Reports, Space},
    states::Filling,
    table::GroupTable,
    take::{Condition, Given, RawTake},
};
use crate::chunk::{
    ends::Flags,
    names::{DNS, is_counted_error, is_left_by_client},
    numbers::Numbers,
    resolve::NamedChunk,
    sealed::{Chunk, Slot},
};

/// True where a table's records come in two reports, of which one is not counted.
pub(crate) const fn has_two_reports(source: Records) -> bool {
    // A dropped packet is one packet at one place, whoever else saw the connection.
    matches!(source, Records::Requests | Records::Flows)
}

/// Which reports of a connection that was seen at both ends are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    All,
    /// The one that is counted.
    First,
    /// The other.
    Second,
}

impl Counting {
    /// Those that are counted: one of each exchange, unless the query tells the reporters apart.
    pub(crate) const fn counted(deduplicate: bool, source: Records) -> Self {
        if deduplicate && has_two_reports(source) { Self::First } else { Self::All }
    }

    pub(crate) const fn have(self, flags: Flags) -> bool {
        match self {
            Self::All => true,
            Self::First => !flags.is_second_report(),
            Self::Second => flags.is_second_report(),
        }
    }
}

/// Which rows are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) span: Span,
    pub(crate) filter: &'a Filter,
    pub(crate) reports: Counting,
    /// Rows that are about any of the time, even if they came later.
    pub(crate) about: bool,
    /// See [`Plan::leaves_pairs`].
    pub(crate) leaves_pairs: bool,
}

impl<'a> Wanted<'a> {
    pub(crate) fn of(plan: &'a Plan<'_>, source: Records) -> Self {
        Self {
            span: plan.span_of(source),
            filter: plan.filter,
            reports: Counting::counted(plan.deduplicate, source),
            about: false,
            leaves_pairs: plan.leaves_pairs(source),
        }
    }
}

/// Whether entries may match: what a node cannot decide, the merge will.
pub(crate) fn possible(entries: &impl Reports, filter: &Filter, leaves_pairs: bool) -> Option<Mask> {
    let mut truths = mask(filter, entries)?;
    if leaves_pairs && entries.may_have_pairs() {
        let left = mask_where(filter, entries, Missing::Paired)?;
        for (entry, (truth, left)) in truths.iter_mut().zip(left).enumerate() {
            if *truth == FALSE && left != FALSE && entries.pair(entry).is_some() {
                *truth = left;
            }
        }
    }
    Some(truths)
}

/// Rows of the window that may match.
pub(crate) fn select(entries: NamedChunk<'_>, wanted: Wanted<'_>) -> Vec<u32> {
    let (chunk, span) = (entries.chunk, wanted.span);
    let (times, flags) = (chunk.numbers(Slot::Time), chunk.numbers(Slot::Flags));
    let inside = chunk.times.are_within(span.from, span.to);
    let truths = possible(&entries, wanted.filter, wanted.leaves_pairs);
    let mut rows: Vec<u32> = match &truths {
        None => (0..chunk.len() as u32).collect(),
        Some(truths) => (0..chunk.len() as u32).filter(|row| truths[*row as usize] != FALSE).collect(),
    };
    if !inside && wanted.about {
        let covers = chunk.numbers(Slot::Covers);
        rows.retain(|row| {
            let interval = interval_of(times, covers, *row as usize);
            // A report that comes as the window begins is about nothing in it, but comes in it.
            let time = times.get(*row as usize).cast_signed();
            interval.since() < span.to && interval.last().max(time) >= span.from
        });
    } else if !inside {
        rows.retain(|row| (span.from..span.to).contains(&times.get(*row as usize).cast_signed()));
    }
    if wanted.reports != Counting::All {
        rows.retain(|row| wanted.reports.have(Flags(flags.get(*row as usize) as u8)));
    }
    rows
}

/// Adds the chunk's rows to the states. `takes` are those of this table, with the place of the column that each fills.
pub(crate) fn scan(
    entries: NamedChunk<'_>,
    plan: &Plan<'_>,
    source: Records,
    table: &mut GroupTable<'_, '_>,
    takes: &[(RawTake, usize)],
) {
    let wanted = Wanted::of(plan, source);
    scan_reports(entries, wanted, source, table, takes.iter());
    if wanted.reports == Counting::First && takes.iter().any(|(take, _)| take.in_parts) {
        let second = Wanted { reports: Counting::Second, ..wanted };
        scan_reports(entries, second, source, table, takes.iter().filter(|(take, _)| take.in_parts));
    }
}

fn scan_reports<'a>(
    entries: NamedChunk<'_>,
    wanted: Wanted<'_>,
    source: Records,
    table: &mut GroupTable<'_, '_>,
    takes: impl Iterator<Item = &'a (RawTake, usize)>,
) {
    let (spread, at_once): (Vec<_>, Vec<_>) = takes.partition(|(take, _)| take.spread);
    let mut rows = select(entries, Wanted { about: !spread.is_empty(), ..wanted });
    if rows.is_empty() {
        return;
    }
    let mut combinations = combine(entries, &rows, source, &mut table.space);
    if !spread.is_empty() {
        let mut from = 0;
        while from < rows.len() {
            let (shares, next) = Shares::of(entries.chunk, (&rows, &combinations), from, wanted.span, &mut table.space);
            from = next;
            for (take, at) in &spread {
                let filling = &mut table.fillings[*at];
                filling.grow(table.space.slots.len());
                shares.fill(entries.chunk, *take, filling);
            }
        }
        keep_within(entries.chunk, wanted.span, &mut rows, &mut combinations);
    }
    if at_once.is_empty() {
        return;
    }
    let slots = slots_of(entries, &rows, combinations, &mut table.space);
    for (take, at) in &at_once {
        let filling = &mut table.fillings[*at];
        filling.grow(table.space.slots.len());
        fill(entries.chunk, &rows, &slots, *take, filling);
    }
}

fn combine(entries: NamedChunk<'_>, rows: &[u32], source: Records, space: &mut Space) -> Vec<u32> {
    if has_two_reports(source) { space.combine_reports(&entries, rows) } else { space.combine_unpaired(&entries, rows) }
}

/// Of rows that are about any of the time, those that came in it.
fn keep_within(chunk: &Chunk, span: Span, rows: &mut Vec<u32>, combinations: &mut Vec<u32>) {
    let times = chunk.numbers(Slot::Time);
    let is_within = |row: u32| (span.from..span.to).contains(&times.get(row as usize).cast_signed());
    let mut kept = rows.iter().map(|row| is_within(*row)).collect::<Vec<_>>().into_iter();
    combinations.retain(|_| kept.next().unwrap_or_default());
    rows.retain(|row| is_within(*row));
}

fn slots_of(entries: NamedChunk<'_>, rows: &[u32], mut combinations: Vec<u32>, space: &mut Space) -> Vec<u32> {
    let times = entries.chunk.numbers(Slot::Time);
    let mut cursor = StepCursor::new(space.steps);
    for (slot, row) in combinations.iter_mut().zip(rows) {
        let step = cursor.index(times.get(*row as usize).cast_signed());
        *slot = space.slot(*slot, step);
    }
    combinations
}

fn fill(chunk: &Chunk, rows: &[u32], slots: &[u32], take: RawTake, filling: &mut Filling) {
    let counts = counted(chunk, take.condition);
    match take.given {
        Given::One if take.condition == Condition::Always => filling.take_ones(slots),
        Given::One => {
            let counting = rows.iter().zip(slots).filter(|(row, _)| counts.holds(**row as usize));
            filling.take_ones(&counting.map(|(_, slot)| *slot).collect::<Vec<_>>());
        }
        Given::Column(slot) => add_column(chunk.numbers(slot), rows, slots, &counts, take.unit, filling),
        Given::Both(first, second) => {
            add_column(chunk.numbers(first), rows, slots, &counts, take.unit, filling);
            add_column(chunk.numbers(second), rows, slots, &counts, take.unit, filling);
        }
        Given::Gauge | Given::NetworkTime => {}
    }
}

fn add_column(
    column: Numbers<'_>,
    rows: &[u32],
    slots: &[u32],
    counts: &Counted<'_>,
    unit: f64,
    filling: &mut Filling,
) {
    let (mut with_values, mut values) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    column.for_each(rows, |place, value| {
        if counts.holds(rows[place] as usize) {
            with_values.push(slots[place]);
            values.push(value);
        }
    });
    filling.take(&with_values, &values, unit);
}

/// Which rows count, with the columns that tell.
enum Counted<'a> {
    All,
    Error(Numbers<'a>),
    ClientClosed(Numbers<'a>),
    Equal(Numbers<'a>, u64),
    DnsError(Numbers<'a>, Numbers<'a>),
}

fn counted(chunk: &Chunk, condition: Condition) -> Counted<'_> {
    match condition {
        Condition::Always => Counted::All,
        Condition::Error => Counted::Error(chunk.numbers(Slot::Error)),
        Condition::ClientClosed => Counted::ClientClosed(chunk.numbers(Slot::Error)),
        Condition::Dns => Counted::Equal(chunk.numbers(Slot::Protocol), u64::from(DNS)),
        Condition::DnsError => Counted::DnsError(chunk.numbers(Slot::Protocol), chunk.numbers(Slot::Error)),
        Condition::Event(event) => Counted::Equal(chunk.numbers(Slot::FlowEvent), u64::from(event)),
    }
}

impl Counted<'_> {
    #[inline]
    fn holds(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Error(column) => is_error(column.get(row)),
            Self::ClientClosed(column) => u8::try_from(column.get(row)).is_ok_and(is_left_by_client),
            Self::Equal(column, value) => column.get(row) == *value,
            Self::DnsError(protocols, errors) => protocols.get(row) == u64::from(DNS) && is_error(errors.get(row)),
        }
    }
}

fn is_error(code: u64) -> bool {
    u8::try_from(code).is_ok_and(is_counted_error)
}
