//! Watches a leg's media and names what is wrong in words a branch office understands.
//!
//! It takes no measures; it raises a fault once and clears it once.

use crate::stats::LegStats;

/// A fault of one leg's media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaFault {
    /// No RTP at all since the answer.
    NoRtp,
    /// RTP came and stopped while we still send.
    OneWay,
    /// Packets of a payload type that was not negotiated.
    WrongPayloadType,
    /// SRTP packets that do not authenticate.
    SrtpAuthentication,
    /// Packets from an address that was not negotiated.
    WrongSource,
    /// The peer's clock runs too fast or too slow.
    ClockDrift,
    /// More packets are lost than speech bears.
    HeavyLoss,
}

/// Every fault, in the order of their places in a status word.
pub const MEDIA_FAULTS: [MediaFault; 7] = [
    MediaFault::NoRtp,
    MediaFault::OneWay,
    MediaFault::WrongPayloadType,
    MediaFault::SrtpAuthentication,
    MediaFault::WrongSource,
    MediaFault::ClockDrift,
    MediaFault::HeavyLoss,
];

impl MediaFault {
    /// The cause in English.
    #[must_use]
    pub const fn text_en(self) -> &'static str {
        match self {
            MediaFault::NoRtp => {
                "No audio packets have arrived since the answer: a firewall or a wrong media address between this box and the carrier."
            }
            MediaFault::OneWay => {
                "Audio from the other side has stopped while ours still goes out: one-way audio."
            }
            MediaFault::WrongPayloadType => "The other side sends a codec that was not agreed on.",
            MediaFault::SrtpAuthentication => {
                "Encrypted audio cannot be verified: the two sides hold different keys, or packets are being forged."
            }
            MediaFault::WrongSource => {
                "Packets arrive from an address that was not agreed on; they are dropped. NAT on the way, or an attempt to inject audio."
            }
            MediaFault::ClockDrift => {
                "The other side's clock runs too fast or too slow; audio frames are dropped or inserted in pauses."
            }
            MediaFault::HeavyLoss => {
                "More than one packet in twenty is lost on the way: the network is overloaded or faulty."
            }
        }
    }

    /// The cause in Chinese.
    #[must_use]
    pub const fn text_zh(self) -> &'static str {
        match self {
            MediaFault::NoRtp => "接通后未收到任何语音包：本机与运营商之间的防火墙拦截，或媒体地址错误。",
            MediaFault::OneWay => "对方语音已中断，而本机仍在发送：单向通话。",
            MediaFault::WrongPayloadType => "对方发送的语音编码与协商结果不一致。",
            MediaFault::SrtpAuthentication => "加密语音无法通过校验：双方密钥不一致，或有人伪造数据包。",
            MediaFault::WrongSource => {
                "收到来自未协商地址的数据包，已丢弃：途中存在 NAT，或有人试图注入语音。"
            }
            MediaFault::ClockDrift => "对方时钟过快或过慢，已在停顿处增减语音帧。",
            MediaFault::HeavyLoss => "途中丢包超过二十分之一：网络拥塞或故障。",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// When a fault is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchLimits {
    /// No packet at all for this long after the answer.
    pub no_rtp_us: u64,
    /// No packet for this long after packets came.
    pub one_way_us: u64,
    /// Packets of a wrong payload type within one second.
    pub wrong_payload_per_s: u64,
    /// Failed authentications within one second.
    pub srtp_failures_per_s: u64,
    /// Packets from a wrong source within one second.
    pub wrong_source_per_s: u64,
    /// Frames dropped or inserted for drift within one minute.
    pub drift_frames_per_min: u64,
    /// Lost packets in a hundred, over ten seconds.
    pub loss_percent: u64,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self {
            no_rtp_us: 4_000_000,
            one_way_us: 3_000_000,
            wrong_payload_per_s: 5,
            srtp_failures_per_s: 5,
            wrong_source_per_s: 5,
            drift_frames_per_min: 12,
            loss_percent: 5,
        }
    }
}

/// Running totals of a leg, as the watchdog reads them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Accepted RTP packets.
    pub received: u64,
    /// Expected packets by sequence number.
    pub expected: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Wrong payload types.
    pub wrong_payload: u64,
    /// SRTP packets that did not authenticate.
    pub srtp_failures: u64,
    /// Wrong sources.
    pub wrong_source: u64,
    /// Frames dropped or inserted for drift.
    pub drift_frames: u64,
    /// Time the last accepted packet came.
    pub last_packet_us: Option<u64>,
}

