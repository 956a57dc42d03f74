//! What the server does wrong, as servers do.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use axum::http::{HeaderMap, header};

use super::Kind;

#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Who does not bring this token is not known: 401.
    pub(crate) token: Option<&'static str>,
    /// Kinds that nobody may list or watch: 403.
    pub(crate) denied: HashSet<Kind>,
    /// Every request is answered with 503.
    pub(crate) overloaded: bool,
    /// Requests are taken and never answered.
    pub(crate) silent: bool,
    /// A version that is too old is answered with the HTTP status 410, not with an event.
    pub(crate) gone_by_status: bool,
    /// Pages after the first are expired, this many times.
    pub(crate) expired_pages: usize,
    /// Lists by watching are refused: 422.
    pub(crate) refuses_streaming: bool,
    /// Lists by watching are not known, and the wish for one is not heard.
    pub(crate) ignores_streaming: bool,
    /// Between two objects of a watch.
    pub(crate) delay: Duration,
    /// A watch ends so, in the middle of a line.
    pub(crate) cuts_lines: bool,
    /// A watch is refused, once for each: an error event with this code comes first.
    pub(crate) error_events: Vec<u16>,
    /// What was asked, and how often.
    pub(crate) asked: HashMap<String, usize>,
}

impl Faults {
    pub(super) fn count(&mut self, verb: &str, kind: Kind) {
        *self.asked.entry(format!("{verb} {}", kind.plural())).or_default() += 1;
    }

    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.token.is_none_or(|token| given.and_then(|given| given.strip_prefix("Bearer ")) == Some(token))
    }

    pub(super) fn take_expired_page(&mut self) -> bool {
        let is_expired = self.expired_pages > 0;
        self.expired_pages = self.expired_pages.saturating_sub(1);
        is_expired
    }
}
