//! A customer as an agent sees them before and in a call: masked, with purpose, source, consent, the last
//! contacts, what is left of the attempts, and the approved script (CAM-13, CAM-14, CAM-18).
//!
//! It shows and decides nothing but whether there is a basis for the call; the gate decides at dialling.

use crate::entries::BatchEntry;
use crate::mask;
use crate::ports::{ConsentHeld, ContactPerson};
use crate::state::{BlacklistReason, Campaign};
use crate::vault::Vault;
use idl::admin::Role;
use idl::lines::PromptRole;
use idl::views::{ConsentState, ConsentView, CustomerCard};
use rights::Field;
use vocab::{CallId, CampaignClass, CampaignId, ContactId, DAY_MS, Outcome, Pii, RuleId, SubjectId, UnixMs};

impl Vault {
    /// The card of a contact of a campaign; what cannot be read of the person any more is empty.
    pub(crate) fn customer_card(
        &mut self,
        role: Role,
        contact: ContactId,
        campaign: CampaignId,
        but: Option<CallId>,
    ) -> Option<CustomerCard> {
        let known = self.state.campaigns.get(&campaign)?.clone();
        let (batch, _) = self.state.batch_of(contact)?;
        let (entry, imported_at) = (batch.entry.clone(), batch.imported_at);
        let read = self.read_contact(contact);
        let (subject, person) = read.map(|read| (read.subject, read.person)).unzip();
        let consent = self.consent_view(subject, person.as_ref(), &known.plan.purpose);
        let basis = has_basis(known.plan.class, &consent, &entry);
        let text = |field: Field, pick: fn(&ContactPerson) -> &Option<Pii<String>>| {
            mask::whole(role, field, || {
                person.as_ref().map_or_else(String::new, |person| reveal(pick(person)))
            })
        };
        let consent_shown = rights::sight(role, Field::Consent) == rights::Sight::Clear;
        Some(CustomerCard {
            contact,
            campaign: (campaign, known.plan.name.clone()),
            purpose: known.plan.purpose.clone(),
            number: person.as_ref().map_or_else(String::new, |person| mask::number(role, &person.number)),
            name: person.as_ref().map_or_else(String::new, |person| mask::name(role, &reveal(&person.name))),
            order_no: text(Field::OrderNo, |person| &person.order_no),
            demand: text(Field::Demand, |person| &person.demand),
            tag: text(Field::Tag, |person| &person.tag),
            issue: text(Field::Issue, |person| &person.issue),
            source: mask::whole(role, Field::Source, || clipped(&entry.source)),
            imported_at,
            consent: if consent_shown { consent } else { ConsentView::default() },
            basis,
            last: self.last_contacts(subject, but),
            quota: self.quota_left(subject, known.plan.class),
            script: self.script_parts(&known),
        })
    }

    /// A consent for a purpose, as the gate would judge it now (CAM-08).
    pub(crate) fn consent_view(
        &self,
        subject: Option<SubjectId>,
        person: Option<&ContactPerson>,
        purpose: &str,
    ) -> ConsentView {
        let reason = subject.and_then(|subject| self.state.blacklist.get(&subject));
        let withdrawn = matches!(reason, Some(BlacklistReason::OptOut | BlacklistReason::Refused));
        let Some(held) = person.and_then(|person| person.consent.as_ref()) else {
            let state = if withdrawn { ConsentState::Withdrawn } else { ConsentState::None };
            return ConsentView { state, ..ConsentView::default() };
        };
        let longest = held.given_at.plus(i64::from(self.state.policy.consent_max_days) * DAY_MS);
        let expires_at = held.expires_at.map_or(longest, |at| at.min(longest));
        ConsentView {
            state: consent_state(held, withdrawn, purpose, expires_at, self.clock.now),
            purpose: clipped(&held.purpose),
            given_at: Some(held.given_at),
            expires_at: Some(expires_at),
            channel: clipped(&held.channel),
            evidence: reveal(&held.evidence),
        }
    }

    /// Attempts left today and within seven days.
    pub(crate) fn quota_left(&self, subject: Option<SubjectId>, class: CampaignClass) -> (u32, u32) {
        let known = subject.and_then(|subject| self.state.subjects.get(&subject));
        let attempts: Vec<gate::Attempt> =
            known.map_or_else(Vec::new, |known| known.attempts.iter().map(|(_, made)| *made).collect());
        gate::quota(&self.state.policy, class, &attempts, self.clock.now)
    }

    fn last_contacts(
        &self,
        subject: Option<SubjectId>,
        but: Option<CallId>,
    ) -> Vec<(UnixMs, Option<Outcome>)> {
        let known = subject.and_then(|subject| self.state.subjects.get(&subject));
        let Some(known) = known else {
            return Vec::new();
        };
        let others = known.attempts.iter().rev().filter(|(call, _)| Some(*call) != but);
        let told = |(call, made): &(CallId, gate::Attempt)| {
            (made.at, self.calls.get(*call).and_then(|record| record.outcome))
        };
        others.take(MAX_LAST_CONTACTS).map(told).collect()
    }

    fn script_parts(&self, campaign: &Campaign) -> Vec<(PromptRole, String)> {
        let Some(script) = self.state.scripts.get(&campaign.plan.script) else {
            return Vec::new();
        };
        let text = |(role, object): &(PromptRole, vocab::ObjectHash)| {
            self.state.prompts.get(object).map(|prompt| (*role, prompt.text.clone()))
        };
        let mut parts: Vec<_> = script.prompts.iter().filter_map(text).collect();
        parts.sort_by_key(|(role, _)| *role);
        let mut room = MAX_SCRIPT_BYTES;
        parts.retain(|(_, text)| {
            let fits = text.len() <= room;
            room = room.saturating_sub(text.len());
            fits
        });
        parts
    }
}

/// A good consent is a basis; a source is one where the class needs no consent, until the person says no.
fn has_basis(class: CampaignClass, consent: &ConsentView, batch: &BatchEntry) -> bool {
    let governs = |rule: RuleId| gate::scope(rule, class) != gate::Scope::Never;
    match consent.state {
        ConsentState::Good => true,
        ConsentState::Withdrawn if governs(RuleId::Blacklist) => false,
        ConsentState::Withdrawn
        | ConsentState::None
        | ConsentState::Expired
        | ConsentState::OtherPurpose
        | ConsentState::NoEvidence => !governs(RuleId::Consent) && !batch.source.trim().is_empty(),
    }
}

fn consent_state(
    held: &ConsentHeld,
    withdrawn: bool,
    purpose: &str,
    expires_at: UnixMs,
    now: UnixMs,
) -> ConsentState {
    if withdrawn {
        ConsentState::Withdrawn
    } else if held.purpose != purpose {
        ConsentState::OtherPurpose
    } else if held.evidence.is_none() {
        ConsentState::NoEvidence
    } else if now >= expires_at || held.given_at > now {
        ConsentState::Expired
    } else {
        ConsentState::Good
    }
}

fn reveal(text: &Option<Pii<String>>) -> String {
    text.as_ref().map_or_else(String::new, |text| clipped(text.reveal()))
}

/// Records of a list may be long; a card with its script fits a frame.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_FIELD_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Characters of a field on a card.
const MAX_FIELD_CHARS: usize = 500;
/// Bytes of a script on a card: sixteen prompts of usual length.
const MAX_SCRIPT_BYTES: usize = 32 * 1024;
/// Earlier contacts shown.
const MAX_LAST_CONTACTS: usize = 5;
