//! What the supervisor is told: gauges and alarms, from what the core knows at that instant.

use crate::command::{ConnId, Message};
use crate::vault::{HEAD_INTERVAL_ENTRIES, HEAD_INTERVAL_MS, Vault};
use idl::health::{Alarm, HealthReply, HealthState};
use idl::spans::SpanPurpose;

impl Vault {
    pub(crate) fn health(&mut self, conn: ConnId, serial: u64) {
        let reply = self.health_reply(serial);
        self.send(conn, Message::Health(reply));
    }

    /// The state of the process.
    #[must_use]
    pub fn health_reply(&self, serial: u64) -> HealthReply {
        let tickets = self
            .state
            .open_calls
            .iter()
            .filter(|call| self.calls.get(**call).is_some_and(|record| record.last_fact == 0));
        let gauges = vec![
            ("tickets".to_owned(), tickets.count() as u64),
            ("open_calls".to_owned(), self.state.open_calls.len() as u64),
            ("imports".to_owned(), self.imports.len() as u64),
            ("unverified_recordings".to_owned(), self.state.unverified.len() as u64),
            ("unreleased_dialogs".to_owned(), self.state.unreleased.len() as u64),
            ("lines_missing".to_owned(), self.lines_missing()),
            ("hostd".to_owned(), u64::from(self.host_now.status().is_some())),
            ("keys_recovered".to_owned(), u64::from(self.host_now.keys_were_recovered())),
            ("disk_sealed".to_owned(), u64::from(self.host_now.disk_is_sealed())),
            ("ledger_unverified".to_owned(), u64::from(self.host_now.owes_a_check())),
            ("sessions".to_owned(), self.state.accounts.sessions.len() as u64),
            ("blocked_sources".to_owned(), self.state.accounts.sources.blocked_count(self.clock.now) as u64),
        ];
        let alarms = self.alarms();
        let state = if alarms.is_empty() { HealthState::Ready } else { HealthState::Degraded };
        HealthReply { serial, state, gauges, alarms }
    }

    fn somebody_is_locked(&self) -> bool {
        let now = self.clock.now;
        self.state.accounts.each.values().any(|account| account.locks.any_lock(now).is_some())
    }

    /// Whether a span that is to carry calls cannot (LIN-06).
    fn span_alarm(&self) -> bool {
        let used = self.state.cards.spans.values().filter(|config| config.purpose != SpanPurpose::Off);
        let mut told = used.filter_map(|config| self.spans_now.status.get(&config.span));
        told.any(|status| !status.alarms.is_clear())
    }

    fn alarms(&self) -> Vec<Alarm> {
        let needed = u64::from(self.state.policy.recording_min_free_mib) * MIB;
        let late = self.heads.signed_at.is_some_and(|at| self.clock.now.since(at) > 2 * HEAD_INTERVAL_MS)
            && self.unsigned_entries() > 0;
        let rolled_back = self.state.last_time.since(self.clock.now) > gate::MAX_CLOCK_STEP_BACK_MS;
        let checks = [
            (
                !self.recordings_ready || self.free_bytes < needed,
                "disk-low",
                "There is too little room for recordings: no marketing call is placed. Free space or add a disk.",
                "录音空间不足：营销外呼已停止。请清理或扩容。",
            ),
            (
                !self.clock.synchronised,
                "clock-unsynchronised",
                "No time source holds the clock: nothing is dialled. Check NTP or PTP.",
                "系统时间未同步：外呼已停止。请检查NTP或PTP。",
            ),
            (
                rolled_back,
                "clock-rolled-back",
                "The clock stands before an instant already recorded: nothing is dialled. Set it right.",
                "系统时间早于已有记录：外呼已停止。请校正时间。",
            ),
            (
                late || self.unsigned_entries() > 2 * HEAD_INTERVAL_ENTRIES,
                "head-unsigned",
                "The TPM has not signed the ledger for too long. Check the TPM.",
                "账本长时间未经TPM签名。请检查TPM。",
            ),
            (
                !self.state.bad_recordings.is_empty(),
                "recording-bad",
                "A recording does not match what was recorded. Look at the calls whose recording is BAD.",
                "有录音校验失败。请查看标记为BAD的通话。",
            ),
            (
                self.span_alarm(),
                "span-alarm",
                "A span in use has an alarm: no new call is placed on it. Look at the spans, then at cable and card.",
                "有在用线路接口告警，其上不再发起呼叫。请查看线路接口，并检查线缆和板卡。",
            ),
            (
                self.state.accounts.elsewhere_at.is_some_and(|at| self.clock.now.since(at) < ALARM_MS),
                "session-elsewhere",
                "The token of a session came from another address or browser; the session was ended. Look at the \
                 sign-ins and ask the person.",
                "有会话令牌在其他地址或浏览器上被使用，会话已终止。请查看登录记录并向本人核实。",
            ),
            (
                self.state.accounts.sources.blocked_count(self.clock.now) > 0 || self.somebody_is_locked(),
                "sign-in-blocked",
                "Failed sign-ins locked an account or blocked an address. Look at the sign-ins.",
                "登录失败次数过多，已锁定账号或封禁地址。请查看登录记录。",
            ),
        ];
        let raised = checks.into_iter().filter(|(raised, ..)| *raised);
        raised
            .map(|(_, code, en, zh)| Alarm {
                code: code.to_owned(),
                text_en: en.to_owned(),
                text_zh: zh.to_owned(),
            })
            .collect()
    }
}

/// How long an alarm about something that happened once is shown.
const ALARM_MS: i64 = vocab::HOUR_MS;
const MIB: u64 = 1024 * 1024;
