//! What an entry says, as `field=value` pairs for its auditor: ids, figures and the company's own words. No
//! customer's number, name, note or key, and no secret of the site, whoever asks.

use super::sight::cut;
use crate::entries::{ConsoleEvent, CustodyEvent, Entry, Event, LineGroupEvent, StoredFact};
use custodians::SetId;
use gate::RuleResult;
use idl::lines::{PromptRole, TrunkConfig};
use std::fmt::Display;
use std::net::IpAddr;
use vocab::{Outcome, PhoneNumber, UnixMs};

/// Pairs being collected.
#[derive(Debug, Default)]
pub(super) struct Words(Vec<(String, String)>);

impl Words {
    pub(super) fn say(mut self, field: &str, value: impl Display) -> Self {
        self.0.push((field.to_owned(), cut(&value.to_string(), MAX_VALUE_BYTES)));
        self
    }

    pub(super) fn time(self, field: &str, at: UnixMs) -> Self {
        let text =
            jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string());
        self.say(field, text)
    }

    pub(super) fn some(self, field: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.say(field, value),
            None => self,
        }
    }

    pub(super) fn all<T: Display>(self, field: &str, values: impl IntoIterator<Item = T>) -> Self {
        let all: Vec<String> = values.into_iter().take(MAX_LISTED).map(|value| value.to_string()).collect();
        self.say(field, all.join(", "))
    }

    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

/// The pairs of an entry: those of its event, and the ticket if the console was opened for one.
pub(super) fn of_entry(entry: &Entry) -> Vec<(String, String)> {
    let mut words = of_event(&entry.event);
    if let Some(ticket) = entry.who.ticket() {
        words.push(("ticket".to_owned(), ticket.to_string()));
    }
    words
}

fn of_console(words: Words, event: &ConsoleEvent) -> Words {
    match event {
        ConsoleEvent::Recorded { session, person, ticket, pieces, bytes, length_ms, sha256 } => words
            .say("what", "recorded")
            .say("session", session.0)
            .say("person", person)
            .say("ticket", ticket)
            .say("pieces", pieces)
            .say("bytes", bytes)
            .say("length_ms", length_ms)
            .say("sha256", data_encoding::HEXLOWER.encode(sha256)),
        ConsoleEvent::Read { session } => words.say("what", "read").say("session", session.0),
        ConsoleEvent::Expired { session } => words.say("what", "expired").say("session", session.0),
    }
}

fn of_custody(words: Words, event: &CustodyEvent) -> Words {
    let all = |words: Words, custodians: &[vocab::PersonId]| {
        words.all("custodians", custodians.iter().map(|id| id.0))
    };
    match event {
        CustodyEvent::Begun { set, custodians } => {
            all(words.say("what", "made").say("set", SetId(*set)), custodians)
        }
        CustodyEvent::Taken { set, number } => {
            words.say("what", "taken").say("set", SetId(*set)).say("number", number)
        }
        CustodyEvent::InForce { set, custodians } => {
            all(words.say("what", "in-force").say("set", SetId(*set)), custodians)
        }
        CustodyEvent::Recovered { set } => words.say("what", "recovered").say("set", SetId(*set)),
        CustodyEvent::SigningKeyReplaced { former, current } => words
            .say("what", "signing-key")
            .say("former", data_encoding::HEXLOWER.encode(former))
            .say("current", data_encoding::HEXLOWER.encode(current)),
    }
}

fn of_line_group(words: Words, event: &LineGroupEvent) -> Words {
    match event {
        LineGroupEvent::Set { group, name, members } => words
            .say("what", "changed")
            .say("group", group)
            .say("name", name)
            .all("trunks", members.iter().map(|member| member.trunk)),
        LineGroupEvent::Removed { group } => words.say("what", "removed").say("group", group),
    }
}

