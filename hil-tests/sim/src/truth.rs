//! The checker: what the carriers saw, what became durable, what was acknowledged; and what must hold.
//!
//! It shares no rule with the gate: hours, days and caps are counted here once more, in plain arithmetic
//! of UTC+8. A broken invariant is told at once with its name.

use crate::ports::subject_of;
use std::collections::{BTreeMap, BTreeSet};
use vaultd::entries::{Event, StoredFact};
use vaultd::state::{Calls, State};
use vocab::{
    AgentId, CallId, CampaignClass, CampaignId, DAY_MS, FailCause, HOUR_MS, MINUTE_MS, Outcome, PhoneNumber,
    SubjectId, UnixMs,
};

/// The site's zone has no summer time.
pub const ZONE_MS: i64 = 8 * HOUR_MS;

/// What is true of a person, whatever the box thinks.
#[derive(Debug, Clone, Default)]
pub struct PersonTruth {
    /// Consent to marketing, while the run lasts.
    pub consent: bool,
    /// Of age.
    pub adult: bool,
    /// Younger than 14.
    pub child: bool,
    /// On the official list.
    pub do_not_call: bool,
}

#[derive(Debug, Clone)]
struct IntentTruth {
    call: CallId,
    subject: SubjectId,
    at: UnixMs,
    expires_boot_ms: u64,
}

#[derive(Debug, Clone)]
struct Dial {
    call: CallId,
    /// The day a call counts for is that of its decision.
    wall: UnixMs,
    reached: bool,
    answered: bool,
    over: bool,
    subject: SubjectId,
}

/// Everything that is true.
#[derive(Debug, Default)]
pub struct Truth {
    /// The persons.
    pub people: BTreeMap<SubjectId, PersonTruth>,
    /// The class of each campaign.
    pub classes: BTreeMap<CampaignId, CampaignClass>,
    /// Days without marketing, as days of the epoch in the site's zone.
    pub holidays: BTreeSet<i64>,
    /// The newest durable entry known.
    pub durable: u64,
    /// Wrap-ups that were acknowledged to an agent.
    pub wrapped: BTreeSet<CallId>,
    /// Calls reached, for the report.
    pub calls: u64,
    /// Opt-outs acknowledged, for the report.
    pub opt_outs: u64,
    refused: BTreeMap<CampaignId, u64>,
    placed: BTreeMap<CampaignId, u64>,
    newest: i64,
    running: BTreeSet<CampaignId>,
    list_issued: Option<UnixMs>,
    intents: BTreeMap<CallId, IntentTruth>,
    last_intent: BTreeMap<SubjectId, CallId>,
    dials: BTreeMap<String, Dial>,
    by_person: BTreeMap<SubjectId, Vec<String>>,
    blocked: BTreeMap<SubjectId, u64>,
    opt_out_facts: BTreeSet<(CallId, u32)>,
    connected: BTreeMap<CallId, AgentId>,
    unsynchronised: Vec<(u64, u64)>,
}

impl Truth {
    /// An entry became durable.
    ///
    /// # Errors
    /// The invariant it breaks.
    pub fn entry(&mut self, seq: u64, at: UnixMs, event: &Event) -> Result<(), String> {
        if seq <= self.durable {
            return Ok(());
        }
        self.durable = seq;
        match event {
            Event::Intent { intent } => {
                let decided = intent.expires_boot_ms.saturating_sub(TICKET_LIFE_MS);
                self.lawful(seq, at, decided, intent.subject, intent.campaign)?;
                let known = IntentTruth {
                    call: CallId(seq),
                    subject: intent.subject,
                    at,
                    expires_boot_ms: intent.expires_boot_ms,
                };
                self.intents.insert(CallId(seq), known);
                self.last_intent.insert(intent.subject, CallId(seq));
                *self.placed.entry(intent.campaign).or_default() += 1;
            }
            Event::GateRefused { campaign, .. } => *self.refused.entry(*campaign).or_default() += 1,
            Event::CampaignRuns { campaign, running } => {
                if *running {
                    self.running.insert(*campaign);
                } else {
                    self.running.remove(campaign);
                }
            }
            Event::DoNotCallImported { issued_at, .. } => self.list_issued = Some(*issued_at),
            Event::Blacklisted { subject, .. } => {
                self.blocked.entry(*subject).or_insert(seq);
            }
            Event::WrappedUp { call, disposition, .. } => {
                use idl::campaign::Disposition as D;
                if matches!(disposition, D::Refused | D::WrongPerson | D::Minor)
                    && let Some(intent) = self.intents.get(call)
                {
                    self.blocked.entry(intent.subject).or_insert(seq);
                }
            }
            Event::Fact { call, fact: StoredFact::AgentConnected(agent, _), .. } => {
                self.connected.insert(*call, *agent);
            }
            Event::Fact { call, fact: StoredFact::Ended(end), .. } => {
                if end.outcome == Outcome::Failed(FailCause::Declined)
                    && let Some(intent) = self.intents.get(call)
                {
                    self.blocked.entry(intent.subject).or_insert(seq);
                }
            }
            _ => {}
        }
        self.newest = self.newest.max(at.0);
        Ok(())
    }

