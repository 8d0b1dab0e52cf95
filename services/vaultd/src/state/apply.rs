//! The fold over the ledger, part one: everything but calls.

use super::{
    AgentNow, Batch, BlacklistReason, BlockedKept, CallerNumber, Calls, Campaign, CustodyKept, DncList,
    Person, Queue, Script, State, StoredPrompt,
};
use crate::entries::{CustodyEvent, Entry, Event, LineGroupEvent};
use idl::admin::{NewCampaign, Role};
use idl::campaign::AgentState;
use idl::lines::{LineGroup, LineGroupMember, PromptRole};
use std::collections::BTreeMap;
use vocab::{CampaignId, ContactId, ObjectHash, PersonId, PhoneNumber, SubjectId, UnixMs};

/// What an entry moved besides the state: contacts whose place in the order of their queue changed.
pub type Touched = Vec<(CampaignId, ContactId)>;

impl State {
    /// The ledger goes up to `seq`: what lies between are signed heads, which change nothing.
    pub fn pass_heads(&mut self, seq: u64) {
        assert!(seq >= self.applied_seq, "the ledger never shrinks");
        self.applied_seq = seq;
    }

    /// Applies one durable (or about to be durable) entry.
    pub fn apply(&mut self, calls: &mut Calls, seq: u64, at: UnixMs, entry: &Entry) -> Touched {
        assert_eq!(seq, self.applied_seq + 1, "entries are applied in order and once");
        self.applied_seq = seq;
        self.last_time = self.last_time.max(at);
        let mut touched = Touched::new();
        if !self.apply_calls(calls, seq, at, entry, &mut touched) && !self.apply_accounts(seq, at, entry) {
            self.apply_site(seq, at, entry);
        }
        touched
    }

