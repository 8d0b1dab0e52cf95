//! One span of the exchange: the far side of a virtual card, the network side of its D channel, and the subscribers
//! being called on it.

use crate::exchange::{ExchangeConfig, LineReport, Order};
use crate::subscriber::{Act, Subscriber, cause_of};
use carrier::behaviour::Times;
use carrier::journal::{EventKind, Journal};
use idl::spans::{PriConfig, PriSide};
use q931::control::{CallHandle, Command, Config, Event, Setup};
use q931::{CauseValue, DChannel, DOutput};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use virtual_card::{FarEnd, FarEvent};
use vocab::{Millis, Pii, SpanId};

/// One access.
pub struct Access {
    far: FarEnd,
    channel: DChannel,
    code: Option<u8>,
    times: Times,
    journal: Journal,
    serial: Arc<AtomicU64>,
    calls: BTreeMap<CallHandle, Subscriber>,
    /// Calls that the exchange sets up to the box, each with its number in the journal and the number called.
    towards: BTreeMap<CallHandle, (u64, String)>,
    muted: bool,
    report: LineReport,
}

impl Access {
    /// Listens for the box and waits for its data link.
    pub fn new(
        now: Millis,
        span: SpanId,
        config: &ExchangeConfig,
        journal: Journal,
        serial: Arc<AtomicU64>,
    ) -> std::io::Result<Self> {
        let far = FarEnd::bind(&config.folder, span, card::SpanKind::E1, "exchange")?;
        let pri = PriConfig { side: PriSide::Network, restart_on_start: false, ..PriConfig::default() };
        let mut said = Vec::new();
        let link = lapd::Config::new(lapd::Side::Network);
        let channel = DChannel::new(now, link, Config::of(&pri), &mut said);
        let mut access = Self {
            far,
            channel,
            code: config.only_code,
            times: Times { ring_ms: config.ring_ms, talk_ms: config.talk_ms },
            journal,
            serial,
            calls: BTreeMap::new(),
            towards: BTreeMap::new(),
            muted: false,
            report: LineReport::default(),
        };
        access.carry(now, said);
        Ok(access)
    }

    /// One turn of 20 ms: everything that came, everything that is due, one block of each slot.
    pub fn turn(&mut self, now: Millis) {
        self.take_control(now);
        if self.channel.deadline().is_some_and(|at| at <= now) {
            self.with(now, |channel, said| channel.expire(now, said));
        }
        self.act(now);
        self.audio();
    }

    /// An order of the test or the person.
    pub fn order(&mut self, now: Millis, order: &Order) {
        match order {
            Order::Alarms(alarms) => {
                // A far side that is not connected is told again when it comes.
                let _ = self.far.control.set_alarms(*alarms);
                let up = alarms.is_clear();
                self.with(now, |channel, said| channel.line(now, up, said));
            }
            Order::Counters(counters) => {
                let _ = self.far.control.set_counters(*counters);
            }
            Order::Mute(muted) => self.muted = *muted,
            Order::Loop(closed) => self.far.control.set_loop(*closed),
            Order::Restart => self.with(now, |channel, said| channel.command(now, Command::RestartAll, said)),
            Order::Call { called, calling } => self.call_the_box(now, called.reveal(), calling.reveal()),
        }
    }

    /// The counters so far.
    pub fn report(&self) -> LineReport {
        LineReport {
            link_up: self.channel.link().state().is_established(),
            calls: self.calls.len(),
            idle_channels: self.channel.interface().idle_channels(),
            ..self.report
        }
    }

    /// Sets a call up to the box. How it ends is the journal's `Ended` with the Q.850 cause.
    fn call_the_box(&mut self, now: Millis, called: &str, calling: &str) {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        let call = CallHandle(serial);
        self.towards.insert(call, (serial, called.to_owned()));
        let setup = Setup::new(call, Pii::new(called.to_owned()), Some(Pii::new(calling.to_owned())));
        self.with(now, |channel, said| channel.command(now, Command::Setup(Box::new(setup)), said));
    }

    fn take_control(&mut self, now: Millis) {
        for _ in 0..MAX_EVENTS {
            let Some(event) = self.far.control.next_event() else { return };
            match event {
                FarEvent::Connected { .. } => self.with(now, |channel, said| channel.line(now, true, said)),
                FarEvent::Gone => self.with(now, |channel, said| channel.line(now, false, said)),
                FarEvent::Frame(frame) if !self.muted => {
                    self.with(now, |channel, said| channel.frame(now, &frame, said));
                }
                FarEvent::Frame(_) | FarEvent::Configured(..) | FarEvent::Signal(..) | FarEvent::Loop(_) => {}
            }
        }
    }

    fn with(&mut self, now: Millis, act: impl FnOnce(&mut DChannel, &mut Vec<DOutput>)) {
        let mut said = Vec::new();
        act(&mut self.channel, &mut said);
        self.carry(now, said);
    }

