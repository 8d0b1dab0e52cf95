//! `hostd` as the core sees it: what it tells, which order it is at, and the draining of calls before the box goes.
//!
//! While calls are drained nothing new is dialled; nobody is cut off: calls that are not over within the limit end the
//! order instead. Who may order what is decided in `admin::appliance`.

use crate::command::{ConnId, Job, Message};
use crate::entries::{BoxEvent, EntryResult, Event, Who};
use crate::state::OrderKept;
use crate::vault::Vault;
use idl::hello::Process;
use idl::host::{HostFact, HostFault, HostOrder, HostStatus, HostToVault, VaultToHost};
use idl::lines::TrunkState;
use vocab::{TrunkId, UnixMs};

/// What is known of `hostd` between two requests; after a restart it is told anew.
#[derive(Debug, Default)]
pub(crate) struct HostNow {
    conn: Option<ConnId>,
    status: Option<HostStatus>,
    at: Option<UnderWay>,
    /// The box is about to go: nothing is dialled.
    going: bool,
    /// The ledger's verification for a system on trial.
    check: Check,
    epoch: Epoch,
    /// The TPM did not open the root key at this start: the custodians' shares did.
    keys_recovered: bool,
    /// To which an update for this box alone is encrypted.
    update_certificate: Option<String>,
}

/// The least security epoch: what the running system is worth, and what the TPM counts.
#[derive(Debug, Default)]
struct Epoch {
    /// The epoch of a running system that was found good.
    good: u32,
    /// What the TPM last told.
    least: Option<u32>,
    /// The TPM is being asked.
    asked: bool,
    /// When it is asked again where it did not answer.
    again_boot_ms: u64,
}

/// A system on trial shows that it can read all of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Check {
    #[default]
    NotAsked,
    Asked,
    Whole,
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UnderWay {
    ordered: u64,
    stage: Stage,
}

/// Where the order under way stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Calls are going on.
    Draining { until_boot_ms: u64 },
    /// `hostd` has it.
    AtHost { percent: u8 },
}

impl HostNow {
    /// Whether nothing may be dialled because the box is about to go.
    pub(crate) const fn is_draining(&self) -> bool {
        self.going
    }

    /// How the box stands.
    pub(crate) const fn status(&self) -> Option<&HostStatus> {
        self.status.as_ref()
    }

    /// To which an update for this box alone is encrypted.
    pub(crate) fn update_certificate(&self) -> Option<&str> {
        self.update_certificate.as_deref()
    }

    /// Whether `hostd` is there.
    pub(crate) const fn is_there(&self) -> bool {
        self.conn.is_some()
    }

    /// Whether the running system is on trial and the ledger was not found whole yet.
    pub(crate) fn owes_a_check(&self) -> bool {
        self.status.as_ref().is_some_and(on_trial) && self.check != Check::Whole
    }

    /// The way to `hostd`.
    pub(crate) const fn conn(&self) -> Option<ConnId> {
        self.conn
    }

    /// Whether this start had the custodians' shares in place of the TPM.
    pub(crate) const fn keys_were_recovered(&self) -> bool {
        self.keys_recovered
    }

    /// Whether `hostd` says that the disk was opened by the TPM.
    pub(crate) fn disk_is_sealed(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.data_sealed)
    }

    /// Whether no order is under way.
    pub(crate) const fn is_free(&self) -> bool {
        self.at.is_none()
    }

    /// Where an order stands.
    pub(crate) fn stage_of(&self, ordered: u64) -> Option<Stage> {
        self.at.filter(|at| at.ordered == ordered).map(|at| at.stage)
    }
}

impl Vault {
    /// A start: how the root key was opened. A system on trial must open it by the TPM.
    pub const fn set_keys_recovered(&mut self, recovered: bool) {
        self.host_now.keys_recovered = recovered;
    }

    pub(crate) fn host_up(&mut self, conn: ConnId) {
        self.host_now.conn = Some(conn);
        self.network_to_new_host();
        self.tell_disk();
        self.tell_epoch();
    }

