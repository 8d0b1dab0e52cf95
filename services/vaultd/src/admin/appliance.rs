//! What people ask of the box itself: to look, to store and install a system, to restart, to power off, to be reset.
//!
//! Each order is an entry before `hostd` hears of it. What destroys, and what goes back behind a repaired weakness, more
//! than one person must want (ACC-06), within 24 hours, each by an own sign-in; nobody agrees to what he ordered.
//!
//! | order | who orders | who must agree |
//! |---|---|---|
//! | an older system | system administrator, technician | a security administrator |
//! | factory reset, custodians' shares in force (RET-05) | system administrator at the page, technician at the console | two custodians of the set in force |
//! | factory reset, no shares in force | the same | system and security administrator, unless one of them ordered |

use super::{Actor, Handled, Refusal};
use crate::command::{BundleRefused, Job, ReadJob, ReplyTo};
use crate::entries::BoxEvent;
use crate::host::Stage;
use crate::state::OrderKept;
use crate::vault::Vault;
use idl::admin::{Answer, Role};
use idl::host::HostOrder;
use idl::views::{BOX_ROWS, BoxAsk, BoxOrder, BoxOrderStage, BoxView, BundleView};
use std::fs::File;
use vocab::PersonId;

impl Vault {
    pub(super) fn box_request(&mut self, actor: &Actor, ask: BoxAsk, attached: Option<File>) -> Handled {
        if !rights::LOOK_AT_BOX.contains(&actor.role) && !self.is_custodian(actor.id) {
            return Err(Refusal::new(
                "box-for-custodians",
                "Of the other roles only custodians of the set in force see the box.",
                "除管理员与技术员外，仅现任密钥保管人可查看本机。",
            ));
        }
        match ask {
            BoxAsk::Look => Ok(Some(Answer::Box(Box::new(self.box_view())))),
            BoxAsk::Upload => self.upload_bundle(actor, attached),
            BoxAsk::Order(order) => self.order_box(actor, order),
            BoxAsk::Agree { order } => self.agree_to_box_order(actor, order),
            BoxAsk::Withdraw { order } => {
                if self.withdraw_box_order(actor.who(), actor.from, order) {
                    return Ok(Some(Answer::Done));
                }
                Err(Refusal::new(
                    "order-going",
                    "This order is being carried out or is over: it cannot be taken back.",
                    "该指令正在执行或已结束，无法撤回。",
                ))
            }
            BoxAsk::Diagnostics { bundle, offset } => {
                if !self.state.host.has_diagnostics(&bundle) {
                    return Err(Refusal::unknown("diagnostics bundle"));
                }
                if offset == 0 {
                    self.write(actor, BoxEvent::DiagnosticsTaken { bundle }.into());
                }
                self.work(Job::Read(ReadJob::Diagnostics { reply: actor.reply(), bundle, offset }));
                Ok(None)
            }
        }
    }

    fn upload_bundle(&mut self, actor: &Actor, attached: Option<File>) -> Handled {
        let file = attached.ok_or_else(|| {
            Refusal::new("bundle-missing", "No file came with the request.", "请求未附带文件。")
        })?;
        // The newest stays beside the one that comes, and whatever is being installed.
        let mut keep: Vec<[u8; 32]> =
            self.state.host.bundles.back().map(|kept| kept.bundle).into_iter().collect();
        keep.extend(self.state.host.open.values().filter_map(|kept| match kept.order {
            HostOrder::Install { bundle, .. } => Some(bundle),
            _ => None,
        }));
        self.work(Job::StoreBundle { reply: actor.reply(), file, keep });
        Ok(None)
    }

    /// The worker has stored a bundle, or could not.
    pub(crate) fn bundle_stored(&mut self, reply: ReplyTo, outcome: Result<([u8; 32], u64), BundleRefused>) {
        let Some(actor) = self.actor_of(reply) else { return };
        let answer = match outcome {
            Ok((bundle, bytes)) => {
                self.write(&actor, BoxEvent::BundleStored { bundle, bytes }.into());
                Answer::Bundle { bundle, bytes }
            }
            Err(BundleRefused::Size) => Refusal::new(
                "bundle-size",
                "The file is empty or larger than any update (1 GiB). Choose another.",
                "文件为空或超过升级包上限（1 GiB），请另选。",
            )
            .into_answer(),
            Err(BundleRefused::Storage) => Refusal::storage().into_answer(),
        };
        self.answer(reply.conn, reply.id, answer);
    }

