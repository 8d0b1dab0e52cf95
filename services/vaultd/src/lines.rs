//! `lined`: its reconnection, the facts of its calls, the tickets it did not use.

use crate::admin::Refusal;
use crate::command::{ConnId, Job, Message};
use crate::dial::TICKET_LIFE_MS;
use crate::entries::{Event, RecordingFinding, StoredFact, Who};
use crate::recording_name;
use crate::seal::Purpose;
use crate::state::{CallRecord, RecordingState};
use crate::vault::Vault;
use idl::campaign::VaultToCalld;
use idl::hello::Process;
use idl::lines::{CallFact, LinedToVault, NoRecording, PhoneAccount, SiteLines, VaultToLined};
use idl::network::Listening;
use idl::{MAX_FRAME_BYTES, MAX_PAGE_ITEMS};
use std::collections::BTreeSet;
use vocab::{CallId, EndedBy, FailCause, Outcome, Secret, UnixMs};
use zeroize::Zeroizing;

/// The connection of `lined`.
#[derive(Debug)]
pub struct LinedLink {
    /// The connection.
    pub conn: ConnId,
    /// It said which calls are alive.
    live: bool,
    /// The version of lines and phones it was sent.
    sent: u64,
    /// Where it was told to listen.
    pub(crate) listens: Option<Listening>,
    /// Since when, in milliseconds of `CLOCK_BOOTTIME`.
    since_boot_ms: u64,
}

impl LinedLink {
    /// Whether tickets may be sent: it told us its calls and has the site's lines.
    #[must_use]
    pub const fn ready(&self) -> bool {
        self.live
    }
}

impl Vault {
    pub(crate) fn lined_up(&mut self, conn: ConnId) {
        let since_boot_ms = self.clock.boot_ms;
        self.lined = Some(LinedLink { conn, live: false, sent: 0, listens: None, since_boot_ms });
    }

    pub(crate) fn lined_down(&mut self, conn: ConnId) {
        if self.lined.as_ref().is_some_and(|lined| lined.conn == conn) {
            self.lined = None;
            self.spans_without_lined();
        }
    }

    pub(crate) fn lined_says(&mut self, message: LinedToVault) {
        match message {
            LinedToVault::Live { calls } => self.lined_lives(&calls.into_iter().collect()),
            LinedToVault::Fact { call, seq, at, fact } => self.fact(call, seq, at, fact),
            LinedToVault::Trunk(mut status) => {
                status.reason = status.reason.chars().take(MAX_REASON_CHARS).collect();
                let known = self.state.trunk_states.get(&status.trunk);
                if known.is_none_or(|known| known.state != status.state || known.reason != status.reason) {
                    self.record(Who::Process(Process::Lined), Event::TrunkChanged { status });
                }
            }
            LinedToVault::Span(status) => self.span_stands(*status),
            LinedToVault::SpanFact { life, seq, at, fact } => self.span_fact(life, seq, at, fact),
            LinedToVault::SpanOrderDone { id, result } => self.span_order_done(id, result),
            LinedToVault::Released { call } => {
                if self.state.unreleased.contains(&call) {
                    self.record(Who::Process(Process::Lined), Event::DialogReleased { call });
                }
            }
        }
    }

    /// Every ticketed call that `lined` does not know is lost; what it left ringing or talking is released.
    fn lined_lives(&mut self, alive: &BTreeSet<CallId>) {
        let Some(lined) = self.lined.as_mut() else {
            return;
        };
        lined.live = true;
        let conn = lined.conn;
        self.tell_lines_where();
        let lost: Vec<CallId> = self.state.open_calls.difference(alive).copied().collect();
        for call in lost {
            let answered = self.calls.get(call).is_some_and(|record| record.answered_at.is_some());
            let (outcome, recording) = if answered {
                (Outcome::Answered { by: EndedBy::Line }, NoRecording::Crash)
            } else {
                (Outcome::Failed(FailCause::Lost), NoRecording::NotAnswered)
            };
            self.close(call, outcome, recording);
        }
        self.send_lines();
        let unreleased: Vec<CallId> = self.state.unreleased.iter().copied().collect();
        for call in unreleased {
            self.release(conn, call);
        }
        self.verify_waiting_recordings();
    }

    fn release(&mut self, conn: ConnId, call: CallId) {
        let Some(record) = self.calls.get(call) else {
            return;
        };
        let dialog = record.dialog.as_ref();
        let opened: Option<Vec<u8>> =
            dialog.and_then(|sealed| self.open_of(record.intent.subject, Purpose::Dialog, sealed));
        match opened {
            Some(dialog) => {
                let dialog = Secret::new(dialog);
                self.send(conn, Message::Lined(VaultToLined::Release { call, dialog }));
            }
            // The subject's key is gone, and the dialog with it: there is nothing left to release by.
            None => self.record(Who::Process(Process::Vaultd), Event::DialogReleased { call }),
        }
    }

