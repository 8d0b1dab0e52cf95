//! Both layers of one D channel joined: frames in and out on one side, call control's commands and events on the other.
//!
//! It adds nothing to either layer; it only carries what one says to the other, in order.

use crate::control::{Command, Config, Event, Input, Interface, Output};
use lapd::{Link, MdlError, State};
use std::collections::VecDeque;
use vocab::Millis;

/// What a D channel wants done, and what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DOutput {
    /// Send this frame.
    Frame(Vec<u8>),
    /// The data link came to another state.
    Link(State),
    /// News of call control.
    Event(Event),
    /// The data link complains: for the log and the line's history.
    Trouble(MdlError),
    /// A message of call control was not taken by the data link.
    Unsent(lapd::RefuseCause),
}

/// One D channel.
#[derive(Debug)]
pub struct DChannel {
    link: Link,
    interface: Interface,
    told: State,
}

/// A step of either layer that is still to be taken.
#[derive(Debug)]
enum Step {
    Link(lapd::Output),
    Control(Output),
}

impl DChannel {
    /// A D channel whose line is down and which wants its data link as soon as the line is up.
    #[must_use]
    pub fn new(now: Millis, link: lapd::Config, control: Config, out: &mut Vec<DOutput>) -> Self {
        let link = Link::new(link);
        let told = link.state();
        let mut channel = Self { link, interface: Interface::new(control), told };
        channel.tell_link(now, lapd::Input::Establish, out);
        channel
    }

    /// The line carries frames, or does not.
    pub fn line(&mut self, now: Millis, up: bool, out: &mut Vec<DOutput>) {
        self.tell_link(now, if up { lapd::Input::PhysicalUp } else { lapd::Input::PhysicalDown }, out);
    }

    /// A frame of the peer.
    pub fn frame(&mut self, now: Millis, frame: &[u8], out: &mut Vec<DOutput>) {
        self.tell_link(now, lapd::Input::Frame(frame), out);
    }

    /// A command for call control.
    pub fn command(&mut self, now: Millis, command: Command, out: &mut Vec<DOutput>) {
        let mut outputs = Vec::new();
        self.interface.step(now, Input::Command(command), &mut outputs);
        self.run(now, outputs.into_iter().map(Step::Control).collect(), out);
    }

    /// Everything that is due.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<DOutput>) {
        let (mut link, mut control) = (Vec::new(), Vec::new());
        self.link.expire(now, &mut link);
        self.interface.expire(now, &mut control);
        let steps = link.into_iter().map(Step::Link).chain(control.into_iter().map(Step::Control));
        self.run(now, steps.collect(), out);
    }

    /// When something is due next.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        [self.link.deadline(), self.interface.deadline()].into_iter().flatten().min()
    }

    /// The data link.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Call control.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    fn tell_link(&mut self, now: Millis, input: lapd::Input<'_>, out: &mut Vec<DOutput>) {
        let mut outputs = Vec::new();
        self.link.step(now, input, &mut outputs);
        self.run(now, outputs.into_iter().map(Step::Link).collect(), out);
    }

    /// Takes every step that follows, in order, until nothing follows any more.
    fn run(&mut self, now: Millis, mut steps: VecDeque<Step>, out: &mut Vec<DOutput>) {
        while let Some(step) = steps.pop_front() {
            let (mut link, mut control) = (Vec::new(), Vec::new());
            match step {
                Step::Link(output) => self.link_says(now, output, &mut control, out),
                Step::Control(Output::ToLink(message)) => {
                    self.link.step(now, lapd::Input::Data(message), &mut link);
                }
                // The link is wanted from the beginning and comes back by itself after every loss: asking it again
                // would only be answered by another release.
                Step::Control(Output::EstablishLink) => {}
                Step::Control(Output::Event(event)) => out.push(DOutput::Event(event)),
            }
            steps.extend(link.into_iter().map(Step::Link));
            steps.extend(control.into_iter().map(Step::Control));
        }
        if self.link.state() != self.told {
            self.told = self.link.state();
            out.push(DOutput::Link(self.told));
        }
    }

    fn link_says(
        &mut self,
        now: Millis,
        output: lapd::Output,
        control: &mut Vec<Output>,
        out: &mut Vec<DOutput>,
    ) {
        let input = match output {
            lapd::Output::Send(frame) => return out.push(DOutput::Frame(frame)),
            lapd::Output::Error(error) => return out.push(DOutput::Trouble(error)),
            lapd::Output::Refused(cause) => return out.push(DOutput::Unsent(cause)),
            // Layer 3 of a primary rate access uses no unacknowledged message.
            lapd::Output::UnitData(_) => return,
            lapd::Output::Established { reset: false, .. } => Input::LinkEstablished,
            lapd::Output::Established { reset: true, .. } => Input::LinkReset,
            lapd::Output::Released { .. } => Input::LinkReleased,
            lapd::Output::Data(message) => {
                return self.interface.step(now, Input::Message(&message), control);
            }
        };
        self.interface.step(now, input, control);
    }
}