/// The pairs of an event.
fn of_event(event: &Event) -> Vec<(String, String)> {
    let words = Words::default();
    let words = match event {
        Event::Genesis { tpm } => words.say("tpm", tpm),
        Event::Started { cut_bytes } => words.say("cut_bytes", cut_bytes),
        Event::Stopped {} | Event::RootKeyResealed {} => words,
        Event::Commissioned { company, zone, administrators, .. } => {
            words.say("company", company).say("zone", zone).say("administrators", administrators.len())
        }
        Event::Custody { event } => of_custody(words, event),
        Event::DepartmentAdded { name } => words.say("name", name),
        Event::PersonAdded { role, department, .. } => {
            words.say("role", format!("{role:?}")).some("department", department.as_ref())
        }
        Event::PhoneSet { phone } => {
            let md5 = phone.ha1_md5.is_some();
            words.say("agent", phone.agent).say("user", &phone.user).say("md5", md5)
        }
        Event::UdpPhonesAllowed { allow } => words.say("allow", allow),
        Event::TrunkSet { trunk } => of_trunk(words, trunk),
        Event::LineGroupAdded { name, members } => {
            words.say("name", name).all("trunks", members.iter().map(|member| member.trunk))
        }
        Event::LineGroup { event } => of_line_group(words, event),
        Event::Network { event } => super::network_words::of_network(words, event),
        Event::Console { event } => of_console(words, event),
        Event::CallerNumberAdded { number, groups, contract, valid_to } => words
            .say("number", own(number.reveal()))
            .all("groups", groups)
            .say("contract", contract)
            .time("valid_to", *valid_to),
        Event::CallerNumberApproved { number } => words.say("number", own(number.reveal())),
        Event::HolidaysLoaded { calendar } => {
            words.say("year", calendar.year()).say("version", calendar.version())
        }
        Event::DoNotCallImported { object, issued_at, entries } => {
            words.say("entries", entries).time("issued_at", *issued_at).say("object", object.hash)
        }
        // The keyed hash of the number proves later that it was this one; it tells nothing.
        Event::Blacklisted { subject, .. } => words.say("subject", subject),
        Event::BatchImported { batch } => words
            .say("batch", batch.batch)
            .say("file", &batch.file)
            .say("rows", batch.rows)
            .say("purpose", &batch.purpose)
            .say("department", batch.department)
            .say("source", &batch.source),
        Event::ImportFailed { what, rows, errors } => {
            words.say("what", what).say("rows", rows).say("errors", errors)
        }
        Event::BatchReleased { batch } => words.say("batch", batch),
        Event::PromptStored { object, text, duration_ms } => {
            words.say("object", object.hash).say("text", text).say("duration_ms", duration_ms)
        }
        Event::PromptMeasured { object, mean_dbm0, peak_dbm0 } => {
            words.say("object", object).say("mean_dbm0", mean_dbm0).say("peak_dbm0", peak_dbm0)
        }
        Event::ScriptCreated { name, prompts } => {
            words.say("name", name).all("prompts", prompts.iter().map(|(role, _)| role_name(*role)))
        }
        Event::ScriptApproved { script, hash } => {
            words.say("script", script).say("hash", data_encoding::HEXLOWER.encode(hash))
        }
        Event::CampaignCreated { campaign } => words
            .say("name", &campaign.name)
            .say("class", format!("{:?}", campaign.class))
            .say("mode", format!("{:?}", campaign.mode))
            .say("purpose", &campaign.purpose)
            .say("department", campaign.department)
            .say("script", campaign.script)
            .all("batches", &campaign.batches),
        Event::CampaignRuns { campaign, running } => words.say("campaign", campaign).say("running", running),
        Event::PolicySet { policy } => of_policy(words, policy),
        event => return of_call_event(event),
    };
    words.0
}