    fn apply_site(&mut self, seq: u64, at: UnixMs, entry: &Entry) {
        let actor = actor(entry);
        match &entry.event {
            Event::Genesis { tpm } => self.tpm.clone_from(tpm),
            Event::Commissioned { company, zone, calendar_key, administrators } => {
                self.company.clone_from(company);
                self.policy.zone.clone_from(zone);
                self.policy.version = seq;
                self.calendar_key = *calendar_key;
                let roles = [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin];
                for ((subject, name), role) in administrators.iter().zip(roles) {
                    self.add_person(*subject, name.clone(), role, None);
                }
            }
            Event::DepartmentAdded { name } => {
                self.departments.insert(self.next_department(), name.clone());
            }
            Event::PersonAdded { subject, name, role, department } => {
                self.add_person(*subject, name.clone(), *role, *department);
            }
            Event::PhoneSet { phone } => {
                self.phones.insert(phone.agent, (**phone).clone());
                self.lines_version = seq;
            }
            Event::UdpPhonesAllowed { allow } => {
                self.phones_allow_udp = *allow;
                self.lines_version = seq;
            }
            Event::TrunkSet { trunk } => {
                self.trunks.insert(trunk.id, (**trunk).clone());
                self.lines_version = seq;
            }
            Event::LineGroupAdded { name, members } => {
                let id = self.next_group();
                self.groups.insert(id, LineGroup { id, name: name.clone(), members: members.clone() });
                self.lines_version = seq;
            }
            Event::LineGroup { event: LineGroupEvent::Set { group, name, members } } => {
                self.set_group(seq, *group, name, members);
            }
            Event::LineGroup { event: LineGroupEvent::Removed { group } } => {
                self.groups.remove(group);
                self.lines_version = seq;
            }
            Event::CallerNumberAdded { number, groups, contract, valid_to } => {
                let number_entry = CallerNumber {
                    groups: groups.clone(),
                    contract: contract.clone(),
                    valid_to: *valid_to,
                    entered_by: actor,
                    approved_by: None,
                    version: seq,
                };
                self.numbers.insert(*number.reveal(), number_entry);
            }
            Event::CallerNumberApproved { number } => {
                if let Some(known) = self.numbers.get_mut(number.reveal()) {
                    known.approved_by = Some(actor);
                    known.version = seq;
                }
                self.lift_holds();
            }
            Event::HolidaysLoaded { calendar } => {
                self.holidays.insert(calendar.year(), calendar.clone());
                self.lift_holds();
            }
            Event::DoNotCallImported { object, issued_at, entries } => {
                self.dnc = Some(DncList {
                    object: object.clone(),
                    imported_at: at,
                    issued_at: *issued_at,
                    version: seq,
                    entries: *entries,
                });
                self.lift_holds();
            }
            Event::Blacklisted { subject, number } => {
                let reason = BlacklistReason::Entered;
                let (person, number) = (Some(actor), Some(number.clone()));
                let kept =
                    BlockedKept { subject: *subject, at, reason, by: None, call: None, person, number };
                self.block(seq, kept);
            }
            Event::BatchImported { batch } => {
                self.next_contact = batch.first.0 + batch.rows;
                let entry = (**batch).clone();
                let stored = Batch { entry, imported_by: actor, imported_at: at, released_by: None };
                self.batches.insert(batch.batch, stored);
            }
            Event::BatchReleased { batch } => {
                if let Some(known) = self.batches.get_mut(batch) {
                    known.released_by = Some(actor);
                }
            }
            Event::PromptStored { object, text, duration_ms } => {
                let prompt = StoredPrompt {
                    object: object.clone(),
                    text: text.clone(),
                    duration_ms: *duration_ms,
                    seq,
                    by: actor,
                    at,
                    level: None,
                };
                self.prompts.insert(object.hash, prompt);
            }
            Event::PromptMeasured { object, mean_dbm0, peak_dbm0 } => {
                if let Some(known) = self.prompts.get_mut(object) {
                    known.level = Some((*mean_dbm0, *peak_dbm0));
                }
            }
            Event::ScriptCreated { name, prompts } => self.add_script(name, prompts, actor, seq),
            Event::ScriptApproved { script, hash } => {
                if let Some(known) = self.scripts.get_mut(script) {
                    known.approval = Some(gate::ScriptApproval { hash: *hash, approver: actor, at });
                }
                self.lift_holds();
            }
            Event::CampaignCreated { campaign } => self.add_campaign(campaign, seq),
            Event::CampaignRuns { campaign, running } => {
                if let Some(known) = self.campaigns.get_mut(campaign) {
                    known.running = *running;
                    known.version = seq;
                    known.hold_until = UnixMs(0);
                }
            }
            Event::PolicySet { policy } => {
                self.policy = (**policy).clone();
                self.policy.version = seq;
                self.lift_holds();
            }
            Event::AgentChanged { agent, state, at } => {
                let unwrapped = self.agents.get(agent).and_then(|known| known.unwrapped);
                let now = AgentNow { state: *state, since: *at, unwrapped };
                if *state == AgentState::Out && unwrapped.is_none() {
                    self.agents.remove(agent);
                } else {
                    self.agents.insert(*agent, now);
                }
            }
            Event::TrunkChanged { status } => {
                self.seen.trunk(status);
                self.trunk_states.insert(status.trunk, status.clone());
            }
            Event::SpanSet { config } => {
                let before = self.cards.spans.get(&config.span).map(|known| known.trunk);
                if let Some(trunk) = before.filter(|trunk| *trunk != config.trunk) {
                    self.trunk_states.remove(&trunk);
                }
                self.cards.set(config);
                self.lines_version = seq;
            }
            Event::SpanRemoved { span } => {
                if let Some(known) = self.cards.spans.remove(span) {
                    self.trunk_states.remove(&known.trunk);
                }
                self.lines_version = seq;
            }
            Event::SpanHistory { life, seq: number, at: happened, fact } => {
                self.cards.fact(seq, *life, *number, *happened, fact);
            }
            Event::Box { event } => self.host.apply(seq, at, actor, event),
            Event::Network { event } => self.network.apply(seq, at, actor, event),
            Event::Console { event } => self.consoles.apply(at, event),
            Event::Custody { event: CustodyEvent::InForce { set, custodians } } => {
                self.custody = Some(CustodyKept { set: *set, custodians: custodians.clone(), since: at });
            }
            Event::Custody { event: CustodyEvent::Recovered { set } } => {
                self.recoveries.push_back((at, *set));
                if self.recoveries.len() > KEPT_RECOVERIES {
                    self.recoveries.pop_front();
                }
            }
            // Events that are evidence alone, and those that `apply_calls` and `apply_accounts` have taken.
            Event::Started { .. }
            | Event::Stopped {}
            | Event::ImportFailed { .. }
            | Event::Looked { .. }
            | Event::Denied { .. }
            | Event::LedgerVerified { .. }
            | Event::PageCertificateReplaced {}
            | Event::PageCertificateSet { .. }
            | Event::RootKeyResealed {}
            | Event::Custody { .. }
            | Event::SpanOrdered { .. }
            | Event::SpanOrderEnded { .. }
            | Event::SpanTraceTaken { .. }
            | Event::GateRefused { .. }
            | Event::Intent { .. }
            | Event::Fact { .. }
            | Event::Closed { .. }
            | Event::DialogReleased { .. }
            | Event::RecordingVerified { .. }
            | Event::WrappedUp { .. }
            | Event::Claimed { .. }
            | Event::AccountSet { .. }
            | Event::Enrolled { .. }
            | Event::PasswordChanged { .. }
            | Event::AccountReset { .. }
            | Event::AccountSwitched { .. }
            | Event::AccountUnlocked { .. }
            | Event::SignInTried { .. }
            | Event::SessionEnded { .. }
            | Event::SourceHeld { .. }
            | Event::EnrolMissed { .. }
            | Event::ProofMissed { .. }
            | Event::ConsoleOpened { .. }
            | Event::ConsoleUsed { .. } => {}
        }
    }

