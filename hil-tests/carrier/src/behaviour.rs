//! What the callee behind a number does: the table from the last two digits to a script.
//!
//! Pure data and lookups. It sends nothing and keeps no time; the engine walks the script.

/// One row of the table: the codes it covers and what they mean.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// First code of the row.
    pub first: u8,
    /// Last code of the row.
    pub last: u8,
    /// What the callee does, in words.
    pub text: &'static str,
}

/// The whole table, in order, without a gap.
pub const TABLE: &[Row] = &[
    row(0, 59, "rings 200 + 100 x code ms (or --ring-ms), answers, talks, listens to the end"),
    row(60, 60, "answers, presses 9 by RFC 4733 in the very first packets"),
    row(61, 61, "answers, presses 9 by RFC 4733 after 800 ms"),
    row(62, 62, "answers, presses 9 by RFC 4733 in the middle (3 s, or half of --talk-ms)"),
    row(63, 63, "answers, presses 9 by RFC 4733 after 2 s and holds it for 1 s"),
    row(64, 64, "answers, presses 9 by RFC 4733 after 1.5 s, only the three end packets arrive"),
    row(65, 65, "answers, presses 9 in-band after 500 ms"),
    row(66, 66, "answers, presses 9 in-band after 3 s, over its own speech"),
    row(67, 67, "answers, presses 9 by SIP INFO (application/dtmf-relay) after 1.5 s"),
    row(68, 68, "answers, hangs up after 0.5 s"),
    row(69, 69, "answers, hangs up after 3 s, during the announcement"),
    row(70, 72, "180, then 486 Busy Here"),
    row(73, 74, "180 and never answers, until CANCEL"),
    row(75, 75, "180, then 603 Decline"),
    row(76, 76, "404 Not Found"),
    row(77, 77, "480 Temporarily Unavailable"),
    row(78, 78, "500 Server Internal Error"),
    row(79, 79, "503 Service Unavailable with Retry-After: 2"),
    row(80, 80, "183 with early media, then 486 Busy Here"),
    row(81, 81, "183 with early media (ringback), then answers"),
    row(82, 82, "reliable 183 (100rel, PRACK), then answers"),
    row(83, 83, "answers and sends no media"),
    row(84, 84, "answers; a second, foreign source also sends RTP (3 kHz) to our port"),
    row(85, 85, "200 with a broken SDP"),
    row(86, 86, "a final response with broken headers, then nothing until CANCEL"),
    row(87, 87, "slow: 100 after 2 s, 180 after 4 s, then answers"),
    row(88, 88, "never answers the INVITE at all, not even 100"),
    row(89, 89, "forks: two 180 with different tags, then two 200"),
    row(90, 90, "rings; its 200 crosses the CANCEL"),
    row(91, 91, "answers; its BYE crosses ours (glare)"),
    row(92, 92, "answers, refreshes the session by re-INVITE after 2 s"),
    row(93, 93, "answers, holds by re-INVITE after 1 s, resumes 2 s later"),
    row(94, 94, "180, then 408 Request Timeout"),
    row(95, 95, "606 Not Acceptable"),
    row(96, 96, "answers, goes silent after 1 s: no RTP, no BYE"),
    row(97, 97, "answers as a voicemail: 3 s greeting, 1 kHz beep, then silence"),
    row(98, 98, "422 Session Interval Too Small first, then as 00"),
    row(99, 99, "302 to the same number ending in 00"),
];

const fn row(first: u8, last: u8, text: &'static str) -> Row {
    Row { first, last, text }
}

/// One thing the callee says before the call is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 100 Trying.
    Trying,
    /// 180 Ringing.
    Ringing,
    /// Two 180, from two branches of a fork.
    RingingForked,
    /// 183 with an answer and audio.
    EarlyMedia,
    /// 183 that must be acknowledged by PRACK (RFC 3262).
    ReliableProgress,
    /// 200 with an answer.
    Answer,
    /// Two 200 from the two branches.
    AnswerForked,
    /// 200 whose SDP no parser should accept.
    AnswerBroken,
    /// A final refusal with this code.
    Refuse(u16),
    /// A final refusal whose headers no parser should accept.
    RefuseBroken,
}

