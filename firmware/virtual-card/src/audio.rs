//! The box's audio half: waits for the far side's block, answers it with its own. It allocates nothing after it was
//! made, and paces nothing: the far side does.

use crate::block::{Buffer, SILENCE};
use crate::has_slot;
use crate::shared::Shared;
use crate::socket::{Backoff, Packets, Received, Sent, readable_within};
use card::{AudioReady, CardError, SLOT_BLOCK, SpanAudio, SpanKind};
use idl::spans::LoopKind;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vocab::Timeslot;

/// Audio of a virtual span.
#[derive(Debug)]
pub struct VirtualAudio {
    path: PathBuf,
    kind: SpanKind,
    shared: Arc<Shared>,
    link: Option<Packets>,
    next_try: Instant,
    backoff: Backoff,
    open: u32,
    /// The number of the block that came last; `None` before the first of a connection.
    last: Option<u32>,
    received: Buffer,
    sending: Buffer,
    /// What was sent last, for the local loop.
    sent: Buffer,
}

impl VirtualAudio {
    pub(crate) fn new(path: PathBuf, kind: SpanKind, shared: Arc<Shared>) -> Self {
        let mut audio = Self {
            path,
            kind,
            shared,
            link: None,
            next_try: Instant::now(),
            backoff: Backoff::default(),
            open: 0,
            last: None,
            received: Buffer::new(kind),
            sending: Buffer::new(kind),
            sent: Buffer::new(kind),
        };
        audio.try_connect();
        audio
    }

    fn try_connect(&mut self) {
        match Packets::connect(&self.path) {
            Ok(packets) => {
                self.link = Some(packets);
                self.last = None;
            }
            Err(_nobody) => {
                self.next_try = Instant::now() + self.backoff.next_wait();
            }
        }
    }

    fn next_packet(&mut self) -> Received {
        self.link.as_ref().map_or(Received::Empty, |packets| packets.receive(self.received.room()))
    }

    /// A packet lies in the buffer: whether it is a block. Numbers that are missing are blocks lost on the way.
    fn take(&mut self, length: usize) -> bool {
        let Some(sequence) = self.received.received(length) else {
            self.shared.add_slips(1);
            return false;
        };
        let lost = self.last.map_or(0, |last| sequence.wrapping_sub(last).wrapping_sub(1));
        self.shared.add_slips(if lost <= MAX_GAP { lost } else { 1 });
        self.last = Some(sequence);
        self.backoff.reached();
        true
    }

    fn is_open(&self, slot: Timeslot) -> bool {
        has_slot(self.kind, slot) && self.open >> (slot.0 & 31) & 1 == 1
    }
}

impl SpanAudio for VirtualAudio {
    fn wait(&mut self, at_most: Duration) -> AudioReady {
        let until = Instant::now() + at_most;
        loop {
            let now = Instant::now();
            if self.link.is_none() && now >= self.next_try {
                self.try_connect();
            }
            match self.next_packet() {
                Received::Packet(length) if self.take(length) => return AudioReady::Block,
                Received::Packet(_) => continue,
                Received::Closed => {
                    self.link = None;
                    self.next_try = now + self.backoff.next_wait();
                }
                Received::Empty => {}
            }
            if now >= until {
                return AudioReady::TimedOut;
            }
            match &self.link {
                Some(packets) => readable_within(&[packets.as_fd()], until - now),
                None => readable_within(&[], until.min(self.next_try).saturating_duration_since(now)),
            };
        }
    }

    fn read(&mut self, slot: Timeslot, block: &mut [u8; SLOT_BLOCK]) -> bool {
        let looped = self.shared.loop_kind() == Some(LoopKind::Local);
        let from = if looped { &self.sent } else { &self.received };
        let samples =
            from.slot(slot.0).filter(|_| self.is_open(slot) && self.last.is_some() && self.shared.signal());
        match samples {
            Some(samples) => block.copy_from_slice(samples),
            None => block.fill(SILENCE),
        }
        samples.is_some()
    }

    fn write(&mut self, slot: Timeslot, block: &[u8; SLOT_BLOCK]) {
        if self.is_open(slot)
            && let Some(samples) = self.sending.slot_mut(slot.0)
        {
            samples.copy_from_slice(block);
        }
    }

    fn flush(&mut self) {
        let Some(sequence) = self.last else { return };
        self.sent.copy_samples(&self.sending);
        if matches!(self.shared.loop_kind(), Some(LoopKind::Network | LoopKind::Payload)) {
            self.sending.copy_samples(&self.received);
        }
        self.sending.set_sequence(sequence);
        match self.link.as_ref().map(|packets| packets.send(self.sending.bytes())) {
            Some(Sent::Full) => self.shared.add_slips(1),
            // Who is gone shows in the next wait.
            Some(Sent::Done | Sent::Closed) | None => {}
        }
        self.sending.hush();
    }

    fn set_open(&mut self, slot: Timeslot, open: bool) -> Result<(), CardError> {
        if !has_slot(self.kind, slot) {
            return Err(CardError::NoSuchSlot(slot));
        }
        let bit = 1 << (slot.0 & 31);
        self.open = if open { self.open | bit } else { self.open & !bit };
        Ok(())
    }
}

/// More missing numbers than this are a far side that began anew: one slip. A minute.
const MAX_GAP: u32 = 3_000;
