//! DAHDI's bits and codes in our words: alarms, counters, line configuration, events. Pure.
//!
//! It calls no driver.

use crate::abi::{self, SpanInfo};
use crate::control::PortSide;
use card::{HookState, LineEvent};
use idl::spans::{Alarms, E1Config, Framing, LineCoding, SpanCounters};
use nix::libc::c_int;

/// The bits of a line configuration that a card says it can do.
const LINE_MASK: c_int = 0x1ff0;

/// Alarm bits in our words: any loss of alignment is RED.
pub(crate) fn alarms(bits: c_int) -> Alarms {
    let any = |mask: c_int| bits & mask != 0;
    Alarms {
        los: any(abi::ALARM_LOS),
        red: any(abi::ALARM_RED | abi::ALARM_LFA | abi::ALARM_LMFA),
        yellow: any(abi::ALARM_YELLOW),
        blue: any(abi::ALARM_BLUE),
        recovering: any(abi::ALARM_RECOVER),
        loopback: any(abi::ALARM_LOOPBACK),
        not_open: any(abi::ALARM_NOT_OPEN),
    }
}

/// Counters of the driver, with what this side counted: lost blocks and damaged frames.
pub(crate) fn counters(info: &SpanInfo, timing_slips: u32, lost_blocks: u32, hdlc: u32) -> SpanCounters {
    let count = |value: c_int| u32::try_from(value).unwrap_or(0);
    SpanCounters {
        bipolar: count(info.bipolar),
        crc4: count(info.crc4),
        e_bit: count(info.e_bit),
        frame: count(info.fas),
        slips: count(info.irq_misses).saturating_add(timing_slips).saturating_add(lost_blocks),
        hdlc,
    }
}

/// The driver's count of timing slips out of its text for a span (`/proc/dahdi/N`): there only when not zero.
pub(crate) fn timing_slips(text: &str) -> u32 {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Timing slips:"));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// The bits of an E1's line configuration.
pub(crate) fn line_config(e1: &E1Config) -> c_int {
    let coding = match e1.coding {
        LineCoding::Hdb3 => abi::LINE_HDB3,
        LineCoding::Ami => abi::LINE_AMI,
    };
    let framing = match e1.framing {
        Framing::Ccs => abi::LINE_CCS,
        Framing::Cas => 0,
    };
    coding | framing | if e1.crc4 { abi::LINE_CRC4 } else { 0 }
}

/// Whether a card can do a line configuration.
pub(crate) fn can_do(compat: c_int, config: c_int) -> bool {
    config & LINE_MASK & !compat == 0
}

/// What an event of a line means, by what is connected to it; `None` for the driver's own bookkeeping.
pub(crate) fn line_event(side: PortSide, event: c_int) -> Option<LineEvent> {
    if event & abi::EVENT_PULSE_DIGIT != 0 {
        return pulse_digit(event & 0xff).filter(|_| side == PortSide::Fxs);
    }
    match (side, event) {
        (PortSide::Fxo, abi::EVENT_RING_BEGIN) => Some(LineEvent::RingBegins),
        (PortSide::Fxo, abi::EVENT_RING_OFF_HOOK) => Some(LineEvent::RingEnds),
        (PortSide::Fxo, abi::EVENT_ON_HOOK | abi::EVENT_ALARM) => Some(LineEvent::LoopOpen),
        (PortSide::Fxo, abi::EVENT_NO_ALARM) => Some(LineEvent::LoopClosed),
        (PortSide::Fxo, abi::EVENT_POLARITY) => Some(LineEvent::PolarityReversed),
        (PortSide::Fxs, abi::EVENT_RING_OFF_HOOK) => Some(LineEvent::Hook(HookState::Off)),
        (PortSide::Fxs, abi::EVENT_ON_HOOK) => Some(LineEvent::Hook(HookState::On)),
        (PortSide::Fxs, abi::EVENT_WINK_FLASH) => Some(LineEvent::Flash),
        _ => None,
    }
}

/// A digit by pulses: the driver names it by its character. Eleven and more pulses are no digit.
fn pulse_digit(octet: c_int) -> Option<LineEvent> {
    let character = char::from(u8::try_from(octet).ok()?);
    let digit = character.to_digit(10)?;
    u8::try_from(digit).ok().map(LineEvent::Pulse)
}

/// What an event of the D channel means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    /// Alarms changed.
    Alarms,
    /// A frame was damaged.
    BadFrame,
    /// The channel was taken away.
    Gone,
    /// Nothing for us.
    Nothing,
}

