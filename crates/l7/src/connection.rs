//! One TCP connection: finds out by content what runs on it, and has it read.

use goldwire_model::record::Protocol;

use crate::{
    Closing, Direction, Nanos, Next, Segment, Sink, Standing, StreamProtocol, Wanted,
    behind::Behind,
    candidate::{Candidate, Withholding},
    preamble::Preamble,
    protocol::{Closed, Known, Upgraded},
    segment::OwnedSegment,
    stream::MISSING,
    undecided::{Decision, Undecided, message_of},
    upgrade::{Clear, Step},
};

/// What became known of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing new.
    None,
    /// It is this protocol, or turned into it.
    Protocol(Protocol),
    /// Nothing on it will be read from now on; it was this protocol, if that is known.
    Ignored(Option<Protocol>),
}

/// A connection, whatever runs on it.
#[derive(Debug)]
pub struct Connection {
    reading: Reading,
    adopted: bool,
    /// Where the streams of what runs now begin.
    base: [u64; 2],
    /// What it was taken for and is not.
    refuted: Option<&'static Known>,
    /// What went before an upgrade, where what comes behind it is not complete without.
    upgraded: Option<Upgraded>,
}

#[derive(Debug)]
enum Reading {
    Undecided(Undecided),
    Protocol {
        reader: Box<dyn StreamProtocol>,
        told: Option<Protocol>,
        candidate: Option<Box<Candidate>>,
    },
    /// Nothing that is read, but it may turn into TLS.
    Clear(Clear),
    Ignored,
}

impl Connection {
    /// A connection seen from its first byte; stream offsets begin at 0.
    #[must_use]
    pub fn from_start() -> Self {
        Self {
            reading: Reading::Undecided(Undecided::default()),
            adopted: false,
            base: [0; 2],
            refuted: None,
            upgraded: None,
        }
    }

    /// A connection joined in its middle.
    #[must_use]
    pub fn adopted() -> Self {
        Self { adopted: true, ..Self::from_start() }
    }

    /// What goes on inside of the TLS that a connection was upgraded to; stream offsets begin at 0 there.
    #[must_use]
    pub fn inside(upgraded: Option<Upgraded>) -> Self {
        let reader = upgraded.map(Upgraded::go_on);
        let reading = reader.map(|reader| Reading::Protocol { reader, told: None, candidate: None });
        reading.map_or_else(Self::from_start, |reading| Self { reading, ..Self::from_start() })
    }

    /// What an upgrade left behind that [`Self::inside`] goes on with.
    #[must_use]
    pub const fn upgraded(&self) -> Option<Upgraded> {
        self.upgraded
    }

