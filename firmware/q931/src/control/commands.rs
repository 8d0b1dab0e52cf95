//! The call machine: what a command of the caller does in each state. An order that fits no state is refused.

use super::api::{EndedBy, Event, MAX_DIGITS, Refusal};
use super::call::{Call, Ctx};
use super::messages::{clearing, ours, peers};
use super::state::CallState as S;
use super::timer::Timer;
use super::wire;
use crate::CauseValue;
use idl::spans::PriSide;
use vocab::Pii;

/// A command for a call that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    Digits { digits: Pii<String>, complete: bool },
    SetupAck,
    Proceed,
    Progress { in_band: bool },
    Alert { in_band: bool },
    Connect,
    Disconnect { cause: CauseValue, in_band: bool },
    Reject { cause: CauseValue },
    Enquire,
}

/// Does what the caller orders.
pub(super) fn order(call: &mut Call, ctx: &mut Ctx<'_>, order: Order) {
    match (order, call.state) {
        (Order::Digits { digits, complete }, S::SetupSent | S::OverlapSending) => {
            send_digits(call, ctx, &digits, complete);
        }
        (Order::Digits { .. }, S::SentProceeding | S::Delivered | peers!() | S::Active | clearing!()) => {
            refused(call, ctx);
        }

        (Order::SetupAck, S::Present) => {
            let channel = call.first_answer();
            ctx.send(wire::setup_ack(call.key.to_send(), channel));
            call.enter(ctx, S::OverlapReceiving, Some(Timer::T302));
        }
        (Order::SetupAck, S::OverlapReceiving | S::Proceeding | S::Received | S::ConnectRequest)
        | (Order::SetupAck, ours!() | S::Active | clearing!()) => refused(call, ctx),

        (Order::Proceed, S::Present | S::OverlapReceiving) => proceed(call, ctx),
        (Order::Proceed, S::Proceeding | S::Received | S::ConnectRequest)
        | (Order::Proceed, ours!() | S::Active | clearing!()) => refused(call, ctx),

        (Order::Progress { in_band }, S::OverlapReceiving | S::Proceeding | S::Received) => {
            ctx.send(wire::progress(ctx.config.side, call.key.to_send(), in_band));
        }
        (Order::Progress { .. }, S::Present | S::ConnectRequest | ours!() | S::Active | clearing!()) => {
            refused(call, ctx);
        }

        (Order::Alert { in_band }, S::Present | S::OverlapReceiving | S::Proceeding) => {
            let channel = call.first_answer();
            ctx.send(wire::alerting(ctx.config.side, call.key.to_send(), channel, in_band));
            call.enter(ctx, S::Received, None);
        }
        (Order::Alert { .. }, S::Received | S::ConnectRequest | ours!() | S::Active | clearing!()) => {
            refused(call, ctx);
        }

        (Order::Connect, S::Present | S::OverlapReceiving | S::Proceeding | S::Received) => {
            connect(call, ctx)
        }
        (Order::Connect, S::ConnectRequest | ours!() | S::Active | clearing!()) => refused(call, ctx),

        (Order::Disconnect { cause, .. }, S::Present | S::DisconnectReceived) => {
            call.clear(ctx, cause, EndedBy::Caller);
        }
        (Order::Disconnect { cause, in_band }, ours!() | S::Active)
        | (Order::Disconnect { cause, in_band }, S::OverlapReceiving | S::Proceeding)
        | (Order::Disconnect { cause, in_band }, S::Received | S::ConnectRequest) => {
            call.disconnect(ctx, cause, EndedBy::Caller, in_band);
        }
        (Order::Disconnect { .. }, S::DisconnectSent | S::ReleaseRequest) => {}

        (Order::Reject { cause }, S::Present) => call.refuse(ctx, cause, EndedBy::Caller),
        (Order::Reject { .. }, S::OverlapReceiving | S::Proceeding | S::Received | S::ConnectRequest)
        | (Order::Reject { .. }, ours!() | S::Active | clearing!()) => refused(call, ctx),

        (Order::Enquire, ours!() | peers!() | S::Active | S::DisconnectSent | S::DisconnectReceived) => {
            call.asked = 0;
            call.enquire(ctx);
        }
        (Order::Enquire, S::ReleaseRequest) => refused(call, ctx),
    }
}

fn refused(call: &Call, ctx: &mut Ctx<'_>) {
    ctx.tell(Event::Refused(Refusal::State(call.handle, call.state)));
}

fn send_digits(call: &mut Call, ctx: &mut Ctx<'_>, digits: &Pii<String>, complete: bool) {
    let waiting = call.waiting.digits.reveal();
    if waiting.len() + digits.reveal().len() > MAX_DIGITS || !are_digits(digits.reveal()) {
        return ctx.tell(Event::Refused(Refusal::Digits(call.handle)));
    }
    call.waiting.digits = Pii::new(format!("{waiting}{}", digits.reveal()));
    call.waiting.complete |= complete;
    if call.state == S::OverlapSending {
        call.send_waiting(ctx);
    }
}

/// CALL PROCEEDING.
pub(super) fn proceed(call: &mut Call, ctx: &mut Ctx<'_>) {
    let channel = call.first_answer();
    ctx.send(wire::call_proceeding(call.key.to_send(), channel));
    call.enter(ctx, S::Proceeding, None);
}

/// CONNECT: a user waits for the award (5.2.7), a network does not (5.1.8).
fn connect(call: &mut Call, ctx: &mut Ctx<'_>) {
    let channel = call.first_answer();
    ctx.send(wire::connect(call.key.to_send(), channel));
    match ctx.config.side {
        PriSide::User => call.enter(ctx, S::ConnectRequest, Some(Timer::T313)),
        PriSide::Network => {
            call.enter(ctx, S::Active, None);
            ctx.tell(Event::Connected { call: call.handle, channel: call.told_channel() });
        }
    }
}

/// Whether a text is made of the digits of a number.
pub(super) fn are_digits(text: &str) -> bool {
    text.chars().all(|digit| matches!(digit, '0'..='9' | '*' | '#'))
}
