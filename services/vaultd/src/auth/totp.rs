//! The second factor: RFC 6238 with SHA-1, six digits, steps of thirty seconds, one step of drift each way.
//!
//! A step that was taken once is never taken again; who remembers it is the caller.

use data_encoding::BASE32_NOPAD;
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, Builder};
use vocab::{SECOND_MS, Secret, UnixMs};

/// Bytes of a secret: the length RFC 4226 section 4 recommends.
pub const SECRET_BYTES: usize = 20;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// Seconds of a step.
pub const STEP_S: u64 = 30;
/// Steps of drift taken each way (RFC 6238 section 5.2: at most one).
pub const DRIFT_STEPS: u64 = 1;
/// Who issued it, as the authenticator shows it.
pub const ISSUER: &str = "Ringfence";

/// What a typed code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It is the code of this step, which was not used before.
    Fresh(u64),
    /// It is a code of a step used before, or of one before that.
    Used,
    /// It is none.
    Wrong,
}

/// Weighs a typed code; `last` is the newest step used. Every step is compared, whichever matches.
#[must_use]
pub fn weigh(secret: &Secret<[u8; SECRET_BYTES]>, typed: &str, now: UnixMs, last: u64) -> Code {
    let typed: Vec<u8> = typed.bytes().filter(|byte| *byte != b' ').collect();
    let step = step_at(now);
    let mut worth = Code::Wrong;
    for candidate in step.saturating_sub(DRIFT_STEPS)..=step + DRIFT_STEPS {
        let code = Secret::new(code_of(secret, candidate));
        // Both are six digits or unequal: a shorter or longer text never matches.
        let same = typed.len() == DIGITS && bool::from(typed.as_slice().ct_eq(code.expose().as_bytes()));
        if same {
            worth = if candidate > last { Code::Fresh(candidate) } else { Code::Used };
        }
    }
    worth
}

/// The step of an instant.
#[must_use]
pub fn step_at(now: UnixMs) -> u64 {
    u64::try_from(now.0.div_euclid(SECOND_MS)).unwrap_or(0) / STEP_S
}

/// The code of a step.
#[must_use]
pub fn code_of(secret: &Secret<[u8; SECRET_BYTES]>, step: u64) -> String {
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(*secret.expose())
        .with_step_duration(STEP_S)
        .build_noncompliant();
    totp.generate(step * STEP_S).to_string()
}

/// A secret as an authenticator takes it when typed.
#[must_use]
pub fn typed_secret(secret: &Secret<[u8; SECRET_BYTES]>) -> Secret<String> {
    Secret::new(BASE32_NOPAD.encode(secret.expose()))
}

/// A secret as an authenticator takes it from a camera (Key URI format). Logins need no escapes.
#[must_use]
pub fn uri(secret: &Secret<[u8; SECRET_BYTES]>, login: &str) -> Secret<String> {
    let typed = typed_secret(secret);
    Secret::new(format!(
        "otpauth://totp/{ISSUER}:{login}?secret={}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
        typed.expose()
    ))
}

#[cfg(test)]
mod tests {
    use super::{Code, code_of, step_at, typed_secret, uri, weigh};
    use vocab::{Secret, UnixMs};

    const RFC: [u8; 20] = *b"12345678901234567890";

    #[test]
    fn the_sha_1_codes_of_rfc_6238_appendix_b_are_met() {
        // Appendix B tells eight digits; six digits are their last six.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_of(&Secret::new(RFC), step_at(UnixMs(seconds * 1_000))), code);
        }
    }

    #[test]
    fn iam_01_one_step_of_drift_is_taken_and_no_more() {
        let secret = Secret::new(RFC);
        let now = UnixMs(1_234_567_890_000);
        let step = step_at(now);
        for (at, taken) in
            [(step - 2, false), (step - 1, true), (step, true), (step + 1, true), (step + 2, false)]
        {
            let worth = weigh(&secret, &code_of(&secret, at), now, 0);
            assert_eq!(worth, if taken { Code::Fresh(at) } else { Code::Wrong });
        }
    }

    #[test]
    fn iam_01_a_step_used_before_or_older_is_never_taken_again() {
        let secret = Secret::new(RFC);
        let now = UnixMs(1_234_567_890_000);
        let step = step_at(now);
        assert_eq!(weigh(&secret, &code_of(&secret, step), now, step), Code::Used);
        assert_eq!(weigh(&secret, &code_of(&secret, step - 1), now, step), Code::Used);
        assert_eq!(weigh(&secret, &code_of(&secret, step + 1), now, step), Code::Fresh(step + 1));
    }

    #[test]
    fn what_is_not_six_digits_is_wrong_and_a_space_in_the_middle_is_forgiven() {
        let secret = Secret::new(RFC);
        let now = UnixMs(59_000);
        assert_eq!(weigh(&secret, "287 082", now, 0), Code::Fresh(1));
        for typed in ["", "28708", "2870820", "287082\u{0}", "２８７０８２", "287083"] {
            assert_eq!(weigh(&secret, typed, now, 0), Code::Wrong, "{typed}");
        }
    }

    #[test]
    fn the_uri_holds_what_an_authenticator_needs() {
        let secret = Secret::new(RFC);
        assert_eq!(typed_secret(&secret).expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let uri = uri(&secret, "zhang.san");
        assert!(uri.expose().starts_with("otpauth://totp/Ringfence:zhang.san?secret=GEZDGNBV"));
    }
}
