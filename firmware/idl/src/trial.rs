//! What may speak against a system on trial: one line of English as it is written down, and the same in Chinese. The
//! supervisor writes the lines; whoever shows them reads them back.

use std::fmt;

/// One thing that speaks against a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// A process was not reached.
    NotReached(String),
    /// A process has not come as far as it must: its state's name.
    State(String, String),
    /// A process was started again so often.
    Restarts(String, u64),
    /// A process raises an alarm that a working system never has.
    Alarm(String, String),
    /// The root key was opened by the custodians' shares, not by the TPM.
    KeysNotUnsealed,
    /// The TPM did not open the disk.
    DiskNotOpened,
    /// The ledger was not verified.
    LedgerUnverified,
    /// So many cards or trunks that worked before do not.
    LinesMissing(u64),
    /// Nobody knows of cards and trunks yet.
    LinesUnknown,
    /// The loop-back call has not ended yet.
    CallUnknown,
    /// The loop-back call failed, and at what.
    Call(CallFault),
    /// Health cannot be read.
    Health(String),
    /// All was well, but only when the time was up.
    TooLate,
}

/// The gauge of the lines that says how the last loop-back call ended: 0 not known, [`CALL_SUCCEEDED`], or the number
/// of a [`CallFault`].
pub const CALL_GAUGE: &str = "loop_back_call";
/// It succeeded.
pub const CALL_SUCCEEDED: u64 = 1;

/// At what the loop-back call failed. The numbers travel as a gauge: they never change, new ones are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallFault {
    /// No address or port for signalling.
    Signalling = 2,
    /// No free media port.
    Ports = 3,
    /// No media thread takes it.
    Threads = 4,
    /// The INVITE was not answered.
    NotAnswered = 5,
    /// The far leg did not hear the near one.
    NotHeardFar = 6,
    /// The near leg did not hear the far one.
    NotHeardNear = 7,
    /// Nothing was recorded, or not what was heard.
    NotRecorded = 8,
    /// The BYE was not answered.
    NotEnded = 9,
    /// Not over within its time.
    TooLong = 10,
}

impl CallFault {
    /// Every fault.
    pub const ALL: [Self; 9] = [
        Self::Signalling,
        Self::Ports,
        Self::Threads,
        Self::NotAnswered,
        Self::NotHeardFar,
        Self::NotHeardNear,
        Self::NotRecorded,
        Self::NotEnded,
        Self::TooLong,
    ];

    /// Its number in a gauge.
    #[must_use]
    pub const fn code(self) -> u64 {
        self as u64
    }

    /// The fault of a number.
    #[must_use]
    pub fn of(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.code() == code)
    }

    /// In English and in Chinese.
    #[must_use]
    pub const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Signalling => ["no socket for signalling", "信令端口无法打开"],
            Self::Ports => ["no free media port", "没有空闲的媒体端口"],
            Self::Threads => ["no media thread takes it", "媒体线程无法接纳"],
            Self::NotAnswered => ["the INVITE was not answered", "INVITE 未获应答"],
            Self::NotHeardFar => ["the far leg heard nothing", "远端未听到测试音"],
            Self::NotHeardNear => ["the near leg heard nothing", "近端未听到测试音"],
            Self::NotRecorded => ["the recording does not hold what was said", "录音与所发测试音不符"],
            Self::NotEnded => ["the BYE was not answered", "BYE 未获应答"],
            Self::TooLong => ["it was not over in time", "未在限时内结束"],
        }
    }
}