    /// From here on nothing holds the wall clock, or something holds it again.
    pub fn clock(&mut self, now: u64, synchronised: bool) {
        if synchronised {
            if let Some(last) = self.unsynchronised.last_mut() {
                last.1 = now;
            }
        } else {
            self.unsynchronised.push((now, u64::MAX));
        }
    }

    /// Whether this decision was lawful at its instant.
    fn lawful(
        &self,
        seq: u64,
        at: UnixMs,
        decided: u64,
        subject: SubjectId,
        campaign: CampaignId,
    ) -> Result<(), String> {
        let fail = |what: &str| Err(format!("{what} (call-{seq}, at {at:?})"));
        let local = at.0 + ZONE_MS;
        let of_day = local.rem_euclid(DAY_MS);
        if !(8 * HOUR_MS..21 * HOUR_MS - MINUTE_MS).contains(&of_day) {
            return fail("CAM-01: dialled outside the calling hours");
        }
        if self.newest - at.0 > MINUTE_MS {
            return fail("CAM-01: dialled while the clock stood more than a minute before the ledger");
        }
        if self.unsynchronised.iter().any(|(from, to)| decided > *from && decided < *to) {
            return fail("CAM-01: dialled with a clock that nothing holds");
        }
        if !self.running.contains(&campaign) {
            return fail("a call of a campaign that does not run");
        }
        if self.blocked.get(&subject).is_some_and(|since| *since < seq) {
            return fail("CAM-04: dialled a person who opted out, declined or is blacklisted");
        }
        let Some(person) = self.people.get(&subject) else { return fail("dialled a stranger") };
        if person.child {
            return fail("CAM-09: dialled a child");
        }
        if self.classes.get(&campaign) != Some(&CampaignClass::Marketing) {
            return Ok(());
        }
        if self.holidays.contains(&local.div_euclid(DAY_MS)) {
            return fail("CAM-02: marketing on a statutory holiday");
        }
        if person.do_not_call {
            return fail("CAM-07: dialled a number of the do-not-call list");
        }
        if self.list_issued.is_none_or(|issued| at.since(issued) > 7 * DAY_MS) {
            return fail("CAM-07: dialled by a do-not-call list that is too old");
        }
        if !person.consent {
            return fail("CAM-08: dialled without consent");
        }
        if !person.adult {
            return fail("CAM-09: dialled a minor");
        }
        Ok(())
    }

    /// The box sends the first datagram of an INVITE.
    ///
    /// # Errors
    /// The invariant it breaks.
    pub fn invited(&mut self, now: u64, call_id: &str, number: &PhoneNumber) -> Result<(), String> {
        if self.dials.contains_key(call_id) {
            return Ok(());
        }
        let subject = subject_of(number);
        let Some(intent) = self.last_intent.get(&subject).and_then(|call| self.intents.get(call)) else {
            return Err("two keys: an INVITE without a durable intent".to_owned());
        };
        if now > intent.expires_boot_ms {
            return Err(format!("two keys: an INVITE with the lapsed ticket of {}", intent.call));
        }
        let dial = Dial {
            call: intent.call,
            wall: intent.at,
            reached: false,
            answered: false,
            over: false,
            subject,
        };
        self.dials.insert(call_id.to_owned(), dial);
        Ok(())
    }