    fn carry(&mut self, now: Millis, said: Vec<DOutput>) {
        for output in said {
            match output {
                DOutput::Frame(frame) if !self.muted => {
                    // A box that is gone loses the frame, as a cut line does.
                    let _ = self.far.control.send_frame(&frame);
                }
                DOutput::Frame(_) | DOutput::Link(_) | DOutput::Trouble(_) | DOutput::Unsent(_) => {}
                DOutput::Event(event) => self.event(now, event),
            }
        }
    }

    fn event(&mut self, now: Millis, event: Event) {
        match event {
            Event::Incoming(incoming) => {
                let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
                let number = incoming.called.into_inner();
                let caller = incoming.calling.map_or_else(|| "nobody".to_owned(), Pii::into_inner);
                self.journal.note_detail(EventKind::Invite, serial, &number, &format!("from {caller}"));
                self.report.set_up += 1;
                let slot = incoming.channel;
                let call = incoming.call;
                let subscriber = Subscriber::new(now, serial, number, slot, self.code, self.times);
                self.calls.insert(call, subscriber);
            }
            Event::Connected { call, .. } | Event::Alerting { call, .. }
                if self.towards.contains_key(&call) =>
            {
                self.journal.note_detail(EventKind::Violation, call.0, "", TAKEN);
            }
            Event::Connected { call, .. } => {
                if let Some(subscriber) = self.calls.get_mut(&call) {
                    subscriber.connected(now);
                    self.journal.note(EventKind::Ack, subscriber.serial, &subscriber.number);
                }
            }
            Event::Disconnected { call, .. } => {
                if let Some(subscriber) = self.calls.get(&call) {
                    let kind = if subscriber.answered { EventKind::ByeReceived } else { EventKind::Cancel };
                    self.journal.note(kind, subscriber.serial, &subscriber.number);
                }
            }
            Event::Released { call, end } => {
                if let Some((serial, number)) = self.towards.remove(&call) {
                    self.journal.note_code(EventKind::Ended, serial, &number, u16::from(end.cause.code()));
                }
                if let Some(subscriber) = self.calls.remove(&call) {
                    subscriber.talk.finish(subscriber.serial, &subscriber.number, &self.journal);
                    self.journal.note(EventKind::Ended, subscriber.serial, &subscriber.number);
                    self.report.released += 1;
                }
            }
            Event::Faulty(_) => self.report.faults += 1,
            Event::RestartedByPeer { channels } => self.report.restarted += channels.len() as u64,
            Event::IncomingRefused { .. } => self.report.refused += 1,
            Event::SetupAck { .. }
            | Event::Digits { .. }
            | Event::Proceeding { .. }
            | Event::Progress { .. }
            | Event::Alerting { .. }
            | Event::Refused(_)
            | Event::Status { .. }
            | Event::Channel { .. }
            | Event::RestartDone { .. }
            | Event::RestartFailed { .. }
            | Event::ServiceUnanswered { .. } => {}
        }
    }

    /// Lets every subscriber do what is due.
    fn act(&mut self, now: Millis) {
        let calls: Vec<CallHandle> = self.calls.keys().copied().collect();
        for call in calls {
            while let Some(subscriber) = self.calls.get_mut(&call) {
                let Some(act) = subscriber.due(now) else { break };
                let (serial, number) = (subscriber.serial, subscriber.number.clone());
                let (kind, code, command) = order_of(call, act);
                match code {
                    Some(code) => self.journal.note_code(kind, serial, &number, code),
                    None => self.journal.note(kind, serial, &number),
                }
                self.with(now, |channel, said| channel.command(now, command, said));
            }
        }
    }

    fn audio(&mut self) {
        let mut block = [0; card::SLOT_BLOCK];
        while self.far.audio.receive().is_some() {
            for subscriber in self.calls.values_mut().filter(|subscriber| subscriber.answered) {
                self.far.audio.read(subscriber.slot, &mut block);
                subscriber.talk.listen(&block, subscriber.serial, &subscriber.number, &self.journal);
            }
        }
        for subscriber in self.calls.values_mut() {
            let block = subscriber.talk.next_block(subscriber.serial, &subscriber.number, &self.journal);
            self.far.audio.write(subscriber.slot, &block);
        }
        let _ = self.far.audio.send();
    }
}

fn order_of(call: CallHandle, act: Act) -> (EventKind, Option<u16>, Command) {
    match act {
        Act::Proceed => (EventKind::Progress, Some(100), Command::Proceed { call }),
        Act::Alert => (EventKind::Ringing, None, Command::Alert { call, in_band: false }),
        Act::Progress => (EventKind::Progress, Some(183), Command::Progress { call, in_band: true }),
        Act::Answer => (EventKind::Answered, None, Command::Connect { call }),
        Act::Refuse(status) => {
            let cause = cause_of(status);
            (EventKind::Refused, Some(status), Command::Disconnect { call, cause, in_band: false })
        }
        Act::HangUp => {
            let cause = CauseValue::NormalClearing;
            (EventKind::ByeSent, None, Command::Disconnect { call, cause, in_band: false })
        }
    }
}

const MAX_EVENTS: usize = 256;
/// The name of the rule that a box breaks which takes a call from outside (L-23).
const TAKEN: &str = "incoming_call_taken";
