//! Batches, and their contacts with consents: pages of few rows, found within a bounded search.

use super::page::Page;
use super::sight::{Eyes, cut};
use crate::admin::{Actor, Handled, Refusal};
use crate::dial::list_hash;
use crate::entries::BatchEntry;
use crate::ports::{ContactPerson, StoredRow};
use crate::seal::Purpose;
use crate::state::{Batch, BlacklistReason};
use crate::vault::Vault;
use idl::admin::Answer;
use idl::views::{BatchView, Blocked, ConsentState, ConsentView, ContactFilter, ContactView, ContactsPage};
use rights::{Field, Request};
use vocab::{ContactId, DAY_MS, Pii, SubjectId};

impl Vault {
    pub(super) fn batches(&mut self, eyes: Eyes, before: Option<u64>) -> Vec<BatchView> {
        let older = self.state.batches.range(..before.unwrap_or(u64::MAX)).rev();
        let reached = older.filter(|(_, batch)| eyes.reaches(batch.entry.department));
        let batches: Vec<Batch> = reached.take(BATCHES_A_PAGE).map(|(_, batch)| batch.clone()).collect();
        let mut page = Page::of(BATCHES_A_PAGE);
        for batch in batches {
            let view = self.batch_view(eyes, &batch);
            if !page.push(view) {
                break;
            }
        }
        page.into_rows()
    }

    fn batch_view(&mut self, eyes: Eyes, batch: &Batch) -> BatchView {
        let entry = &batch.entry;
        let may_release =
            eyes.may(Request::ReleaseBatch) && batch.released_by.is_none() && batch.imported_by != eyes.id;
        BatchView {
            batch: entry.batch,
            file: entry.file.clone(),
            rows: entry.rows,
            purpose: entry.purpose.clone(),
            department: self.department_seen(entry.department),
            source: eyes.text(Field::Source, &entry.source),
            imported_by: self.colleague(eyes, batch.imported_by),
            imported_at: batch.imported_at,
            released_by: batch.released_by.map(|person| self.colleague(eyes, person)),
            may_release,
        }
    }

    pub(super) fn contacts(
        &mut self,
        actor: &Actor,
        eyes: Eyes,
        batch: u64,
        from_row: u64,
        only: ContactFilter,
    ) -> Handled {
        let known = self.state.batches.get(&batch).ok_or_else(|| Refusal::unknown("batch"))?.clone();
        eyes.reach(known.entry.department, "batch")?;
        let entry = &known.entry;
        let mut page = Page::of(CONTACTS_A_PAGE);
        let mut row = from_row;
        let end = entry.rows.min(from_row.saturating_add(ROWS_SEARCHED));
        while row < end {
            let Some(stored) = self.ports.contacts.row(entry, row) else {
                row += 1;
                continue;
            };
            if let Some(view) = self.contact_view(eyes, entry, row, &stored, only)
                && !page.push(view)
            {
                break;
            }
            row += 1;
        }
        self.look(actor, Request::Contacts.name(), None, None, "");
        let next_row = (row < entry.rows).then_some(row);
        let page = ContactsPage { batch: self.batch_view(eyes, &known), rows: page.into_rows(), next_row };
        Ok(Some(Answer::Contacts(Box::new(page))))
    }

