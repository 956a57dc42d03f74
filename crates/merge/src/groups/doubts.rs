//! What of the counts of pairs is not certain, as sentences for who reads the answer: one of each kind, whatever the number of pairs.

use goldwire_answer::groups::Pair;

/// Counts that are not certain, by the reason.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Pairs whose ends have other sequence numbers: the first, and how many more.
    rewritten: Option<(Pair, usize)>,
    /// Counted as one side (server, client) saw them, without the other end's name.
    pub(super) shared: [u64; 2],
    /// May be counted at both ends.
    pub(super) undecided: u64,
    /// The same, over UDP.
    pub(super) doubtful: u64,
}

impl Doubts {
    pub(super) fn rewritten(&mut self, pair: &Pair) {
        self.rewritten.get_or_insert_with(|| (pair.clone(), 0)).1 += 1;
    }

    /// Those of another term's pairs, too.
    pub(super) fn add(&mut self, other: &Self) {
        if let Some((pair, count)) = &other.rewritten {
            self.rewritten.get_or_insert_with(|| (pair.clone(), 0)).1 += count;
        }
        for (count, more) in self.shared.iter_mut().zip(other.shared) {
            *count = count.saturating_add(more);
        }
        self.undecided = self.undecided.saturating_add(other.undecided);
        self.doubtful = self.doubtful.saturating_add(other.doubtful);
    }

    pub(super) fn sentences(&self) -> impl Iterator<Item = String> + use<> {
        let rewritten = self.rewritten.as_ref().map(|(pair, count)| {
            let (source, destination) = (&pair.source, &pair.destination);
            let more = if *count > 1 { format!(" and {} other pairs", count - 1) } else { String::new() };
            format!("sequence numbers are rewritten between {source} and {destination}{more}: paired by addresses")
        });
        let shared = self.shared.iter().zip(["server", "client"]).filter(|(count, _)| **count > 0).map(|(count, side)| {
            format!(
                "{count} exchanges pass translated addresses that several ends share: they are counted once, as the {side} saw \
                 them, without the other end's name"
            )
        });
        let undecided = (self.undecided > 0).then(|| {
            let count = self.undecided;
            format!(
                "{count} exchanges may be counted at both ends: more connections than are told apart pass the same addresses"
            )
        });
        let doubtful = (self.doubtful > 0).then(|| {
            let count = self.doubtful;
            format!(
                "{count} counts of UDP may be those of another node too: through translated addresses only DNS and QUIC are paired"
            )
        });
        let sentences: Vec<String> = rewritten.into_iter().chain(shared).chain(undecided).chain(doubtful).collect();
        sentences.into_iter()
    }
}
