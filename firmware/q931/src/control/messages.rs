//! The call machine: what a message of the peer does in each state. Rows and columns are those of the tables in
//! [`super::tables`]; a message that no row names for a state is answered by 5.8.4.
//!
//! Messages that no call has are not here: the interface answers them (column 0 of the tables).

use super::api::{EndedBy, Event, Fault};
use super::call::{Call, Ctx, Gone};
use super::config::MAX_RESELECTIONS;
use super::state::CallState as S;
use super::timer::Timer;
use super::wire::{self, Received};
use crate::{CauseValue, MessageType as M};
use idl::spans::PriSide;

/// States in which a call of ours waits for its answer.
macro_rules! ours {
    () => {
        S::SetupSent | S::OverlapSending | S::SentProceeding | S::Delivered
    };
}
/// States in which a call of the peer waits for our answer.
macro_rules! peers {
    () => {
        S::Present | S::OverlapReceiving | S::Proceeding | S::Received | S::ConnectRequest
    };
}
macro_rules! clearing {
    () => {
        S::DisconnectSent | S::DisconnectReceived | S::ReleaseRequest
    };
}
macro_rules! any {
    () => {
        ours!() | peers!() | S::Active | clearing!()
    };
}
pub(super) use {clearing, ours, peers};

/// A message of the peer for this call; its mandatory elements are there.
pub(super) fn message(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    match (m.kind, call.state) {
        (M::SetupAcknowledge, S::SetupSent) => overlap(call, ctx, m),
        (M::SetupAcknowledge, S::OverlapSending | S::SentProceeding | S::Delivered)
        | (M::SetupAcknowledge, peers!() | S::Active | clearing!()) => call.unexpected(ctx, m),

        (M::CallProceeding, S::SetupSent | S::OverlapSending) => proceeding(call, ctx, m),
        (M::CallProceeding, S::SentProceeding | S::Delivered | peers!() | S::Active | clearing!()) => {
            call.unexpected(ctx, m);
        }

        (M::Progress, ours!()) => progress(call, ctx, m),
        (M::Progress, peers!() | S::Active | clearing!()) => call.unexpected(ctx, m),

        (M::Alerting, S::SetupSent | S::OverlapSending | S::SentProceeding) => alerting(call, ctx, m),
        (M::Alerting, S::Delivered | peers!() | S::Active | clearing!()) => call.unexpected(ctx, m),

        (M::Connect, ours!()) => connected(call, ctx, m),
        (M::Connect, peers!() | S::Active | clearing!()) => call.unexpected(ctx, m),

        (M::ConnectAcknowledge, S::ConnectRequest) => awarded(call, ctx),
        (M::ConnectAcknowledge, S::Active) => {}
        (M::ConnectAcknowledge, ours!() | clearing!()) => call.unexpected(ctx, m),
        (M::ConnectAcknowledge, S::Present | S::OverlapReceiving | S::Proceeding | S::Received) => {
            call.unexpected(ctx, m);
        }

        (M::Information, S::OverlapReceiving) => digits(call, ctx, m),
        (M::Information, S::OverlapSending | S::SentProceeding | S::Delivered | S::Active)
        | (M::Information, S::Proceeding | S::Received | S::ConnectRequest)
        | (M::Information, S::DisconnectSent | S::DisconnectReceived) => {}
        (M::Information, S::SetupSent | S::Present | S::ReleaseRequest) => call.unexpected(ctx, m),

        (M::Notify, S::OverlapSending | S::SentProceeding | S::Delivered | S::Active)
        | (M::Notify, S::OverlapReceiving | S::Proceeding | S::Received | S::ConnectRequest)
        | (M::Notify, S::DisconnectSent | S::DisconnectReceived) => {}
        (M::Notify, S::SetupSent | S::Present | S::ReleaseRequest) => call.unexpected(ctx, m),

        (M::Disconnect, ours!() | peers!() | S::Active) => disconnected(call, ctx, m),
        (M::Disconnect, S::DisconnectSent) => call.release(ctx, m.answer),
        (M::Disconnect, S::DisconnectReceived | S::ReleaseRequest) => call.unexpected(ctx, m),

        (M::Release, ours!() | peers!() | S::Active) => released(call, ctx, m),
        (M::Release, S::DisconnectSent | S::DisconnectReceived) => released(call, ctx, m),
        (M::Release, S::ReleaseRequest) => call.leave(Gone::Ended),
        (M::ReleaseComplete, any!()) => release_complete(call, m),

        (M::Status, any!()) => status(call, ctx, m),
        (M::StatusEnquiry, any!()) => {
            call.send_status(ctx, CauseValue::ResponseToStatusEnquiry, Vec::new());
        }

        (M::Setup, any!()) => ctx.tell(Event::Faulty(Fault::ReferenceUnknown)),
        (M::Facility, any!()) => {}
        (M::Suspend, S::Active) => suspend(call, ctx, m),
        (M::Suspend, ours!() | peers!() | clearing!()) => call.unexpected(ctx, m),
        (M::Resume | M::SuspendAcknowledge | M::SuspendReject, any!())
        | (M::ResumeAcknowledge | M::ResumeReject, any!())
        | (M::UserInformation | M::CongestionControl, any!())
        | (M::Restart | M::RestartAcknowledge, any!()) => call.unexpected(ctx, m),
        (M::Segment | M::National(_) | M::Unknown(_), any!()) => call.unknown(ctx, m),
        (M::Service | M::ServiceAcknowledge | M::UnknownMaintenance(_), any!()) => {
            unreachable!("the interface takes maintenance messages itself")
        }
    }
}

