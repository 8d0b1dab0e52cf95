//! Dialling: gather the facts, ask the gate at this instant, write the intent down, then issue the ticket.
//!
//! It decides nothing of its own: what is lawful is the gate's, what is counted is the state's.

use crate::command::{ConnId, Message};
use crate::entries::{Event, Intent, Who};
use crate::ports::{ConsentHeld, ContactPerson, StoredRow};
use crate::seal::Purpose;
use crate::state::{Campaign, Script, SlotState, Subject};
use crate::vault::Vault;
use gate::{
    BlacklistFacts, CallerFacts, CampaignFacts, ClockFacts, ConsentFacts, ContactFacts, Facts, PersonFacts,
    RecordingFacts, ScriptFacts,
};
use idl::campaign::{CampaignReply, VaultToCalld};
use idl::hello::Process;
use idl::lines::{LiveState, Prompt, PromptRole, Ticket, VaultToLined};
use vocab::{
    AgentId, CallId, CampaignId, CampaignMode, ContactId, DAY_MS, FailCause, Outcome, Pii, Secret, SubjectId,
    UnixMs,
};

/// A ticket may be used for this long.
pub const TICKET_LIFE_MS: u64 = 10_000;
/// Longest call, in seconds.
const MAX_CALL_S: u32 = 3_600;
/// A carrier rings this long at most after the ticket's end, and no callee is rung by two calls at once.
const LOST_RINGS_MS: u64 = 120_000;
/// The key that opts out (CAM-05).
const OPT_OUT_KEY: u8 = b'9';

/// The contact as read for one call.
pub(crate) struct Read {
    pub(crate) subject: SubjectId,
    pub(crate) person: ContactPerson,
    pub(crate) purpose: String,
    version: u64,
}

impl Vault {
    pub(crate) fn dial(
        &mut self,
        conn: ConnId,
        id: u64,
        campaign: CampaignId,
        contact: ContactId,
        agent: Option<AgentId>,
    ) {
        let reply = self.try_dial(campaign, contact, agent);
        if matches!(reply, CampaignReply::NotNow { .. }) {
            self.settle(campaign, contact);
        }
        self.send(conn, Message::Calld(VaultToCalld::Reply { id, reply }));
    }

    fn try_dial(
        &mut self,
        campaign: CampaignId,
        contact: ContactId,
        agent: Option<AgentId>,
    ) -> CampaignReply {
        let Some(known) = self.state.campaigns.get(&campaign).cloned() else {
            return CampaignReply::Error { reason: format!("there is no {campaign}") };
        };
        let Some(slot) = self.state.queues.get(&campaign).and_then(|queue| queue.slot(contact)) else {
            return CampaignReply::Error { reason: format!("{contact} is not one of {campaign}") };
        };
        if let Err(reason) = self.agent_fits(&known, agent) {
            return CampaignReply::Error { reason };
        }
        let Some(lined) = self.lined.as_ref().filter(|lined| lined.ready()).map(|lined| lined.conn) else {
            return CampaignReply::NotNow { reason: "lined is not connected".to_owned() };
        };
        if self.host_now.is_draining() {
            return CampaignReply::NotNow { reason: "the box is about to be restarted".to_owned() };
        }
        let Some(read) = self.read_contact(contact) else {
            return CampaignReply::NotNow { reason: "the contact's row cannot be read".to_owned() };
        };
        let verdict = self.ask_gate(campaign, &known, slot.state == SlotState::Open, &read);
        if !verdict.allowed() {
            let rules = verdict.refusals().map(|(rule, _)| rule).collect();
            let subject = read.subject;
            let again_at = self.again_at(&verdict);
            self.record(
                Who::Process(Process::Calld),
                Event::GateRefused { contact, subject, campaign, verdict },
            );
            return CampaignReply::Refused { rules, again_at };
        }
        self.place(lined, campaign, &known, contact, agent, &read, verdict)
    }

