//! What is known of a number, and the lists of those not to be called.

use super::contacts::blocked_as;
use super::page::Page;
use super::sight::Eyes;
use crate::admin::{Actor, Handled, Refusal};
use crate::seal::{Purpose, open};
use crate::state::BlockedKept;
use crate::vault::Vault;
use idl::admin::Answer;
use idl::views::{Blocked, BlockedRow, DncView, NumberCard};
use rights::Request;
use vocab::{CallId, CampaignClass, DAY_MS, PhoneNumber, Pii, UnixMs};

impl Vault {
    pub(super) fn lookup(&mut self, actor: &Actor, eyes: Eyes, number: &Pii<String>) -> Handled {
        let number = PhoneNumber::parse(number.reveal()).map_err(|_| Refusal::number())?;
        let subject = self.ports.keys.subject_of(&number);
        let mut blocked = Vec::new();
        if let Some(reason) = self.state.blacklist.get(&subject) {
            let since = self.state.seen.blocked_before(u64::MAX).find(|(_, kept)| kept.subject == subject);
            blocked.push((blocked_as(*reason), since.map(|(_, kept)| kept.at)));
        }
        if self.on_official_list(subject) {
            blocked.push((Blocked::Official, self.state.dnc.as_ref().map(|list| list.issued_at)));
        }
        let known = self.state.subjects.get(&subject);
        let declined = known.is_some_and(|known| known.declined);
        let in_call = known.is_some_and(|known| known.in_call.is_some());
        let all: Vec<(CallId, UnixMs)> = known
            .map(|known| known.attempts.iter().map(|(call, attempt)| (*call, attempt.at)).collect())
            .unwrap_or_default();
        let since = self.clock.now.plus(-ATTEMPT_DAYS * DAY_MS);
        let mut attempts: Vec<(CallId, UnixMs)> =
            all.into_iter().filter(|(call, at)| *at >= since && self.call_reached(eyes, *call)).collect();
        attempts.sort_unstable_by(|a, b| b.cmp(a));
        attempts.truncate(gate::MAX_ATTEMPTS);
        let card = NumberCard {
            number: eyes.number(Some(&number)),
            blocked,
            declined,
            attempts,
            quota: self.quota_left(Some(subject), CampaignClass::Marketing),
            in_call,
        };
        self.look(actor, Request::Lookup.name(), None, None, "");
        Ok(Some(Answer::Number(Box::new(card))))
    }

    fn call_reached(&self, eyes: Eyes, call: CallId) -> bool {
        let campaign = || self.calls.get(call).map(|record| record.intent.campaign);
        !eyes.bound() || campaign().is_some_and(|campaign| self.campaign_reached(eyes, campaign))
    }

    pub(super) fn do_not_call(&mut self, actor: &Actor, eyes: Eyes, before: Option<u64>) -> Answer {
        let older = self.state.seen.blocked_before(before.unwrap_or(u64::MAX));
        let kept: Vec<(u64, BlockedKept)> =
            older.take(ROWS_A_PAGE).map(|(seq, kept)| (seq, kept.clone())).collect();
        let mut page = Page::of(ROWS_A_PAGE);
        for (seq, kept) in kept {
            let row = self.blocked_row(eyes, seq, &kept);
            if !page.push(row) {
                break;
            }
        }
        // The list's figures alone are no look at anybody.
        if !page.is_empty() {
            self.look(actor, Request::DoNotCall.name(), None, None, "");
        }
        let list = self.state.dnc.as_ref();
        Answer::DoNotCall(Box::new(DncView {
            official: list.map(|list| (list.issued_at, list.imported_at, list.entries)),
            max_age_days: u32::from(self.state.policy.dnc_max_age_days),
            internal: self.state.blacklist.len() as u64,
            rows: page.into_rows(),
        }))
    }

    /// The blacklist holds for the whole company, so every row is there; calls of other departments are not
    /// named.
    fn blocked_row(&mut self, eyes: Eyes, seq: u64, kept: &BlockedKept) -> BlockedRow {
        let number = match (&kept.number, kept.call) {
            (Some(sealed), _) => {
                open::<PhoneNumber>(&self.ports.keys.blacklist_key(), Purpose::Blacklist, sealed)
            }
            (None, Some((_, contact))) => self.person_of(contact).map(|person| person.number),
            (None, None) => None,
        };
        BlockedRow {
            seq,
            at: kept.at,
            number: eyes.number(number.as_ref()),
            reason: blocked_as(kept.reason),
            by: kept.by,
            call: kept.call.map(|(call, _)| call).filter(|call| self.call_reached(eyes, *call)),
            person: kept.person.map(|person| self.colleague(eyes, person)),
        }
    }
}

const ROWS_A_PAGE: usize = 50;
/// Attempts are shown so far back.
const ATTEMPT_DAYS: i64 = 31;
