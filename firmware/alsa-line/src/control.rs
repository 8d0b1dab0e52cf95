//! A span's control half over ALSA: hook and events of each line by the control elements that the board names. It reads
//! them again whenever the card says that any changed, and decides nothing about calls.

use crate::LineConfig;
use crate::pcm::{errno, failed};
use crate::shared::Shared;
use crate::watch::Watch;
use alsa::hctl::{Elem, HCtl};
use alsa::poll::Descriptors;
use card::{CardError, CardEvent, HookState, LineSignal, SpanControl, SpanKind};
use idl::spans::{Alarms, LoopKind, PortKind, SpanConfig, SpanCounters};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::collections::VecDeque;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use vocab::Timeslot;

/// Control of a span of ALSA lines.
#[derive(Debug)]
pub struct AlsaControl {
    place: String,
    ports: u8,
    lines: Vec<Line>,
    epoll: Epoll,
    /// Makes the descriptor readable for events that no card tells of.
    wake: EventFd,
    configured: bool,
    waiting: VecDeque<CardEvent>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Line {
    config: LineConfig,
    elements: HCtl,
    watch: Watch,
}

impl Line {
    fn open(config: &LineConfig, epoll: &Epoll) -> Result<Self, CardError> {
        let card = CString::new(config.card.as_str());
        let card = card.map_err(|_| CardError::NotSupported("this card's name"))?;
        let elements = HCtl::open(&card, true).map_err(failed("open the card's controls"))?;
        elements.load().map_err(failed("read the card's controls"))?;
        let watched = [&config.ring, &config.loop_current, &config.polarity, &config.caller_id];
        for name in watched.into_iter().flatten().chain([&config.hook]) {
            find(&elements, name)?;
        }
        for descriptor in elements.get().map_err(failed("ask for the controls' descriptors"))? {
            // SAFETY: the descriptor belongs to `elements`, which is not closed before this call is over; closing it
            // takes it out of the epoll.
            let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor.fd) };
            epoll
                .add(descriptor, EpollEvent::new(EpollFlags::EPOLLIN, 0))
                .map_err(system("watch the card"))?;
        }
        let mut line = Self { config: config.clone(), elements, watch: Watch::default() };
        let ringing = line.value(line.config.ring.as_deref())?.unwrap_or(false);
        let reversed = line.value(line.config.polarity.as_deref())?.unwrap_or(false);
        line.watch = Watch::new(ringing, reversed);
        Ok(line)
    }

    /// What an element says, if the board names one.
    fn value(&self, name: Option<&str>) -> Result<Option<bool>, CardError> {
        let Some(name) = name else { return Ok(None) };
        let value = find(&self.elements, name)?.read().map_err(failed("read a control"))?;
        let number = value.get_integer(0).map(|number| number != 0);
        let item = value.get_enumerated(0).map(|item| item != 0);
        let said = value.get_boolean(0).or(number).or(item);
        said.map(Some).ok_or(CardError::NotSupported("a control of this type"))
    }

    fn set(&self, name: &str, on: bool) -> Result<(), CardError> {
        let element = find(&self.elements, name)?;
        let mut value = element.read().map_err(failed("read a control"))?;
        let set = value.set_boolean(0, on).or_else(|| value.set_integer(0, i32::from(on)));
        set.or_else(|| value.set_enumerated(0, u32::from(on)))
            .ok_or(CardError::NotSupported("a control of this type"))?;
        element.write(&value).map(|_| ()).map_err(failed("set a control"))
    }

    /// What changed since the last look.
    fn look(&mut self, events: &mut VecDeque<CardEvent>) -> Result<(), CardError> {
        match self.elements.handle_events() {
            Ok(_) => {}
            Err(error) if errno(error) == Errno::EAGAIN => {}
            Err(_) => return Err(CardError::Gone),
        }
        let config = &self.config;
        let ring = self.value(config.ring.as_deref())?;
        let current = self.value(config.loop_current.as_deref())?;
        let polarity = self.value(config.polarity.as_deref())?;
        let seen = [
            ring.and_then(|ringing| self.watch.ring(ringing)),
            polarity.and_then(|reversed| self.watch.polarity(reversed)),
            current.and_then(|flows| self.watch.current(flows)),
        ];
        let port = self.config.port;
        events.extend(seen.into_iter().flatten().map(|event| CardEvent::Line(port, event)));
        Ok(())
    }
}

