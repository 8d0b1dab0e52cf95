//! One call: what it holds, and the actions its procedures are made of. Which action follows which input stands in
//! [`super::messages`], [`super::commands`] and [`super::expiry`].

use super::api::{CallEnd, CallHandle, EndedBy, Event, Fault, Output, Setup};
use super::config::Config;
use super::reference::Key;
use super::slots::{SlotSet, Slots};
use super::state::CallState;
use super::timer::{Running, Timer};
use super::wire::{self, Indicated, Received};
use crate::CauseValue;
use crate::ie::Location;
use idl::spans::PriSide;
use std::collections::BTreeMap;
use vocab::{Millis, Pii, Timeslot};

/// What a call may use of its interface while it acts. The call itself is not in `calls` then.
pub(super) struct Ctx<'a> {
    pub(super) now: Millis,
    pub(super) config: &'a Config,
    pub(super) slots: &'a mut Slots,
    pub(super) calls: &'a mut BTreeMap<Key, Call>,
    pub(super) out: &'a mut Vec<Output>,
}

impl Ctx<'_> {
    pub(super) fn tell(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    pub(super) fn send(&mut self, message: Vec<u8>) {
        self.out.push(Output::ToLink(message));
    }
}

/// Why a call leaves its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// It is over on both sides.
    Ended,
    /// RELEASE was never answered: what the peer thinks of the channel is not known (5.3.3).
    Unanswered,
    /// The peer took its channel for a call of its own (5.7): another is to be tried.
    ChannelTaken,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) handle: CallHandle,
    pub(super) key: Key,
    pub(super) state: CallState,
    pub(super) channel: Option<Timeslot>,
    /// Both sides know the channel: the first answer to SETUP was exchanged.
    pub(super) settled: bool,
    /// Ours: what SETUP says, for its repetition and for another channel.
    pub(super) setup: Option<Box<Setup>>,
    /// Ours: channels the peer took.
    pub(super) tried: SlotSet,
    pub(super) reselections: u8,
    /// Ours: the peer may have gone on with it (PROGRESS came, or messages may be lost), so that somebody may have been
    /// called: no other channel is tried.
    pub(super) went_on: bool,
    /// Ours: digits that wait for SETUP ACKNOWLEDGE.
    pub(super) waiting: Waiting,
    /// Peer's: some digits came.
    pub(super) has_digits: bool,
    pub(super) timers: Running,
    /// How often the message was sent that T303 or T308 watches.
    pub(super) sent: u8,
    /// How often STATUS ENQUIRY was sent.
    pub(super) asked: u8,
    pub(super) end: Option<CallEnd>,
    /// The cause of our clearing message, for its repetition.
    pub(super) clearing: Option<CauseValue>,
    pub(super) gone: Option<Gone>,
}

/// Digits that wait for the peer to take them.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) digits: Pii<String>,
    /// The number is complete with them; told once.
    pub(super) complete: bool,
}

impl Call {
    pub(super) fn new(handle: CallHandle, key: Key, state: CallState, channel: Option<Timeslot>) -> Self {
        Self {
            handle,
            key,
            state,
            channel,
            settled: false,
            setup: None,
            tried: SlotSet::EMPTY,
            reselections: 0,
            went_on: false,
            waiting: Waiting { digits: wire::no_digits(), complete: false },
            has_digits: false,
            timers: Running::default(),
            sent: 0,
            asked: 0,
            end: None,
            clearing: None,
            gone: None,
        }
    }

    /// Goes to a state. Timers belong to states; only the enquiry outlives a change.
    pub(super) fn enter(&mut self, ctx: &Ctx<'_>, state: CallState, timer: Option<Timer>) {
        for timer in Timer::OF_CALLS {
            if timer != Timer::T322 || state == CallState::ReleaseRequest {
                self.timers.stop(timer);
            }
        }
        self.state = state;
        if let Some(timer) = timer {
            self.start(ctx, timer);
        }
    }

    pub(super) fn start(&mut self, ctx: &Ctx<'_>, timer: Timer) {
        self.timers.start(timer, ctx.now + ctx.config.timers.of(timer));
    }

    /// The first reason of the end stays.
    pub(super) fn ends(&mut self, cause: CauseValue, location: Option<Location>, by: EndedBy) {
        self.end.get_or_insert(CallEnd { cause, location, by });
    }

    pub(super) fn leave(&mut self, gone: Gone) {
        self.timers.stop_all();
        self.gone.get_or_insert(gone);
    }

    /// SETUP, for the first time or again.
    pub(super) fn send_setup(&mut self, ctx: &mut Ctx<'_>) {
        let Some(setup) = &self.setup else { return };
        let message = wire::setup(ctx.config, self.key.to_send(), setup, self.channel);
        self.sent += 1;
        ctx.send(message);
        self.start(ctx, Timer::T303);
    }

    /// The channel of the peer's first answer (5.1.2, 5.2.3): the one our SETUP named, or another if that was only
    /// preferred. False where it cannot be used.
    pub(super) fn settle(&mut self, ctx: &mut Ctx<'_>, message: &Received) -> bool {
        if self.settled {
            return true;
        }
        let wanted = match message.channel {
            None | Some(Indicated::Any) => self.channel,
            Some(Indicated::One { slot, .. }) => Some(slot),
            Some(Indicated::No | Indicated::Unusable) => None,
        };
        let Some(slot) = wanted else { return false };
        if Some(slot) != self.channel && !self.move_to(ctx, slot) {
            return false;
        }
        self.settled = true;
        true
    }