impl Totals {
    /// The totals the watchdog needs, out of a leg's statistics.
    #[must_use]
    pub fn of(stats: &LegStats) -> Self {
        Self {
            received: stats.accepted,
            expected: stats.expected,
            lost: stats.lost,
            wrong_payload: stats.wrong_payload,
            srtp_failures: stats.srtp_failures,
            wrong_source: stats.wrong_source,
            drift_frames: stats.drift_frames(),
            last_packet_us: stats.last_packet_us,
        }
    }
}

/// The watchdog of one leg.
#[derive(Clone, Debug)]
pub struct Watchdog {
    limits: WatchLimits,
    answered_us: Option<u64>,
    expecting: bool,
    second: Mark,
    ten_seconds: Mark,
    minute: Mark,
    raised: u8,
}

/// Totals at the start of a window.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    at_us: u64,
    totals: Totals,
}

impl Watchdog {
    /// A watchdog that waits for the answer.
    #[must_use]
    pub fn new(limits: WatchLimits) -> Self {
        Self {
            limits,
            answered_us: None,
            expecting: true,
            second: Mark::default(),
            ten_seconds: Mark::default(),
            minute: Mark::default(),
            raised: 0,
        }
    }

    /// The call was answered now.
    pub fn answered(&mut self, now_us: u64) {
        self.answered_us.get_or_insert(now_us);
    }

    /// Whether the peer is supposed to send: not while it is on hold.
    pub fn expect(&mut self, expecting: bool, now_us: u64) {
        if expecting && !self.expecting && self.answered_us.is_some() {
            self.answered_us = Some(now_us);
        }
        self.expecting = expecting;
    }

    /// Whether a fault stands.
    #[must_use]
    pub fn is_raised(&self, fault: MediaFault) -> bool {
        self.raised & fault.bit() != 0
    }

    /// Looks at the totals; tells each fault that is new (`true`) or gone (`false`).
    pub fn check(&mut self, now_us: u64, totals: &Totals, mut tell: impl FnMut(MediaFault, bool)) {
        let Some(answered) = self.answered_us else { return };
        self.check_silence(now_us, answered, totals, &mut tell);
        if let Some(before) = self.second.due(now_us, SECOND_US, totals) {
            let limits = self.limits;
            let wrong_payload = totals.wrong_payload - before.wrong_payload;
            self.judge(MediaFault::WrongPayloadType, wrong_payload >= limits.wrong_payload_per_s, &mut tell);
            let failures = totals.srtp_failures - before.srtp_failures;
            self.judge(MediaFault::SrtpAuthentication, failures >= limits.srtp_failures_per_s, &mut tell);
            let wrong_source = totals.wrong_source - before.wrong_source;
            self.judge(MediaFault::WrongSource, wrong_source >= limits.wrong_source_per_s, &mut tell);
        }
        if let Some(before) = self.ten_seconds.due(now_us, 10 * SECOND_US, totals) {
            let expected = totals.expected.saturating_sub(before.expected);
            let lost = totals.lost.saturating_sub(before.lost);
            let heavy = expected > 0 && lost * 100 >= expected * self.limits.loss_percent;
            self.judge(MediaFault::HeavyLoss, heavy, &mut tell);
        }
        if let Some(before) = self.minute.due(now_us, 60 * SECOND_US, totals) {
            let frames = totals.drift_frames - before.drift_frames;
            self.judge(MediaFault::ClockDrift, frames >= self.limits.drift_frames_per_min, &mut tell);
        }
    }

    fn check_silence(
        &mut self,
        now_us: u64,
        answered: u64,
        totals: &Totals,
        tell: &mut impl FnMut(MediaFault, bool),
    ) {
        let waited = now_us.saturating_sub(answered);
        let (no_rtp, one_way) = match totals.last_packet_us {
            None => (waited >= self.limits.no_rtp_us, false),
            Some(last) => {
                let quiet = now_us.saturating_sub(last.max(answered));
                (false, quiet >= self.limits.one_way_us)
            }
        };
        self.judge(MediaFault::NoRtp, no_rtp && self.expecting, tell);
        self.judge(MediaFault::OneWay, one_way && self.expecting, tell);
    }

    fn judge(&mut self, fault: MediaFault, stands: bool, tell: &mut impl FnMut(MediaFault, bool)) {
        if stands != self.is_raised(fault) {
            self.raised ^= fault.bit();
            tell(fault, stands);
        }
    }
}

impl Mark {
    /// The totals at the window's start, when the window has passed; a new window begins.
    fn due(&mut self, now_us: u64, window_us: u64, totals: &Totals) -> Option<Totals> {
        if self.at_us == 0 {
            *self = Mark { at_us: now_us.max(1), totals: *totals };
            return None;
        }
        if now_us.saturating_sub(self.at_us) < window_us {
            return None;
        }
        let before = self.totals;
        *self = Mark { at_us: now_us, totals: *totals };
        Some(before)
    }
}

const SECOND_US: u64 = 1_000_000;