    /// What runs on it, once that is certain.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        match &self.reading {
            Reading::Protocol { reader, candidate: None, .. } => Some(reader.protocol()),
            Reading::Protocol { .. } | Reading::Undecided(_) | Reading::Clear(_) | Reading::Ignored => None,
        }
    }

    /// Whether it is read as some protocol, certain or not.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self.reading, Reading::Protocol { .. })
    }

    /// Whether nothing on it will be read any more.
    #[must_use]
    pub const fn is_ignored(&self) -> bool {
        matches!(self.reading, Reading::Ignored)
    }

    /// Takes a segment, in whatever order segments are seen.
    pub fn segment(&mut self, direction: Direction, segment: Segment<'_>, sink: &mut dyn Sink) -> Turn {
        let Some(own) = self.since_base(direction, segment) else { return Turn::None };
        match &mut self.reading {
            Reading::Ignored => return Turn::None,
            Reading::Clear(clear) => match clear.segment(direction, &own) {
                Step::Clear => return Turn::None,
                Step::Tls(offsets) => {
                    self.go_on_behind(offsets);
                    return self.segment(direction, segment, sink);
                }
                Step::Over => self.reading = Reading::Ignored,
            },
            Reading::Protocol { .. } => self.read(sink, |reader, sink| reader.segment(direction, own, sink)),
            Reading::Undecided(undecided) => match undecided.look(direction, own, self.adopted, self.refuted) {
                Decision::Open => return Turn::None,
                // What has no beginning because its event was lost is not foreign for that.
                Decision::Foreign if undecided.may_begin_late() => {
                    self.give_up_start(sink);
                    if matches!(self.reading, Reading::Undecided(_)) {
                        return Turn::None;
                    }
                }
                Decision::Foreign => self.reading = Reading::Ignored,
                Decision::Clear => {
                    let kept = std::mem::take(&mut undecided.kept);
                    self.reading = Reading::Clear(Clear::default());
                    return self.again(kept, self.base, (direction, segment), sink);
                }
                Decision::Preamble(Preamble { length, proxied }) => {
                    let (kept, base) = (std::mem::take(&mut undecided.kept), self.base);
                    if let Some(proxied) = proxied.filter(|_| base == [0; 2]) {
                        sink.proxied(proxied);
                    }
                    self.base[Direction::Request as usize] += length;
                    return self.again(kept, base, (direction, segment), sink);
                }
                Decision::Known(known) => {
                    let kept = std::mem::take(&mut undecided.kept);
                    self.begin(known, &kept, Some((direction, own)), sink);
                }
            },
        }
        let base = self.base;
        let turn = self.turn();
        // What follows an upgrade may begin in the segment that ends it.
        if self.base == base { turn } else { self.segment(direction, segment, sink) }
    }

    /// Where what runs now begins in what the client sends.
    const fn start(&self) -> u64 {
        self.base[Direction::Request as usize]
    }

    /// What was kept, counted from `base`, is taken once more, and then the last segment.
    fn again(
        &mut self,
        kept: Vec<(Direction, OwnedSegment)>,
        base: [u64; 2],
        (direction, last): (Direction, Segment<'_>),
        sink: &mut dyn Sink,
    ) -> Turn {
        let mut turn = Turn::None;
        let mut take = |direction, segment| match self.segment(direction, segment, sink) {
            Turn::None => {}
            news => turn = news,
        };
        for (direction, segment) in &kept {
            let segment = segment.borrowed();
            take(*direction, Segment { offset: segment.offset + base[*direction as usize], ..segment });
        }
        take(direction, last);
        turn
    }

    /// Something else begins behind these offsets of what ran until now.
    fn go_on_behind(&mut self, offsets: [u64; 2]) {
        for (base, offset) in self.base.iter_mut().zip(offsets) {
            *base += offset;
        }
        self.adopted = false;
        self.reading = Reading::Undecided(Undecided::default());
    }

    /// The part of a segment that belongs to what runs now, counted from there.
    fn since_base<'a>(&self, direction: Direction, segment: Segment<'a>) -> Option<Segment<'a>> {
        let base = self.base[direction as usize];
        let segment = if segment.offset < base { segment.normalised().after(base) } else { segment };
        (segment.length > 0).then(|| Segment { offset: segment.offset - base, ..segment })
    }

    fn begin(
        &mut self,
        known: &'static Known,
        kept: &[(Direction, OwnedSegment)],
        last: Option<(Direction, Segment<'_>)>,
        sink: &mut dyn Sink,
    ) {
        let reader = if self.adopted { (known.adopted)() } else { (known.from_start)() };
        let is_candidate = reader.standing() != Standing::Confirmed;
        let candidate = is_candidate.then(|| Box::new(Candidate::new(known)));
        self.reading = Reading::Protocol { reader, told: None, candidate };
        let kept = kept.iter().map(|(direction, segment)| (*direction, segment.borrowed()));
        for (direction, segment) in kept.chain(last) {
            self.read(sink, |reader, sink| reader.segment(direction, segment, sink));
        }
    }

    /// Has what runs read; what a candidate hands out is withheld.
    fn read(&mut self, sink: &mut dyn Sink, act: impl FnOnce(&mut dyn StreamProtocol, &mut dyn Sink)) {
        let base = self.start();
        let Reading::Protocol { reader, candidate, .. } = &mut self.reading else { return };
        let Some(held) = candidate else { return act(reader.as_mut(), &mut Behind { base, sink }) };
        act(reader.as_mut(), &mut Behind { base, sink: &mut Withholding { candidate: held, sink } });
        if reader.standing() == Standing::Confirmed
            && let Some(confirmed) = candidate.take()
        {
            confirmed.release(sink);
        }
    }

    /// It was taken for what it is not: something else is looked for from here on, once.
    fn refute(&mut self, known: &'static Known) -> Turn {
        self.adopted = true;
        if self.refuted.replace(known).is_some() {
            self.reading = Reading::Ignored;
            return Turn::Ignored(None);
        }
        self.reading = Reading::Undecided(Undecided::default());
        Turn::None
    }

    /// What has changed since it was last told.
    fn turn(&mut self) -> Turn {
        let Reading::Protocol { reader, told, candidate } = &mut self.reading else { return Turn::Ignored(None) };
        if let Some(candidate) = candidate {
            let known = candidate.known;
            return if reader.standing() == Standing::Refuted { self.refute(known) } else { Turn::None };
        }
        match reader.next() {
            Next::Same => {
                let protocol = Some(reader.protocol());
                if *told == protocol {
                    return Turn::None;
                }
                *told = protocol;
                Turn::Protocol(reader.protocol())
            }
            Next::Nobody => {
                let protocol = reader.protocol();
                self.reading = Reading::Ignored;
                Turn::Ignored(Some(protocol))
            }
            Next::Another { request, response } => {
                self.upgraded = reader.upgraded();
                self.go_on_behind([request, response]);
                Turn::None
            }
        }
    }

    /// Whether something is held or waited for that time may end.
    #[must_use]
    pub fn waits(&self) -> bool {
        match &self.reading {
            Reading::Protocol { reader, .. } => reader.waits(),
            Reading::Undecided(undecided) => undecided.misses_start().is_some(),
            Reading::Clear(_) | Reading::Ignored => false,
        }
    }

    /// Time goes on: gives up on what has been missing for too long.
    pub fn expire(&mut self, now: Nanos, sink: &mut dyn Sink) -> Turn {
        match &mut self.reading {
            Reading::Protocol { .. } => self.read(sink, |reader, sink| reader.expire(now, sink)),
            Reading::Undecided(undecided) => {
                let before = now.saturating_sub(MISSING);
                if undecided.kept.iter().any(|(_, segment)| segment.time < before) {
                    self.give_up_start(sink);
                }
            }
            Reading::Clear(_) | Reading::Ignored => return Turn::None,
        }
        if matches!(self.reading, Reading::Undecided(_)) { Turn::None } else { self.turn() }
    }

    /// The first bytes were lost: what came behind them must do.
    fn give_up_start(&mut self, sink: &mut dyn Sink) {
        while let Reading::Undecided(undecided) = &mut self.reading {
            let Some(direction) = undecided.misses_start() else { return };
            let kept = std::mem::take(&mut undecided.kept);
            let begins = |segment: &OwnedSegment| Some((segment.offset, message_of(direction, &segment.borrowed())?));
            let ours = kept.iter().filter(|(of, _)| *of == direction);
            match ours.filter_map(|(_, segment)| begins(segment)).min_by_key(|(offset, _)| *offset) {
                Some((_, known)) => self.begin(known, &kept, None, sink),
                None => {
                    undecided.kept = kept.into_iter().filter(|(of, _)| *of != direction).collect();
                    undecided.given_up = undecided.given_up.saturating_add(1);
                }
            }
        }
    }

    /// The direction's stream is known to be `length` bytes long.
    pub fn ended_at(&mut self, direction: Direction, length: u64, time: Nanos, sink: &mut dyn Sink) {
        self.give_up_start(sink);
        let length = length.saturating_sub(self.base[direction as usize]);
        self.read(sink, |reader, sink| reader.ended_at(direction, length, time, sink));
    }

    /// The connection is over: hands out what was pending.
    pub fn close(&mut self, time: Nanos, closing: Closing, sink: &mut dyn Sink) {
        let sink = &mut Closed { closing, sink };
        self.give_up_start(sink);
        self.read(sink, |reader, sink| reader.close(time, closing, sink));
        self.reading = Reading::Ignored;
    }

    /// What of this direction's long buffers is needed.
    #[must_use]
    pub fn wanted(&self, direction: Direction) -> Wanted {
        match &self.reading {
            Reading::Protocol { reader, .. } => reader.wanted(direction),
            Reading::Undecided(_) | Reading::Clear(_) | Reading::Ignored => Wanted::Ends,
        }
    }

    /// This direction's bytes before this stream offset need not be captured; 0 where everything is needed.
    #[must_use]
    pub fn body_until(&self, direction: Direction) -> u64 {
        let Reading::Protocol { reader, .. } = &self.reading else { return 0 };
        match reader.body_until(direction) {
            0 => 0,
            until => self.base[direction as usize] + until,
        }
    }
}