/// What the callee's microphone gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// The number's own speech-like signal.
    Voice,
    /// No RTP at all.
    Nothing,
    /// Speech, and no packet after this many milliseconds.
    VoiceThenGone(u64),
    /// Ringback, before the answer.
    Ringback,
    /// A greeting, a beep, silence.
    Voicemail,
    /// The steady tone of one agent.
    AgentTone(u8),
}

/// How and when the callee presses 9, in milliseconds after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// RFC 4733 events.
    Event {
        /// When.
        at_ms: u64,
        /// For how long.
        hold_ms: u64,
        /// Whether only the end packets arrive.
        start_lost: bool,
    },
    /// Two tones in the audio.
    InBand {
        /// When.
        at_ms: u64,
    },
    /// A SIP INFO request.
    Info {
        /// When.
        at_ms: u64,
    },
}

/// What the callee does with the signalling while the call is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    /// Nothing.
    Listen,
    /// One session refresh.
    Refresh,
    /// Hold, then resume.
    Hold,
}

/// The whole of one callee's behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What happens before the call is up, each at its time after the INVITE.
    pub before: Vec<(u64, Step)>,
    /// How long after the PRACK a reliable 183 is followed by the answer.
    pub answer_after_prack_ms: u64,
    /// The audio once answered.
    pub sound: Sound,
    /// The key press, if any.
    pub press: Option<Press>,
    /// When the callee hangs up by itself.
    pub hang_up_after_ms: Option<u64>,
    /// The signalling during the call.
    pub during: During,
    /// Whether a foreign source sends RTP as well.
    pub bleed: bool,
    /// Whether its BYE crosses ours.
    pub glare: bool,
    /// Whether its 200 crosses a CANCEL.
    pub answer_crosses_cancel: bool,
    /// Whether the first INVITE gets 422.
    pub interval_too_small_first: bool,
}

/// The times a run may shorten.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Ring this long instead of what the table says.
    pub ring_ms: Option<u64>,
    /// Hang up this long after the answer; zero means listen to the end.
    pub talk_ms: u64,
}

/// The code a dialled number ends in; `None` when its last two characters are not digits.
pub fn code_of(number: &str) -> Option<u8> {
    let digits = number.as_bytes();
    let [tens, units] = digits.get(digits.len().checked_sub(2)?..)? else { return None };
    (tens.is_ascii_digit() && units.is_ascii_digit()).then(|| (tens - b'0') * 10 + (units - b'0'))
}

/// The table's words for a code.
pub fn describe(code: u8) -> Option<&'static str> {
    TABLE.iter().find(|r| (r.first..=r.last).contains(&code)).map(|r| r.text)
}

/// The number without a `+86`, `0086` or trunk `0` in front.
pub fn national(number: &str) -> &str {
    let rest = number.strip_prefix("+86").or_else(|| number.strip_prefix("0086")).unwrap_or(number);
    rest.strip_prefix('0').unwrap_or(rest)
}

/// The script of a code; codes past 99 behave as their last two digits.
pub fn script(code: u8, times: Times) -> Script {
    let code = code % 100;
    let ring = times.ring_ms.unwrap_or(if code < 60 { 200 + 100 * u64::from(code) } else { RING_MS });
    let mut script = Script {
        before: before(code, ring),
        answer_after_prack_ms: ring,
        sound: Sound::Voice,
        press: press(code, times.talk_ms),
        hang_up_after_ms: (times.talk_ms > 0).then_some(times.talk_ms),
        during: During::Listen,
        bleed: code == 84,
        glare: code == 91,
        answer_crosses_cancel: code == 90,
        interval_too_small_first: code == 98,
    };
    match code {
        68 => script.hang_up_after_ms = Some(500),
        69 => script.hang_up_after_ms = Some(3_000),
        83 => script.sound = Sound::Nothing,
        91 => script.hang_up_after_ms = None,
        92 => script.during = During::Refresh,
        93 => script.during = During::Hold,
        96 => {
            script.sound = Sound::VoiceThenGone(1_000);
            script.hang_up_after_ms = None;
        }
        97 => script.sound = Sound::Voicemail,
        _ => {}
    }
    script
}