    fn move_to(&mut self, ctx: &mut Ctx<'_>, slot: Timeslot) -> bool {
        let named = self.channel.is_some() && wire::is_exclusive(ctx.config, self.setup.as_deref());
        if named || !ctx.slots.exists(slot) {
            return false;
        }
        match ctx.slots.holder(slot) {
            None if ctx.slots.idle().contains(slot) => {}
            None => return false,
            Some(holder) if yields(ctx, holder) => {}
            Some(_) => return false,
        }
        if let Some(old) = self.channel.take() {
            ctx.slots.give_back(old, self.key);
        }
        ctx.slots.take(slot, self.key);
        self.channel = Some(slot);
        true
    }

    /// The channel for our first answer to the peer's SETUP.
    pub(super) fn first_answer(&mut self) -> Option<Timeslot> {
        if self.settled {
            return None;
        }
        self.settled = true;
        self.channel
    }

    /// Ends the call with the message that fits its state.
    pub(super) fn clear(&mut self, ctx: &mut Ctx<'_>, cause: CauseValue, by: EndedBy) {
        match self.state {
            CallState::Present => self.refuse(ctx, cause, by),
            CallState::SetupSent
            | CallState::OverlapSending
            | CallState::SentProceeding
            | CallState::Delivered
            | CallState::OverlapReceiving
            | CallState::Proceeding
            | CallState::Received
            | CallState::ConnectRequest
            | CallState::Active => self.disconnect(ctx, cause, by, false),
            CallState::DisconnectSent | CallState::DisconnectReceived => {
                self.ends(cause, None, by);
                self.release(ctx, Some(cause));
            }
            CallState::ReleaseRequest => {}
        }
    }

    /// RELEASE COMPLETE as the first answer to SETUP (5.3.2 a).
    pub(super) fn refuse(&mut self, ctx: &mut Ctx<'_>, cause: CauseValue, by: EndedBy) {
        self.ends(cause, None, by);
        ctx.send(wire::release_complete(ctx.config.side, self.key.to_send(), Some(cause)));
        self.leave(Gone::Ended);
    }

    /// DISCONNECT, with tones offered if we are the network (5.3.4.1).
    pub(super) fn disconnect(&mut self, ctx: &mut Ctx<'_>, cause: CauseValue, by: EndedBy, tones: bool) {
        let tones = tones && ctx.config.side == PriSide::Network;
        self.ends(cause, None, by);
        self.clearing = Some(cause);
        ctx.send(wire::disconnect(ctx.config.side, self.key.to_send(), cause, tones));
        let timer = if tones { Timer::T306 } else { Timer::T305 };
        self.enter(ctx, CallState::DisconnectSent, Some(timer));
    }

    /// RELEASE.
    pub(super) fn release(&mut self, ctx: &mut Ctx<'_>, cause: Option<CauseValue>) {
        self.clearing = cause;
        self.sent = 1;
        ctx.send(wire::release(ctx.config.side, self.key.to_send(), cause));
        self.enter(ctx, CallState::ReleaseRequest, Some(Timer::T308));
    }

    pub(super) fn send_status(&self, ctx: &mut Ctx<'_>, cause: CauseValue, diagnostics: Vec<u8>) {
        let side = ctx.config.side;
        let number = self.state.number(side);
        ctx.send(wire::status(side, self.key.to_send(), cause, diagnostics, number));
    }

    /// 5.8.4: STATUS with the cause that says which it was.
    pub(super) fn unexpected(&mut self, ctx: &mut Ctx<'_>, message: &Received) {
        let code = message.kind.code();
        ctx.tell(Event::Faulty(Fault::Unexpected(code)));
        self.send_status(ctx, CauseValue::MessageNotCompatible, vec![code]);
    }

    pub(super) fn unknown(&mut self, ctx: &mut Ctx<'_>, message: &Received) {
        let code = message.kind.code();
        ctx.tell(Event::Faulty(Fault::UnknownType(code)));
        self.send_status(ctx, CauseValue::MessageTypeNotImplemented, vec![code]);
    }

    /// STATUS ENQUIRY (5.8.10).
    pub(super) fn enquire(&mut self, ctx: &mut Ctx<'_>) {
        self.asked += 1;
        ctx.send(wire::status_enquiry(self.key.to_send()));
        self.start(ctx, Timer::T322);
    }

    /// Sends the digits that wait, one in each INFORMATION; the last one tells the number's end.
    pub(super) fn send_waiting(&mut self, ctx: &mut Ctx<'_>) {
        let digits = std::mem::replace(&mut self.waiting.digits, wire::no_digits()).into_inner();
        let complete = std::mem::take(&mut self.waiting.complete);
        let kind = self.setup.as_ref().and_then(|setup| setup.called_type);
        let count = digits.chars().count();
        let reference = self.key.to_send();
        if count == 0 && complete {
            ctx.send(wire::information(ctx.config, reference, kind, "", true));
        }
        let mut each = [0; 4];
        for (index, digit) in digits.chars().enumerate() {
            let last = complete && index + 1 == count;
            ctx.send(wire::information(ctx.config, reference, kind, digit.encode_utf8(&mut each), last));
        }
        self.start(ctx, Timer::T304);
    }

    pub(super) fn told_channel(&self) -> Timeslot {
        self.channel.unwrap_or(Timeslot(0))
    }
}

/// Whether the call that holds a channel yields it to the peer's choice: its SETUP is not answered yet, so the peer has
/// not agreed (5.7). It waits for another channel then, or for its end.
pub(super) fn yields(ctx: &mut Ctx<'_>, holder: Key) -> bool {
    let Some(call) = ctx.calls.get_mut(&holder) else { return false };
    let yields = call.setup.is_some() && !call.settled && ctx.config.side == PriSide::User;
    if yields && let Some(slot) = call.channel.take() {
        ctx.slots.give_back(slot, holder);
    }
    yields
}
