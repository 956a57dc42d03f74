//! Which counts may be another node's too, though nothing says so for sure: connections that were too many to keep, and
//! conversations over UDP without ids.

use rustc_hash::{FxHashMap, FxHashSet};

use goldwire_answer::links::digest;

use super::{
    meetings::{Meeting, View, is_translated},
    names::host_and_port,
};

/// Views that met none, or not all that they have to do with, and might have if more ids had been kept.
pub(super) fn undecided(views: &[View<'_>], alone: &[usize], meetings: &[Meeting]) -> Vec<usize> {
    let cut = CutViews::of(views, meetings);
    let is_hidden = |view: &View<'_>| {
        let first = view.ids.iter().map(|id| digest(*id)).min();
        first.is_some_and(|first| first > cut.all.least_opposite(view, None))
    };
    let mut found: Vec<usize> = alone.iter().copied().filter(|view| is_hidden(&views[*view])).collect();
    let kept = [false, true].map(|by_client| {
        let side = views.iter().filter(|view| view.pair.by_client == by_client);
        side.flat_map(|view| view.ids).copied().collect::<FxHashSet<u64>>()
    });
    for (number, meeting) in meetings.iter().enumerate() {
        let is_split = |view: &View<'_>| {
            let met = &kept[usize::from(!view.pair.by_client)];
            let last = view.ids.iter().filter(|id| !met.contains(id)).map(|id| digest(*id)).max();
            last.is_some_and(|last| last > cut.least_elsewhere(view, number))
        };
        found.extend(meeting.sides.iter().flatten().copied().filter(|view| is_split(&views[*view])));
    }
    found
}

/// Views that had more connections than were kept.
struct CutViews<'a> {
    all: Bounds<'a>,
    translated: Bounds<'a>,
    /// By meeting.
    is_translated: Vec<bool>,
}

impl<'a> CutViews<'a> {
    fn of(views: &'a [View<'a>], meetings: &[Meeting]) -> Self {
        let mut cut = Self { all: Bounds::default(), translated: Bounds::default(), is_translated: Vec::new() };
        let mut of_views = vec![None; views.len()];
        for (number, meeting) in meetings.iter().enumerate() {
            cut.is_translated.push(is_translated(views, meeting));
            meeting.sides.iter().flatten().for_each(|view| of_views[*view] = Some(number));
        }
        for (view, meeting) in views.iter().zip(of_views).filter(|(view, _)| view.is_cut()) {
            cut.all.add(view, meeting);
            if meeting.is_some_and(|number| cut.is_translated[number]) {
                cut.translated.add(view, meeting);
            }
        }
        cut
    }

    /// The least bound of a view that is not of this meeting and may have connections of a view that is. Without translation on
    /// either side's way none may.
    fn least_elsewhere(&self, view: &View<'_>, meeting: usize) -> u64 {
        let bounds = if self.is_translated[meeting] { &self.all } else { &self.translated };
        bounds.least_opposite(view, Some(meeting))
    }
}

/// Up to where a cut view's ids are all kept, and its meeting.
type Bound = (u64, Option<usize>);

/// By side and transport: the least bound, and the least of those of another meeting.
#[derive(Default)]
struct Bounds<'a>(FxHashMap<(bool, &'a str), [Option<Bound>; 2]>);

impl<'a> Bounds<'a> {
    fn add(&mut self, view: &View<'a>, meeting: Option<usize>) {
        let [first, second] = self.0.entry((view.pair.by_client, &view.pair.transport)).or_default();
        let is_less = |than: &Option<Bound>| than.is_none_or(|(up_to, _)| view.up_to < up_to);
        let is_other = first.is_some_and(|(_, of_first)| of_first != meeting);
        if is_less(first) {
            if is_other {
                *second = *first;
            }
            *first = Some((view.up_to, meeting));
        } else if is_other && is_less(second) {
            *second = Some((view.up_to, meeting));
        }
    }

    /// The least on the other side than a view's, leaving out a meeting; above all digests where there is none.
    fn least_opposite(&self, view: &View<'_>, except: Option<usize>) -> u64 {
        let bounds = self.0.get(&(!view.pair.by_client, &*view.pair.transport)).into_iter().flatten().flatten();
        let mut bounds = bounds.filter(|(_, meeting)| except.is_none() || *meeting != except);
        bounds.next().map_or(u64::MAX, |(up_to, _)| *up_to)
    }
}

/// Clients' views of conversations over UDP without ids that may be of the same as a server's view that met none either: one of
/// the addresses or the server's port is the same.
pub(super) fn doubtful(views: &[View<'_>], alone: &[usize]) -> Vec<usize> {
    let is_wanted = |view: &View<'_>| &*view.pair.transport == "udp" && view.ids.is_empty();
    let (mut sources, mut hosts, mut ports) = (FxHashSet::default(), FxHashSet::default(), FxHashSet::default());
    for server in alone.iter().map(|view| &views[*view]).filter(|view| is_wanted(view) && !view.pair.by_client) {
        let (host, port) = host_and_port(&server.pair.destination);
        sources.insert(&*server.pair.source);
        hosts.insert(host);
        ports.insert(port);
    }
    let may_have_twin = |client: &View<'_>| {
        let (host, port) = host_and_port(&client.pair.destination);
        sources.contains(&*client.pair.source) || hosts.contains(host) || ports.contains(port)
    };
    let is_doubtful = |view: &View<'_>| is_wanted(view) && view.pair.by_client && may_have_twin(view);
    alone.iter().copied().filter(|view| is_doubtful(&views[*view])).collect()
}
