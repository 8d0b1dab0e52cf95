//! The call machine: what the end of a timer and the data link do in each state.

use super::api::{EndedBy, Event};
use super::call::{Call, Ctx, Gone};
use super::commands::proceed;
use super::config::MAX_SENT;
use super::messages::{clearing, ours, peers};
use super::state::CallState as S;
use super::timer::Timer;
use super::wire;
use crate::CauseValue;

/// A timer of the call is over. Timers belong to states: any other pair cannot be.
pub(super) fn timer_over(call: &mut Call, ctx: &mut Ctx<'_>, timer: Timer) {
    match timer {
        Timer::T303 if call.sent < MAX_SENT => call.send_setup(ctx),
        Timer::T303 => {
            call.refuse(ctx, CauseValue::TimerExpiry, EndedBy::Timer(timer));
        }
        Timer::T302 => digits_over(call, ctx),
        Timer::T301 | Timer::T304 | Timer::T310 | Timer::T313 => {
            call.clear(ctx, CauseValue::TimerExpiry, EndedBy::Timer(timer));
        }
        Timer::T305 | Timer::T306 => call.release(ctx, call.clearing),
        Timer::T308 if call.sent < MAX_SENT => {
            call.sent += 1;
            ctx.send(wire::release(ctx.config.side, call.key.to_send(), call.clearing));
            call.start(ctx, Timer::T308);
        }
        Timer::T308 => {
            call.ends(CauseValue::TimerExpiry, None, EndedBy::Timer(timer));
            call.leave(Gone::Unanswered);
        }
        Timer::T322 if call.asked < MAX_SENT => call.enquire(ctx),
        Timer::T322 => call.clear(ctx, CauseValue::TemporaryFailure, EndedBy::Timer(timer)),
        Timer::T309 | Timer::T316 | Timer::T321 => unreachable!("a timer of the interface, not of a call"),
    }
}

/// T302 (5.1.3, 5.2.4): without any digit the number is surely incomplete; with some, what came is the number.
fn digits_over(call: &mut Call, ctx: &mut Ctx<'_>) {
    if call.has_digits {
        ctx.tell(Event::Digits { call: call.handle, digits: wire::no_digits(), complete: true });
        proceed(call, ctx);
    } else {
        call.clear(ctx, CauseValue::InvalidNumberFormat, EndedBy::Timer(Timer::T302));
    }
}

/// The data link was re-established while it stood (5.8.8): digits may be lost, so overlap calls end.
pub(super) fn link_reset(call: &mut Call, ctx: &mut Ctx<'_>) {
    match call.state {
        S::OverlapSending | S::OverlapReceiving => {
            call.clear(ctx, CauseValue::TemporaryFailure, EndedBy::Link);
        }
        S::SetupSent => call.went_on = true,
        S::SentProceeding
        | S::Delivered
        | S::Present
        | S::Proceeding
        | S::Received
        | S::ConnectRequest
        | S::Active
        | clearing!() => {}
    }
}

/// The data link is gone (5.8.9): without messages, all but active calls end; those too without T309.
pub(super) fn link_lost(call: &mut Call, ctx: &Ctx<'_>) {
    match (call.state, ctx.config.t309) {
        (S::Active, true) => call.timers.stop_all(),
        (S::Active, false) => lost(call),
        (ours!() | peers!() | clearing!(), true | false) => {
            call.ends(CauseValue::TemporaryFailure, None, EndedBy::Link);
            call.leave(Gone::Ended);
        }
    }
}

/// T309 is over, or is not used: the call ends without messages.
pub(super) fn lost(call: &mut Call) {
    call.ends(CauseValue::DestinationOutOfOrder, None, EndedBy::Link);
    call.leave(Gone::Ended);
}

/// The data link is back: does the peer still have the call (5.8.9)?
pub(super) fn link_back(call: &mut Call, ctx: &mut Ctx<'_>) {
    match call.state {
        S::Active => {
            call.asked = 0;
            call.enquire(ctx);
        }
        ours!() | peers!() | clearing!() => {}
    }
}
