//! RESTART (Q.931 5.5): ours, with the states Rest 0 and Rest 1, one at a time; and the answer to the peer's, which
//! passes Rest 2 within one step. It clears no call; the interface does before.

use super::api::{Event, Fault};
use super::call::Ctx;
use super::config::MAX_RESTARTS_SENT;
use super::slots::SlotSet;
use super::timer::Timer;
use super::wire::{self, Received};
use crate::ie::RestartClass;
use vocab::{Millis, Timeslot};

/// Restarts of ours: what is due, and the one that is out.
#[derive(Debug, Default)]
pub(super) struct Restarter {
    /// Channels to be restarted, one after the other.
    channels: SlotSet,
    /// The interface is to be restarted.
    interface: bool,
    /// Rest 1; none is Rest 0.
    out: Option<Out>,
}

#[derive(Debug)]
struct Out {
    /// None is the interface.
    channel: Option<Timeslot>,
    /// What the peer is to acknowledge.
    slots: SlotSet,
    sent: u8,
    /// T316.
    end: Millis,
}

impl Restarter {
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.out.as_ref().map(|out| out.end)
    }

    /// Channels that no answer came for yet.
    pub(super) fn involved(&self, all: SlotSet) -> SlotSet {
        let out = self.out.as_ref().map_or(SlotSet::EMPTY, |out| out.slots);
        if self.interface { all } else { self.channels.or(out) }
    }

    /// Rest 0 or Rest 1, as the call state of STATUS names it.
    pub(super) const fn state_number(&self) -> u8 {
        if self.out.is_some() { REST_1 } else { REST_0 }
    }

    /// RESTART of these channels, one by one.
    pub(super) fn order_channels(&mut self, ctx: &mut Ctx<'_>, channels: SlotSet) {
        self.channels = self.channels.or(channels.and(ctx.slots.rented()));
        ctx.slots.restarting(channels);
        self.send_next(ctx);
    }

    /// RESTART of the interface.
    pub(super) fn order_interface(&mut self, ctx: &mut Ctx<'_>) {
        self.interface = true;
        self.channels = SlotSet::EMPTY;
        ctx.slots.restarting(ctx.slots.rented());
        self.send_next(ctx);
    }

    fn send_next(&mut self, ctx: &mut Ctx<'_>) {
        if self.out.is_some() {
            return;
        }
        let (channel, slots) = if self.interface {
            (None, ctx.slots.rented())
        } else if let Some(channel) = self.channels.first() {
            (Some(channel), SlotSet::of(channel))
        } else {
            return;
        };
        self.interface = false;
        self.channels = self.channels.minus(slots);
        self.out = Some(Out { channel, slots, sent: 0, end: ctx.now });
        self.send(ctx);
    }

    fn send(&mut self, ctx: &mut Ctx<'_>) {
        let Some(out) = &mut self.out else { return };
        out.sent += 1;
        out.end = ctx.now + ctx.config.timers.of(Timer::T316);
        let message = wire::restart(out.channel);
        ctx.send(message);
    }

    /// The data link is gone: what is out will be sent anew.
    pub(super) fn link_lost(&mut self) {
        if let Some(out) = self.out.take() {
            match out.channel {
                None => self.interface = true,
                Some(channel) => self.channels.insert(channel),
            }
        }
    }

    /// The data link is back.
    pub(super) fn link_back(&mut self, ctx: &mut Ctx<'_>) {
        self.send_next(ctx);
    }

    /// T316: again, or given up. A peer that answers no RESTART answers none of those that wait: they fail with it, or
    /// thirty channels would wait for two hours.
    pub(super) fn expire(&mut self, ctx: &mut Ctx<'_>) {
        let Some(out) = &self.out else { return };
        if out.end > ctx.now {
            return;
        }
        if out.sent < MAX_RESTARTS_SENT {
            return self.send(ctx);
        }
        let slots = self.involved(ctx.slots.rented());
        *self = Self::default();
        failed(ctx, slots);
    }

    /// RESTART ACKNOWLEDGE. Channels it leaves out stay out of service; one that names none is about the RESTART that is
    /// out; one that comes after the last T316 still returns its channels.
    pub(super) fn acknowledged(&mut self, ctx: &mut Ctx<'_>, message: &Received) {
        let due = self.out.as_ref().map_or(SlotSet::EMPTY, |out| out.slots);
        let named: SlotSet = message.channels.iter().copied().collect();
        let named = named.and(ctx.slots.rented());
        let named = match message.restart {
            Some(RestartClass::Interface | RestartClass::AllInterfaces) if named.is_empty() => {
                ctx.slots.rented()
            }
            _ if message.channels.is_empty() => due,
            _ => named,
        };
        let late = named.and(ctx.slots.failed()).minus(due);
        if !due.and(named).is_empty() {
            self.out = None;
            done(ctx, due.and(named));
            failed(ctx, due.minus(named));
        } else if late.is_empty() {
            ctx.tell(Event::Faulty(Fault::Unexpected(message.kind.code())));
        }
        done(ctx, late);
        self.send_next(ctx);
    }
}

fn done(ctx: &mut Ctx<'_>, slots: SlotSet) {
    if !slots.is_empty() {
        ctx.slots.restarted(slots);
        ctx.tell(Event::RestartDone { channels: slots.to_vec() });
    }
}

fn failed(ctx: &mut Ctx<'_>, slots: SlotSet) {
    if !slots.is_empty() {
        ctx.slots.restart_failed(slots);
        ctx.tell(Event::RestartFailed { channels: slots.to_vec() });
    }
}

/// The channels that a RESTART of the peer is about, or none where it names none of this interface (cause 82).
pub(super) fn asked(ctx: &Ctx<'_>, message: &Received) -> Option<SlotSet> {
    let named: SlotSet = message.channels.iter().copied().collect();
    match message.restart {
        Some(RestartClass::Interface | RestartClass::AllInterfaces) => Some(ctx.slots.rented()),
        Some(RestartClass::Channels | RestartClass::Other(_)) | None => {
            Some(named.and(ctx.slots.rented())).filter(|slots| !slots.is_empty())
        }
    }
}

/// The end of a RESTART of the peer: its calls are cleared, its channels are idle (Rest 2 to Rest 0).
pub(super) fn answer(ctx: &mut Ctx<'_>, message: &Received, slots: SlotSet, own: SlotSet) {
    ctx.slots.restarted(slots.minus(own));
    ctx.send(wire::restart_ack(message, &slots.to_vec()));
    ctx.tell(Event::RestartedByPeer { channels: slots.to_vec() });
}

const REST_0: u8 = 0;
const REST_1: u8 = 61;