    fn again_at(&self, verdict: &gate::Verdict) -> Option<UnixMs> {
        match verdict.standing() {
            Some(gate::Standing::Final) | None => None,
            Some(gate::Standing::UntilInstant) => verdict.retry_after(),
            Some(gate::Standing::UntilFixed) => Some(self.clock.now.plus(ASK_AGAIN_MS)),
        }
    }

    fn agent_fits(&self, campaign: &Campaign, agent: Option<AgentId>) -> Result<(), String> {
        match (campaign.plan.mode, agent) {
            (CampaignMode::Announcement, None) => Ok(()),
            (CampaignMode::Announcement, Some(_)) => Err("an announcement has no agent".to_owned()),
            (CampaignMode::Progressive | CampaignMode::Preview, None) => Err("an agent is needed".to_owned()),
            (CampaignMode::Progressive | CampaignMode::Preview, Some(agent)) => {
                let person = self.state.people.get(&vocab::PersonId(agent.0));
                match person {
                    Some(person) if person.department == Some(campaign.plan.department) => Ok(()),
                    Some(_) => Err(format!("{agent} is of another department")),
                    None => Err(format!("there is no {agent}")),
                }
            }
        }
    }

    pub(crate) fn read_contact(&mut self, contact: ContactId) -> Option<Read> {
        let (batch, row) = self.state.batch_of(contact)?;
        let entry = batch.entry.clone();
        let StoredRow { subject, person } = self.ports.contacts.row(&entry, row)?;
        let person = self.open_of(subject, Purpose::Contact, &person)?;
        Some(Read { subject, person, purpose: entry.purpose, version: entry.batch })
    }

    fn ask_gate(&self, id: CampaignId, campaign: &Campaign, open: bool, read: &Read) -> gate::Verdict {
        let now = self.clock.now;
        let state = &self.state;
        let subject = state.subjects.get(&read.subject);
        let attempts: Vec<gate::Attempt> = subject
            .map(|known| known.attempts.iter().map(|(_, attempt)| *attempt).collect::<Vec<_>>())
            .unwrap_or_default()
            .into_iter()
            .filter(|attempt| now.since(attempt.at) < i64::from(gate::MAX_BUDGET_DAYS) * DAY_MS)
            .collect();
        let year = year_in(&state.policy.zone, now);
        let facts = Facts {
            now,
            clock: Some(ClockFacts { synchronised: self.clock.synchronised, last_known: state.last_time }),
            campaign: Some(CampaignFacts {
                id,
                version: campaign.version,
                class: campaign.plan.class,
                purpose: &campaign.plan.purpose,
                running: campaign.running,
                line_group: campaign.plan.group,
                caller: self.caller_facts(campaign),
            }),
            script: state.scripts.get(&campaign.plan.script).map(|script| self.script_facts(script)),
            contact: Some(self.contact_facts(read, open)),
            person: Some(PersonFacts {
                version: state.applied_seq,
                attempts: &attempts,
                declined: subject.is_some_and(|known| known.declined),
                in_call_now: subject
                    .is_some_and(|known| known.in_call.is_some() || self.may_still_be_in_call(known)),
            }),
            blacklist: Some(BlacklistFacts {
                version: state.blacklist_version,
                hit: state.blacklist.contains_key(&read.subject),
            }),
            dnc: self.dnc.as_ref().map(|list| {
                let asked = list.ask(list_hash(read.subject));
                let (version, issued) = state
                    .dnc
                    .as_ref()
                    .map_or((0, asked.imported_at), |known| (known.version, known.issued_at));
                // What ages is the authority's list, not our copy of it.
                gate::DncFacts { version, imported_at: issued.min(asked.imported_at), hit: asked.hit }
            }),
            holidays: year.and_then(|year| state.holidays.get(&year)),
            recording: Some(RecordingFacts {
                version: 1,
                ready: self.recordings_ready,
                free_bytes: self.free_bytes,
            }),
        };
        gate::evaluate(&state.policy, &facts)
    }

