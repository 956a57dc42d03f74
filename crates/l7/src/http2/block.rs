//! Header blocks: one frame, or several in a row (RFC 9113 section 4.3).

use crate::Nanos;

use super::{
    fields::Fields,
    frame::{END_HEADERS, Frame, Kind, block_fragment},
    lane::Reading,
    stream::Head,
};

/// A header block larger than this is not read to its end.
pub(super) const BLOCK_MAX: usize = 64 * 1024;

/// A header block that is not whole yet.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) stream: u32,
    /// Of a request or an answer; else of a promise, which matters only for what later blocks refer to.
    is_message: bool,
    ends_stream: bool,
    start: Nanos,
    /// Frames on the wire.
    size: u64,
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Reading<'_> {
    /// A HEADERS, PUSH_PROMISE or CONTINUATION frame is over.
    pub(super) fn fragment(&mut self, frame: &Frame, payload: &[u8], is_cut: bool, end: Option<Nanos>) {
        let fragment = block_fragment(frame, payload, is_cut);
        let is_last = frame.has(END_HEADERS);
        match self.lane.block.take() {
            None if is_last => {
                let block = self.block(frame, is_cut);
                self.tell(block, fragment, end);
            }
            None => {
                let block = Block { bytes: fragment.to_vec(), ..self.block(frame, is_cut) };
                self.lane.block = Some(block);
            }
            Some(mut block) => {
                block.append(frame, fragment, is_cut);
                if is_last {
                    self.tell_block(block, end);
                } else {
                    self.lane.block = Some(block);
                }
            }
        }
    }

    fn block(&self, frame: &Frame, is_cut: bool) -> Block {
        Block {
            stream: frame.stream,
            is_message: frame.kind == Kind::Headers,
            ends_stream: frame.ends_stream(),
            start: self.lane.start.time,
            size: frame.size(),
            bytes: Vec::new(),
            is_cut,
        }
    }

    pub(super) fn tell_block(&mut self, mut block: Block, end: Option<Nanos>) {
        let bytes = std::mem::take(&mut block.bytes);
        block.is_cut |= end.is_none();
        self.tell(block, &bytes, end);
    }

    /// Tells the streams what a block says, as far as it is there.
    fn tell(&mut self, block: Block, bytes: &[u8], end: Option<Nanos>) {
        let mut fields = Fields::default();
        let is_read = self.lane.decoder.decode(bytes, &mut fields, self.sink);
        if block.is_cut {
            self.lane.decoder.forget();
        }
        fields.has_unknown |= block.is_cut || !is_read;
        if block.is_message {
            let Block { stream, start, size, ends_stream, .. } = block;
            let head = Head { stream, start, end, bytes: size, ends_stream, fields };
            self.streams.headers(self.direction, head, self.sink);
        }
    }
}

impl Block {
    fn append(&mut self, frame: &Frame, fragment: &[u8], is_cut: bool) {
        self.size += frame.size();
        if !self.is_cut {
            let room = BLOCK_MAX.saturating_sub(self.bytes.len()).min(fragment.len());
            self.bytes.extend_from_slice(&fragment[..room]);
            self.is_cut = is_cut || room < fragment.len();
        }
    }
}