impl Against {
    /// In Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Self::NotReached(process) => format!("{process}：未就绪"),
            Self::State(process, state) => format!("{process}：{}", state_in_chinese(state)),
            Self::Restarts(process, times) => format!("{process}：重新启动 {times} 次"),
            Self::Alarm(process, code) => format!("{process}：告警 {code}"),
            Self::KeysNotUnsealed => "密钥未由 TPM 解封".to_owned(),
            Self::DiskNotOpened => "数据盘未由 TPM 解锁".to_owned(),
            Self::LedgerUnverified => "账本未通过校验".to_owned(),
            Self::LinesMissing(count) => format!("{count} 块板卡或中继不如升级前正常"),
            Self::LinesUnknown => "板卡与中继状态未知".to_owned(),
            Self::CallUnknown => "环回自检呼叫未完成".to_owned(),
            Self::Call(fault) => format!("环回自检呼叫失败：{}", fault.words()[1]),
            Self::Health(error) => format!("健康状态无法读取：{error}"),
            Self::TooLate => "限时已到才恢复正常".to_owned(),
        }
    }

    /// Reads a line; one that is of a newer system is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        match line {
            KEYS => return Some(Self::KeysNotUnsealed),
            DISK => return Some(Self::DiskNotOpened),
            LEDGER => return Some(Self::LedgerUnverified),
            LINES_UNKNOWN => return Some(Self::LinesUnknown),
            CALL_UNKNOWN => return Some(Self::CallUnknown),
            TOO_LATE => return Some(Self::TooLate),
            _ => {}
        }
        if let Some(count) = line.strip_suffix(LINES) {
            return count.parse().ok().map(Self::LinesMissing);
        }
        if let Some(words) = line.strip_prefix(CALL) {
            return CallFault::ALL.into_iter().find(|fault| fault.words()[0] == words).map(Self::Call);
        }
        if let Some(error) = line.strip_prefix(HEALTH) {
            return Some(Self::Health(error.to_owned()));
        }
        let (process, what) = line.split_once(": ")?;
        let process = process.to_owned();
        if what == NOT_REACHED {
            return Some(Self::NotReached(process));
        }
        if let Some(code) = what.strip_prefix(ALARM) {
            return Some(Self::Alarm(process, code.to_owned()));
        }
        let times = what.strip_prefix("started again ").and_then(|rest| rest.strip_suffix(" times"));
        match times {
            Some(times) => times.parse().ok().map(|times| Self::Restarts(process, times)),
            None => {
                STATES.iter().any(|[known, _]| *known == what).then(|| Self::State(process, what.to_owned()))
            }
        }
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached(process) => write!(f, "{process}: {NOT_REACHED}"),
            Self::State(process, state) => write!(f, "{process}: {state}"),
            Self::Restarts(process, times) => write!(f, "{process}: started again {times} times"),
            Self::Alarm(process, code) => write!(f, "{process}: {ALARM}{code}"),
            Self::KeysNotUnsealed => f.write_str(KEYS),
            Self::DiskNotOpened => f.write_str(DISK),
            Self::LedgerUnverified => f.write_str(LEDGER),
            Self::LinesMissing(count) => write!(f, "{count}{LINES}"),
            Self::LinesUnknown => f.write_str(LINES_UNKNOWN),
            Self::CallUnknown => f.write_str(CALL_UNKNOWN),
            Self::Call(fault) => write!(f, "{CALL}{}", fault.words()[0]),
            Self::Health(error) => write!(f, "{HEALTH}{error}"),
            Self::TooLate => f.write_str(TOO_LATE),
        }
    }
}

/// A line in Chinese, or as it came.
#[must_use]
pub fn chinese(line: &str) -> String {
    Against::parse(line).map_or_else(|| line.to_owned(), |known| known.chinese())
}

fn state_in_chinese(state: &str) -> &str {
    STATES.iter().find(|[known, _]| *known == state).map_or(state, |[_, chinese]| chinese)
}

const STATES: [[&str; 2]; 6] = [
    ["starting", "正在启动"],
    ["draining", "正在停止"],
    ["unreachable", "无法联系"],
    ["degraded", "降级运行"],
    ["ready", "就绪"],
    ["", "状态未知"],
];
const NOT_REACHED: &str = "not reached";
const ALARM: &str = "alarm ";
const KEYS: &str = "the TPM did not unseal the keys";
const DISK: &str = "the TPM did not open the disk";
const LEDGER: &str = "the ledger is not verified";
const LINES: &str = " cards or trunks do not work as before";
const LINES_UNKNOWN: &str = "cards and trunks are not known yet";
const CALL_UNKNOWN: &str = "the loop-back call has not ended yet";
const CALL: &str = "the loop-back call failed: ";
const HEALTH: &str = "health.json: ";
const TOO_LATE: &str = "it was well too late";

#[cfg(test)]
mod tests {
    use super::{Against, CallFault, chinese};

    #[test]
    fn every_line_is_read_as_it_was_written_and_has_its_chinese() {
        let name = || "lined".to_owned();
        let mut all = vec![
            Against::NotReached(name()),
            Against::State(name(), "starting".to_owned()),
            Against::Restarts(name(), 3),
            Against::Alarm(name(), "head-unsigned".to_owned()),
            Against::KeysNotUnsealed,
            Against::DiskNotOpened,
            Against::LedgerUnverified,
            Against::LinesMissing(2),
            Against::LinesUnknown,
            Against::CallUnknown,
            Against::Health("no such file".to_owned()),
            Against::TooLate,
        ];
        all.extend(CallFault::ALL.map(Against::Call));
        for known in all {
            let line = known.to_string();
            assert_eq!(Against::parse(&line), Some(known), "{line}");
            assert_ne!(chinese(&line), line);
        }
    }

    #[test]
    fn a_line_of_a_newer_system_is_shown_as_it_came() {
        for line in [
            "",
            "x",
            "vaultd: sings",
            "many cards or trunks do not work as before",
            "lined: started again x times",
        ] {
            assert_eq!(chinese(line), line);
        }
    }

    #[test]
    fn a_fault_of_the_call_keeps_its_number() {
        for fault in CallFault::ALL {
            assert_eq!(CallFault::of(fault.code()), Some(fault));
        }
        assert_eq!((CallFault::of(0), CallFault::of(1), CallFault::of(99)), (None, None, None));
    }
}
