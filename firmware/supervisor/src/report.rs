//! The picture of the box's health, as a file for the page, the console and people. It holds no history:
//! the journal has it.

use idl::health::{HealthReply, HealthState};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Health of all processes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// By process name.
    pub processes: BTreeMap<&'static str, ProcessHealth>,
}

/// Health of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProcessHealth {
    /// `ready`, `starting`, `degraded`, `draining` or `unreachable`.
    pub state: &'static str,
    /// Its process id, 0 if not reached.
    pub pid: i32,
    /// How often it came back since we started.
    pub restarts: u64,
    /// Gauges by name.
    pub gauges: BTreeMap<String, u64>,
    /// Alarms: code and text in English and Chinese.
    pub alarms: BTreeMap<String, (String, String)>,
}

impl Picture {
    /// Takes an answer; returns the codes of alarms that came and that went.
    pub fn take(&mut self, process: &'static str, reply: HealthReply) -> (Vec<String>, Vec<String>) {
        let known = self.processes.entry(process).or_default();
        let alarms: BTreeMap<String, (String, String)> =
            reply.alarms.into_iter().map(|alarm| (alarm.code, (alarm.text_en, alarm.text_zh))).collect();
        let came = alarms.keys().filter(|code| !known.alarms.contains_key(*code)).cloned().collect();
        let went = known.alarms.keys().filter(|code| !alarms.contains_key(*code)).cloned().collect();
        known.state = state_name(reply.state);
        known.gauges = reply.gauges.into_iter().collect();
        known.alarms = alarms;
        (came, went)
    }

    /// A process is not reached any more.
    pub fn lost(&mut self, process: &'static str) {
        let known = self.processes.entry(process).or_default();
        known.state = "unreachable";
        known.gauges.clear();
        known.pid = 0;
    }

    /// A process was reached.
    pub fn reached(&mut self, process: &'static str, pid: i32) {
        let known = self.processes.entry(process).or_default();
        if !known.state.is_empty() {
            known.restarts += 1;
        }
        known.state = "starting";
        known.pid = pid;
    }

    /// Writes the picture so that a reader sees the old or the new one, never half of one.
    ///
    /// # Errors
    /// The system's error.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let new = folder.join("health.json.new");
        std::fs::create_dir_all(folder)?;
        let mut file = std::fs::File::create(&new)?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        std::fs::rename(new, folder.join("health.json"))
    }
}

const fn state_name(state: HealthState) -> &'static str {
    match state {
        HealthState::Starting => "starting",
        HealthState::Ready => "ready",
        HealthState::Degraded => "degraded",
        HealthState::Draining => "draining",
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;
    use idl::health::{Alarm, HealthReply, HealthState};

    fn reply(codes: &[&str]) -> HealthReply {
        let alarm = |code: &&str| Alarm { code: (*code).into(), text_en: "x".into(), text_zh: "x".into() };
        HealthReply {
            serial: 1,
            state: HealthState::Ready,
            gauges: vec![],
            alarms: codes.iter().map(alarm).collect(),
        }
    }

    #[test]
    fn an_alarm_is_told_once_when_it_comes_and_once_when_it_goes() {
        let mut picture = Picture::default();
        assert_eq!(picture.take("lined", reply(&["trunk-down"])), (vec!["trunk-down".into()], vec![]));
        assert_eq!(picture.take("lined", reply(&["trunk-down"])), (vec![], vec![]));
        assert_eq!(picture.take("lined", reply(&[])), (vec![], vec!["trunk-down".into()]));
    }
}
