//! Takes what belongs to subscribers out of a message for a trace of the D channel; the rest still decodes.
//!
//! It keeps every length and every coding octet and is meant for octets nobody has checked: what it cannot follow
//! becomes zero. Elements it does not know, of whatever codeset, lose their contents.

use crate::cause::CauseValue;
use crate::ie::{Ie, IeId};
use crate::kind::MessageType;
use crate::message::head;
use crate::walk::{Piece, Walk};

/// What stands for a character.
const CHARACTER: u8 = b'0';
/// The extension bit.
const EXT: u8 = 0x80;
/// Octets kept of what is no message: discriminator and length of the call reference.
const HEAD_OCTETS: usize = 2;

/// The message with digits, texts and opaque contents of subscribers replaced; of the same length.
#[must_use]
pub fn mask_digits(octets: &[u8]) -> Vec<u8> {
    let mut masked = octets.to_vec();
    let Ok((_, kind, body)) = head(octets) else {
        masked.iter_mut().skip(HEAD_OCTETS).for_each(|octet| *octet = 0);
        return masked;
    };
    let original = octets.get(body..).unwrap_or_default();
    let Some(out) = masked.get_mut(body..) else { return masked };
    for piece in Walk::new(original, kind == MessageType::Segment) {
        match piece {
            Piece::Whole { codeset, id, at, contents } => {
                if contents.len() >= usize::from(b'0') {
                    mask_id(id, out.get_mut(at..=at));
                }
                let contents = out.get_mut(contents).unwrap_or_default();
                if codeset == 0 { mask_contents(IeId(id), kind, contents) } else { contents.fill(0) }
            }
            Piece::Truncated { id, at, contents, .. } => {
                mask_id(id, out.get_mut(at..contents.start));
                out.get_mut(contents).unwrap_or_default().fill(0);
            }
            Piece::Segment(part) => out.get_mut(part).unwrap_or_default().fill(0),
            Piece::Single { .. } | Piece::BadShift { .. } => {}
        }
    }
    masked
}

/// Where a length lied, digits may stand where an identifier and a length should: a short element is no such thing,
/// and no element of the tables but signal has a digit for its identifier.
fn mask_id(id: u8, head: Option<&mut [u8]>) {
    let is_dialled = id.is_ascii_digit() || id == b'*' || id == b'#';
    if is_dialled && IeId(id) != IeId::SIGNAL {
        head.unwrap_or_default().fill(0);
    }
}

fn mask_contents(id: IeId, kind: MessageType, contents: &mut [u8]) {
    let kept = match id {
        IeId::CALLED_NUMBER | IeId::CALLING_NUMBER | IeId::CONNECTED_NUMBER | IeId::REDIRECTING_NUMBER => {
            let kept = coding_octets(contents);
            return contents.iter_mut().skip(kept).for_each(|octet| *octet = CHARACTER);
        }
        IeId::KEYPAD_FACILITY | IeId::DISPLAY => return contents.fill(CHARACTER),
        IeId::CAUSE => cause_octets(contents),
        IeId::CALLED_SUBADDRESS | IeId::CALLING_SUBADDRESS | IeId::CONNECTED_SUBADDRESS => {
            contents.first().map_or(0, |octet| usize::from(octet & EXT != 0))
        }
        IeId::USER_USER => 1,
        IeId::CHANGE_STATUS if kind.is_maintenance() => 1,
        _ => mask_invalid(id, contents),
    };
    contents.iter_mut().skip(kept).for_each(|octet| *octet = 0);
}

/// Octets to keep of an element that is nobody's person. Where its contents are invalid they may be anything, so
/// digits go.
fn mask_invalid(id: IeId, contents: &mut [u8]) -> usize {
    let Some((_, most)) = TECHNICAL.iter().find(|(technical, _)| *technical == id) else { return 0 };
    if matches!(Ie::read(id.0, contents, false), Ie::Invalid(_)) {
        contents.iter_mut().filter(|octet| octet.is_ascii_digit()).for_each(|octet| *octet = 0);
    }
    *most
}

/// Elements that name channels, services, states and networks, nobody's person, and how many octets they have at
/// most: more is not theirs.
const TECHNICAL: &[(IeId, usize)] = &[
    (IeId::SEGMENTED_MESSAGE, 2),
    (IeId::BEARER_CAPABILITY, 12),
    (IeId::CALL_STATE, 1),
    (IeId::CHANNEL_IDENTIFICATION, 40),
    (IeId::PROGRESS_INDICATOR, 2),
    (IeId::NETWORK_SPECIFIC_FACILITIES, 32),
    (IeId::NOTIFICATION_INDICATOR, 1),
    (IeId::DATE_TIME, 6),
    (IeId::SIGNAL, 1),
    (IeId::TRANSIT_NETWORK_SELECTION, 16),
    (IeId::RESTART_INDICATOR, 1),
    (IeId::LOW_LAYER_COMPATIBILITY, 16),
    (IeId::HIGH_LAYER_COMPATIBILITY, 3),
];

/// Octets 3, 3a and 3b of a number: an octet without the extension bit counts only before one that can be 3a or 3b.
fn coding_octets(contents: &[u8]) -> usize {
    /// Bits that are 0 in octet 3a.
    const SPARE_3A: u8 = 0x1c;
    /// Bits that are 0 in octet 3b.
    const SPARE_3B: u8 = 0x70;
    match *contents {
        [octet3, ..] if octet3 & EXT != 0 => 1,
        [_, octet3a, ..] if octet3a & EXT != 0 && octet3a & SPARE_3A == 0 => 2,
        [_, octet3a, octet3b, ..]
            if octet3a & SPARE_3A == 0 && octet3b & EXT != 0 && octet3b & SPARE_3B == 0 =>
        {
            3
        }
        _ => 0,
    }
}

/// Octets of a cause to keep: all up to its value, and of the diagnostics those that can hold no number.
fn cause_octets(contents: &[u8]) -> usize {
    let before = match *contents {
        [octet3, ..] if octet3 & EXT != 0 => 1,
        [_, octet3a, ..] if octet3a & EXT != 0 => 2,
        _ => return 0,
    };
    let Some(&value) = contents.get(before).filter(|value| **value & EXT != 0) else { return before };
    let diagnostics = contents.get(before + 1..).unwrap_or_default();
    let kept = match CauseValue::from_code(value & !EXT) {
        CauseValue::MandatoryIeMissing | CauseValue::IeNotImplemented | CauseValue::InvalidIeContents => {
            diagnostics.iter().take_while(|id| !id.is_ascii_digit()).count()
        }
        CauseValue::MessageTypeNotImplemented
        | CauseValue::MessageNotCompatibleOrNotImplemented
        | CauseValue::MessageNotCompatible => 1,
        CauseValue::TimerExpiry => TIMER_OCTETS,
        _ => 0,
    };
    before + 1 + kept
}

/// A timer's number in the diagnostics of cause 102.
const TIMER_OCTETS: usize = 3;
