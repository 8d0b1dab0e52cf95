//! What the supervisor is told. The answer comes from the loop that serves the line: a stuck loop is a missing answer.

use idl::health::{Alarm, HealthReply, HealthState};

/// The answer.
#[must_use]
pub fn answer(serial: u64, connected: bool, signed_in: bool) -> HealthReply {
    let alone = Alarm {
        code: "console-alone".to_owned(),
        text_en: "the serial console cannot reach the records process; it is being restarted".to_owned(),
        text_zh: "串口控制台无法连接记录进程，正在重启".to_owned(),
    };
    HealthReply {
        serial,
        state: if connected { HealthState::Ready } else { HealthState::Degraded },
        gauges: vec![("sessions".to_owned(), u64::from(signed_in))],
        alarms: if connected { Vec::new() } else { vec![alone] },
    }
}

#[cfg(test)]
mod tests {
    use super::answer;
    use idl::health::HealthState;

    #[test]
    fn a_console_that_cannot_reach_the_vault_raises_an_alarm() {
        let well = answer(7, true, true);
        assert_eq!((well.serial, well.state, well.gauges[0].1), (7, HealthState::Ready, 1));
        let alone = answer(8, false, false);
        assert_eq!((alone.state, alone.alarms[0].code.as_str()), (HealthState::Degraded, "console-alone"));
    }
}