    /// `hostd` installs nothing before it was told: the TPM is asked until it has answered for the running system.
    fn tell_epoch(&mut self) {
        let Some(conn) = self.host_now.conn else { return };
        let epoch = &mut self.host_now.epoch;
        match epoch.least {
            Some(least) if least >= epoch.good => {
                self.send(conn, Message::Host(VaultToHost::LeastEpoch { epoch: least }));
            }
            _ if epoch.asked || self.clock.boot_ms < epoch.again_boot_ms => {}
            _ => {
                epoch.asked = true;
                let to = epoch.good;
                self.work(Job::RaiseEpoch { to });
            }
        }
    }

    /// The TPM has counted, or could not.
    pub(crate) fn epoch_raised(&mut self, outcome: Result<u32, String>) {
        let epoch = &mut self.host_now.epoch;
        epoch.asked = false;
        match outcome {
            Ok(least) => epoch.least = Some(least),
            Err(why) => {
                log::error!("the TPM does not count the least security epoch: {why}");
                epoch.again_boot_ms = self.clock.boot_ms + EPOCH_AGAIN_MS;
            }
        }
        self.tell_epoch();
    }

    pub(crate) fn host_down(&mut self, conn: ConnId) {
        if self.host_now.conn != Some(conn) {
            return;
        }
        self.host_now.conn = None;
        self.host_now.status = None;
        self.network_now.forget_up();
        if let Some(UnderWay { ordered, stage: Stage::AtHost { .. } }) = self.host_now.at {
            self.end_box_order(ordered, Some(HostFault::System("hostd ended before it was done".to_owned())));
        }
    }

    pub(crate) fn host_says(&mut self, conn: ConnId, message: HostToVault) {
        if self.host_now.conn != Some(conn) {
            return;
        }
        match message {
            HostToVault::Status(status) => {
                if on_trial(&status) && self.host_now.check == Check::NotAsked {
                    self.host_now.check = Check::Asked;
                    self.work(Job::CheckLedger);
                }
                let status = bounded_status(*status);
                self.network_now.know_addresses(&status.addresses);
                self.host_now.status = Some(status);
            }
            HostToVault::Fact { seq, at, fact } => {
                let fact = bounded(fact);
                if !self.state.host.has_fact(at, &fact) {
                    self.record(Who::Process(Process::Hostd), BoxEvent::History { at, fact }.into());
                }
                self.send(conn, Message::Host(VaultToHost::FactStored { seq }));
            }
            HostToVault::Progress { id, percent } => {
                if let Some(UnderWay { ordered, stage: Stage::AtHost { percent: known } }) =
                    &mut self.host_now.at
                    && *ordered == id
                {
                    *known = percent.min(100);
                }
            }
            HostToVault::Tunnels { up } => self.network_now.know_up(up),
            HostToVault::Custody { sets, fault } => self.disk_says(sets, fault.map(bounded_fault)),
            HostToVault::Good { epoch } => {
                self.host_now.epoch.good = self.host_now.epoch.good.max(epoch);
                self.tell_epoch();
            }
            HostToVault::UpdateCertificate(text) => {
                self.host_now.update_certificate = netconf::certificate_pem(&text);
            }
            HostToVault::Ended { id, result } => self.host_ended(id, result.err().map(bounded_fault)),
        }
    }

    fn host_ended(&mut self, id: u64, fault: Option<HostFault>) {
        if !matches!(self.host_now.stage_of(id), Some(Stage::AtHost { .. })) {
            return;
        }
        let installed = fault.is_none()
            && self
                .state
                .host
                .open
                .get(&id)
                .is_some_and(|kept| matches!(kept.order, HostOrder::Install { .. }));
        self.end_box_order(id, fault);
        if installed {
            // A system that was installed is started as soon as calls are over.
            let who = Who::Process(Process::Vaultd);
            let event = BoxEvent::Ordered { order: HostOrder::Restart }.into();
            let restart = self.record_from(who, Process::Vaultd, EntryResult::Done, event);
            self.begin_box_order(restart);
        }
    }