fn find<'a>(elements: &'a HCtl, name: &str) -> Result<Elem<'a>, CardError> {
    let is_it =
        |element: &Elem<'_>| element.get_id().is_ok_and(|id| id.get_name().is_ok_and(|known| known == name));
    elements.elem_iter().find(is_it).ok_or(CardError::NotSupported("a control that the board names"))
}

impl AlsaControl {
    pub(crate) fn new(place: &str, lines: &[LineConfig], shared: Arc<Shared>) -> Result<Self, CardError> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(system("make an epoll"))?;
        let wake = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC);
        let wake = wake.map_err(system("make a descriptor"))?;
        epoll.add(&wake, EpollEvent::new(EpollFlags::EPOLLIN, 0)).map_err(system("watch a descriptor"))?;
        let ports = lines.iter().map(|line| line.port.0).max().unwrap_or(0);
        let lines = lines.iter().map(|line| Line::open(line, &epoll));
        let lines = lines.collect::<Result<Vec<Line>, CardError>>()?;
        let place = place.to_owned();
        Ok(Self { place, ports, lines, epoll, wake, configured: false, waiting: VecDeque::new(), shared })
    }

    fn line(&mut self, slot: Timeslot) -> Result<&mut Line, CardError> {
        let line = self.lines.iter_mut().find(|line| line.config.port == slot);
        line.ok_or(CardError::NoSuchSlot(slot))
    }
}

impl SpanControl for AlsaControl {
    fn kind(&self) -> SpanKind {
        SpanKind::Analogue { ports: self.ports }
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    fn configure(&mut self, config: &SpanConfig) -> Result<(), CardError> {
        if config.purpose.has_d_channel() {
            return Err(CardError::NotSupported("analogue lines have no D channel"));
        }
        for port in config.purpose.ports() {
            self.line(port.port)?;
            if matches!(port.kind, PortKind::Fxs { .. }) {
                return Err(CardError::NotSupported("a telephone on a line to the exchange"));
            }
        }
        if !std::mem::replace(&mut self.configured, true) {
            for line in &self.lines {
                line.set(&line.config.hook, false).inspect_err(|_| self.configured = false)?;
                if let Some(name) = &line.config.caller_id {
                    line.set(name, true).inspect_err(|_| self.configured = false)?;
                }
            }
        }
        Ok(())
    }

    fn next_event(&mut self) -> Result<Option<CardEvent>, CardError> {
        if self.waiting.is_empty() {
            let _ = self.wake.read();
            for line in &mut self.lines {
                line.look(&mut self.waiting)?;
            }
        }
        Ok(self.waiting.pop_front())
    }

    fn send_frame(&mut self, _: &[u8]) -> Result<(), CardError> {
        Err(CardError::NotSupported("analogue lines have no D channel"))
    }

    fn status(&mut self) -> Result<(Alarms, SpanCounters), CardError> {
        let alarms = Alarms { not_open: self.shared.is_gone() || !self.configured, ..Alarms::default() };
        Ok((alarms, SpanCounters { slips: self.shared.slips(), ..SpanCounters::default() }))
    }

    fn set_loop(&mut self, _: Option<LoopKind>) -> Result<(), CardError> {
        Err(CardError::NotSupported("analogue lines have no loops"))
    }

    fn signal(&mut self, slot: Timeslot, signal: LineSignal) -> Result<(), CardError> {
        let LineSignal::Hook(hook) = signal else {
            return Err(CardError::NotSupported("this signal on a line to the exchange"));
        };
        let line = self.line(slot)?;
        line.set(&line.config.hook, hook == HookState::Off)?;
        if let Some(event) = line.watch.hook(hook) {
            self.waiting.push_back(CardEvent::Line(slot, event));
            let _ = self.wake.write(1);
        }
        Ok(())
    }
}

fn system(step: &'static str) -> impl FnOnce(Errno) -> CardError {
    move |errno| CardError::System { step, source: errno.into() }
}
