//! The ledger as its auditor reads it, newest first. The files are read beside the core.

use super::ledger_words;
use super::page::Page;
use super::sight::Eyes;
use crate::admin::{Actor, Handled, Refusal};
use crate::command::{Job, LedgerFound, LedgerQuery, LedgerRead, ReadJob};
use crate::entries::{Entry, EntryResult, KINDS, Who};
use crate::vault::Vault;
use idl::admin::Answer;
use idl::views::{LedgerFilter, LedgerPage, LedgerRow};
use rights::{Field, Request};
use std::net::IpAddr;
use vocab::UnixMs;

impl Vault {
    pub(super) fn ledger_page(
        &mut self,
        actor: &Actor,
        filter: LedgerFilter,
        before: Option<u64>,
    ) -> Handled {
        // What is staged now is durable when the job is given out; this look itself is left out.
        let before = before.unwrap_or(u64::MAX).min(self.next_seq());
        self.look(actor, Request::LedgerPage.name(), None, None, "");
        let query = LedgerQuery { filter, before };
        self.work(Job::Read(ReadJob::Ledger { reply: actor.reply(), query }));
        Ok(None)
    }

    /// The worker has read a page.
    pub(crate) fn ledger_read(&mut self, read: LedgerRead) {
        let LedgerRead { reply, outcome } = read;
        let Some(actor) = self.actor_of(reply) else {
            return;
        };
        let answer = match outcome {
            Ok(LedgerFound { entries, next }) => self.ledger_rows(Eyes::of(&actor), &entries, next),
            Err(fault) => {
                log::error!("the ledger cannot be read: {fault}");
                Refusal::storage().into_answer()
            }
        };
        self.answer(reply.conn, reply.id, answer);
    }

    fn ledger_rows(&mut self, eyes: Eyes, entries: &[(u64, UnixMs, Entry)], mut next: Option<u64>) -> Answer {
        let mut page = Page::of(entries.len());
        for (seq, at, entry) in entries {
            let row = self.ledger_row(eyes, *seq, *at, entry);
            if !page.push(row) {
                // What does not fit the frame begins the next page.
                next = Some(seq + 1);
                break;
            }
        }
        Answer::LedgerPage(Box::new(LedgerPage {
            rows: page.into_rows(),
            next,
            entries: self.state.applied_seq,
            signed_up_to: self.heads.signed_up_to,
            kinds: KINDS.iter().map(|(kind, name)| (*kind, (*name).to_owned())).collect(),
        }))
    }

    fn ledger_row(&mut self, eyes: Eyes, seq: u64, at: UnixMs, entry: &Entry) -> LedgerRow {
        let person = entry
            .who
            .person()
            .map(|(person, role)| (person, eyes.text(Field::StaffLogin, &self.login_of(person)), role));
        let address = self.address_of(entry).filter(|_| eyes.clear(Field::SourceAddress));
        LedgerRow {
            seq,
            at,
            person,
            from: entry.from.name().to_owned(),
            address,
            kind: (entry.event.kind(), entry.event.name().to_owned()),
            what: ledger_words::of_entry(entry),
            refused: match &entry.result {
                EntryResult::Done => String::new(),
                EntryResult::Refused(code) => code.clone(),
            },
        }
    }

    /// Where an entry came from: its own source, or that of its session.
    fn address_of(&self, entry: &Entry) -> Option<IpAddr> {
        ledger_words::address_of(&entry.event).or_else(|| match entry.who {
            Who::Signed(_, _, session) | Who::AtConsole(_, _, session, _) => {
                self.state.accounts.sessions.get(&session).map(|session| session.source.address)
            }
            Who::Person(..) | Who::Process(_) => None,
        })
    }
}
