//! The serial console under watch (AUD-09): its session is recorded, or it is ended; who may sees it and ends it.
//!
//! | the console | what follows |
//! |---|---|
//! | gives a piece in its order, within its bounds | it is durable, then acknowledged |
//! | gives any other, or it cannot be kept | the session ends |
//! | gives none for [`SILENT_MS`] | the session ends |
//! | asks something for its person without one since the question before | the session ends |
//!
//! A recording is closed by an entry with its hash once its session has ended, whatever ended it; a power cut, too. It is
//! kept as long as the ledger (AUD-02). What stands in it is not read here.

use crate::admin::{Actor, Handled, Refusal};
use crate::auth::session::SessionEnd;
use crate::command::{Job, ReadJob};
use crate::entries::{ConsoleEvent, EntryResult, Who};
use crate::state::ConsoleKept;
use crate::vault::Vault;
use crate::views::Eyes;
use idl::account::SessionId;
use idl::admin::{Answer, Role};
use idl::hello::Process;
use idl::views::{ConsoleAsk, ConsoleSession, ConsolesView};
use rights::Request;
use std::collections::BTreeSet;
use vocab::DAY_MS;

/// A session of which so long nothing came is ended.
pub const SILENT_MS: u64 = 30_000;
/// Recordings at most; the console is not opened beyond.
pub const MAX_RECORDINGS: usize = 4_096;
/// Days a recording is kept: as long as the ledger (AUD-02).
pub const KEPT_DAYS: i64 = 1_096;

/// The recording that is being made: there is one console.
#[derive(Debug, Default)]
pub(crate) struct TapeNow {
    of: Option<SessionId>,
    pieces: u32,
    bytes: u64,
    /// When the console said something of it last, or the process started.
    heard: u64,
    /// It did since the last question.
    fresh: bool,
}

/// Who read which recording, each by their own session: from its first part on, whichever that is, it is an entry.
pub(crate) type TapeReaders = BTreeSet<(SessionId, SessionId)>;

impl TapeNow {
    /// A start at this instant.
    pub(crate) fn at(boot_ms: u64) -> Self {
        Self { heard: boot_ms, ..Self::default() }
    }
}

impl Vault {
    pub(crate) fn console_request(&mut self, actor: &Actor, ask: ConsoleAsk) -> Handled {
        match ask {
            ConsoleAsk::Record { index, length_ms, piece } => {
                self.record_console(actor, index, length_ms, piece.reveal())
            }
            ConsoleAsk::Look { before } => Ok(Some(self.consoles_seen(actor, before))),
            ConsoleAsk::Read { session, from } => self.read_console(actor, session, from),
            ConsoleAsk::Cut { session } => self.cut_console(actor, session),
        }
    }

    /// Whether there is room for one more recording.
    pub(crate) fn may_record(&self) -> Result<(), Refusal> {
        if self.state.consoles.each.len() < MAX_RECORDINGS {
            return Ok(());
        }
        Err(Refusal::new(
            "console-recordings-full",
            "No more sessions of the console can be recorded, and none goes on unrecorded. Tell the security administrator.",
            "控制台录制已满，未录制的会话不得进行。请联系安全管理员。",
        ))
    }

    /// A session of the console begins.
    pub(crate) fn begin_tape(&mut self, session: SessionId) {
        self.tape = TapeNow { of: Some(session), heard: self.clock.boot_ms, ..TapeNow::default() };
        if let Err(error) = self.ports.tapes.resume(session) {
            // The first piece will not be taken.
            log::error!("{error}");
        }
    }

    /// What the console asks in its session; an unrecorded one ends here.
    pub(crate) fn watch_console(
        &mut self,
        session: SessionId,
        kind: Request,
        passive: bool,
    ) -> Result<(), Refusal> {
        if matches!(kind, Request::RecordConsole | Request::SignOut) {
            return Ok(());
        }
        let silent = self.clock.boot_ms.saturating_sub(self.tape.heard) >= SILENT_MS;
        let told = passive || std::mem::take(&mut self.tape.fresh);
        if silent || !told {
            self.end_unrecorded(session);
            return Err(crate::auth::no_session());
        }
        Ok(())
    }