    fn order_box(&mut self, actor: &Actor, order: HostOrder) -> Handled {
        if !self.host_now.is_there() {
            return Err(Refusal::new(
                "hostd-gone",
                "The box's helper is not there; it is being restarted. Try again in a minute.",
                "系统助手服务未就绪，正在重启，请稍后再试。",
            ));
        }
        if let HostOrder::Install { bundle, .. } = &order {
            self.may_install(bundle)?;
        }
        if order == HostOrder::FactoryReset && actor.role == Role::Technician && actor.ticket.is_none() {
            return Err(Refusal::new(
                "reset-at-console",
                "A technician orders a factory reset at the serial console, for a ticket.",
                "现场技术员须凭工单在串口控制台下达恢复出厂指令。",
            ));
        }
        let waiting = self.state.host.open.values().any(|kept| kept.waits && kept.order == order);
        if waiting || !self.host_now.is_free() || self.state.host.open.len() >= MAX_OPEN {
            return Err(Refusal::new(
                "box-busy",
                "Another order waits or is being carried out. Wait for it, or take it back.",
                "另有指令等待确认或正在执行，请等待或先撤回。",
            ));
        }
        let event = BoxEvent::Ordered { order }.into();
        let id = self.record_from(actor.who(), actor.from, crate::entries::EntryResult::Done, event);
        if self.state.host.open.get(&id).is_some_and(|kept| !kept.waits) {
            self.begin_box_order(id);
        }
        Ok(Some(Answer::Created { ids: vec![id] }))
    }

    fn may_install(&self, bundle: &[u8; 32]) -> Result<(), Refusal> {
        if !self.state.host.has_bundle(bundle) {
            return Err(Refusal::new(
                "bundle-none",
                "There is no such update on the box any more. Store it again.",
                "本机已无此升级包，请重新上传。",
            ));
        }
        let status = self.host_now.status();
        let running = status.and_then(|status| status.slots.iter().find(|view| view.slot == status.running));
        if running.is_some_and(|view| !view.good) {
            return Err(Refusal::new(
                "slot-on-trial",
                "The running system has not been found good yet. Wait some minutes, then look why.",
                "当前系统尚未通过自检，请等待数分钟；如仍未通过请查看原因。",
            ));
        }
        Ok(())
    }

    fn agree_to_box_order(&mut self, actor: &Actor, ordered: u64) -> Handled {
        let kept = self.state.host.open.get(&ordered).filter(|kept| kept.waits);
        let kept = kept.ok_or_else(|| Refusal::unknown("order that waits"))?;
        if kept.by == actor.id || kept.agreed.contains(&actor.id) {
            return Err(Refusal::same_person());
        }
        let wanted = self.wanted(kept);
        if !self.is_wanted(&wanted, actor) {
            return Err(not_wanted(&wanted));
        }
        if !self.host_now.is_free() || !self.host_now.is_there() {
            return Err(Refusal::busy());
        }
        if wanted.more() {
            self.write(actor, BoxEvent::AgreedWithOthers { ordered }.into());
            return Ok(Some(Answer::Done));
        }
        self.write(actor, BoxEvent::Agreed { ordered }.into());
        self.begin_box_order(ordered);
        Ok(Some(Answer::Done))
    }