    /// The ledger was verified for a system on trial.
    pub(crate) fn ledger_checked(&mut self, fault: Option<String>) {
        self.host_now.check = if fault.is_none() { Check::Whole } else { Check::Broken };
        let (ok, fault) = (fault.is_none(), fault.unwrap_or_default());
        self.record(Who::Process(Process::Vaultd), Event::LedgerVerified { ok, fault });
    }

    /// Begins an order that nobody must agree to any more: calls first, where the box goes.
    pub(crate) fn begin_box_order(&mut self, ordered: u64) {
        let Some(OrderKept { order, .. }) = self.state.host.open.get(&ordered).cloned() else { return };
        if matches!(order, HostOrder::Install { .. } | HostOrder::Restart) {
            let trunks = self.trunks_that_work();
            if trunks != self.state.host.lines {
                self.record(Who::Process(Process::Vaultd), BoxEvent::LinesNoted { trunks }.into());
            }
        }
        if goes(&order) {
            self.host_now.going = true;
            let until_boot_ms = self.clock.boot_ms + DRAIN_LIMIT_MS;
            self.host_now.at = Some(UnderWay { ordered, stage: Stage::Draining { until_boot_ms } });
            self.drain_or_go();
        } else {
            self.give_to_host(ordered, order);
        }
    }

    fn give_to_host(&mut self, ordered: u64, order: HostOrder) {
        match self.host_now.conn {
            Some(conn) => {
                self.host_now.at = Some(UnderWay { ordered, stage: Stage::AtHost { percent: 0 } });
                self.send(conn, Message::Host(VaultToHost::Order { id: ordered, order }));
            }
            None => self.end_box_order(ordered, Some(HostFault::System("hostd is not there".to_owned()))),
        }
    }

    fn drain_or_go(&mut self) {
        let Some(UnderWay { ordered, stage: Stage::Draining { until_boot_ms } }) = self.host_now.at else {
            return;
        };
        if self.state.open_calls.is_empty() {
            if let Some(kept) = self.state.host.open.get(&ordered).cloned() {
                self.give_to_host(ordered, kept.order);
            }
        } else if self.clock.boot_ms >= until_boot_ms {
            self.end_box_order(ordered, Some(HostFault::NotDrained));
        }
    }

    pub(crate) fn tick_host(&mut self) {
        self.drain_or_go();
        let epoch = &self.host_now.epoch;
        if epoch.least.is_none_or(|least| least < epoch.good) {
            self.tell_epoch();
        }
        let void = |kept: &OrderKept| kept.waits && self.clock.now.since(kept.at) >= AGREE_WITHIN_MS;
        let late: Vec<u64> =
            self.state.host.open.iter().filter(|(_, kept)| void(kept)).map(|(id, _)| *id).collect();
        for ordered in late {
            self.record(Who::Process(Process::Vaultd), BoxEvent::Withdrawn { ordered }.into());
        }
    }

    /// An order is over.
    fn end_box_order(&mut self, ordered: u64, fault: Option<HostFault>) {
        // A restart that is being carried out ends this process too: until then nothing is dialled.
        let gone =
            fault.is_none() && self.state.host.open.get(&ordered).is_some_and(|kept| goes(&kept.order));
        self.host_now.going = gone;
        self.host_now.at = None;
        let result = if fault.is_some() { EntryResult::Refused("box".to_owned()) } else { EntryResult::Done };
        let event = BoxEvent::Ended { ordered, fault }.into();
        self.record_from(Who::Process(Process::Hostd), Process::Hostd, result, event);
    }

    /// An order that waits or drains is taken back; false: it is being done, or is none.
    pub(crate) fn withdraw_box_order(&mut self, who: Who, from: Process, ordered: u64) -> bool {
        let draining = matches!(self.host_now.stage_of(ordered), Some(Stage::Draining { .. }));
        if !draining && self.state.host.open.get(&ordered).is_none_or(|kept| !kept.waits) {
            return false;
        }
        if draining {
            self.host_now.at = None;
            self.host_now.going = false;
        }
        self.record_from(who, from, EntryResult::Done, BoxEvent::Withdrawn { ordered }.into());
        true
    }

