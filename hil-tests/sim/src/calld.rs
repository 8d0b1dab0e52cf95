//! The campaign process: the product's floor, its links and its desks.

use crate::env::{Env, Event, Link, Proc, Wire};
use crate::vault::{frame, read};
use idl::campaign::{CampaignReply, VaultToCalld};
use idl::desk::DeskRequest;
use pacing::{Floor, Input, Now, Output};
use std::collections::BTreeMap;

/// The process.
#[derive(Debug, Default)]
pub struct CalldProc {
    floor: Option<Floor>,
    life: u64,
    wake: Option<u64>,
    links: BTreeMap<Link, u64>,
}

impl CalldProc {
    /// Whether it runs.
    pub fn alive(&self) -> bool {
        self.floor.is_some()
    }

    /// Its life, which names the desks' connections.
    pub fn life(&self) -> u64 {
        self.life
    }

    /// Its floor.
    pub fn floor(&self) -> Option<&Floor> {
        self.floor.as_ref()
    }

    /// Starts with nothing.
    pub fn start(&mut self, env: &mut Env) {
        self.floor = Some(Floor::new());
        self.life += 1;
        self.wake = None;
        env.note(|| "calld starts".to_owned());
    }

    /// Kill -9.
    pub fn kill(&mut self, env: &mut Env) {
        if self.floor.take().is_some() {
            self.links.clear();
            self.wake = None;
            env.note(|| "calld is killed".to_owned());
        }
    }

    /// A link brings something.
    ///
    /// # Errors
    /// A frame that cannot be read.
    pub fn link(&mut self, env: &mut Env, link: Link, epoch: u64, wire: Wire) -> Result<(), String> {
        if self.floor.is_none() {
            return Ok(());
        }
        let vault = link == Link::VaultCalld;
        let input = match wire {
            Wire::Up => {
                self.links.insert(link, epoch);
                if vault { Input::VaultUp } else { Input::LinesUp }
            }
            Wire::Down if self.links.get(&link) == Some(&epoch) => {
                self.links.remove(&link);
                if vault { Input::VaultDown } else { Input::LinesDown }
            }
            Wire::Frame(bytes) if self.links.get(&link) == Some(&epoch) => {
                if vault {
                    Input::Vault(read(&bytes)?)
                } else {
                    let said = read(&bytes)?;
                    env.note(|| format!("calld <- lined {said:?}"));
                    Input::Lines(said)
                }
            }
            Wire::Down | Wire::Frame(_) => return Ok(()),
        };
        self.step(env, Some(input));
        Ok(())
    }

    /// A desk asks.
    pub fn ask(&mut self, env: &mut Env, life: u64, request: DeskRequest) {
        if life == self.life && self.floor.is_some() {
            self.step(env, Some(Input::Desk { from: DESK, request }));
        }
    }

    /// A timer.
    pub fn wake(&mut self, env: &mut Env, at: u64) {
        if self.wake == Some(at) {
            self.wake = None;
            self.step(env, None);
        }
    }

    fn step(&mut self, env: &mut Env, input: Option<Input>) {
        let Some(floor) = &mut self.floor else { return };
        let now = Now { mono_us: env.now * 1_000, wall: env.wall() };
        let mut out = Vec::new();
        match input {
            Some(input) => floor.step(now, input, &mut out),
            None => floor.expire(now, &mut out),
        }
        let deadline = floor.deadline_us(now);
        let busy = floor.gauges().iter().any(|(_, value)| *value > 0);
        for output in out {
            self.perform(env, output);
        }
        let Some(deadline) = deadline else { return };
        // The clock of a floor at rest is read less often than in the product; lateness it must bear anyway.
        let least = env.now + if busy { 1 } else { REST_MS };
        let at = deadline.div_ceil(1_000).max(least);
        if self.wake.is_none_or(|known| at < known || known <= env.now) {
            self.wake = Some(at);
            env.at(at, Event::Wake(Proc::Calld, at));
        }
    }

    fn perform(&mut self, env: &mut Env, output: Output) {
        match output {
            Output::Vault(request) => {
                env.note(|| format!("calld -> vaultd {request:?}"));
                if let Some(epoch) = self.links.get(&Link::VaultCalld).copied() {
                    env.send(Link::VaultCalld, Proc::Vault, epoch, frame(&request));
                }
            }
            Output::Lines(message) => {
                env.note(|| format!("calld -> lined {message:?}"));
                if let Some(epoch) = self.links.get(&Link::LinedCalld).copied() {
                    env.send(Link::LinedCalld, Proc::Lined, epoch, frame(&message));
                }
            }
            Output::Desk { reply, .. } => {
                let wait = env.between(1, 30);
                env.after(wait, Event::Desk(Box::new(reply), self.life));
            }
        }
    }

    /// Its gauges.
    pub fn gauges(&self) -> Vec<(String, u64)> {
        self.floor.as_ref().map(Floor::gauges).unwrap_or_default()
    }
}

/// A message to `calld` in the trace.
pub fn show(message: &VaultToCalld) -> String {
    match message {
        VaultToCalld::Reply { id, reply: CampaignReply::Queue { contacts, again_at } } => {
            format!("reply {id}: {} contacts, again {again_at:?}", contacts.len())
        }
        VaultToCalld::Reply { id, reply } => format!("reply {id}: {reply:?}"),
        VaultToCalld::Desk(request) => format!("desk {}", request.id),
        VaultToCalld::Changed | VaultToCalld::CallClosed { .. } => format!("{message:?}"),
    }
}

/// All desks share a connection: the floor tells them apart by the agent.
const DESK: u64 = 1;
/// Pause between two looks of a floor without calls.
const REST_MS: u64 = 5_000;