/// What an event of the D channel means.
pub(crate) fn link_event(event: c_int) -> LinkEvent {
    match event {
        abi::EVENT_ALARM | abi::EVENT_NO_ALARM => LinkEvent::Alarms,
        abi::EVENT_ABORT | abi::EVENT_OVERRUN | abi::EVENT_BAD_FCS => LinkEvent::BadFrame,
        abi::EVENT_REMOVED => LinkEvent::Gone,
        _ => LinkEvent::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bit_is_no_alarm_and_each_bit_is_its_own() {
        assert!(alarms(0).is_clear());
        assert!(alarms(1 << 8).los);
        assert!(alarms(1 << 3).red && alarms(1 << 9).red && alarms(1 << 10).red);
        assert!(alarms(1 << 2).yellow);
        assert!(alarms(1 << 4).blue);
        assert!(alarms(1).recovering);
        assert!(alarms(1 << 5).not_open);
        assert_eq!(alarms(1 << 1), Alarms { loopback: true, ..Alarms::default() });
    }

    #[test]
    fn an_e1_of_the_standard_is_hdb3_ccs_and_crc4() {
        assert_eq!(line_config(&E1Config::default()), (1 << 9) | (1 << 8) | (1 << 10));
        let cas =
            E1Config { coding: LineCoding::Ami, framing: Framing::Cas, crc4: false, ..E1Config::default() };
        assert_eq!(line_config(&cas), 1 << 6);
    }

    #[test]
    fn a_card_that_names_no_crc4_is_not_set_to_it() {
        assert!(can_do((1 << 8) | (1 << 9), (1 << 8) | (1 << 9)));
        assert!(!can_do((1 << 8) | (1 << 9), (1 << 8) | (1 << 9) | (1 << 10)));
    }

    #[test]
    fn the_same_event_means_a_ring_on_an_exchange_line_and_a_hook_on_a_telephone() {
        assert_eq!(line_event(PortSide::Fxo, 2), Some(LineEvent::RingEnds));
        assert_eq!(line_event(PortSide::Fxs, 2), Some(LineEvent::Hook(HookState::Off)));
        assert_eq!(line_event(PortSide::Fxo, 1), Some(LineEvent::LoopOpen));
        assert_eq!(line_event(PortSide::Fxs, 1), Some(LineEvent::Hook(HookState::On)));
        assert_eq!(line_event(PortSide::Fxo, 18), Some(LineEvent::RingBegins));
        assert_eq!(line_event(PortSide::Fxo, 17), Some(LineEvent::PolarityReversed));
        assert_eq!(line_event(PortSide::Fxo, 4), Some(LineEvent::LoopOpen));
        assert_eq!(line_event(PortSide::Fxo, 5), Some(LineEvent::LoopClosed));
    }

    #[test]
    fn pulses_are_digits_of_telephones_only_and_more_than_ten_are_none() {
        assert_eq!(line_event(PortSide::Fxs, (1 << 16) | c_int::from(b'7')), Some(LineEvent::Pulse(7)));
        assert_eq!(line_event(PortSide::Fxs, (1 << 16) | c_int::from(b'0')), Some(LineEvent::Pulse(0)));
        assert_eq!(line_event(PortSide::Fxs, (1 << 16) | c_int::from(b'#')), None);
        assert_eq!(line_event(PortSide::Fxo, (1 << 16) | c_int::from(b'7')), None);
    }

    #[test]
    fn a_flash_and_a_ringer_s_bookkeeping() {
        assert_eq!(line_event(PortSide::Fxs, 3), Some(LineEvent::Flash));
        for event in [10, 11, 12, 13, 14] {
            assert_eq!(line_event(PortSide::Fxs, event), None, "event {event}");
        }
    }

    #[test]
    fn aborts_overruns_and_checksums_are_damaged_frames() {
        for event in [6, 7, 8] {
            assert_eq!(link_event(event), LinkEvent::BadFrame);
        }
        assert_eq!(link_event(4), LinkEvent::Alarms);
        assert_eq!(link_event(5), LinkEvent::Alarms);
        assert_eq!(link_event(20), LinkEvent::Gone);
        assert_eq!(link_event(99), LinkEvent::Nothing);
    }

    #[test]
    fn timing_slips_are_found_where_the_driver_tells_of_them() {
        let text = "Span 1: DYN/loc/1:0 \"Dynamic\" HDB3/CCS \n\tIRQ misses: 3\n\tTiming slips: 17\n\n\t1 DYN Clear\n";
        assert_eq!(timing_slips(text), 17);
        assert_eq!(timing_slips("Span 1: ok\n"), 0);
        assert_eq!(timing_slips("\tTiming slips: many\n"), 0);
    }
}