fn of_call_event(event: &Event) -> Vec<(String, String)> {
    let words = Words::default();
    let words = match event {
        Event::GateRefused { contact, campaign, verdict, .. } => words
            .say("contact", contact)
            .say("campaign", campaign)
            .all("rules", verdict.refusals().map(|(rule, _)| rule)),
        Event::Intent { intent } => words
            .say("contact", intent.contact)
            .say("campaign", intent.campaign)
            .some("agent", intent.agent)
            .say("policy", intent.verdict.policy_version)
            .say(
                "passed",
                intent.verdict.lines.iter().filter(|line| line.result == RuleResult::Pass).count(),
            ),
        Event::Fact { call, at, fact, .. } => of_fact(words.say("call", call).time("at", *at), fact),
        Event::Closed { call, outcome, recording } => words
            .say("call", call)
            .say("outcome", outcome_name(*outcome))
            .say("recording", format!("{recording:?}")),
        Event::DialogReleased { call } => words.say("call", call),
        Event::RecordingVerified { call, finding } => words
            .say("call", call)
            .say("found", finding.worth.text())
            .say("duration_ms", finding.duration_ms)
            .say("gaps_ms", finding.gaps_customer_ms + finding.gaps_agent_ms),
        Event::WrappedUp { call, agent, disposition, .. } => {
            words.say("call", call).say("agent", agent).say("disposition", format!("{disposition:?}"))
        }
        Event::AgentChanged { agent, state, .. } => {
            words.say("agent", agent).say("state", format!("{state:?}"))
        }
        Event::TrunkChanged { status } => words
            .say("trunk", status.trunk)
            .say("state", format!("{:?}", status.state))
            .say("reason", &status.reason),
        Event::Looked { request, call, campaign, purpose } => {
            let words =
                words.say("request", request).some("call", call.as_ref()).some("campaign", campaign.as_ref());
            words.some("purpose", Some(purpose).filter(|purpose| !purpose.is_empty()))
        }
        Event::Denied { request } => words.say("request", request),
        Event::PageCertificateSet { fingerprint } => {
            words.say("sha256", data_encoding::HEXLOWER.encode(fingerprint))
        }
        Event::LedgerVerified { ok, fault } => {
            words.say("ok", ok).some("fault", Some(fault).filter(|fault| !fault.is_empty()))
        }
        event => return of_account_event(event),
    };
    words.0
}

fn of_account_event(event: &Event) -> Vec<(String, String)> {
    let words = Words::default();
    let words = match event {
        Event::Claimed { company, zone, profile, administrators, missed, .. } => words
            .say("company", company)
            .say("zone", zone)
            .say("profile", format!("{profile:?}"))
            .all("logins", administrators.iter().map(|account| &account.login))
            .say("wrong_codes_before", missed),
        Event::AccountSet { person, login, until, .. } => {
            words.say("person", person).say("login", login).time("until", *until)
        }
        Event::Enrolled { person, .. } | Event::AccountUnlocked { person } => words.say("person", person),
        Event::PasswordChanged { person, kept, .. } => {
            words.say("person", person).some("kept_session", kept.map(|session| session.0))
        }
        Event::AccountReset { person, until, .. } => words.say("person", person).time("until", *until),
        Event::AccountSwitched { person, active } => words.say("person", person).say("active", active),
        Event::SignInTried { person, outcome, token, .. } => words
            .some("person", person.as_ref())
            .say("outcome", format!("{outcome:?}"))
            .say("session", token.is_some()),
        Event::ConsoleOpened { person, ticket, .. } => words.say("person", person).say("ticket", ticket),
        Event::ConsoleUsed { request } => words.say("request", request),
        Event::SessionEnded { session, person, why, elsewhere } => words
            .say("session", session.0)
            .say("person", person)
            .say("why", format!("{why:?}"))
            .some("from", elsewhere.as_ref().map(|source| source.address)),
        Event::SourceHeld { address, tries, first, last } => {
            words.say("address", address).say("tries", tries).time("first", *first).time("last", *last)
        }
        Event::EnrolMissed { person, .. } => words.some("person", person.as_ref()),
        Event::ProofMissed { person, outcome, .. } => {
            words.say("person", person).say("outcome", format!("{outcome:?}"))
        }
        event => return super::span_words::of_span_event(event),
    };
    words.0
}

