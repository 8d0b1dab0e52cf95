//! Entry for the fuzzer: what must hold of any octets that arrive on a D channel.
//!
//! It is the library's promise, not a test harness: parsing, encoding and masking agree with one another.

use crate::ie::{Ie, IeFault};
use crate::ies::Ies;
use crate::mask::mask_digits;
use crate::message::{MAX_MESSAGE_OCTETS, Message};

/// Reads, writes and masks octets.
///
/// # Panics
/// Where a promise is broken.
pub fn fuzz_q931(octets: &[u8]) {
    let masked = mask_digits(octets);
    assert_eq!(masked.len(), octets.len(), "a mask keeps the length");
    let Ok(message) = Message::parse(octets) else { return };
    let hidden = Message::parse(&masked).expect("a mask keeps what stands before the elements");
    assert_eq!((hidden.call_ref, hidden.kind), (message.call_ref, message.kind), "a mask keeps the head");
    assert!(no_digit_is_left(&hidden.ies), "a mask leaves no number");
    let message = without_truncated(message);
    let Ok(written) = message.encode() else {
        assert_eq!(
            octets.len(),
            MAX_MESSAGE_OCTETS,
            "only a length octet cut off at the limit does not fit again"
        );
        return;
    };
    let again = Message::parse(&written).expect("what was written can be read");
    assert!(again == message, "reading what was written gives the same message");
    assert_eq!(again.encode().as_ref(), Ok(&written), "writing is stable");
}

fn no_digit_is_left(ies: &Ies) -> bool {
    let called = ies.called_numbers().map(|number| &number.digits);
    let redirecting = ies.redirecting_numbers().map(|redirecting| &redirecting.number);
    let parties = ies.calling_numbers().chain(ies.connected_numbers()).chain(redirecting);
    let digits = called.chain(parties.map(|number| &number.digits)).chain(ies.keypad_facilities());
    let texts = ies.displays().chain(ies.facilities()).chain(ies.user_users().map(|user| &user.information));
    digits.flat_map(|digits| digits.reveal().as_bytes()).all(|digit| *digit == b'0')
        && texts.flat_map(|text| text.reveal()).all(|octet| matches!(octet, 0 | b'0'))
}

/// What the message's end cut short cannot be written as it came: its length is not known.
fn without_truncated(message: Message) -> Message {
    let whole = |ie: &Ie| !matches!(ie, Ie::Invalid(invalid) if invalid.error.fault == IeFault::Truncated);
    Message { ies: message.ies.iter().filter(|ie| whole(ie)).cloned().collect(), ..message }.in_order()
}