    /// Sends lines and phones if they changed since they were sent last.
    pub(crate) fn send_lines(&mut self) {
        let version = self.state.lines_version;
        let Some(lined) = self.lined.as_mut().filter(|lined| lined.live) else {
            return;
        };
        // 0 is what nothing was sent of; a blank site is sent as version 0 once more at most.
        if lined.sent == version && version != 0 {
            return;
        }
        lined.sent = version;
        let conn = lined.conn;
        let site = self.site_lines();
        self.send(conn, Message::Lined(VaultToLined::Site(site)));
        let phones = self.phone_accounts();
        let mut first = true;
        let mut rest = phones.into_iter().peekable();
        while first || rest.peek().is_some() {
            let phones = rest.by_ref().take(PHONES_A_PAGE).collect();
            self.send(conn, Message::Lined(VaultToLined::Phones { first, phones }));
            first = false;
        }
    }

    fn site_lines(&self) -> SiteLines {
        SiteLines {
            version: self.state.lines_version,
            trunks: self.state.trunks.values().cloned().collect(),
            spans: self.state.cards.spans.values().cloned().collect(),
            groups: self.state.groups.values().cloned().collect(),
            phones_allow_udp: self.state.phones_allow_udp,
        }
    }

    /// The lines travel in one frame: what would not fit is refused before it is an entry.
    pub(crate) fn lines_fit(&self, change: impl FnOnce(&mut SiteLines)) -> Result<(), Refusal> {
        let mut site = self.site_lines();
        change(&mut site);
        let bytes = postcard::to_stdvec(&site).map(Zeroizing::new).map_or(usize::MAX, |bytes| bytes.len());
        if bytes <= MAX_FRAME_BYTES - SITE_MARGIN_BYTES {
            return Ok(());
        }
        Err(Refusal::new(
            "lines-full",
            "Trunks, spans and groups are too much together. Shorten certificates and names.",
            "中继、线路接口和线路组合计过大：请缩短证书和名称。",
        ))
    }

    fn phone_accounts(&self) -> Vec<PhoneAccount> {
        let account = |phone: &crate::entries::PhoneEntry| {
            let agent = vocab::PersonId(phone.agent.0);
            let person = self.state.people.get(&agent).filter(|_| self.state.accounts.works(agent))?;
            let open = |sealed| self.open_of::<String>(person.subject, Purpose::Ha1, sealed).map(Secret::new);
            Some(PhoneAccount {
                agent: phone.agent,
                user: phone.user.clone(),
                realm: phone.realm.clone(),
                ha1_sha256: open(&phone.ha1_sha256)?,
                ha1_md5: phone.ha1_md5.as_ref().and_then(open),
                srtp: phone.srtp,
            })
        };
        self.state.phones.values().filter_map(account).collect()
    }

    fn fact(&mut self, call: CallId, seq: u32, at: UnixMs, fact: CallFact) {
        let Some(record) = self.calls.get(call) else {
            log::error!("lined told of {call}, which was never allowed");
            self.acknowledge(call, seq);
            return;
        };
        if seq > record.last_fact {
            self.store_fact(&record, call, seq, at, fact);
        }
        self.acknowledge(call, seq);
    }

    fn acknowledge(&mut self, call: CallId, seq: u32) {
        if let Some(conn) = self.lined.as_ref().map(|lined| lined.conn) {
            self.send(conn, Message::Lined(VaultToLined::FactStored { call, seq }));
        }
    }

    fn store_fact(&mut self, record: &CallRecord, call: CallId, seq: u32, at: UnixMs, fact: CallFact) {
        let stored = match fact {
            CallFact::Dialling { trunk } => StoredFact::Dialling(trunk),
            CallFact::Ringing => StoredFact::Ringing,
            CallFact::Answered { trunk, dialog } => {
                // A span's call has none: its exchange clears it when the D channel goes down or restarts.
                let kept = (1..=MAX_DIALOG_BYTES).contains(&dialog.expose().len());
                let sealed = kept
                    .then(|| self.seal_for(record.intent.subject, Purpose::Dialog, dialog.expose()))
                    .flatten();
                StoredFact::Answered(trunk, sealed.unwrap_or(crate::entries::Sealed(Vec::new())))
            }
            CallFact::NoticeHeard { began_after_ms, ended_after_ms } => {
                StoredFact::NoticeHeard(began_after_ms, ended_after_ms)
            }
            CallFact::AgentConnected { agent, after_announcement_ms } => {
                StoredFact::AgentConnected(agent, after_announcement_ms)
            }
            CallFact::OptOut { by } => StoredFact::OptOut(by),
            CallFact::MediaFault { code } => {
                StoredFact::MediaFault(code.chars().take(MAX_CODE_CHARS).collect())
            }
            CallFact::Ended(end) => StoredFact::Ended(end),
        };
        let ended = matches!(stored, StoredFact::Ended(_));
        self.note_live(call, at, &stored);
        let event = Event::Fact { call, seq, at, fact: stored };
        self.record(Who::Process(Process::Lined), event);
        if ended && record.outcome.is_none() {
            self.tell_closed(call);
            self.verify_waiting_recordings();
        }
    }

