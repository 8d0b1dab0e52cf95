//! One call as a media thread holds it: its media, its sockets, the block being filled.

use super::port::{LegSockets, Port};
use super::{Block, Recorded, Report};
use card::{SLOT_BLOCK, SpanAudio};
use media::call::{CallMedia, TickOutput};
use media::command::Leg;
use media::g711::Law;
use rtrb::{Consumer, Producer};
use socket2::{SockAddr, Socket};
use vocab::CallId;

/// One call.
#[derive(Debug)]
pub struct Place {
    /// The call.
    pub call: CallId,
    /// Its media.
    pub media: CallMedia,
    /// What the customer's leg is plugged into.
    pub customer: Port,
    /// The agent's.
    pub agent: Option<Box<Port>>,
    pub(super) deaf_until_us: u64,
    block: Option<Box<Block>>,
    first_us: Option<u64>,
    last_us: u64,
    behind: bool,
    closing: bool,
    ended: bool,
}

/// What a place needs of its thread.
pub(super) struct Surroundings<'a> {
    pub recorded: &'a mut Producer<Recorded>,
    pub spare: &'a mut Consumer<Box<Block>>,
    pub reports: &'a mut Producer<Report>,
    /// The card that drives this thread, if one does, and whether it delivered a block in this turn.
    pub card: Option<(&'a mut dyn SpanAudio, bool)>,
}

impl Place {
    /// A call with its customer's leg.
    #[must_use]
    pub fn new(call: CallId, media: CallMedia, customer: impl Into<Port>) -> Self {
        Self {
            call,
            media,
            customer: customer.into(),
            agent: None,
            deaf_until_us: 0,
            block: None,
            first_us: None,
            last_us: 0,
            behind: false,
            closing: false,
            ended: false,
        }
    }

    /// Does not hear what the customer's leg sent before this time of the boot clock.
    #[must_use]
    pub const fn deaf_until(mut self, until_us: u64) -> Self {
        self.deaf_until_us = until_us;
        self
    }

    /// The call ends: what is recorded drains, then the place is given back.
    pub(super) fn close(&mut self) {
        self.closing = true;
    }

    /// One tick; `true` when nothing is left to do.
    pub(super) fn tick(&mut self, now_us: u64, out: &mut TickOutput, around: &mut Surroundings<'_>) -> bool {
        self.fetch(now_us, around);
        self.media.tick(now_us, out);
        self.deliver(out, around);
        if out.tap.is_some() {
            self.record(now_us, out, around);
        }
        for event in out.events.drain() {
            let report = Report::Event { call: self.call, at_us: now_us, event };
            // The ring holds more reports than all calls of a thread make in a second.
            let _ = around.reports.push(report);
        }
        if self.closing && !self.media.is_draining() && !self.ended {
            self.ended = self.end(around);
        }
        self.ended
    }

    /// Takes what the card or another card's thread has for this tick.
    fn fetch(&mut self, now_us: u64, around: &mut Surroundings<'_>) {
        let legs = [(Leg::Customer, Some(&mut self.customer)), (Leg::Agent, self.agent.as_deref_mut())];
        for (leg, port) in legs {
            let frame = match port {
                Some(Port::Slot(slot)) => around.card.as_mut().and_then(|(card, delivered)| {
                    let mut block = [0; SLOT_BLOCK];
                    (*delivered && card.read(*slot, &mut block)).then_some(block)
                }),
                Some(Port::Rings(rings)) => rings.receive(),
                Some(Port::Sockets(_)) | None => None,
            };
            if let Some(frame) = frame {
                self.media.put_frame(leg, &frame, now_us);
            }
        }
    }

    fn deliver(&mut self, out: &TickOutput, around: &mut Surroundings<'_>) {
        let customer = (&mut self.customer, &out.customer, &out.customer_control, &out.customer_frame);
        let agent = self.agent.as_deref_mut();
        let agent = agent.map(|port| (port, &out.agent, &out.agent_control, &out.agent_frame));
        for (port, packet, control, frame) in std::iter::once(customer).chain(agent) {
            match port {
                Port::Sockets(LegSockets { rtp, rtcp, .. }) => {
                    send(rtp, packet);
                    send(rtcp, control);
                }
                Port::Slot(slot) => {
                    if let Some((card, _)) = &mut around.card {
                        card.write(*slot, frame.as_ref().unwrap_or(&SILENCE));
                    }
                }
                Port::Rings(rings) => rings.send(frame.as_ref().unwrap_or(&SILENCE)),
            }
        }
    }

    fn record(&mut self, now_us: u64, out: &TickOutput, around: &mut Surroundings<'_>) {
        let Some(tap) = &out.tap else { return };
        self.first_us.get_or_insert(now_us);
        self.last_us = now_us;
        if self.block.is_none() {
            self.block = around.spare.pop().ok();
        }
        let Some(block) = &mut self.block else {
            self.tell_behind(around);
            return;
        };
        if block.push(tap) {
            self.hand_over(around);
        }
    }

    fn hand_over(&mut self, around: &mut Surroundings<'_>) -> bool {
        let Some(block) = self.block.take() else { return true };
        match around.recorded.push(Recorded::Block { call: self.call, block }) {
            Ok(()) => true,
            Err(rtrb::PushError::Full(Recorded::Block { block, .. })) => {
                self.block = Some(block);
                self.tell_behind(around);
                false
            }
            Err(rtrb::PushError::Full(Recorded::End { .. })) => false,
        }
    }

    /// The last block and the end; `false` while the recorder's ring is full.
    fn end(&mut self, around: &mut Surroundings<'_>) -> bool {
        if !self.hand_over(around) {
            return false;
        }
        let spoken_us = self.first_us.map_or(0, |first| self.last_us - first + TICK_US);
        let end = Recorded::End { call: self.call, expected_ms: spoken_us / 1_000 };
        around.recorded.push(end).is_ok()
    }

    fn tell_behind(&mut self, around: &mut Surroundings<'_>) {
        if !std::mem::replace(&mut self.behind, true) {
            let _ = around.reports.push(Report::RecorderBehind { call: self.call });
        }
    }
}

const SILENCE: [u8; SLOT_BLOCK] = [Law::A.silence(); SLOT_BLOCK];
const TICK_US: u64 = media::units::TICK_US;

fn send(socket: &Socket, datagram: &media::call::Datagram) {
    if let Some((octets, to)) = datagram.packet()
        && to.port() != 0
        && !to.ip().is_unspecified()
    {
        // Lost like any datagram: the peer conceals it, the statistics show it.
        let _ = socket.send_to(octets, &SockAddr::from(to));
    }
}
