//! The rules about the person and the contact: refusals, lists, consent, age, purpose.
//!
//! Times of the records are compared with the instant of dialling; a record from the future is not trusted.

use super::{Answer, Case, decide, missing, refuse};
use crate::civil;
use crate::facts::{ConsentFacts, ContactFacts};
use crate::matrix::Scope;
use crate::reason::{Input, Refusal};
use jiff::civil::Date;
use vocab::DAY_MS;

/// Marketing calls nobody younger (CAM-09).
const ADULT_YEARS: i16 = 18;
/// Younger children need a guardian's consent for any processing (CAM-09).
const GUARDIAN_YEARS: i16 = 14;

impl Case<'_> {
    pub(super) fn declined(&self) -> Answer {
        let Some(person) = self.facts.person else {
            return missing(Input::Person);
        };
        decide(person.version, person.declined.then_some(Refusal::Declined))
    }

    pub(super) fn blacklist(&self) -> Answer {
        let Some(list) = self.facts.blacklist else {
            return missing(Input::Blacklist);
        };
        decide(list.version, list.hit.then_some(Refusal::Blacklisted))
    }

    pub(super) fn do_not_call(&self) -> Answer {
        let Some(list) = self.facts.dnc else {
            return missing(Input::DoNotCall);
        };
        let max_days = self.policy.dnc_max_age_days;
        let age_ms = self.now.since(list.imported_at);
        let found = if list.hit {
            Some(Refusal::OnDoNotCallList)
        } else if age_ms < 0 {
            Some(Refusal::DatedInFuture(Input::DoNotCall))
        } else if age_ms > i64::from(max_days) * DAY_MS {
            Some(Refusal::DoNotCallListStale { age_days: age_ms / DAY_MS, max_days })
        } else {
            None
        };
        decide(list.version, found)
    }

    pub(super) fn consent(&self) -> Answer {
        let Some(campaign) = self.facts.campaign else {
            return missing(Input::Campaign);
        };
        let Some(contact) = self.facts.contact else {
            return missing(Input::Contact);
        };
        let Some(consent) = contact.consent else {
            return refuse(contact.version, Refusal::ConsentMissing);
        };
        decide(consent.version, self.consent_fault(&consent, campaign.purpose))
    }

    fn consent_fault(&self, consent: &ConsentFacts<'_>, purpose: &str) -> Option<Refusal> {
        let longest = consent.given_at.plus(i64::from(self.policy.consent_max_days) * DAY_MS);
        let ends = consent.expires_at.min(longest);
        if consent.withdrawn_at.is_some() {
            Some(Refusal::ConsentWithdrawn)
        } else if consent.purpose != purpose {
            Some(Refusal::ConsentOtherPurpose)
        } else if !consent.evidence_ok {
            Some(Refusal::ConsentEvidenceBroken)
        } else if consent.given_at > self.now {
            Some(Refusal::DatedInFuture(Input::Contact))
        } else if self.now >= ends {
            Some(Refusal::ConsentExpired { at: ends })
        } else {
            None
        }
    }

    pub(super) fn forbidden_group(&self, scope: Scope) -> Answer {
        let Some(contact) = self.facts.contact else {
            return missing(Input::Contact);
        };
        let Some(local) = civil::local(&self.zone, self.now) else {
            return refuse(contact.version, Refusal::NoCivilTime);
        };
        let found = child(&contact, local.date)
            .or_else(|| if scope == Scope::ChildrenOnly { None } else { minor(&contact, local.date) });
        decide(contact.version, found)
    }

    pub(super) fn purpose(&self) -> Answer {
        let Some(campaign) = self.facts.campaign else {
            return missing(Input::Campaign);
        };
        let Some(contact) = self.facts.contact else {
            return missing(Input::Contact);
        };
        let found = if campaign.purpose.is_empty() {
            Some(Refusal::PurposeEmpty)
        } else if campaign.purpose != contact.purpose {
            Some(Refusal::OtherPurpose)
        } else {
            None
        };
        decide(contact.version, found)
    }
}

fn child(contact: &ContactFacts<'_>, today: Date) -> Option<Refusal> {
    let age = civil::age_years(contact.birth?, today);
    (age < GUARDIAN_YEARS && !contact.guardian_consent).then_some(Refusal::GuardianConsentMissing)
}

fn minor(contact: &ContactFacts<'_>, today: Date) -> Option<Refusal> {
    if contact.answered_by_child {
        return Some(Refusal::AnsweredByChild);
    }
    match contact.birth {
        // Also of a birth date in the future: an age below zero.
        Some(birth) => (civil::age_years(birth, today) < ADULT_YEARS).then_some(Refusal::Minor),
        None => (!contact.adult_attested).then_some(Refusal::AgeUnknown),
    }
}
