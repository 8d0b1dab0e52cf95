//! Trunks with their past, groups, caller numbers, phones. Passwords never leave the state.

use super::overview::MAX_REASON_BYTES;
use super::page::{MAX_PAGE_BYTES, Page};
use super::sight::{Eyes, cut};
use crate::state::CallerNumber;
use crate::vault::Vault;
use idl::admin::Role;
use idl::spans::MAX_SPANS;
use idl::views::{LinesView, NumberView, PhoneView, TrunkLive, TrunkView};
use rights::{Field, Request};
use vocab::{AgentId, PersonId, PhoneNumber};

impl Vault {
    pub(super) fn lines_view(&mut self, eyes: Eyes) -> LinesView {
        let lives = self.trunks_live();
        let mut trunks = Page::within(MAX_TRUNKS, MAX_PAGE_BYTES * 7 / 16);
        for live in lives {
            if let Some(view) = self.trunk_view(live)
                && !trunks.push(view)
            {
                break;
            }
        }
        let numbers: Vec<(PhoneNumber, CallerNumber)> =
            self.state.numbers.iter().map(|(number, known)| (*number, known.clone())).collect();
        let mut shown = Page::within(MAX_NUMBERS, MAX_PAGE_BYTES / 4);
        for (number, known) in &numbers {
            let view = self.number_view(eyes, number, known);
            if !shown.push(view) {
                break;
            }
        }
        let mut span_trunks = Page::within(MAX_SPANS, MAX_PAGE_BYTES / 16);
        for span in self.state.cards.spans.values() {
            if !span_trunks.push((span.trunk, span.name.clone())) {
                break;
            }
        }
        LinesView {
            trunks: trunks.into_rows(),
            groups: self.state.groups.values().cloned().collect(),
            numbers: shown.into_rows(),
            phones: self.phone_views(eyes),
            phoneless: self.phoneless(eyes),
            phones_allow_udp: self.state.phones_allow_udp,
            span_trunks: span_trunks.into_rows(),
        }
    }

    fn trunk_view(&self, live: TrunkLive) -> Option<TrunkView> {
        let config = self.state.trunks.get(&live.id)?;
        let past = self.state.seen.past_of(live.id);
        let account = config.account.as_ref();
        Some(TrunkView {
            host: config.host.clone(),
            port: config.port,
            transport: config.transport,
            ca: config.ca_pem.is_some(),
            tls_name: config.tls_name.clone(),
            srtp: config.srtp,
            account: account.map(|account| (account.user.clone(), account.register, account.expires_s)),
            options_interval_s: config.options_interval_s,
            symmetric_rtp: config.symmetric_rtp,
            codecs: config.codecs.clone(),
            history: past
                .map(|status| (status.since, status.state, cut(&status.reason, MAX_REASON_BYTES)))
                .collect(),
            live,
        })
    }

    fn number_view(&mut self, eyes: Eyes, number: &PhoneNumber, known: &CallerNumber) -> NumberView {
        let may_approve = eyes.may(Request::ApproveCallerNumber)
            && known.approved_by.is_none()
            && known.entered_by != eyes.id;
        NumberView {
            number: eyes.own_number(number),
            groups: known.groups.clone(),
            contract: known.contract.clone(),
            valid_to: known.valid_to,
            entered_by: self.colleague(eyes, known.entered_by),
            approved_by: known.approved_by.map(|person| self.colleague(eyes, person)),
            may_approve,
        }
    }

    fn phone_views(&self, eyes: Eyes) -> Vec<PhoneView> {
        let mut page = Page::within(idl::MAX_PAGE_ITEMS, MAX_PAGE_BYTES / 8);
        for phone in self.state.phones.values() {
            let view = PhoneView {
                agent: phone.agent,
                login: eyes.text(Field::StaffLogin, &self.login_of(PersonId(phone.agent.0))),
                user: phone.user.clone(),
                srtp: phone.srtp,
                md5: phone.ha1_md5.is_some(),
                registered: self.phone_registered(phone.agent),
            };
            if !page.push(view) {
                break;
            }
        }
        page.into_rows()
    }

    fn phoneless(&self, eyes: Eyes) -> Vec<(PersonId, String)> {
        let mut page = Page::within(idl::MAX_PAGE_ITEMS, MAX_PAGE_BYTES / 8);
        for (id, person) in &self.state.people {
            let lacks = person.role == Role::Agent && !self.state.has_phone(AgentId(id.0));
            if lacks && !page.push((*id, eyes.text(Field::StaffLogin, &self.login_of(*id)))) {
                break;
            }
        }
        page.into_rows()
    }
}

const MAX_TRUNKS: usize = 64;
/// Caller numbers of one answer.
const MAX_NUMBERS: usize = 128;