    fn contact_view(
        &self,
        eyes: Eyes,
        batch: &BatchEntry,
        row: u64,
        stored: &StoredRow,
        only: ContactFilter,
    ) -> Option<ContactView> {
        let blocked = self.blocked_by(stored.subject);
        if only == ContactFilter::Blocked && blocked.is_none() {
            return None;
        }
        // A person whose key was destroyed is shown as a row without data.
        let person: Option<ContactPerson> = self.open_of(stored.subject, Purpose::Contact, &stored.person);
        let consent = self.consent_seen(eyes, stored.subject, person.as_ref(), &batch.purpose);
        let fits = match only {
            ContactFilter::All | ContactFilter::Blocked => true,
            ContactFilter::Consented => consent.state == ConsentState::Good,
            ContactFilter::Unconsented => consent.state != ConsentState::Good,
        };
        if !fits {
            return None;
        }
        let person = person.as_ref();
        let text = |field, value: Option<&Pii<String>>| {
            eyes.text(field, value.map_or("", |value| value.reveal().as_str()))
        };
        let name = person.and_then(|person| person.name.as_ref());
        Some(ContactView {
            contact: ContactId(batch.first.0 + row),
            row,
            number: eyes.number(person.map(|person| &person.number)),
            name: eyes.name(Field::CustomerName, name.map_or("", |name| name.reveal().as_str())),
            order_no: text(Field::OrderNo, person.and_then(|person| person.order_no.as_ref())),
            demand: text(Field::Demand, person.and_then(|person| person.demand.as_ref())),
            tag: text(Field::Tag, person.and_then(|person| person.tag.as_ref())),
            consent,
            blocked,
            attempts_7d: self.attempts_within(stored.subject, WEEK_DAYS),
        })
    }

    /// The person behind a contact, if the row and the person's key are there.
    pub(crate) fn person_of(&mut self, contact: ContactId) -> Option<ContactPerson> {
        let (batch, row) = self.state.batch_of(contact)?;
        let entry = batch.entry.clone();
        let stored = self.ports.contacts.row(&entry, row)?;
        self.open_of(stored.subject, Purpose::Contact, &stored.person)
    }

    /// Why a number is not to be called.
    pub(crate) fn blocked_by(&self, subject: SubjectId) -> Option<Blocked> {
        let internal = self.state.blacklist.get(&subject).map(|reason| blocked_as(*reason));
        internal.or_else(|| self.on_official_list(subject).then_some(Blocked::Official))
    }

    pub(super) fn on_official_list(&self, subject: SubjectId) -> bool {
        self.dnc.as_ref().is_some_and(|list| list.contains(list_hash(subject)))
    }

    /// Consent within the asker's sight: its state is a figure, the rest is data of the person.
    fn consent_seen(
        &self,
        eyes: Eyes,
        stored: SubjectId,
        person: Option<&ContactPerson>,
        purpose: &str,
    ) -> ConsentView {
        let held = self.consent_view(Some(stored), person, purpose);
        if !eyes.clear(Field::Consent) {
            return ConsentView { state: held.state, ..ConsentView::default() };
        }
        ConsentView {
            purpose: cut(&held.purpose, MAX_CONSENT_BYTES),
            channel: cut(&held.channel, MAX_CONSENT_BYTES),
            evidence: cut(&held.evidence, MAX_CONSENT_BYTES),
            ..held
        }
    }

    pub(crate) fn attempts_within(&self, subject: SubjectId, days: i64) -> u32 {
        let since = self.clock.now.plus(-days * DAY_MS);
        let known = self.state.subjects.get(&subject);
        let count =
            known.map_or(0, |known| known.attempts.iter().filter(|(_, attempt)| attempt.at >= since).count());
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// A reason in the pages' words.
pub(super) const fn blocked_as(reason: BlacklistReason) -> Blocked {
    match reason {
        BlacklistReason::Entered => Blocked::Entered,
        BlacklistReason::OptOut => Blocked::OptOut,
        BlacklistReason::Refused => Blocked::Refused,
        BlacklistReason::WrongPerson => Blocked::WrongPerson,
        BlacklistReason::Minor => Blocked::Minor,
    }
}

const BATCHES_A_PAGE: usize = 50;
const CONTACTS_A_PAGE: usize = 50;
/// Rows looked at for one page, so that a filter never holds the core for long.
const ROWS_SEARCHED: u64 = 1_024;
const MAX_CONSENT_BYTES: usize = 128;
const WEEK_DAYS: i64 = 7;