/// The first answer's channel, or RELEASE with cause 6.
fn settled(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) -> bool {
    let settled = call.settle(ctx, m);
    if !settled {
        call.ends(CauseValue::ChannelUnacceptable, None, EndedBy::Protocol);
        call.release(ctx, Some(CauseValue::ChannelUnacceptable));
    }
    settled
}

/// SETUP ACKNOWLEDGE: digits may be sent (5.1.3, 5.2.4).
fn overlap(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    if !settled(call, ctx, m) {
        return;
    }
    call.enter(ctx, S::OverlapSending, Some(Timer::T304));
    ctx.tell(Event::SetupAck { call: call.handle, channel: call.told_channel() });
    tell_progress(call, ctx, m);
    if call.waiting.complete || !call.waiting.digits.reveal().is_empty() {
        call.send_waiting(ctx);
    }
}

fn proceeding(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    if !settled(call, ctx, m) {
        return;
    }
    // With in-band information T310 does not guard the call (5.1.6): the caller hears how it goes.
    let guard = if m.in_band { None } else { Some(Timer::T310) };
    call.enter(ctx, S::SentProceeding, guard);
    ctx.tell(Event::Proceeding { call: call.handle, channel: call.told_channel() });
    tell_progress(call, ctx, m);
}

/// PROGRESS stops the timers that wait for the next step (5.1.6), but for T303: it is no answer to SETUP.
fn progress(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    call.went_on = true;
    call.timers.stop(Timer::T304);
    call.timers.stop(Timer::T310);
    ctx.tell(Event::Progress {
        call: call.handle,
        in_band: m.in_band,
        cause: m.cause.map(|cause| cause.value),
    });
}

fn tell_progress(call: &Call, ctx: &mut Ctx<'_>, m: &Received) {
    if m.in_band {
        ctx.tell(Event::Progress { call: call.handle, in_band: true, cause: None });
    }
}

fn alerting(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    if settled(call, ctx, m) {
        call.enter(ctx, S::Delivered, Some(Timer::T301));
        ctx.tell(Event::Alerting { call: call.handle, channel: call.told_channel(), in_band: m.in_band });
    }
}

/// CONNECT: the user may, the network must acknowledge it (5.1.8, 5.2.8); both do. The network passes N8 at once.
fn connected(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    if settled(call, ctx, m) {
        ctx.send(wire::connect_ack(call.key.to_send()));
        call.enter(ctx, S::Active, None);
        ctx.tell(Event::Connected { call: call.handle, channel: call.told_channel() });
    }
}

fn awarded(call: &mut Call, ctx: &mut Ctx<'_>) {
    call.enter(ctx, S::Active, None);
    ctx.tell(Event::Connected { call: call.handle, channel: call.told_channel() });
}