    /// Who must still agree to an order, as the box stands now.
    fn wanted(&self, kept: &OrderKept) -> Wanted {
        let is = |role| {
            let mut wanted_by = kept.agreed.iter().chain([&kept.by]);
            wanted_by.any(|person| self.state.people.get(person).is_some_and(|known| known.role == role))
        };
        match (&kept.order, &self.state.custody) {
            (HostOrder::FactoryReset, Some(custody)) => {
                let agreed = kept.agreed.iter().filter(|person| custody.custodians.contains(person));
                Wanted::Custodians(CUSTODIANS_FOR_A_RESET.saturating_sub(agreed.count()))
            }
            (HostOrder::FactoryReset, None) => {
                let both = [Role::SystemAdmin, Role::SecurityAdmin];
                Wanted::Roles(both.into_iter().filter(|role| !is(*role)).collect())
            }
            _ => Wanted::Roles(vec![Role::SecurityAdmin]),
        }
    }

    fn is_wanted(&self, wanted: &Wanted, actor: &Actor) -> bool {
        match wanted {
            Wanted::Custodians(_) => self.is_custodian(actor.id),
            Wanted::Roles(roles) => roles.contains(&actor.role),
        }
    }

    /// Whether a person holds a share of the set in force.
    fn is_custodian(&self, person: PersonId) -> bool {
        self.state.custody.as_ref().is_some_and(|custody| custody.custodians.contains(&person))
    }

    fn box_view(&self) -> BoxView {
        let host = &self.state.host;
        let row = |order: u64, kept: &OrderKept, stage| BoxOrder {
            order,
            what: kept.order.clone(),
            by: kept.by,
            at: kept.at,
            stage,
        };
        let open = host.open.iter().rev().map(|(id, kept)| row(*id, kept, self.stage_now(*id, kept)));
        let ended = host.ended.iter().rev().map(|ended| {
            let stage = match &ended.end {
                None => BoxOrderStage::Withdrawn,
                Some(None) => BoxOrderStage::Done,
                Some(Some(fault)) => BoxOrderStage::Failed(fault.clone()),
            };
            row(ended.ordered, &ended.kept, stage)
        });
        let bundle = |kept: &crate::state::BundleKept| BundleView {
            bundle: kept.bundle,
            bytes: kept.bytes,
            at: kept.at,
        };
        BoxView {
            status: self.host_now.status().cloned(),
            bundles: host.bundles.iter().rev().map(bundle).collect(),
            orders: open.chain(ended).take(BOX_ROWS).collect(),
            history: host.events.iter().rev().take(BOX_ROWS).cloned().collect(),
            open_calls: self.state.open_calls.len() as u64,
            update_certificate: self.host_now.update_certificate().map(str::to_owned),
        }
    }

    fn stage_now(&self, id: u64, kept: &OrderKept) -> BoxOrderStage {
        match self.host_now.stage_of(id) {
            _ if kept.waits => BoxOrderStage::WaitsForSecond { until: Self::agree_until(kept.at) },
            Some(Stage::Draining { .. }) => {
                BoxOrderStage::Draining { open_calls: self.state.open_calls.len() as u64 }
            }
            Some(Stage::AtHost { percent }) => BoxOrderStage::UnderWay { percent },
            None => BoxOrderStage::UnderWay { percent: 0 },
        }
    }
}

/// Who must still agree to an order.
enum Wanted {
    /// So many custodians.
    Custodians(usize),
    /// Somebody of each of these roles.
    Roles(Vec<Role>),
}

impl Wanted {
    /// Whether somebody must agree besides who agrees now.
    fn more(&self) -> bool {
        match self {
            Self::Custodians(count) => *count > 1,
            Self::Roles(roles) => roles.len() > 1,
        }
    }
}

/// The person may agree to orders, but not to this one.
fn not_wanted(wanted: &Wanted) -> Refusal {
    match wanted {
        Wanted::Custodians(_) => Refusal::new(
            "not-a-custodian",
            "Two custodians of the set in force must agree to this.",
            "该指令须由两名现任密钥保管人确认。",
        ),
        Wanted::Roles(_) => Refusal::new(
            "not-yours-to-agree",
            "The system administrator and the security administrator must want this.",
            "该指令须由系统管理员与安全管理员共同确认。",
        ),
    }
}

/// Custodians who must agree to a factory reset (RET-05).
const CUSTODIANS_FOR_A_RESET: usize = 2;
/// Orders that wait or run at once.
const MAX_OPEN: usize = 4;