    /// A start: an order that ran when this process ended is over, and how is not known.
    pub(crate) fn end_lost_order(&mut self) {
        let lost: Vec<u64> =
            self.state.host.open.iter().filter(|(_, kept)| !kept.waits).map(|(id, _)| *id).collect();
        for ordered in lost {
            let fault = HostFault::System("vaultd was restarted before it was told how it ended".to_owned());
            self.end_box_order(ordered, Some(fault));
        }
    }

    /// Trunks and spans that answer now.
    fn trunks_that_work(&self) -> Vec<TrunkId> {
        let up =
            |status: &&idl::lines::TrunkStatus| matches!(status.state, TrunkState::Up | TrunkState::Degraded);
        self.state.trunk_states.values().filter(up).map(|status| status.trunk).collect()
    }

    /// Trunks that worked before the last restart, are still wanted, and do not work now.
    pub(crate) fn lines_missing(&self) -> u64 {
        let now = self.trunks_that_work();
        let wanted = |trunk: &&TrunkId| self.state.trunk_name(**trunk).is_some() && !now.contains(trunk);
        self.state.host.lines.iter().filter(wanted).count() as u64
    }

    /// Until when somebody may agree to an order.
    pub(crate) const fn agree_until(ordered_at: UnixMs) -> UnixMs {
        ordered_at.plus(AGREE_WITHIN_MS)
    }
}

/// Whether the running system was not found good yet.
fn on_trial(status: &HostStatus) -> bool {
    status.slots.iter().any(|view| view.slot == status.running && !view.good)
}

/// Whether the box is not there afterwards.
const fn goes(order: &HostOrder) -> bool {
    match order {
        HostOrder::Restart | HostOrder::PowerOff | HostOrder::FactoryReset => true,
        HostOrder::Install { .. } | HostOrder::Diagnostics => false,
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

fn bounded(fact: HostFact) -> HostFact {
    let lines = |lines: Vec<String>| lines.iter().take(MAX_LINES).map(|line| cut(line)).collect();
    match fact {
        HostFact::Booted { slot, version, cause } => HostFact::Booted { slot, version: cut(&version), cause },
        HostFact::MarkedGood { slot, version } => HostFact::MarkedGood { slot, version: cut(&version) },
        HostFact::FoundBad { slot, version, reasons } => {
            HostFact::FoundBad { slot, version: cut(&version), reasons: lines(reasons) }
        }
        HostFact::NetworkSet { faults } => HostFact::NetworkSet { faults: lines(faults) },
        HostFact::TpmKept { why } => HostFact::TpmKept { why: cut(&why) },
        fact @ HostFact::Diagnostics { .. } => fact,
    }
}

fn bounded_fault(fault: HostFault) -> HostFault {
    match fault {
        HostFault::System(said) => HostFault::System(cut(&said)),
        other => other,
    }
}

fn bounded_status(mut status: HostStatus) -> HostStatus {
    for slot in &mut status.slots {
        slot.version = slot.version.as_deref().map(cut);
    }
    status.addresses.truncate(MAX_ADDRESSES);
    for address in &mut status.addresses {
        *address = cut(address);
    }
    status
}

/// Calls are waited for so long before the box goes.
pub(crate) const DRAIN_LIMIT_MS: u64 = 600_000;
/// A TPM that did not count is asked again after this time.
const EPOCH_AGAIN_MS: u64 = 60_000;
/// The second person agrees within this time.
const AGREE_WITHIN_MS: i64 = vocab::DAY_MS;
/// Characters of one line `hostd` tells.
const MAX_TEXT: usize = 240;
/// Addresses `hostd` tells.
const MAX_ADDRESSES: usize = 128;
/// Lines of one list `hostd` tells.
const MAX_LINES: usize = 16;
