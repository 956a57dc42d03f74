//! Finds out what runs on a connection, from what passed it so far.

use crate::{
    Detection, Direction, PROTOCOLS, Segment,
    preamble::{self, Beginning, Preamble},
    protocol::Known,
    segment::OwnedSegment,
    upgrade,
};

/// Segments that are kept until it is clear what runs on a connection.
const KEPT_SEGMENTS: usize = 256;
/// Captured bytes that are kept until then: the longest is an HTTP request line in a method that nobody knows.
const KEPT_BYTES: usize = 24 * 1024;
/// So many segments of each direction look like nothing in the middle of a stream, before it is left alone.
const FOREIGN_MAX: u8 = 8;

pub(crate) const BOTH: [Direction; 2] = [Direction::Request, Direction::Response];

/// A connection of which nothing is known yet. What was seen is kept, since whoever reads it wants it from the beginning.
#[derive(Debug, Default)]
pub(crate) struct Undecided {
    pub(crate) kept: Vec<(Direction, OwnedSegment)>,
    /// By direction: segments in the middle of a stream that look like nothing.
    foreign: [u8; 2],
    /// How often all that was kept of a direction without a beginning was given up in vain.
    pub(crate) given_up: u8,
}

pub(crate) enum Decision {
    Open,
    Foreign,
    /// A preamble is over.
    Preamble(Preamble),
    /// Nothing that is read, but it may turn into TLS.
    Clear,
    Known(&'static Known),
}

/// Whose message a segment in the middle of a stream begins with.
pub(crate) fn message_of(direction: Direction, segment: &Segment<'_>) -> Option<&'static Known> {
    PROTOCOLS.iter().find(|known| (known.is_message)(direction, segment))
}

impl Undecided {
    pub(crate) fn look(
        &mut self,
        direction: Direction,
        segment: Segment<'_>,
        adopted: bool,
        refuted: Option<&'static Known>,
    ) -> Decision {
        if adopted {
            return self.look_in_middle(direction, segment, refuted);
        }
        if self.kept.is_empty() && segment.offset == 0 {
            let [request, response] = BOTH.map(|of| if of == direction { segment.prefix } else { &[] });
            match decide(request, response) {
                Decision::Open => {}
                decided => return decided,
            }
        }
        // Own sends are seen in order, so the beginning will not come any more.
        if segment.sent_here
            && segment.offset > 0
            && !self.has_start(direction)
            && let Some(known) = message_of(direction, &segment)
        {
            return Decision::Known(known);
        }
        self.keep_and_decide(direction, segment)
    }

    fn look_in_middle(
        &mut self,
        direction: Direction,
        segment: Segment<'_>,
        refuted: Option<&'static Known>,
    ) -> Decision {
        let is_refuted = |known: &'static Known| refuted.is_some_and(|refuted| std::ptr::eq(refuted, known));
        if let Some(known) = message_of(direction, &segment).filter(|known| !is_refuted(known)) {
            return Decision::Known(known);
        }
        let foreign = &mut self.foreign[direction as usize];
        *foreign = foreign.saturating_add(1);
        // What was read until it was refuted is captured without a bound, so that one direction must do.
        let is_foreign = match refuted {
            Some(_) => *foreign >= FOREIGN_MAX,
            None => self.foreign.iter().all(|foreign| *foreign >= FOREIGN_MAX),
        };
        if is_foreign { Decision::Foreign } else { Decision::Open }
    }

    /// The last segment is kept only where nothing is decided.
    fn keep_and_decide(&mut self, direction: Direction, segment: Segment<'_>) -> Decision {
        self.kept.push((direction, OwnedSegment::copy_of(&segment.normalised())));
        let [request, response] = BOTH.map(|of| self.start_of(of));
        match decide(&request, &response) {
            decided @ (Decision::Known(_) | Decision::Preamble(_) | Decision::Clear) => {
                self.kept.pop();
                decided
            }
            Decision::Open if self.kept.len() < KEPT_SEGMENTS && self.kept_bytes() <= KEPT_BYTES => Decision::Open,
            Decision::Open | Decision::Foreign => Decision::Foreign,
        }
    }

    fn kept_bytes(&self) -> usize {
        self.kept.iter().map(|(_, segment)| segment.captured()).sum()
    }

    fn has_start(&self, direction: Direction) -> bool {
        self.kept.iter().any(|(of, segment)| *of == direction && segment.offset == 0)
    }

    /// A direction of which something was seen, and not its beginning.
    pub(crate) fn misses_start(&self) -> Option<Direction> {
        let has_any = |direction| self.kept.iter().any(|(of, _)| *of == direction);
        BOTH.into_iter().find(|direction| has_any(*direction) && !self.has_start(*direction))
    }

    /// Whether it is too early to say that nobody knows what runs here, since the first bytes of a direction were lost.
    pub(crate) fn may_begin_late(&self) -> bool {
        self.given_up < FOREIGN_MAX && self.misses_start().is_some()
    }

    /// The first bytes of a direction, as far as they were captured without a gap.
    fn start_of(&self, direction: Direction) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let position = bytes.len() as u64;
            let next = self.kept.iter().filter(|(of, segment)| {
                *of == direction
                    && segment.offset <= position
                    && segment.offset + segment.prefix.len() as u64 > position
            });
            let Some((_, segment)) = next.max_by_key(|(_, segment)| segment.prefix.len()) else { return bytes };
            bytes.extend_from_slice(&segment.prefix[(position - segment.offset) as usize..]);
        }
    }
}

/// Asks every protocol. One is out of the question as soon as one direction is not its.
fn decide(request: &[u8], response: &[u8]) -> Decision {
    match preamble::read(request) {
        Beginning::Preamble(preamble) => return Decision::Preamble(preamble),
        Beginning::NeedMore if !request.is_empty() => return Decision::Open,
        Beginning::NeedMore | Beginning::Another => {}
    }
    let mut is_open = false;
    for known in PROTOCOLS {
        let looks = [(Direction::Request, request), (Direction::Response, response)]
            .map(|(of, bytes)| if bytes.is_empty() { Detection::NeedMore } else { (known.detect)(of, bytes) });
        if looks.contains(&Detection::No) {
            continue;
        }
        if looks.contains(&Detection::Yes) {
            return Decision::Known(known);
        }
        is_open = true;
    }
    match is_open {
        true => Decision::Open,
        false if upgrade::may_come(request, response) => Decision::Clear,
        false => Decision::Foreign,
    }
}