    fn close(&mut self, call: CallId, outcome: Outcome, recording: NoRecording) {
        self.record(Who::Process(Process::Vaultd), Event::Closed { call, outcome, recording });
        self.call_is_over(call);
        self.tell_closed(call);
    }

    fn tell_closed(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call) else {
            return;
        };
        let Some(outcome) = record.outcome else {
            return;
        };
        let conns: Vec<ConnId> = self.calld.iter().copied().collect();
        for conn in conns {
            let (campaign, opted_out) = (record.intent.campaign, record.opted_out);
            let closed = VaultToCalld::CallClosed { call, campaign, outcome, opted_out };
            self.send(conn, Message::Calld(closed));
        }
    }

    /// Tickets that `lined` had every chance to use and did not.
    pub(crate) fn close_unused_tickets(&mut self) {
        let now = self.clock.boot_ms;
        let Some(lined) = self.lined.as_ref().filter(|lined| lined.live) else {
            return;
        };
        if now < lined.since_boot_ms + TICKET_GRACE_MS {
            return;
        }
        let unused = |call: &CallId| {
            self.calls.get(*call).is_some_and(|record| {
                // A time far ahead was made in an earlier life of the box; its calls are lost by then.
                let expires = record.intent.expires_boot_ms;
                record.last_fact == 0
                    && (now > expires + TICKET_GRACE_MS || expires > now + 2 * TICKET_LIFE_MS)
            })
        };
        let expired: Vec<CallId> = self.state.open_calls.iter().copied().filter(unused).collect();
        for call in expired {
            self.close(call, Outcome::Failed(FailCause::TicketExpired), NoRecording::NotAnswered);
        }
    }

    /// Gives the worker what is still to be verified.
    pub(crate) fn verify_waiting_recordings(&mut self) {
        let room = MAX_VERIFYING.saturating_sub(self.verifying.len());
        let waiting = self.state.unverified.difference(&self.verifying).copied();
        let next: Vec<CallId> = waiting.take(room).collect();
        for call in next {
            let Some(record) = self.calls.get(call) else {
                continue;
            };
            let expected_ms = match record.recording {
                RecordingState::Unverified { expected_ms } => Some(expected_ms),
                RecordingState::None | RecordingState::Absent(..) | RecordingState::Verified(_) => None,
            };
            let key = self.recording_key(&record);
            self.verifying.insert(call);
            self.work(Job::VerifyRecording { call, key, expected_ms });
        }
    }

    /// A recording's key; `None` if its subject's key was destroyed.
    pub(crate) fn recording_key(&self, record: &CallRecord) -> Option<Secret<[u8; 32]>> {
        let intent = &record.intent;
        self.open_of(intent.subject, Purpose::RecordingKey, &intent.recording_key).map(Secret::new)
    }

    pub(crate) fn recording_verified(&mut self, call: CallId, finding: RecordingFinding) {
        self.verifying.remove(&call);
        if !self.state.unverified.contains(&call) {
            return;
        }
        if finding.worth.is_bad() {
            log::error!("the recording {} is bad: {}", recording_name(call), finding.worth.text());
        }
        self.record(Who::Process(Process::Vaultd), Event::RecordingVerified { call, finding });
        self.verify_waiting_recordings();
    }
}

/// An unused ticket is closed this long after its end.
const TICKET_GRACE_MS: u64 = 5_000;
/// Recordings handed to the worker at once.
const MAX_VERIFYING: usize = 32;
/// Phones of a page, well within a frame.
const PHONES_A_PAGE: usize = 128;
/// Bytes of the frame beside the lines: the message's kind, a version that grows.
const SITE_MARGIN_BYTES: usize = 64;
/// Characters of a trunk's reason.
const MAX_REASON_CHARS: usize = 512;
/// Bytes of a dialog; a longer one could not be written down.
const MAX_DIALOG_BYTES: usize = 16 * 1024;
/// Characters of a media fault's code.
const MAX_CODE_CHARS: usize = 64;

const _: () = assert!(PHONES_A_PAGE <= MAX_PAGE_ITEMS, "a page holds no more");
