//! What the supervisor is told: gauges and alarms, from what the core knows at that instant.

use crate::command::{ConnId, Message};
use crate::vault::{HEAD_INTERVAL_ENTRIES, HEAD_INTERVAL_MS, Vault};
use idl::health::{Alarm, HealthReply, HealthState};

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
        ];
        let alarms = self.alarms();
        let state = if alarms.is_empty() { HealthState::Ready } else { HealthState::Degraded };
        HealthReply { serial, state, gauges, alarms }
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

const MIB: u64 = 1024 * 1024;
