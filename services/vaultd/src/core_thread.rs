//! The core's thread: drains what waits, lets the core handle it, one append, then all answers.
//!
//! It owns the core and the order of things; it knows nothing of sockets or of what a command means.

use crate::clock;
use crate::command::{Cmd, Effect};
use crate::files::{MAX_CALLS_IN_MEMORY, Snapshots};
use crate::ports::PortError;
use crate::server::{Input, Outbox};
use crate::vault::Vault;
use crate::worker::Workers;
use ledger::{Head, SignedHead};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use tokio::sync::mpsc::Receiver;

/// Commands handled before one append.
const MAX_BATCH: usize = 256;
/// Entries after which the projection is written.
const SNAPSHOT_ENTRIES: u64 = 50_000;
/// Ticks waited for the last signature when stopping.
const STOP_TICKS: u32 = 10;

/// What the core's thread works with.
#[derive(Debug)]
pub struct Core {
    /// The core.
    pub vault: Vault,
    /// The commands.
    pub inputs: Receiver<Input>,
    /// The peers.
    pub outbox: Outbox,
    /// The workers.
    pub workers: Workers,
    /// The signer.
    pub signer: SyncSender<Head>,
    /// The projection.
    pub snapshots: Arc<Snapshots>,
    /// The recordings' folder, whose room the gate asks about.
    pub recordings: PathBuf,
    /// The operator vouches for the wall clock.
    pub clock_trusted: bool,
}

impl Core {
    /// Works until it is told to stop.
    ///
    /// # Errors
    /// The storage's: the process must end, and starts anew from what is durable.
    pub fn run(mut self) -> Result<(), PortError> {
        let mut stored_at = self.vault.state().applied_seq;
        self.look_at_disk();
        while let Some(first) = self.inputs.blocking_recv() {
            let mut inputs = vec![first];
            while inputs.len() < MAX_BATCH {
                match self.inputs.try_recv() {
                    Ok(input) => inputs.push(input),
                    Err(_) => break,
                }
            }
            let stop = inputs.iter().any(|input| matches!(input, Input::Stop));
            self.round(inputs)?;
            let applied = self.vault.state().applied_seq;
            if applied - stored_at > SNAPSHOT_ENTRIES || self.vault.calls().in_memory() > MAX_CALLS_IN_MEMORY
            {
                self.store()?;
                stored_at = applied;
            }
            if stop {
                return self.stop();
            }
        }
        self.stop()
    }

    fn round(&mut self, inputs: Vec<Input>) -> Result<(), PortError> {
        let now = clock::read(self.clock_trusted);
        let mut heads = Vec::new();
        for input in inputs {
            match input {
                Input::Cmd(cmd) => {
                    if matches!(cmd, Cmd::Tick) {
                        self.look_at_disk();
                    }
                    self.vault.handle(now, cmd);
                }
                Input::HeadSigned(head) => heads.push(head),
                Input::Stop => {}
            }
        }
        let effects = self.vault.commit()?;
        self.carry_out(effects);
        heads.into_iter().try_for_each(|head| self.take_head(head))
    }

    fn take_head(&mut self, head: Option<SignedHead>) -> Result<(), PortError> {
        match head {
            Some(signed) => self.vault.head_signed(clock::read(self.clock_trusted), &signed),
            None => {
                self.vault.head_failed();
                Ok(())
            }
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(conn, message) => self.outbox.send(conn, message),
                Effect::Work(job) => self.workers.give(job),
                Effect::Sign(head) => {
                    if self.signer.try_send(head).is_err() {
                        self.vault.head_failed();
                    }
                }
            }
        }
    }

    fn look_at_disk(&mut self) {
        let now = clock::read(self.clock_trusted);
        let cmd = match nix::sys::statvfs::statvfs(&self.recordings) {
            Ok(stat) => {
                let total_bytes = stat.blocks() * stat.fragment_size();
                self.vault.handle(now, Cmd::Room { total_bytes });
                let free_bytes = stat.blocks_available() * stat.fragment_size();
                Cmd::Disk { free_bytes, ready: !stat.flags().contains(nix::sys::statvfs::FsFlags::ST_RDONLY) }
            }
            Err(_) => Cmd::Disk { free_bytes: 0, ready: false },
        };
        self.vault.handle(now, cmd);
    }

    fn store(&mut self) -> Result<(), PortError> {
        let (state, calls) = self.vault.state_and_calls();
        self.snapshots.store(state, calls)
    }

    /// Signs what is durable and leaves a projection from which the next start is quick.
    fn stop(mut self) -> Result<(), PortError> {
        self.vault.handle(clock::read(self.clock_trusted), Cmd::Stopping);
        let effects = self.vault.commit()?;
        self.carry_out(effects);
        if !self.vault.heads().asked {
            self.vault.ask_for_head_now();
            let effects = self.vault.commit()?;
            self.carry_out(effects);
        }
        let mut ticks = 0;
        while self.vault.heads().asked && ticks < STOP_TICKS {
            match self.inputs.blocking_recv() {
                Some(Input::HeadSigned(head)) => self.take_head(head)?,
                Some(Input::Cmd(Cmd::Tick)) => ticks += 1,
                Some(Input::Cmd(_) | Input::Stop) => {}
                None => break,
            }
        }
        self.store()?;
        self.snapshots.checkpoint()?;
        self.inputs.close();
        // Workers blocked on the full channel are let go by draining it.
        while self.inputs.try_recv().is_ok() {}
        self.workers.stop();
        log::info!("stopped in order at entry {}", self.vault.state().applied_seq);
        Ok(())
    }
}
