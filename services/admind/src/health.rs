//! What the supervisor is told. The answer comes from the loop that takes connections: a stuck loop is a missing
//! answer.

use idl::health::{Alarm, HealthReply, HealthState};
use vocab::{DAY_MS, UnixMs};

/// What the answer is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Connections open.
    pub connections: usize,
    /// Addresses that it cannot listen at.
    pub missing: usize,
    /// Jobs that run.
    pub jobs: usize,
    /// `vaultd` is connected.
    pub connected: bool,
    /// When the certificate runs out.
    pub not_after: UnixMs,
    /// Now.
    pub now: UnixMs,
}

/// The answer.
#[must_use]
pub fn answer(serial: u64, facts: Facts) -> HealthReply {
    let checks = [
        (
            !facts.connected,
            "page-alone",
            "the page cannot reach the records process; it is being restarted",
            "页面无法连接记录进程，正在重启",
        ),
        (
            facts.missing > 0,
            "page-address",
            "the page cannot listen at every address of its zones and tries again: see the log of the page",
            "页面无法监听所属区域的全部地址，正在重试，请查看页面日志",
        ),
        (
            facts.not_after.since(facts.now) < WARN_BEFORE_MS,
            "page-certificate",
            "the page's certificate runs out within 30 days: replace it in the settings",
            "页面证书将在30天内到期，请在设置中更换",
        ),
    ];
    let raised = checks.into_iter().filter(|(raised, ..)| *raised);
    let alarms: Vec<Alarm> = raised
        .map(|(_, code, en, zh)| Alarm { code: code.into(), text_en: en.into(), text_zh: zh.into() })
        .collect();
    HealthReply {
        serial,
        state: if alarms.is_empty() { HealthState::Ready } else { HealthState::Degraded },
        gauges: vec![
            ("connections".to_owned(), facts.connections as u64),
            ("jobs".to_owned(), facts.jobs as u64),
        ],
        alarms,
    }
}

const WARN_BEFORE_MS: i64 = 30 * DAY_MS;

#[cfg(test)]
mod tests {
    use super::{Facts, answer};
    use idl::health::HealthState;
    use vocab::{DAY_MS, UnixMs};

    #[test]
    fn an_old_certificate_and_a_lost_vaultd_are_alarms() {
        let good = Facts {
            connections: 3,
            missing: 0,
            jobs: 1,
            connected: true,
            not_after: UnixMs(31 * DAY_MS),
            now: UnixMs(0),
        };
        assert_eq!(answer(7, good).state, HealthState::Ready);
        let bad = answer(8, Facts { connected: false, now: UnixMs(2 * DAY_MS), ..good });
        let codes: Vec<_> = bad.alarms.iter().map(|alarm| alarm.code.as_str()).collect();
        assert_eq!(codes, ["page-alone", "page-certificate"]);
        assert_eq!((bad.serial, bad.state), (8, HealthState::Degraded));
        let deaf = answer(9, Facts { missing: 1, ..good });
        assert_eq!(deaf.alarms[0].code, "page-address");
    }
}