    pub(super) fn add_person(
        &mut self,
        subject: SubjectId,
        name: crate::entries::Sealed,
        role: Role,
        department: Option<vocab::DepartmentId>,
    ) {
        self.people.insert(self.next_person(), Person { subject, name, role, department });
    }

    pub(super) fn block(&mut self, seq: u64, kept: BlockedKept) {
        self.blacklist_version = seq;
        if let std::collections::btree_map::Entry::Vacant(place) = self.blacklist.entry(kept.subject) {
            place.insert(kept.reason);
            self.seen.blocked(seq, kept);
        }
    }

    /// A group's new name and members. Where a trunk comes in, the group's caller numbers wait for compliance again:
    /// they were approved for other lines (LIN-01).
    fn set_group(&mut self, seq: u64, id: vocab::LineGroupId, name: &str, members: &[LineGroupMember]) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        let had = |member: &LineGroupMember| group.members.iter().any(|known| known.trunk == member.trunk);
        let wider = !members.iter().all(had);
        *group = LineGroup { id, name: name.to_owned(), members: members.to_vec() };
        self.lines_version = seq;
        if wider {
            for number in self.numbers.values_mut().filter(|number| number.groups.contains(&id)) {
                number.approved_by = None;
                number.version = seq;
            }
        }
    }

    fn lift_holds(&mut self) {
        for campaign in self.campaigns.values_mut() {
            campaign.hold_until = UnixMs(0);
        }
    }

    fn add_script(&mut self, name: &str, prompts: &[(PromptRole, ObjectHash)], author: PersonId, seq: u64) {
        let script = Script {
            name: name.to_owned(),
            prompts: prompts.to_vec(),
            author,
            version: seq,
            hash: hash_of_script(prompts, &self.prompts),
            approval: None,
        };
        self.scripts.insert(self.next_script(), script);
    }

    fn add_campaign(&mut self, plan: &NewCampaign, seq: u64) {
        let id = self.next_campaign();
        let ranges = plan.batches.iter().filter_map(|batch| self.batches.get(batch)).map(|batch| {
            let rows = u32::try_from(batch.entry.rows);
            (batch.entry.first, rows.unwrap_or_else(|_| unreachable!("a batch has at most a million rows")))
        });
        self.queues.insert(id, Queue::new(ranges.collect()));
        let Ok(caller) = PhoneNumber::parse(plan.caller.reveal()) else {
            unreachable!("the caller number was parsed before the entry was written");
        };
        let campaign =
            Campaign { plan: plan.clone(), caller, running: false, version: seq, hold_until: UnixMs(0) };
        self.campaigns.insert(id, campaign);
        self.counts.entry(id).or_default();
    }
}

fn actor(entry: &Entry) -> PersonId {
    entry.who.person().map_or(PersonId(0), |(person, _)| person)
}

/// The hash over roles, audio and text of a script: what an approval approves (CAM-12).
#[must_use]
pub fn hash_of_script(
    prompts: &[(PromptRole, ObjectHash)],
    stored: &BTreeMap<ObjectHash, StoredPrompt>,
) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for (role, object) in prompts {
        let text = stored.get(object).map_or("", |prompt| prompt.text.as_str());
        context.update(&[*role as u8]);
        context.update(&object.0);
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Recoveries that the page shows; the ledger has all.
const KEPT_RECOVERIES: usize = 16;