    /// What a clock's tick does here.
    pub(crate) fn tick_consoles(&mut self) {
        let silent = self.clock.boot_ms.saturating_sub(self.tape.heard) >= SILENT_MS;
        let sessions = &self.state.accounts.sessions;
        let open: Vec<_> =
            self.state.consoles.open().take(MAX_A_TICK).map(|(id, kept)| (id, kept.clone())).collect();
        let (running, ended): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(session, _)| sessions.contains_key(session));
        if silent {
            running.iter().for_each(|(session, _)| self.end_unrecorded(*session));
        }
        for (session, kept) in ended {
            self.close_tape(session, &kept);
        }
        self.forget_old_tapes();
    }

    fn record_console(&mut self, actor: &Actor, index: u32, length_ms: u64, piece: &[u8]) -> Handled {
        let (Some(session), Some(_), Process::Consoled) = (actor.session, actor.ticket, actor.from) else {
            return Err(Refusal::new(
                "not-from-here",
                "Only the serial console gives a recording of itself.",
                "只有串口控制台可提交其录制内容。",
            ));
        };
        if self.tape.of != Some(session) {
            // The process started again while the session went on.
            match self.ports.tapes.resume(session) {
                Ok(sum) => {
                    let (pieces, bytes) = (sum.pieces, sum.bytes);
                    self.tape = TapeNow { of: Some(session), pieces, bytes, ..TapeNow::default() };
                }
                Err(error) => return Err(self.not_recorded(session, &error)),
            }
        }
        let bytes = self.tape.bytes + piece.len() as u64;
        if piece.len() > cast::PIECE_BYTES || bytes > cast::MAX_BYTES as u64 || index != self.tape.pieces {
            self.end_unrecorded(session);
            return Err(Refusal::bounds(
                "The recording is longer than its bounds, or a piece of it is missing. The session was ended.",
                "录制超出上限或缺少片段，会话已结束。",
            ));
        }
        if !piece.is_empty() {
            if let Err(error) = self.ports.tapes.append(session, index, length_ms, piece) {
                return Err(self.not_recorded(session, &error));
            }
            self.tape.pieces += 1;
            self.tape.bytes = bytes;
        }
        self.tape.heard = self.clock.boot_ms;
        self.tape.fresh = true;
        Ok(Some(Answer::Done))
    }

    fn not_recorded(&mut self, session: SessionId, error: &crate::ports::PortError) -> Refusal {
        log::error!("{error}");
        self.end_unrecorded(session);
        Refusal::storage()
    }

    fn end_unrecorded(&mut self, session: SessionId) {
        self.end_session(Who::Process(Process::Vaultd), Process::Vaultd, session, SessionEnd::Unrecorded);
    }

    fn close_tape(&mut self, session: SessionId, kept: &ConsoleKept) {
        let sum = match self.ports.tapes.sum(session) {
            Ok(sum) => sum,
            Err(error) => {
                // It is tried again with the next tick.
                log::error!("{error}");
                return;
            }
        };
        let event = ConsoleEvent::Recorded {
            session,
            person: kept.person,
            ticket: kept.ticket,
            pieces: sum.pieces,
            bytes: sum.bytes,
            length_ms: sum.length_ms,
            sha256: sum.sha256,
        };
        self.record_from(Who::Process(Process::Vaultd), Process::Vaultd, EntryResult::Done, event.into());
    }

    fn forget_old_tapes(&mut self) {
        let old = |(session, kept): (&SessionId, &ConsoleKept)| {
            let over = kept.end.is_some_and(|end| self.clock.now.since(end.at) > KEPT_DAYS * DAY_MS);
            (over && self.clock.synchronised).then_some(*session)
        };
        // The oldest come first.
        let Some(session) = self.state.consoles.each.iter().next().and_then(old) else { return };
        match self.ports.tapes.remove(session) {
            Ok(()) => self.record(Who::Process(Process::Vaultd), ConsoleEvent::Expired { session }.into()),
            Err(error) => log::error!("{error}"),
        }
    }

    fn consoles_seen(&mut self, actor: &Actor, before: Option<SessionId>) -> Answer {
        let below = |session: SessionId| before.is_none_or(|before| session < before);
        let all = self.state.consoles.each.iter().rev().filter(|(session, _)| below(**session));
        let seen: Vec<(SessionId, ConsoleKept)> = all
            .filter(|(session, _)| self.sees_console(actor, **session))
            .take(SESSIONS_A_PAGE + 1)
            .map(|(session, kept)| (*session, kept.clone()))
            .collect();
        let next = seen.get(SESSIONS_A_PAGE).and(seen.get(SESSIONS_A_PAGE - 1)).map(|(session, _)| *session);
        let rows = seen.into_iter().take(SESSIONS_A_PAGE);
        let sessions = rows.map(|(session, kept)| self.console_view(actor, session, &kept)).collect();
        Answer::Consoles(Box::new(ConsolesView { sessions, next }))
    }

    fn console_view(&mut self, actor: &Actor, session: SessionId, kept: &ConsoleKept) -> ConsoleSession {
        let name = self.colleague(Eyes::of(actor), kept.person).1;
        let (person, ticket, since, end) = (kept.person, kept.ticket, kept.since, kept.end);
        ConsoleSession { session, person, name, ticket, since, end }
    }

    /// A supervisor sees the session that goes on alone.
    fn sees_console(&self, actor: &Actor, session: SessionId) -> bool {
        actor.role != Role::Supervisor || self.state.accounts.sessions.contains_key(&session)
    }

    fn read_console(&mut self, actor: &Actor, session: SessionId, from: u32) -> Handled {
        let kept = self.state.consoles.each.get(&session).filter(|_| self.sees_console(actor, session));
        let kept = kept.cloned().ok_or_else(|| Refusal::unknown("session of the console"))?;
        if self.begins_to_read(actor, session, from) {
            self.write(actor, ConsoleEvent::Read { session }.into());
        }
        let of = Box::new(self.console_view(actor, session, &kept));
        self.work(Job::Read(ReadJob::Tape { reply: actor.reply(), of, from }));
        Ok(None)
    }

    fn begins_to_read(&mut self, actor: &Actor, session: SessionId, from: u32) -> bool {
        if self.tape_readers.len() >= MAX_READERS {
            self.tape_readers.clear();
        }
        let known = actor.session.is_some_and(|reader| !self.tape_readers.insert((reader, session)));
        from == 0 || !known
    }

    fn cut_console(&mut self, actor: &Actor, session: SessionId) -> Handled {
        let running = self.state.accounts.sessions.get(&session).is_some_and(|one| one.ticket.is_some());
        if !running {
            return Err(Refusal::new(
                "console-ended",
                "This session of the console has ended already.",
                "该控制台会话已结束。",
            ));
        }
        self.end_session(actor.who(), actor.from, session, SessionEnd::ByAdministrator);
        Ok(Some(Answer::Done))
    }
}

/// Readers remembered; beyond, the looks that go on are entries again.
const MAX_READERS: usize = 1_024;
/// Sessions of one page.
const SESSIONS_A_PAGE: usize = 50;
/// Recordings looked at by one tick.
const MAX_A_TICK: usize = 16;
