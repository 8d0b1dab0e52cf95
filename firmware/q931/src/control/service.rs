//! SERVICE (maintenance messages of ANSI T1.607 and national networks): channels taken out of service by the peer, and
//! ours, one at a time, with T321. It does not move D channels.

use super::api::Event;
use super::call::Ctx;
use super::config::MAX_SENT;
use super::slots::SlotSet;
use super::timer::Timer;
use super::wire::{self, Received};
use crate::ie::ServiceStatus;
use vocab::{Millis, Timeslot};

/// What is to be told to the peer.
#[derive(Debug, Default)]
pub(super) struct Service {
    /// Channels whose status the peer does not know yet.
    due: SlotSet,
    /// Those of them that are out of service.
    out_of_service: SlotSet,
    /// The one SERVICE that is out.
    out: Option<Out>,
}

#[derive(Debug)]
struct Out {
    channel: Timeslot,
    status: ServiceStatus,
    sent: u8,
    /// T321.
    end: Millis,
}

impl Service {
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.out.as_ref().map(|out| out.end)
    }

    /// Tells the peer of a channel, now or when the data link is back.
    pub(super) fn tell(&mut self, ctx: &mut Ctx<'_>, channel: Timeslot, in_service: bool, link_up: bool) {
        self.due.insert(channel);
        if in_service {
            self.out_of_service.remove(channel);
        } else {
            self.out_of_service.insert(channel);
        }
        if link_up {
            self.send_next(ctx);
        }
    }

    /// The data link is gone: what is out will be sent anew.
    pub(super) fn link_lost(&mut self) {
        if let Some(out) = self.out.take() {
            self.due.insert(out.channel);
        }
    }

    /// The data link is back.
    pub(super) fn link_back(&mut self, ctx: &mut Ctx<'_>) {
        self.send_next(ctx);
    }

    fn send_next(&mut self, ctx: &mut Ctx<'_>) {
        if self.out.is_some() {
            return;
        }
        let Some(channel) = self.due.first() else { return };
        self.due.remove(channel);
        let blocked = self.out_of_service.contains(channel);
        let status = if blocked { ServiceStatus::OutOfService } else { ServiceStatus::InService };
        self.out = Some(Out { channel, status, sent: 0, end: ctx.now });
        self.send(ctx);
    }

    fn send(&mut self, ctx: &mut Ctx<'_>) {
        let Some(out) = &mut self.out else { return };
        out.sent += 1;
        out.end = ctx.now + ctx.config.timers.of(Timer::T321);
        let message = wire::service(out.channel, out.status);
        ctx.send(message);
    }

    /// T321: again, or given up.
    pub(super) fn expire(&mut self, ctx: &mut Ctx<'_>) {
        let Some(out) = &self.out else { return };
        if out.end > ctx.now {
            return;
        }
        if out.sent < MAX_SENT {
            return self.send(ctx);
        }
        ctx.tell(Event::ServiceUnanswered { channel: out.channel });
        self.out = None;
        self.send_next(ctx);
    }

    /// SERVICE ACKNOWLEDGE: of the channel that is out, or of none named.
    pub(super) fn acknowledged(&mut self, ctx: &mut Ctx<'_>, message: &Received) {
        let Some(out) = &self.out else { return };
        if message.channels.is_empty() || message.channels.contains(&out.channel) {
            self.out = None;
            self.send_next(ctx);
        }
    }
}

/// SERVICE of the peer: its channels, and whether they are out of service; it is acknowledged as it came.
pub(super) fn answer(ctx: &mut Ctx<'_>, message: &Received) {
    let Some(change) = message.change else { return };
    let named: SlotSet = message.channels.iter().copied().collect();
    if change.channel {
        ctx.slots.set_out_of_service(named, change.status != ServiceStatus::InService);
    }
    ctx.send(wire::service_ack(message));
}
