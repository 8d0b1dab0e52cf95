//! A primary rate access of ours on a span: data link and call control as the product has them, driven by a plain loop.
//! The product's own loop in `lined` is tested by scenarios that start it.

use crate::rig::wait_for;
use anyhow::{Context, bail, ensure};
use card::{CardError, CardEvent, SpanControl};
use dahdi::DahdiControl;
use idl::spans::{PriConfig, PriSide};
use lapd::Link;
use q931::CauseValue;
use q931::control::{self, CallEnd, CallHandle, Command, Event, Interface, Setup};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use vocab::{Millis, Pii, Timeslot};

/// One access.
#[derive(Debug)]
pub struct Pri<'a> {
    control: &'a mut DahdiControl,
    link: Link,
    interface: Interface,
    begun: Instant,
    events: VecDeque<Event>,
    calls: u64,
    /// Damaged frames so far: a far end that dies may leave one behind.
    pub damaged: u32,
}

impl<'a> Pri<'a> {
    /// The user side, calling for its link.
    pub fn user(control: &'a mut DahdiControl) -> anyhow::Result<Self> {
        let settings = PriConfig { side: PriSide::User, ..PriConfig::default() };
        let mut pri = Self {
            control,
            link: Link::new(lapd::Config::new(lapd::Side::User)),
            interface: Interface::new(control::Config::of(&settings)),
            begun: Instant::now(),
            events: VecDeque::new(),
            calls: 0,
            damaged: 0,
        };
        let mut out = Vec::new();
        pri.link.step(pri.now(), lapd::Input::PhysicalUp, &mut out);
        pri.link.step(pri.now(), lapd::Input::Establish, &mut out);
        pri.do_link(out)?;
        Ok(pri)
    }

    /// Whether the link stands and no channel is in use or being restarted.
    pub fn is_idle(&self) -> bool {
        self.interface.is_link_up() && self.interface.idle_channels() == CHANNELS
    }

    /// Whether the data link stands.
    pub fn is_up(&self) -> bool {
        self.interface.is_link_up()
    }

    /// Waits until something is so, working on.
    pub fn until(&mut self, what: &str, limit: Duration, so: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        wait_for(what, limit, || {
            self.work()?;
            Ok(so(self).then_some(()))
        })
        .with_context(|| format!("link {:?}, slots {:?}", self.link.counters(), self.interface.slot_states()))
    }

    /// Sets a call up; its handle.
    pub fn call(&mut self, number: &str) -> anyhow::Result<CallHandle> {
        self.calls += 1;
        let call = CallHandle(self.calls);
        let setup = Setup::new(call, Pii::new(number.to_owned()), Some(Pii::new("95000".to_owned())));
        self.order(Command::Setup(Box::new(setup)))?;
        Ok(call)
    }

    /// Gives an order.
    pub fn order(&mut self, command: Command) -> anyhow::Result<()> {
        let mut out = Vec::new();
        self.interface.step(self.now(), control::Input::Command(command), &mut out);
        self.do_interface(out)
    }

    /// Waits for the answer of a call; its channel.
    pub fn connected(&mut self, call: CallHandle) -> anyhow::Result<Timeslot> {
        self.event("an answer", |event| match event {
            Event::Connected { call: told, channel } if *told == call => Some(Ok(*channel)),
            Event::Released { call: told, end } if *told == call => Some(Err(*end)),
            _ => None,
        })?
        .map_err(|end| anyhow::anyhow!("the call ended instead: {end:?}"))
    }

    /// Waits for the end of a call.
    pub fn released(&mut self, call: CallHandle) -> anyhow::Result<CallEnd> {
        self.event("a call's end", |event| match event {
            Event::Released { call: told, end } if *told == call => Some(*end),
            _ => None,
        })
    }

