//! The loop of one media thread: every 5 ms by absolute deadlines it takes orders, reads what came, and runs the
//! 20 ms tick of a quarter of its calls, so that packets leave spread out and not in one burst. No lock, and no allocation once a call is in its place.

use super::batch::Batch;
use super::place::{Place, Surroundings};
use super::{Block, MAX_PLACES, Order, Recorded, Report};
use crate::clock::{boot_us, wall};
use media::call::TickOutput;
use media::command::Leg;
use media::units::TICK_US;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use rtrb::{Consumer, Producer};
use socket2::Socket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

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
    batch: Batch,
    out: TickOutput,
    ready: Vec<EpollEvent>,
}

impl Worker {
    /// A thread without calls.
    pub fn new(ends: Ends) -> std::io::Result<Self> {
        Ok(Self {
            ends,
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            places: (0..MAX_PLACES).map(|_| None).collect(),
            batch: Batch::new(),
            out: TickOutput::default(),
            ready: vec![EpollEvent::empty(); MAX_READY],
        })
    }

    /// Runs until told to stop.
    pub fn run(mut self) {
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
            self.tick(now, phase);
            phase = (phase + 1) % PHASES;
            self.ends.beats.fetch_add(1, Ordering::Relaxed);
            if !self.ends.reports.is_abandoned()
                && self.ends.reports.slots() < self.ends.reports.buffer().capacity()
            {
                let _ = self.ends.wake.write(1);
            }
            deadline += PHASE_US;
            if now > deadline + MAX_LATE_US {
                deadline = now + PHASE_US;
            }
        }
    }

    fn take_orders(&mut self, now_us: u64) {
        while let Ok(order) = self.ends.orders.pop() {
            match order {
                Order::Add { index, place } => self.add(index, place),
                Order::AgentSockets { index, sockets } => {
                    if let Some(place) = self.places.get_mut(usize::from(index)).and_then(Option::as_mut) {
                        watch(&self.epoll, &sockets.rtp, tag(index, Leg::Agent, false));
                        watch(&self.epoll, &sockets.rtcp, tag(index, Leg::Agent, true));
                        if let Some(old) = place.agent.replace(sockets) {
                            // Dropped by signalling, which may free memory and ports.
                            let _ = self.ends.reports.push(Report::Sockets(old));
                        }
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

    fn add(&mut self, index: u16, place: Box<Place>) {
        watch(&self.epoll, &place.customer.rtp, tag(index, Leg::Customer, false));
        watch(&self.epoll, &place.customer.rtcp, tag(index, Leg::Customer, true));
        if let Some(slot) = self.places.get_mut(usize::from(index)) {
            assert!(slot.is_none(), "signalling gives each place to one call at a time");
            *slot = Some(place);
        }
    }

    /// Reads every socket that has something.
    fn read(&mut self, now_us: u64) {
        let wall_us = u64::try_from(wall().0).unwrap_or(0) * 1_000;
        loop {
            let count = self.epoll.wait(&mut self.ready, EpollTimeout::ZERO).unwrap_or(0);
            for at in 0..count {
                self.read_one(self.ready[at].data(), now_us, wall_us);
            }
            if count < MAX_READY {
                return;
            }
        }
    }

    fn read_one(&mut self, tag: u64, now_us: u64, wall_us: u64) {
        let (index, leg, control) = untag(tag);
        let Some(place) = self.places.get_mut(index).and_then(Option::as_mut) else { return };
        let Place { media, customer, agent, .. } = &mut **place;
        let sockets = match (leg, agent) {
            (Leg::Customer, _) => customer,
            (Leg::Agent, Some(agent)) => &mut **agent,
            (Leg::Agent, None) => return,
        };
        let socket = if control { &sockets.rtcp } else { &sockets.rtp };
        let count = self.batch.receive(socket);
        for at in 0..count {
            let Some((from, arrived, datagram)) = self.batch.datagram(at) else { continue };
            // The wall clock may be set meanwhile: a time outside the last second is not believed.
            let age = arrived.map_or(0, |arrived| wall_us.saturating_sub(arrived));
            let at_us = if age < MAX_AGE_US { now_us.saturating_sub(age) } else { now_us };
            if control {
                media.receive_rtcp(leg, from, datagram, at_us);
            } else {
                media.receive(leg, from, datagram, at_us);
            }
        }
    }

    /// Runs the calls of one phase.
    fn tick(&mut self, now_us: u64, phase: usize) {
        let mut around = Surroundings {
            recorded: &mut self.ends.recorded,
            spare: &mut self.ends.spare,
            reports: &mut self.ends.reports,
        };
        for slot in self.places.iter_mut().skip(phase).step_by(PHASES) {
            let done = slot.as_mut().is_some_and(|place| place.tick(now_us, &mut self.out, &mut around));
            if done
                && !around.reports.is_full()
                && let Some(place) = slot.take()
            {
                unwatch(&self.epoll, &place);
                // A box of the totals is the one allocation, at the end of a call.
                let stats = Box::new(place.media.stats());
                let _ = around.reports.push(Report::Closed { call: place.call, stats, place });
            }
        }
    }
}

const MAX_AGE_US: u64 = 1_000_000;

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

fn watch(epoll: &Epoll, socket: &Socket, tag: u64) {
    let watched = epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, tag));
    assert!(watched.is_ok(), "a bound socket can be watched");
}

fn unwatch(epoll: &Epoll, place: &Place) {
    let legs = [Some(&place.customer), place.agent.as_deref()];
    for sockets in legs.into_iter().flatten() {
        let _ = epoll.delete(&sockets.rtp);
        let _ = epoll.delete(&sockets.rtcp);
    }
}