    /// A phone is being rung.
    ///
    /// # Errors
    /// The invariant it breaks.
    pub fn reached(&mut self, _now: u64, call_id: &str, number: &PhoneNumber) -> Result<(), String> {
        let Some(dial) = self.dials.get_mut(call_id) else {
            return Err("two keys: a carrier has a call that the box never sent".to_owned());
        };
        let (wall, call, subject) = (dial.wall, dial.call, dial.subject);
        if subject != subject_of(number) {
            return Err("a carrier got another number than was sent".to_owned());
        }
        if std::mem::replace(&mut dial.reached, true) {
            // The same INVITE, sent again because nothing came back (RFC 3261 section 17.1.1.2), to a carrier
            // that forgot it when it died: the box made one call, and could not know.
            dial.over = false;
            return Ok(());
        }
        self.calls += 1;
        let before: Vec<&Dial> =
            self.by_person.get(&subject).into_iter().flatten().filter_map(|id| self.dials.get(id)).collect();
        let day = |at: UnixMs| (at.0 + ZONE_MS).div_euclid(DAY_MS);
        if before.iter().any(|dial| !dial.over) {
            return Err(format!("two calls to one person at once ({call})"));
        }
        if before.iter().any(|dial| dial.call == call) {
            return Err(format!("LIN-06: {call} rang twice with one ticket"));
        }
        if before.iter().any(|dial| day(dial.wall) == day(wall)) {
            return Err(format!("CAM-03: a person was rung twice in one day ({call})"));
        }
        if before.iter().filter(|dial| wall.since(dial.wall) < 7 * DAY_MS).count() >= 3 {
            return Err(format!("CAM-03: a person was rung four times in seven days ({call})"));
        }
        let unanswered = |dial: &&&Dial| !dial.answered && wall.since(dial.wall) < 30 * DAY_MS;
        if before.iter().filter(unanswered).count() >= 3 {
            return Err(format!("CAM-03: a person was rung beyond the retry budget ({call})"));
        }
        self.by_person.entry(subject).or_default().push(call_id.to_owned());
        Ok(())
    }

    /// A callee answered.
    pub fn answered(&mut self, call_id: &str) {
        if let Some(dial) = self.dials.get_mut(call_id) {
            dial.answered = true;
        }
    }

    /// A leg at a carrier is over.
    pub fn leg_over(&mut self, call_id: &str) {
        if let Some(dial) = self.dials.get_mut(call_id) {
            dial.over = true;
        }
    }

    /// `lined` noted an opt-out as this fact.
    pub fn opt_out_noted(&mut self, call: CallId, seq: u32) {
        self.opt_out_facts.insert((call, seq));
    }

    /// The vault acknowledges a fact.
    pub fn fact_acknowledged(&mut self, call: CallId, seq: u32) {
        if self.opt_out_facts.remove(&(call, seq))
            && let Some(intent) = self.intents.get(&call)
        {
            self.opt_outs += 1;
            self.blocked.entry(intent.subject).or_insert(self.durable);
        }
    }

    /// Everything acknowledged must be in this state.
    ///
    /// # Errors
    /// The invariant it breaks.
    pub fn kept(&self, state: &State, calls: &Calls) -> Result<(), String> {
        for (subject, since) in &self.blocked {
            let declined = state.subjects.get(subject).is_some_and(|known| known.declined);
            if !declined && !state.blacklist.contains_key(subject) {
                return Err(format!(
                    "CAM-04: an opt-out acknowledged at entry {since} is not in the blacklist"
                ));
            }
        }
        for call in &self.wrapped {
            if calls.get(*call).is_none_or(|record| record.disposition.is_none()) {
                return Err(format!("CAM-15: the wrap-up of {call} was acknowledged and is lost"));
            }
        }
        for (call, intent) in &self.intents {
            let known = calls.get(*call).is_some_and(|record| record.intent.subject == intent.subject);
            if !known {
                return Err(format!("the intent of {call} is lost"));
            }
        }
        Ok(())
    }

    /// Whether the figures of the state are what the ledger tells, and add up.
    ///
    /// # Errors
    /// The figure that is wrong.
    pub fn figures(&self, state: &State) -> Result<(), String> {
        for (campaign, counts) in &state.counts {
            let told = |map: &BTreeMap<CampaignId, u64>| map.get(campaign).copied().unwrap_or(0);
            let failed: u64 = counts.failed.values().sum();
            let refused: u64 = counts.refused.values().sum();
            let sums = counts.placed == counts.answered + failed
                && counts.placed == told(&self.placed)
                && refused == told(&self.refused);
            if !sums {
                return Err(format!("the figures of {campaign} do not add up: {counts:?}"));
            }
        }
        Ok(())
    }

    /// Calls in which an agent spoke and that have no wrap-up.
    pub fn unwrapped(&self, calls: &Calls) -> Vec<(CallId, AgentId)> {
        let open = |call: &CallId| calls.get(*call).is_none_or(|record| record.disposition.is_none());
        self.connected.iter().filter(|(call, _)| open(call)).map(|(call, agent)| (*call, *agent)).collect()
    }
}

/// A ticket's life: its end tells the instant of the decision on the boot clock.
const TICKET_LIFE_MS: u64 = 10_000;
