//! A line to the exchange: its machine, the call on it, and the words for how a call on it ended.

use super::super::{CardEnd, CardEndedBy};
use crate::call::Failure;
use crate::voice::{FrameRings, FxoProcessor, HandsetProcessor};
use analog::{DialString, Fxo, FxoAudioOrder, FxoConfig, FxoState, LineCause, TonePlan};
use idl::spans::{AnswerDetection, SlotState};
use rtrb::Producer;
use sip_ua::CallHandle;
use vocab::{FailCause, Millis, Timeslot};

/// A call that a line carries or shall carry.
#[derive(Debug)]
pub(super) struct Call {
    pub handle: CallHandle,
    pub number: DialString,
    /// Lines it was tried on, a bit for each slot.
    pub tried: u32,
    pub rang: bool,
    pub answered: bool,
    /// Why the last line did not take it.
    pub last: Option<LineCause>,
}

/// One FXO port.
#[derive(Debug)]
pub(super) struct Line {
    pub slot: Timeslot,
    pub machine: Fxo,
    pub call: Option<Call>,
    pub blocked: bool,
    /// The technician's handset is on it.
    pub tested: bool,
    /// Until when the exchange has to see its loop open after a test.
    pub rests_until: Option<Millis>,
    plan: TonePlan,
    orders: Option<Producer<FxoAudioOrder>>,
}

impl Line {
    pub fn new(slot: Timeslot, answer: AnswerDetection, plan: TonePlan) -> Self {
        let machine = Fxo::new(FxoConfig::new(answer));
        Self {
            slot,
            machine,
            call: None,
            blocked: false,
            tested: false,
            rests_until: None,
            plan,
            orders: None,
        }
    }

    /// Its half in the media thread, made anew.
    pub fn processor(&mut self) -> FxoProcessor {
        let (processor, orders) = FxoProcessor::new(&self.plan);
        self.orders = Some(orders);
        processor
    }

    pub fn order(&mut self, order: FxoAudioOrder) {
        if self.orders.as_mut().is_none_or(|orders| orders.push(order).is_err()) {
            log::error!(target: "cards", slot:% = self.slot ; "the line's media takes no order");
        }
    }

    /// Whether it can take a call.
    pub fn is_idle(&self) -> bool {
        !self.blocked && self.is_quiet()
    }

    /// Whether nothing is going on on it.
    pub fn is_quiet(&self) -> bool {
        let free = self.call.is_none() && !self.tested && self.rests_until.is_none();
        free && self.machine.state() == FxoState::Idle
    }

    /// The technician's handset in place of its half in the media thread.
    pub fn handset(&self, talk: bool, rings: FrameRings) -> HandsetProcessor {
        if talk { HandsetProcessor::seized(rings, &self.plan) } else { HandsetProcessor::new(rings, false) }
    }

    pub fn is_plugged(&self) -> bool {
        self.machine.state() != FxoState::Disconnected
    }

    pub fn slot_state(&self) -> SlotState {
        match self.machine.slot_state() {
            _ if self.tested => SlotState::Testing,
            SlotState::Idle if self.rests_until.is_some() => SlotState::Clearing,
            SlotState::Idle if self.blocked => SlotState::Blocked,
            state => state,
        }
    }
}

/// The bit of a slot in [`Call::tried`].
pub(super) const fn bit(slot: Timeslot) -> u32 {
    1 << (slot.0 & 31)
}

/// How a line's word reads in the product's.
pub(super) fn ended(cause: LineCause) -> CardEnd {
    let by = match cause {
        LineCause::Busy
        | LineCause::Congestion
        | LineCause::Unobtainable
        | LineCause::NoAnswer
        | LineCause::Dropped
        | LineCause::FarHungUp => CardEndedBy::Remote,
        LineCause::Ours => CardEndedBy::Local,
        LineCause::NotIdle
        | LineCause::NotConnected
        | LineCause::NoDialTone
        | LineCause::Refused
        | LineCause::Glare
        | LineCause::NotDialled
        | LineCause::NoProgress => CardEndedBy::Lost,
    };
    // A call that we ended before its answer was not answered.
    let fail = cause.fail_cause().unwrap_or(FailCause::NoAnswer);
    CardEnd {
        by,
        failure: Failure { cause: fail, sip_status: 0, q850: cause.q850() },
        next_line: cause.may_try_another_line(),
    }
}