    /// The rules that refuse every contact of a campaign now, were it running: asked with a contact against whom
    /// nothing speaks.
    pub(crate) fn campaign_refusals(&self, id: CampaignId, campaign: &Campaign) -> Vec<vocab::RuleId> {
        let running = Campaign { running: true, ..campaign.clone() };
        let purpose = campaign.plan.purpose.clone();
        let consent = ConsentHeld {
            purpose: purpose.clone(),
            given_at: self.clock.now,
            expires_at: None,
            channel: String::new(),
            evidence: Some(Pii::new(String::new())),
        };
        let person = ContactPerson {
            number: campaign.caller,
            name: None,
            order_no: None,
            demand: None,
            tag: None,
            issue: None,
            consent: Some(consent),
            birth: None,
            adult: Some(true),
        };
        let read = Read { subject: SubjectId([0; 16]), person, purpose, version: 0 };
        let verdict = self.ask_gate(id, &running, true, &read);
        verdict
            .refusals()
            .filter(|refusal| crate::state::of_the_campaign(*refusal))
            .map(|(rule, _)| rule)
            .collect()
    }

    /// A call that was lost with `lined` may still ring or speak at the carrier, where nobody could end it.
    fn may_still_be_in_call(&self, person: &Subject) -> bool {
        let Some((call, _)) = person.attempts.last() else {
            return false;
        };
        if self.state.unreleased.contains(call) {
            return true;
        }
        let now = self.clock.boot_ms;
        // A time far ahead was made in an earlier life of the box: nothing rings since.
        let lately = now.saturating_sub(LOST_RINGS_MS)..=now + TICKET_LIFE_MS;
        self.calls.get(*call).is_some_and(|record| {
            record.outcome == Some(Outcome::Failed(FailCause::Lost))
                && lately.contains(&record.intent.expires_boot_ms)
        })
    }

    fn caller_facts(&self, campaign: &Campaign) -> Option<CallerFacts> {
        let number = self.state.numbers.get(&campaign.caller)?;
        let approved = number.approved_by.is_some() && number.groups.contains(&campaign.plan.group);
        Some(CallerFacts {
            registered_for: approved.then_some(campaign.plan.group),
            valid_to: number.valid_to,
            version: number.version,
        })
    }

    /// What a script is, for the gate.
    pub(crate) fn script_facts(&self, script: &Script) -> ScriptFacts {
        let says = |role: PromptRole| script.prompts.iter().any(|(known, _)| *known == role);
        let identify = script.prompts.iter().find(|(role, _)| *role == PromptRole::Identify);
        let spoken_ms =
            identify.and_then(|(_, object)| self.state.prompts.get(object)).map(|prompt| prompt.duration_ms);
        ScriptFacts {
            version: script.version,
            current_hash: crate::state::hash_of_script(&script.prompts, &self.state.prompts),
            author: script.author,
            approval: script.approval,
            identifies_within_s: spoken_ms.map(|ms| u16::try_from(ms.div_ceil(1_000)).unwrap_or(u16::MAX)),
            recording_notice: says(PromptRole::RecordingNotice),
            opt_out_hint: says(PromptRole::OptOutHint),
        }
    }

