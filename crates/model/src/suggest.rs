//! The nearest name to a wrong one.

/// Below this similarity (0 to 1) a name is no suggestion.
const NEAR: f64 = 0.7;

/// The candidate most like the name, where one is like it at all.
#[must_use]
pub fn nearest<S: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = S>) -> Option<String> {
    let scored = candidates.into_iter().map(|candidate| (similarity(name, candidate.as_ref()), candidate));
    let near = scored.filter(|(score, _)| *score >= NEAR);
    // Of equally near ones the first.
    let best = near.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, candidate)| candidate.as_ref().to_owned())
}

/// Of the whole names, or of the name and the candidate's last part: `workloda` is near `destination.workload`.
fn similarity(name: &str, candidate: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(name, candidate);
    let last = candidate.rsplit('.').next().unwrap_or(candidate);
    // A little less, so that an equally near whole name wins.
    whole.max(strsim::normalized_damerau_levenshtein(name, last) - 0.01)
}

/// Half a sentence to put behind a refusal.
#[must_use]
pub fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_slip_and_nothing_far() {
        let names = ["limit", "groupBy", "filter"];
        assert_eq!(nearest("groupby", names).as_deref(), Some("groupBy"));
        assert_eq!(nearest("limti", names).as_deref(), Some("limit"));
        assert_eq!(nearest("colour", names), None);
    }
}