/// INFORMATION while we take digits (5.1.3, 5.2.4).
fn digits(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    if m.called.is_none() && !m.complete {
        return;
    }
    let digits = m.called.clone().unwrap_or_else(wire::no_digits);
    call.has_digits |= !digits.reveal().is_empty();
    call.start(ctx, Timer::T302);
    ctx.tell(Event::Digits { call: call.handle, digits, complete: m.complete });
}

/// DISCONNECT: a user lets the caller hear the network's tones, all else is released at once (5.3.3, 5.3.4).
fn disconnected(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    let (cause, location) = m.cause_or(CauseValue::NormalUnspecified);
    call.ends(cause, location, EndedBy::Peer);
    let hear = m.tones && ctx.config.side == PriSide::User && m.answer.is_none();
    ctx.tell(Event::Disconnected { call: call.handle, cause, in_band: hear });
    if hear {
        call.enter(ctx, S::DisconnectReceived, None);
    } else {
        call.release(ctx, m.answer);
    }
}

/// RELEASE, expected or not (5.3.3, 5.8.4).
fn released(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    let (cause, location) = m.cause_or(CauseValue::NormalUnspecified);
    ctx.send(wire::release_complete(ctx.config.side, call.key.to_send(), m.answer));
    if is_channel_taken(call, m) {
        return call.leave(Gone::ChannelTaken);
    }
    call.ends(cause, location, EndedBy::Peer);
    call.leave(Gone::Ended);
}

fn release_complete(call: &mut Call, m: &Received) {
    if is_channel_taken(call, m) {
        return call.leave(Gone::ChannelTaken);
    }
    let (cause, location) = m.cause_or(CauseValue::NormalUnspecified);
    call.ends(cause, location, EndedBy::Peer);
    call.leave(Gone::Ended);
}

/// 5.7: our SETUP and one of the peer met on a channel and ours was refused with cause 44.
fn is_channel_taken(call: &Call, m: &Received) -> bool {
    let free_choice = call.setup.as_ref().is_some_and(|setup| setup.channel.is_none());
    let taken = m.cause.is_some_and(|cause| cause.value == CauseValue::RequestedChannelNotAvailable);
    let open = call.state == S::SetupSent && !call.went_on;
    open && free_choice && taken && call.reselections < MAX_RESELECTIONS
}

/// STATUS (5.8.10, 5.8.11).
fn status(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    let Some(peer) = m.state else { return };
    let (cause, _) = m.cause_or(CauseValue::NormalUnspecified);
    call.timers.stop(Timer::T322);
    if peer == 0 {
        let answer = cause == CauseValue::ResponseToStatusEnquiry;
        let cause = if answer { CauseValue::TemporaryFailure } else { cause };
        call.ends(cause, None, EndedBy::Protocol);
        return call.leave(Gone::Ended);
    }
    if call.state == S::ReleaseRequest {
        return;
    }
    if !call.state.fits(ctx.config.side, peer) {
        return call.clear(ctx, CauseValue::MessageNotCompatible, EndedBy::Protocol);
    }
    if cause == CauseValue::ResponseToStatusEnquiry {
        return;
    }
    ctx.tell(Event::Status { call: Some(call.handle), cause, state: peer });
    let lost = [
        CauseValue::MandatoryIeMissing,
        CauseValue::MessageTypeNotImplemented,
        CauseValue::InvalidIeContents,
    ];
    let setting_up = call.state != S::Active && !call.state.is_clearing();
    if setting_up && (lost.contains(&cause) || cause == CauseValue::MessageNotCompatible) {
        call.clear(ctx, cause, EndedBy::Protocol);
    }
}

/// No network of ours suspends calls: it says so (5.6.2). A user is never asked.
fn suspend(call: &mut Call, ctx: &mut Ctx<'_>, m: &Received) {
    match ctx.config.side {
        PriSide::Network => ctx.send(wire::suspend_reject(call.key.to_send(), CauseValue::FacilityRejected)),
        PriSide::User => call.unexpected(ctx, m),
    }
}

/// Whether PROGRESS is expected in a state.
pub(super) const fn wants_progress(state: S) -> bool {
    matches!(state, ours!())
}