fn before(code: u8, ring: u64) -> Vec<(u64, Step)> {
    let trying = (0, Step::Trying);
    let ringing = (RING_DELAY_MS.min(ring), Step::Ringing);
    let refused = |status| vec![trying, (0, Step::Refuse(status))];
    let rung_then = |step| vec![trying, ringing, (ring, step)];
    match code {
        70..=72 => rung_then(Step::Refuse(486)),
        73 | 74 | 90 => vec![trying, ringing],
        75 => rung_then(Step::Refuse(603)),
        76 => refused(404),
        77 => refused(480),
        78 => refused(500),
        79 => refused(503),
        80 => vec![trying, (0, Step::EarlyMedia), (ring, Step::Refuse(486))],
        81 => vec![trying, (0, Step::EarlyMedia), (ring, Step::Answer)],
        82 => vec![trying, (0, Step::ReliableProgress)],
        85 => rung_then(Step::AnswerBroken),
        86 => rung_then(Step::RefuseBroken),
        87 => vec![(2_000, Step::Trying), (4_000, Step::Ringing), (4_000 + ring, Step::Answer)],
        88 => Vec::new(),
        89 => vec![trying, (RING_DELAY_MS.min(ring), Step::RingingForked), (ring, Step::AnswerForked)],
        94 => rung_then(Step::Refuse(408)),
        95 => refused(606),
        99 => refused(302),
        _ => rung_then(Step::Answer),
    }
}

fn press(code: u8, talk_ms: u64) -> Option<Press> {
    let event = |at_ms| Press::Event { at_ms, hold_ms: PRESS_MS, start_lost: false };
    match code {
        60 => Some(event(0)),
        61 => Some(event(800)),
        62 => Some(event(if talk_ms > 0 { talk_ms / 2 } else { 3_000 })),
        63 => Some(Press::Event { at_ms: 2_000, hold_ms: 1_000, start_lost: false }),
        64 => Some(Press::Event { at_ms: 1_500, hold_ms: PRESS_MS, start_lost: true }),
        65 => Some(Press::InBand { at_ms: 500 }),
        66 => Some(Press::InBand { at_ms: 3_000 }),
        67 => Some(Press::Info { at_ms: 1_500 }),
        _ => None,
    }
}

/// How long a key is held down.
pub const PRESS_MS: u64 = 100;
/// How long a callee rings whose code names no time of its own.
const RING_MS: u64 = 1_000;
/// How long after the INVITE the 180 comes.
const RING_DELAY_MS: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_covers_every_code_once_and_in_order() {
        let mut next = 0u8;
        for row in TABLE {
            assert_eq!(row.first, next, "a gap or an overlap before {}", row.first);
            assert!(row.last >= row.first && !row.text.is_empty());
            next = row.last + 1;
        }
        assert_eq!(next, 100);
        assert!((0..100).all(|code| describe(code).is_some()));
    }

    #[test]
    fn a_prefix_does_not_change_the_code() {
        for number in ["13800138075", "+8613800138075", "013800138075", "75"] {
            assert_eq!(code_of(number), Some(75));
        }
        assert_eq!(code_of("7"), None);
        assert_eq!(code_of("callee"), None);
        assert_eq!(national("+8613800138075"), "13800138075");
        assert_eq!(national("013800138075"), "13800138075");
    }

    #[test]
    fn only_the_codes_that_say_so_never_reach_a_final_response() {
        let silent: Vec<u8> = (0..100)
            .filter(|code| {
                let steps = script(*code, Times::default()).before;
                !steps.iter().any(|(_, s)| {
                    !matches!(s, Step::Trying | Step::Ringing | Step::EarlyMedia | Step::RingingForked)
                })
            })
            .collect();
        assert_eq!(silent, [73, 74, 88, 90]);
    }

    #[test]
    fn steps_are_in_the_order_of_their_times() {
        for code in 0..100 {
            for ring_ms in [None, Some(0), Some(10), Some(5_000)] {
                let steps = script(code, Times { ring_ms, talk_ms: 0 }).before;
                assert!(steps.is_sorted_by_key(|(at, _)| *at), "code {code}");
            }
        }
    }
}
