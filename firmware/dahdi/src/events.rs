//! What the D channel and the ports tell: frames and events, fetched into the queue of the control half.
//!
//! Nothing here waits: the epoll descriptor is asked, and what is there is read.

use crate::abi;
use crate::control::{DahdiControl, FCS, LINK_BUFFER, MAX_EVENTS, Port, PortSide};
use crate::device::{ChannelFile, Transfer, failed};
use crate::map::{self, LinkEvent};
use crate::shared::SLOTS;
use card::driver::MAX_D_FRAME;
use card::{CardError, CardEvent, HookState, LineEvent};
use idl::spans::D_CHANNEL;
use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags, EpollTimeout};

/// Events kept for the caller; what is more waits in the driver.
const MAX_WAITING: usize = 256;

impl DahdiControl {
    /// Fetches what the descriptors have into the queue.
    pub(crate) fn collect(&mut self) -> Result<(), CardError> {
        let mut ready = [EpollEvent::empty(); SLOTS];
        let count = match self.epoll.wait(&mut ready, EpollTimeout::ZERO) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(CardError::System { step: "ask the epoll", source: errno.into() }),
        };
        for event in &ready[..count] {
            if event.events().intersects(EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP) {
                return Err(CardError::Gone);
            }
            if event.data() == u64::from(D_CHANNEL.0) && self.link.is_some() {
                self.collect_link()?;
            } else {
                self.collect_port(event.data())?;
            }
        }
        Ok(())
    }

    /// Events and frames of the D channel, events first: until they are fetched the driver gives no frame.
    fn collect_link(&mut self) -> Result<(), CardError> {
        let mut frame = [0; LINK_BUFFER];
        for _ in 0..MAX_EVENTS {
            let Some(link) = &self.link else { break };
            if self.waiting.len() >= MAX_WAITING {
                break;
            }
            match link.read(&mut frame) {
                Transfer::Done(octets) => self.take_frame(&frame[..octets.min(LINK_BUFFER)]),
                Transfer::Wait => break,
                Transfer::EventFirst => self.collect_link_event()?,
                Transfer::Failed(code) => return Err(failed("read the D channel", code)),
            }
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: &[u8]) {
        let payload = frame.len().saturating_sub(FCS);
        if payload == 0 || payload > MAX_D_FRAME {
            self.damaged_frames = self.damaged_frames.saturating_add(1);
            self.waiting.push_back(CardEvent::BadFrame);
        } else {
            self.waiting.push_back(CardEvent::Frame(frame[..payload].to_vec()));
        }
    }

    pub(crate) fn collect_link_event(&mut self) -> Result<(), CardError> {
        let Some(event) = self.link.as_ref().map(ChannelFile::event).transpose()?.flatten() else {
            return Ok(());
        };
        match map::link_event(event) {
            LinkEvent::Alarms => self.waiting.push_back(CardEvent::Alarms),
            LinkEvent::BadFrame => {
                self.damaged_frames = self.damaged_frames.saturating_add(1);
                self.waiting.push_back(CardEvent::BadFrame);
            }
            LinkEvent::Gone => return Err(CardError::Gone),
            LinkEvent::Nothing => {}
        }
        Ok(())
    }

    fn collect_port(&mut self, slot: u64) -> Result<(), CardError> {
        let Some(port) = self.open_ports.iter().find(|port| u64::from(port.slot.0) == slot) else {
            return Ok(());
        };
        for _ in 0..MAX_EVENTS {
            if self.waiting.len() >= MAX_WAITING {
                break;
            }
            let Some(event) = port.file.event()? else { break };
            if event == abi::EVENT_REMOVED {
                return Err(CardError::Gone);
            }
            if matches!(event, abi::EVENT_ALARM | abi::EVENT_NO_ALARM) {
                self.waiting.push_back(CardEvent::Alarms);
            }
            if let Some(line) = map::line_event(port.side, event) {
                follow(port, line);
                self.waiting.push_back(CardEvent::Line(port.slot, line));
                // The driver tells a break's begin only. A loop that stays open it tells once more, as an alarm.
                if port.side == PortSide::Fxo && event == abi::EVENT_ON_HOOK {
                    self.waiting.push_back(CardEvent::Line(port.slot, LineEvent::LoopClosed));
                }
            }
        }
        Ok(())
    }
}

/// The feed of a telephone's line follows its hook: the driver speaks to it, and can break its current, only while it
/// holds the line itself.
fn follow(port: &Port, event: LineEvent) {
    let signal = match (port.side, event) {
        (PortSide::Fxs, LineEvent::Hook(HookState::Off)) => abi::HOOK_OFF,
        (PortSide::Fxs, LineEvent::Hook(HookState::On)) => abi::HOOK_ON,
        _ => return,
    };
    // Refused for half a second while the driver breaks the loop; a later break holds the line first.
    if let Err(error) = port.file.hook(signal) {
        log::warn!("the feed of {} does not follow its telephone: {error}", port.slot);
    }
}