/// The address an entry itself names as where it came from.
pub(super) const fn address_of(event: &Event) -> Option<IpAddr> {
    match event {
        Event::Claimed { source, .. }
        | Event::Enrolled { source, .. }
        | Event::SignInTried { source, .. }
        | Event::EnrolMissed { source, .. }
        | Event::ProofMissed { source, .. } => Some(source.address),
        Event::SourceHeld { address, .. } => Some(*address),
        _ => None,
    }
}

fn of_trunk(words: Words, trunk: &TrunkConfig) -> Words {
    words
        .say("trunk", trunk.id)
        .say("name", &trunk.name)
        .say("host", &trunk.host)
        .some("port", trunk.port)
        .say("transport", format!("{:?}", trunk.transport))
        .say("srtp", format!("{:?}", trunk.srtp))
        .say("channels", trunk.channels)
        .some("user", trunk.account.as_ref().map(|account| &account.user))
}

/// The policy's values that are not the default.
fn of_policy(words: Words, policy: &gate::Policy) -> Words {
    let table = |policy: &gate::Policy| toml::Value::try_from(policy).ok();
    let (Some(now), Some(default)) = (table(policy), table(&gate::Policy::default())) else {
        return words;
    };
    let at = |table: &toml::Value, name: &str| {
        name.split('.').try_fold(table, |value, part| value.get(part)).map(ToString::to_string)
    };
    let mut words = words;
    for field in gate::policy_fields() {
        let value = at(&now, &field.name);
        if value != at(&default, &field.name) {
            words = words.some(&field.name, value);
        }
    }
    let approval = policy.wider_approved;
    words
        .some("set_by", approval.map(|approval| approval.set_by))
        .some("agreed_by", approval.map(|approval| approval.agreed_by))
}

fn of_fact(words: Words, fact: &StoredFact) -> Words {
    match fact {
        StoredFact::Dialling(trunk) => words.say("fact", "dialling").say("trunk", trunk),
        StoredFact::Ringing => words.say("fact", "ringing"),
        StoredFact::Answered(trunk, _) => words.say("fact", "answered").say("trunk", trunk),
        StoredFact::NoticeHeard(_, until_ms) => words.say("fact", "notice-heard").say("after_ms", until_ms),
        StoredFact::AgentConnected(agent, _) => words.say("fact", "agent-connected").say("agent", agent),
        StoredFact::OptOut(by) => words.say("fact", "opt-out").say("by", format!("{by:?}")),
        StoredFact::MediaFault(code) => words.say("fact", "media-fault").say("code", code),
        StoredFact::Ended(end) => words
            .say("fact", "ended")
            .say("outcome", outcome_name(end.outcome))
            .say("sip_status", end.sip_status)
            .say("q850", end.q850),
    }
}

fn outcome_name(outcome: Outcome) -> String {
    match outcome {
        Outcome::Answered { by } => format!("answered, ended by {by:?}"),
        Outcome::Failed(cause) => cause.name().to_owned(),
    }
}

const fn role_name(role: PromptRole) -> &'static str {
    match role {
        PromptRole::Identify => "identify",
        PromptRole::RecordingNotice => "recording-notice",
        PromptRole::OptOutHint => "opt-out-hint",
        PromptRole::Body => "body",
        PromptRole::OptOutConfirmation => "opt-out-confirmation",
        PromptRole::Hold => "hold",
        PromptRole::NoAgent => "no-agent",
    }
}

/// The company's own number.
fn own(number: &PhoneNumber) -> String {
    number.dial_string()
}

const MAX_VALUE_BYTES: usize = 240;
const MAX_LISTED: usize = 16;
