//! A span's control half over DAHDI: configuration, D channel, signalling of ports, alarms, counters, loops.
//!
//! It keeps one epoll descriptor over the D channel and the ports it has open; what they tell is read in `events`. It
//! opens no B channel and moves no audio: [`crate::DahdiAudio`] does.

use crate::audio::DahdiAudio;
use crate::channels::{self, Role};
use crate::device::{ChannelFile, ControlFile, Transfer, failed, number, string, text};
use crate::map;
use crate::shared::{Layout, SLOTS, Shared, SlotUse};
use crate::{FoundSpan, Maintenance, Paths, abi};
use card::driver::MAX_D_FRAME;
use card::{CardError, CardEvent, HookState, LineSignal, SLOT_BLOCK, SpanControl, SpanKind};
use idl::spans::{Alarms, D_CHANNEL, E1Config, LoopKind, PortKind, SpanConfig, SpanCounters};
use nix::libc::c_int;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use vocab::Timeslot;

/// What is connected to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortSide {
    /// A line to the exchange.
    Fxo,
    /// A telephone.
    Fxs,
}

impl From<&PortKind> for PortSide {
    fn from(kind: &PortKind) -> Self {
        match kind {
            PortKind::Fxo { .. } => Self::Fxo,
            PortKind::Fxs { .. } => Self::Fxs,
        }
    }
}

/// What a span was last told to be, as far as this driver is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Applied {
    e1: E1Config,
    d_channel: bool,
    ports: Vec<(Timeslot, PortSide)>,
}

impl Applied {
    fn of(config: &SpanConfig) -> Self {
        let ports = config.purpose.ports().iter();
        Self {
            e1: config.e1,
            d_channel: config.purpose.has_d_channel(),
            ports: ports.map(|port| (port.port, PortSide::from(&port.kind))).collect(),
        }
    }
}

/// The driver's version and its echo cancellers, in its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverVersion {
    /// Version.
    pub version: String,
    /// Echo cancellers whose modules are loaded.
    pub echo_cancellers: String,
}

/// A span's control half.
#[derive(Debug)]
pub struct DahdiControl {
    paths: Paths,
    span: FoundSpan,
    place: String,
    control: ControlFile,
    pub(crate) epoll: Epoll,
    pub(crate) link: Option<ChannelFile>,
    pub(crate) open_ports: Vec<Port>,
    applied: Option<Applied>,
    laid_out: Option<([Role; SLOTS], bool)>,
    pub(crate) waiting: VecDeque<CardEvent>,
    pub(crate) damaged_frames: u32,
    shared: Arc<Shared>,
}

/// A port that is open.
#[derive(Debug)]
pub(crate) struct Port {
    pub slot: Timeslot,
    pub side: PortSide,
    pub file: Arc<ChannelFile>,
}

/// Octets of the checksum: the driver delivers them, and wants their place when it sends.
pub(crate) const FCS: usize = 2;
/// One buffer of the D channel: longer than any frame, so that a longer one is an overrun.
pub(crate) const LINK_BUFFER: usize = 512;
/// Buffers of the D channel in each direction: a window of 7 and what is answered to, four times.
const LINK_BUFFERS: c_int = 32;
/// Buffers of a B channel or port in each direction, 120 ms: what a thread may be late without a loss.
pub(crate) const AUDIO_BUFFERS: c_int = 6;
/// Events that are fetched in one turn; the driver keeps 64 of each channel.
pub(crate) const MAX_EVENTS: usize = 64;
/// Number of our tone zone, beyond those of DAHDI's own tools.
const TONE_ZONE: c_int = 100;
/// China's ringing cadence: 1 s on, 4 s off.
const RING_CADENCE: [c_int; 2] = [1_000, 4_000];
/// Longest text read from procfs.
const MAX_PROC: u64 = 16_384;