    /// Ends a call and waits for its end.
    pub fn hang_up(&mut self, call: CallHandle) -> anyhow::Result<()> {
        self.order(Command::Disconnect { call, cause: CauseValue::NormalClearing, in_band: false })?;
        let end = self.released(call)?;
        ensure!(end.cause == CauseValue::NormalClearing, "{end:?}");
        Ok(())
    }

    /// Waits for an event and takes it; others wait for who asks for them.
    fn event<T>(&mut self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> anyhow::Result<T> {
        wait_for(what, CALL_LIMIT, || {
            self.work()?;
            let found = self.events.iter().enumerate().find_map(|(at, event)| Some((at, wanted(event)?)));
            Ok(found.map(|(at, value)| {
                self.events.remove(at);
                value
            }))
        })
        .with_context(|| format!("{:?}", self.events))
    }

    /// Does what there is to do, and returns.
    pub fn work(&mut self) -> anyhow::Result<()> {
        let mut out = Vec::new();
        while let Some(event) = self.control.next_event()? {
            match event {
                CardEvent::Frame(frame) => self.link.step(self.now(), lapd::Input::Frame(&frame), &mut out),
                CardEvent::BadFrame => self.damaged += 1,
                CardEvent::Alarms => {
                    let clear = self.control.status()?.0.is_clear();
                    let input = if clear { lapd::Input::PhysicalUp } else { lapd::Input::PhysicalDown };
                    self.link.step(self.now(), input, &mut out);
                }
                CardEvent::Line(slot, event) => bail!("{event:?} on slot {}", slot.0),
            }
        }
        self.link.expire(self.now(), &mut out);
        self.do_link(out)?;
        let mut out = Vec::new();
        self.interface.expire(self.now(), &mut out);
        self.do_interface(out)
    }

    fn do_link(&mut self, outputs: Vec<lapd::Output>) -> anyhow::Result<()> {
        let mut told = Vec::new();
        for output in outputs {
            let now = self.now();
            match output {
                lapd::Output::Send(frame) => match self.control.send_frame(&frame) {
                    // The link sends it again.
                    Ok(()) | Err(CardError::Full) => {}
                    Err(error) => return Err(error.into()),
                },
                lapd::Output::Established { reset: true, .. } => {
                    self.interface.step(now, control::Input::LinkReset, &mut told);
                }
                lapd::Output::Established { reset: false, .. } => {
                    self.interface.step(now, control::Input::LinkEstablished, &mut told);
                }
                lapd::Output::Released { .. } => {
                    self.interface.step(now, control::Input::LinkReleased, &mut told)
                }
                lapd::Output::Data(message) => {
                    self.interface.step(now, control::Input::Message(&message), &mut told);
                }
                lapd::Output::UnitData(_) => {}
                lapd::Output::Refused(cause) => eprintln!("a message was refused: {cause:?}"),
                lapd::Output::Error(error) => eprintln!("the data link: {error:?}"),
            }
        }
        if told.is_empty() { Ok(()) } else { self.do_interface(told) }
    }

    fn do_interface(&mut self, outputs: Vec<control::Output>) -> anyhow::Result<()> {
        let mut told = Vec::new();
        for output in outputs {
            match output {
                control::Output::ToLink(message) => {
                    self.link.step(self.now(), lapd::Input::Data(message), &mut told);
                }
                control::Output::EstablishLink => {
                    self.link.step(self.now(), lapd::Input::Establish, &mut told)
                }
                control::Output::Event(Event::Refused(refusal)) => bail!("an order was refused: {refusal:?}"),
                control::Output::Event(Event::Faulty(fault)) => eprintln!("a message was faulty: {fault:?}"),
                control::Output::Event(event) => self.events.push_back(event),
            }
        }
        if told.is_empty() { Ok(()) } else { self.do_link(told) }
    }

    fn now(&self) -> Millis {
        Millis(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// B channels of an access.
pub const CHANNELS: usize = 30;
const CALL_LIMIT: Duration = Duration::from_secs(30);
