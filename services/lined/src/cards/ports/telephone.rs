//! An agent's plain telephone on an FXS port: its machine, and the call it rings for or talks on.

use crate::voice::{FrameRings, FxsProcessor};
use analog::{Fxs, FxsAudioOrder, FxsConfig, TonePlan};
use rtrb::Producer;
use sip_ua::CallHandle;
use vocab::{AgentId, Timeslot};

/// One FXS port.
#[derive(Debug)]
pub(super) struct Telephone {
    pub slot: Timeslot,
    pub agent: AgentId,
    pub machine: Fxs,
    pub call: Option<CallHandle>,
    plan: TonePlan,
    orders: Option<Producer<FxsAudioOrder>>,
    last: FxsAudioOrder,
}

impl Telephone {
    pub fn new(slot: Timeslot, agent: AgentId, plan: TonePlan) -> Self {
        let machine = Fxs::new(FxsConfig::default());
        Self { slot, agent, machine, call: None, plan, orders: None, last: FxsAudioOrder::Off }
    }

    /// Its half in the media thread, made anew; it does what the former one did.
    pub fn processor(&mut self, bridge: Option<FrameRings>) -> FxsProcessor {
        let (processor, orders) = FxsProcessor::new(&self.plan, bridge);
        self.orders = Some(orders);
        self.order(self.last);
        processor
    }

    pub fn order(&mut self, order: FxsAudioOrder) {
        self.last = order;
        if self.orders.as_mut().is_none_or(|orders| orders.push(order).is_err()) {
            log::error!(target: "cards", slot:% = self.slot ; "the telephone's media takes no order");
        }
    }
}