/// Opens a span: its control half, and its audio half for the media thread. Nothing is changed before
/// [`SpanControl::configure`], which says which timeslots of a CAS span are what; modules of analogue cards say it
/// themselves.
///
/// # Errors
/// [`CardError`]: the control file cannot be opened.
pub fn open(paths: &Paths, span: &FoundSpan) -> Result<(DahdiControl, DahdiAudio), CardError> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
    let epoll = epoll.map_err(|errno| CardError::System { step: "make an epoll", source: errno.into() })?;
    let shared = Arc::new(Shared::default());
    let control = DahdiControl {
        paths: paths.clone(),
        place: format!("{} · {}", span.device, span.local),
        control: ControlFile::open(paths)?,
        epoll,
        link: None,
        open_ports: Vec::new(),
        applied: None,
        laid_out: None,
        waiting: VecDeque::new(),
        damaged_frames: 0,
        shared: Arc::clone(&shared),
        span: span.clone(),
    };
    Ok((control, DahdiAudio::new(paths.clone(), span, shared)))
}

/// The driver's version and its echo cancellers.
///
/// # Errors
/// [`CardError`].
pub fn driver_version(paths: &Paths) -> Result<DriverVersion, CardError> {
    let version = ControlFile::open(paths)?.version()?;
    Ok(DriverVersion { version: string(&version.version), echo_cancellers: string(&version.echo_cancellers) })
}

impl DahdiControl {
    /// Loops, inserted errors, a simulated alarm.
    ///
    /// # Errors
    /// [`CardError::NotSupported`] where the card cannot do it.
    pub fn maintain(&mut self, what: Maintenance) -> Result<(), CardError> {
        self.control.maintain(self.span.number, what.command())
    }

