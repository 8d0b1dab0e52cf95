//! The loop of one media thread. Paced by the system's clock, it wakes every 5 ms by absolute deadlines, takes orders,
//! reads what came, and runs the 20 ms tick of a quarter of its calls, so that packets leave spread out and not in one
//! burst. Paced by a card, it runs all its calls whenever the card has a block. No lock, and no allocation once a call
//! is in its place.

use super::batch::Batch;
use super::card_side::CardSide;
use super::place::{Place, Surroundings};
use super::port::Port;
use super::{Block, Order, Recorded, Report};
use crate::clock::{boot_us, wall};
use card::SpanAudio;
use idl::spans::E1_TIMESLOTS;
use media::call::TickOutput;
use media::command::Leg;
use media::units::TICK_US;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use rtrb::{Consumer, Producer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use vocab::{SpanId, Timeslot};

/// Sockets made known by the kernel in one call.
const MAX_READY: usize = 1_024;
/// A thread this late does not catch up tick by tick: it was stopped, not slow.
const MAX_LATE_US: u64 = 200_000;
/// Calls are dealt over so many parts of a tick.
const PHASES: usize = 4;
const PHASE_US: u64 = TICK_US / PHASES as u64;

/// The thread's ends of its rings.
pub(super) struct Ends {
    pub orders: Consumer<Order>,
    pub reports: Producer<Report>,
    pub recorded: Producer<Recorded>,
    pub spare: Consumer<Box<Block>>,
    pub wake: Arc<EventFd>,
    pub stop: Arc<AtomicBool>,
    pub beats: Arc<AtomicU64>,
}

/// One media thread.
pub(super) struct Worker {
    ends: Ends,
    epoll: Epoll,
    places: Vec<Option<Box<Place>>>,
    card: Option<CardSide>,
    batch: Batch,
    out: TickOutput,
    ready: Vec<EpollEvent>,
}

impl Worker {
    /// A thread without calls.
    pub fn new(
        ends: Ends,
        places: usize,
        card: Option<(SpanId, Box<dyn SpanAudio>)>,
    ) -> std::io::Result<Self> {
        Ok(Self {
            ends,
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            places: (0..places).map(|_| None).collect(),
            card: card.map(|(span, audio)| CardSide::new(span, audio)),
            batch: Batch::new(),
            out: TickOutput::default(),
            ready: vec![EpollEvent::empty(); MAX_READY],
        })
    }

    /// Runs until told to stop.
    pub fn run(self) {
        if self.card.is_some() { self.run_by_card() } else { self.run_by_clock() }
    }

    fn run_by_card(mut self) {
        while !self.ends.stop.load(Ordering::Relaxed) {
            let delivered = self.card.as_mut().is_some_and(|card| card.wait(&mut self.ends.reports));
            let now = boot_us();
            self.take_orders(now);
            self.read(now);
            self.tick(now, 0, 1, delivered);
            if let Some(card) = &mut self.card {
                card.finish(delivered, &mut self.ends.reports);
            }
            self.beat();
        }
    }

    fn run_by_clock(mut self) {
        let mut deadline = boot_us() + PHASE_US;
        let mut phase = 0;
        while !self.ends.stop.load(Ordering::Relaxed) {
            let now = boot_us();
            if now < deadline {
                std::thread::sleep(Duration::from_micros(deadline - now));
                continue;
            }
            self.take_orders(now);
            self.read(now);
            self.tick(now, phase, PHASES, false);
            phase = (phase + 1) % PHASES;
            self.beat();
            deadline += PHASE_US;
            if now > deadline + MAX_LATE_US {
                deadline = now + PHASE_US;
            }
        }
    }

    /// Shows that the thread lives, and wakes signalling if something is to be told.
    fn beat(&self) {
        self.ends.beats.fetch_add(1, Ordering::Relaxed);
        let reports = &self.ends.reports;
        if !reports.is_abandoned() && reports.slots() < reports.buffer().capacity() {
            let _ = self.ends.wake.write(1);
        }
    }

    fn take_orders(&mut self, now_us: u64) {
        while let Ok(order) = self.ends.orders.pop() {
            match order {
                Order::Add { index, place } => self.add(index, place),
                Order::Agent { index, port } => self.agent(index, port),
                Order::Processor { slot, processor } => {
                    if let Some(card) = &mut self.card {
                        card.process(slot, processor, &mut self.ends.reports);
                    }
                }
                Order::Command { index, command } => {
                    if let Some(place) = self.places.get_mut(usize::from(index)).and_then(Option::as_mut) {
                        place.media.command(command, now_us);
                    }
                }
                Order::Close { index } => {
                    if let Some(place) = self.places.get_mut(usize::from(index)).and_then(Option::as_mut) {
                        place.media.command(media::command::Command::HangUp, now_us);
                        place.close();
                    }
                }
            }
        }
    }

    fn agent(&mut self, index: u16, port: Box<Port>) {
        let Some(place) = self.places.get_mut(usize::from(index)).and_then(Option::as_mut) else { return };
        watch(&self.epoll, &port, index, Leg::Agent);
        if let Some(old) = place.agent.replace(port) {
            // Dropped by signalling, which may free memory and ports.
            let _ = self.ends.reports.push(Report::Port(old));
        }
    }

    fn add(&mut self, index: u16, place: Box<Place>) {
        watch(&self.epoll, &place.customer, index, Leg::Customer);
        if let (Some(card), Port::Slot(slot)) = (&mut self.card, &place.customer) {
            card.open(*slot);
        }
        if let Some(slot) = self.places.get_mut(usize::from(index)) {
            assert!(slot.is_none(), "signalling gives each place to one call at a time");
            *slot = Some(place);
        }
    }

    /// Reads every socket that has something.
    fn read(&mut self, now_us: u64) {
        let clocks = Clocks { boot_us: boot_us(), wall_us: u64::try_from(wall().0).unwrap_or(0) * 1_000 };
        loop {
            let count = self.epoll.wait(&mut self.ready, EpollTimeout::ZERO).unwrap_or(0);
            for at in 0..count {
                self.read_one(self.ready[at].data(), now_us, &clocks);
            }
            if count < MAX_READY {
                return;
            }
        }
    }

    fn read_one(&mut self, tag: u64, now_us: u64, clocks: &Clocks) {
        let (index, leg, control) = untag(tag);
        let Some(place) = self.places.get_mut(index).and_then(Option::as_mut) else { return };
        let deaf_until_us = if leg == Leg::Customer { place.deaf_until_us } else { 0 };
        let Place { media, customer, agent, .. } = &mut **place;
        let port = match leg {
            Leg::Customer => Some(&*customer),
            Leg::Agent => agent.as_deref(),
        };
        let Some(sockets) = port.and_then(Port::sockets) else { return };
        let socket = if control { &sockets.rtcp } else { &sockets.rtp };
        let count = self.batch.receive(socket);
        for at in 0..count {
            let Some((from, arrived, datagram)) = self.batch.datagram(at) else { continue };
            let age = arrived.map_or(0, |arrived| clocks.wall_us.saturating_sub(arrived));
            if clocks.boot_us.saturating_sub(age).saturating_add(OVERTAKES_US) < deaf_until_us {
                continue;
            }
            // The wall clock may be set meanwhile: a time outside the last second is not believed.
            let at_us = if age < MAX_AGE_US { now_us.saturating_sub(age) } else { now_us };
            if control {
                media.receive_rtcp(leg, from, datagram, at_us);
            } else {
                media.receive(leg, from, datagram, at_us);
            }
        }
    }

    /// Runs the calls of one phase of `phases`.
    fn tick(&mut self, now_us: u64, phase: usize, phases: usize, delivered: bool) {
        let mut closed = 0_u32;
        let mut around = Surroundings {
            card: self.card.as_mut().map(|card| (card.audio(), delivered)),
            recorded: &mut self.ends.recorded,
            spare: &mut self.ends.spare,
            reports: &mut self.ends.reports,
        };
        for slot in self.places.iter_mut().skip(phase).step_by(phases) {
            let done = slot.as_mut().is_some_and(|place| place.tick(now_us, &mut self.out, &mut around));
            if done
                && !around.reports.is_full()
                && let Some(place) = slot.take()
            {
                unwatch(&self.epoll, &place);
                if let Port::Slot(slot) = place.customer {
                    closed |= 1 << (slot.0 & 31);
                }
                // A box of the totals is the one allocation, at the end of a call.
                let stats = Box::new(place.media.stats());
                let _ = around.reports.push(Report::Closed { call: place.call, stats, place });
            }
        }
        if let Some(card) = &mut self.card {
            for slot in (1..=E1_TIMESLOTS).filter(|slot| closed >> slot & 1 == 1) {
                card.close(Timeslot(slot));
            }
        }
    }
}

/// The same instant by both clocks.
struct Clocks {
    boot_us: u64,
    wall_us: u64,
}

const MAX_AGE_US: u64 = 1_000_000;
/// What a datagram may be ahead of the SIP message that was sent before it.
const OVERTAKES_US: u64 = 20_000;

fn tag(index: u16, leg: Leg, control: bool) -> u64 {
    let leg = match leg {
        Leg::Customer => 0,
        Leg::Agent => 2,
    };
    u64::from(index) << 2 | leg | u64::from(control)
}

fn untag(tag: u64) -> (usize, Leg, bool) {
    let leg = if tag & 2 == 0 { Leg::Customer } else { Leg::Agent };
    (usize::try_from(tag >> 2).unwrap_or(usize::MAX), leg, tag & 1 == 1)
}

fn watch(epoll: &Epoll, port: &Port, index: u16, leg: Leg) {
    let Some(sockets) = port.sockets() else { return };
    for (socket, control) in [(&sockets.rtp, false), (&sockets.rtcp, true)] {
        let watched = epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, tag(index, leg, control)));
        assert!(watched.is_ok(), "a bound socket can be watched");
    }
}

fn unwatch(epoll: &Epoll, place: &Place) {
    let ports = [Some(&place.customer), place.agent.as_deref()];
    for sockets in ports.into_iter().flatten().filter_map(Port::sockets) {
        let _ = epoll.delete(&sockets.rtp);
        let _ = epoll.delete(&sockets.rtcp);
    }
}