    fn contact_facts<'a>(&self, read: &'a Read, open: bool) -> ContactFacts<'a> {
        let child = self.state.subjects.get(&read.subject).is_some_and(|known| known.child);
        let consent = read.person.consent.as_ref().map(|held| consent_facts(held, read.version));
        ContactFacts {
            version: read.version,
            purpose: &read.purpose,
            open,
            consent,
            birth: read.person.birth.as_ref().map(|birth| *birth.reveal()),
            adult_attested: read.person.adult == Some(true),
            guardian_consent: false,
            answered_by_child: child,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "everything the intent and the ticket are made of")]
    fn place(
        &mut self,
        lined: ConnId,
        id: CampaignId,
        campaign: &Campaign,
        contact: ContactId,
        agent: Option<AgentId>,
        read: &Read,
        verdict: gate::Verdict,
    ) -> CampaignReply {
        let Some(prompts) = self.prompts_of(campaign) else {
            return CampaignReply::NotNow { reason: "a prompt of the script is missing".to_owned() };
        };
        let key: [u8; 32] = self.random();
        let Some(recording_key) = self.seal_for(read.subject, Purpose::RecordingKey, &key) else {
            return CampaignReply::NotNow { reason: "the contact's key was destroyed".to_owned() };
        };
        let call = CallId(self.next_seq());
        let expires_boot_ms = self.clock.boot_ms + TICKET_LIFE_MS;
        let intent = Intent {
            contact,
            subject: read.subject,
            campaign: id,
            agent,
            verdict,
            recording_key,
            expires_boot_ms,
        };
        self.record(Who::Process(Process::Calld), Event::Intent { intent: Box::new(intent) });
        self.call_lives(call, agent, LiveState::Dialling, self.clock.now);
        let ticket = Ticket {
            call,
            expires_boot_ms,
            number: Pii::new(read.person.number),
            caller: Pii::new(campaign.caller),
            group: campaign.plan.group,
            mode: campaign.plan.mode,
            agent,
            prompts,
            recording_key: Secret::new(key),
            ring_timeout_s: self.state.policy.ring_time_s,
            max_call_s: MAX_CALL_S,
            opt_out_key: OPT_OUT_KEY,
        };
        self.send(lined, Message::Lined(VaultToLined::Ticket(Box::new(ticket))));
        CampaignReply::Ticketed { call }
    }

    /// The prompts in the order in which they are played: the mandatory ones first.
    fn prompts_of(&self, campaign: &Campaign) -> Option<Vec<Prompt>> {
        let script = self.state.scripts.get(&campaign.plan.script)?;
        let mut prompts = Vec::with_capacity(script.prompts.len());
        for (role, object) in &script.prompts {
            let stored = &self.state.prompts.get(object)?.object;
            prompts.push(Prompt { role: *role, object: stored.hash, key: stored.key.clone() });
        }
        prompts.sort_by_key(|prompt| prompt.role);
        Some(prompts)
    }
}

/// What a consent is, for the gate. One that names no evidence proves nothing (CAM-08).
fn consent_facts(held: &ConsentHeld, version: u64) -> ConsentFacts<'_> {
    ConsentFacts {
        version,
        purpose: &held.purpose,
        given_at: held.given_at,
        // A source that names no end: the policy's longest life of a consent ends it.
        expires_at: held.expires_at.unwrap_or(UnixMs(i64::MAX)),
        withdrawn_at: None,
        evidence_ok: held.evidence.is_some(),
    }
}

/// The entry of a list of keyed hashes under which a subject stands.
#[must_use]
pub fn list_hash(subject: SubjectId) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = subject.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The civil year of an instant in a zone.
fn year_in(zone: &str, at: UnixMs) -> Option<i16> {
    let zone = jiff::tz::TimeZone::get(zone).ok()?;
    let instant = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(instant.to_zoned(zone).year())
}

/// What somebody must put right is asked about again after this.
const ASK_AGAIN_MS: i64 = 60_000;

#[cfg(test)]
mod tests {
    use super::{ConsentHeld, Pii, UnixMs, consent_facts};

    #[test]
    fn cam_08_a_consent_that_names_no_evidence_proves_nothing() {
        let mut held = ConsentHeld {
            purpose: "回访".to_owned(),
            given_at: UnixMs(0),
            expires_at: None,
            channel: "paper".to_owned(),
            evidence: None,
        };
        assert!(!consent_facts(&held, 1).evidence_ok);
        held.evidence = Some(Pii::new("form-7".to_owned()));
        assert!(consent_facts(&held, 1).evidence_ok);
    }
}
