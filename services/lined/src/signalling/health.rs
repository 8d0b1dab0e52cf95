//! Health as the loop that does the work sees it: gauges that return to zero, alarms with what to do next.

use super::{Party, Signalling};
use crate::voice::Voice;
use idl::health::{Alarm, HealthReply, HealthState};

/// Watches that the media threads tick.
#[derive(Debug, Default)]
pub(super) struct Watch {
    beats: Vec<(u64, u64)>,
    stuck: bool,
}

impl Watch {
    /// Compares each thread's count with that of the last look.
    pub fn look(&mut self, voice: &Voice, now_ms: u64) {
        let beats = voice.beats();
        self.beats.resize(beats.len(), (0, now_ms));
        for (known, beat) in self.beats.iter_mut().zip(beats) {
            if known.0 != beat {
                *known = (beat, now_ms);
            }
        }
        self.stuck = self.beats.iter().any(|(_, since)| now_ms.saturating_sub(*since) > STUCK_MS);
    }
}

const STUCK_MS: u64 = 2_000;

impl Signalling {
    pub(super) fn health_reply(&self, serial: u64) -> HealthReply {
        let alarms = self.alarms();
        let state = if self.draining {
            HealthState::Draining
        } else if !self.sited {
            HealthState::Starting
        } else if alarms.is_empty() {
            HealthState::Ready
        } else {
            HealthState::Degraded
        };
        HealthReply { serial, state, gauges: self.gauges(), alarms }
    }

    fn gauges(&self) -> Vec<(String, u64)> {
        let legs = |party| self.legs.values().filter(|(_, of)| *of == party).count();
        let gauges: [(&str, usize); 12] = [
            ("calls", self.calls.len()),
            ("dialogs", self.parts.endpoint.call_count()),
            ("customer_legs", legs(Party::Customer)),
            ("agent_legs", legs(Party::Agent)),
            ("transactions", self.parts.endpoint.transaction_count()),
            ("media_sessions", self.parts.voice.sessions()),
            ("recorders", self.calls.values().filter(|live| live.holds_recorder()).count()),
            ("facts_waiting", self.facts.len()),
            ("timers", self.timers.len()),
            ("connections", self.parts.transports.connections()),
            ("phones", self.phones.count()),
            // How the last loop-back call ended; it stays, unlike the others.
            (idl::trial::CALL_GAUGE, self.loopback.code()),
        ];
        gauges.into_iter().map(|(name, value)| (name.to_owned(), value as u64)).collect()
    }

    fn alarms(&self) -> Vec<Alarm> {
        let alarm =
            |code: &str, en: String, zh: String| Alarm { code: code.to_owned(), text_en: en, text_zh: zh };
        let mut alarms: Vec<Alarm> = self
            .lines
            .down()
            .into_iter()
            .map(|trunk| {
                alarm(
                    "trunk-down",
                    format!("{trunk} takes no calls: check network, firewall and the carrier's address or account."),
                    format!("线路 {trunk} 无法呼叫：请检查网络、防火墙以及运营商地址或账号。"),
                )
            })
            .collect();
        if self.health.stuck {
            alarms.push(alarm(
                "media-stuck",
                "A media thread stands still: restart the line process.".to_owned(),
                "媒体线程停滞：请重启线路进程。".to_owned(),
            ));
        }
        if let Some(fault) = self.loopback.fault() {
            let [en, zh] = fault.words();
            alarms.push(alarm(
                "loop-back-call",
                format!("The loop-back call failed: {en}. Restart the line process; if it comes back, call the maker."),
                format!("环回自检呼叫失败：{zh}。请重启线路进程；若再次出现，请联系厂商。"),
            ));
        }
        if self.parts.transports.missing() > 0 {
            alarms.push(alarm(
                "sip-address",
                "SIP cannot be received at every address of the voice zone; it is tried again: see the log of the line process."
                    .to_owned(),
                "SIP 无法监听语音区域的全部地址，正在重试：请查看线路进程日志。".to_owned(),
            ));
        }
        if self.vault.is_none() {
            alarms.push(alarm(
                "vaultd-away",
                "The record process is not reached: no call can be placed; facts of calls are kept."
                    .to_owned(),
                "无法连接记录进程：暂不能发起呼叫，通话记录已暂存。".to_owned(),
            ));
        }
        alarms
    }
}