    /// Stops the span: its channels are free, its far side sees an alarm. [`SpanControl::configure`] starts it again.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn shutdown(&mut self) -> Result<(), CardError> {
        self.link = None;
        self.open_ports.clear();
        self.applied = None;
        self.laid_out = None;
        self.shared.publish(Layout::default());
        self.control.shutdown(self.span.number)
    }

    fn channel(&self, slot: u8) -> u32 {
        self.span.first_channel + u32::from(slot) - 1
    }

    fn configure_line(&self, e1: &E1Config) -> Result<(), CardError> {
        let config = map::line_config(e1);
        let info = self.control.span(self.span.number)?;
        if !map::can_do(info.line_compat, config) {
            return Err(CardError::NotSupported("line code, framing or CRC-4"));
        }
        self.control.configure_span(&abi::LineConfig {
            span: number(self.span.number),
            name: [0; 20],
            build_out: 0,
            config,
            sync: c_int::from(e1.timing),
        })
    }

    /// The role of each slot, index 0 unused.
    fn roles(&self, wanted: &Applied) -> Result<[Role; SLOTS], CardError> {
        let mut roles = [Role::Untouched; SLOTS];
        for (slot, role) in (1..=self.span.kind.slots()).zip(&mut roles[1..]) {
            let slot = Timeslot(slot);
            *role = match self.span.kind {
                SpanKind::E1 => channels::e1_role(slot, wanted.e1.framing, wanted.d_channel, &wanted.ports),
                SpanKind::Analogue { .. } => {
                    let side = wanted.ports.iter().find(|(port, _)| *port == slot).map(|(_, side)| *side);
                    channels::port_role(self.control.params(self.channel(slot.0))?.capabilities, side)
                }
            };
        }
        Ok(roles)
    }

    /// Opens what control reads: the D channel and the ports; closes what it reads no more.
    fn open_channels(&mut self, roles: &[Role; SLOTS]) -> Result<(), CardError> {
        let link = roles[usize::from(D_CHANNEL.0)] == Role::Link;
        if !link {
            self.link = None;
        } else if self.link.is_none() {
            let file = ChannelFile::open(&self.paths, self.channel(D_CHANNEL.0))?;
            file.buffers(LINK_BUFFER, LINK_BUFFERS)?;
            self.watch(&file, D_CHANNEL.0, EpollFlags::EPOLLIN | EpollFlags::EPOLLPRI)?;
            self.link = Some(file);
        }
        self.open_ports.retain(|port| roles[usize::from(port.slot.0)] == Role::Port(port.side));
        for (slot, role) in (0..).zip(roles) {
            if let Role::Port(side) = *role
                && !self.open_ports.iter().any(|port| port.slot.0 == slot)
            {
                let port = self.open_port(Timeslot(slot), side)?;
                self.open_ports.push(port);
            }
        }
        Ok(())
    }

    fn open_port(&self, slot: Timeslot, side: PortSide) -> Result<Port, CardError> {
        let file = ChannelFile::open(&self.paths, self.channel(slot.0))?;
        file.buffers(SLOT_BLOCK, AUDIO_BUFFERS)?;
        file.a_law()?;
        if side == PortSide::Fxs {
            self.set_ringing(&file)?;
        }
        self.watch(&file, slot.0, EpollFlags::EPOLLPRI)?;
        Ok(Port { slot, side, file: Arc::new(file) })
    }

    /// The driver rings only with a tone zone; ours is loaded once for all.
    fn set_ringing(&self, file: &ChannelFile) -> Result<(), CardError> {
        if !file.tone_zone(TONE_ZONE)? {
            self.control.load_zone(&tone_zone())?;
            file.tone_zone(TONE_ZONE)?;
        }
        Ok(())
    }

    fn watch(&self, file: &ChannelFile, slot: u8, what: EpollFlags) -> Result<(), CardError> {
        let added = self.epoll.add(file, EpollEvent::new(what, u64::from(slot)));
        added.map_err(|errno| CardError::System { step: "watch a channel", source: errno.into() })
    }

    /// Tells the audio half, whose open slots are closed by it: only where it is concerned.
    fn publish(&mut self, roles: &[Role; SLOTS], echo_canceller: bool) {
        if self.laid_out == Some((*roles, echo_canceller)) {
            return;
        }
        self.laid_out = Some((*roles, echo_canceller));
        let mut layout = Layout { echo_canceller, ..Layout::default() };
        for (place, role) in layout.slots.iter_mut().zip(roles) {
            if *role == Role::Clear {
                *place = SlotUse::Clear;
            }
        }
        for port in &self.open_ports {
            layout.slots[usize::from(port.slot.0)] = SlotUse::Port(Arc::clone(&port.file));
        }
        self.shared.publish(layout);
    }

    fn port(&self, slot: Timeslot) -> Result<&Port, CardError> {
        self.open_ports.iter().find(|port| port.slot == slot).ok_or(CardError::NoSuchSlot(slot))
    }

    fn timing_slips(&self) -> u32 {
        let mut text = String::new();
        let path = self.paths.proc.join(self.span.number.to_string());
        let read = File::open(path).and_then(|file| file.take(MAX_PROC).read_to_string(&mut text));
        read.map_or(0, |_| map::timing_slips(&text))
    }
}

fn tone_zone() -> abi::ToneZone {
    let mut ring_cadence = [0; abi::MAX_CADENCE];
    ring_cadence[..RING_CADENCE.len()].copy_from_slice(&RING_CADENCE);
    abi::ToneZone { tones: 0, zone: TONE_ZONE, ring_cadence, name: text("ringing") }
}

impl SpanControl for DahdiControl {
    fn kind(&self) -> SpanKind {
        self.span.kind
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    fn configure(&mut self, config: &SpanConfig) -> Result<(), CardError> {
        let wanted = Applied::of(config);
        if self.applied.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let slots = 1..=self.span.kind.slots();
        if let Some((slot, _)) = wanted.ports.iter().find(|(slot, _)| !slots.contains(&slot.0)) {
            return Err(CardError::NoSuchSlot(*slot));
        }
        let e1 = &wanted.e1;
        // Until all of it is done, a repetition does all of it again.
        let before = self.applied.take();
        let same_line =
            before.is_some_and(|old| E1Config { echo_canceller: e1.echo_canceller, ..old.e1 } == *e1);
        if self.span.kind == SpanKind::E1 && !same_line {
            self.configure_line(e1)?;
        }
        let roles = self.roles(&wanted)?;
        for slot in 1..=self.span.kind.slots() {
            let role = roles[usize::from(slot)];
            channels::configure(&self.control, self.channel(slot), role, e1.echo_canceller)?;
        }
        self.control.startup(self.span.number)?;
        let opened = self.open_channels(&roles);
        // Told even then: a channel that audio still has open is let go by it, and a repetition gets it.
        self.publish(&roles, e1.echo_canceller);
        if opened.is_err() {
            self.laid_out = None;
        }
        opened?;
        self.applied = Some(wanted);
        Ok(())
    }

    fn next_event(&mut self) -> Result<Option<CardEvent>, CardError> {
        if self.waiting.is_empty() {
            self.collect()?;
        }
        Ok(self.waiting.pop_front())
    }

    fn send_frame(&mut self, frame: &[u8]) -> Result<(), CardError> {
        if frame.is_empty() || frame.len() > MAX_D_FRAME {
            return Err(CardError::Protocol("a frame of no length, or too long"));
        }
        let mut octets = [0; MAX_D_FRAME + FCS];
        octets[..frame.len()].copy_from_slice(frame);
        for _ in 0..MAX_EVENTS {
            let link = self.link.as_ref().ok_or(CardError::NotSupported("no D channel"))?;
            match link.write(&octets[..frame.len() + FCS]) {
                Transfer::Done(_) => return Ok(()),
                Transfer::Wait => return Err(CardError::Full),
                Transfer::EventFirst => self.collect_link_event()?,
                Transfer::Failed(code) => return Err(failed("write the D channel", code)),
            }
        }
        Err(CardError::Full)
    }

    fn status(&mut self) -> Result<(Alarms, SpanCounters), CardError> {
        let info = self.control.span(self.span.number)?;
        let mut alarms = map::alarms(info.alarms);
        alarms.not_open |= self.applied.is_none();
        let counters = map::counters(&info, self.timing_slips(), self.shared.lost(), self.damaged_frames);
        Ok((alarms, counters))
    }

    fn set_loop(&mut self, kind: Option<LoopKind>) -> Result<(), CardError> {
        self.maintain(kind.into())
    }

    fn signal(&mut self, slot: Timeslot, signal: LineSignal) -> Result<(), CardError> {
        let port = self.port(slot)?;
        match (port.side, signal) {
            (PortSide::Fxo, LineSignal::Hook(HookState::On)) => port.file.hook(abi::HOOK_ON),
            (PortSide::Fxo, LineSignal::Hook(HookState::Off)) => port.file.hook(abi::HOOK_OFF),
            (PortSide::Fxo, LineSignal::Flash) => port.file.hook(abi::HOOK_FLASH),
            (PortSide::Fxs, LineSignal::Ring(true)) => port.file.hook(abi::HOOK_RING),
            // A telephone that was lifted while it rang is not put back to idle.
            (PortSide::Fxs, LineSignal::Ring(false)) if port.file.far_off_hook()? => {
                port.file.hook(abi::HOOK_OFF)
            }
            (PortSide::Fxs, LineSignal::Ring(false)) => port.file.hook(abi::HOOK_RING_OFF),
            (PortSide::Fxs, LineSignal::Reverse(reversed)) => port.file.polarity(reversed),
            (PortSide::Fxs, LineSignal::Break) => {
                // The driver breaks the current of a line only that it holds.
                if port.file.far_off_hook()? {
                    port.file.hook(abi::HOOK_OFF)?;
                }
                port.file.hook(abi::HOOK_ON)
            }
            _ => Err(CardError::NotSupported("this signal on this side of a line")),
        }
    }
}
