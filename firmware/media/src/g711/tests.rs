//! Exhaustive checks of both laws against the definition in G.711. No audio files.

use super::{Law, transcode};

/// G.711 table 1a: the decision values of the positive A-law half on the 13-bit scale.
fn a_definition(octet: u8) -> i32 {
    let code = octet ^ 0x55;
    let segment = i32::from((code >> 4) & 7);
    let step = i32::from(code & 15);
    // Value = midpoint of its interval; the scale is 1/4096, here times 8 to 16 bits.
    let (start, width) = if segment == 0 { (0, 2) } else { (32 << (segment - 1), 2 << (segment - 1)) };
    let twice = 2 * (start + step * width) + width;
    let value = twice * 4;
    if code & 0x80 == 0 { -value } else { value }
}

/// G.711 table 2a: µ-law on the 14-bit scale, here times 4.
fn mu_definition(octet: u8) -> i32 {
    let code = !octet;
    let segment = u32::from((code >> 4) & 7);
    let step = i32::from(code & 15);
    let value = ((2 * step + 33) << segment) - 33;
    let value = value * 4;
    if code & 0x80 == 0 { value } else { -value }
}

#[test]
fn every_octet_decodes_to_the_value_of_the_definition() {
    for octet in 0..=255u8 {
        assert_eq!(i32::from(Law::A.decode(octet)), a_definition(octet), "A {octet:#x}");
        assert_eq!(i32::from(Law::Mu.decode(octet)), mu_definition(octet), "µ {octet:#x}");
    }
}

#[test]
fn every_octet_survives_decode_and_encode() {
    for octet in 0..=255u8 {
        assert_eq!(Law::A.encode(Law::A.decode(octet)), octet);
        // µ-law has two zeros; the negative one comes back as the positive one.
        let expected = if octet == 0x7F { 0xFF } else { octet };
        assert_eq!(Law::Mu.encode(Law::Mu.decode(octet)), expected);
    }
}

/// Decision values of both laws: a sample lies at most half a step from its value, but for the
/// µ-law samples above the clip level.
#[test]
fn every_sample_encodes_into_the_interval_that_holds_it() {
    for law in [Law::A, Law::Mu] {
        for sample in i16::MIN..=i16::MAX {
            let octet = law.encode(sample);
            let half_step = match law {
                Law::A => 8 << u32::from(((octet ^ 0x55) >> 4) & 7).saturating_sub(1),
                Law::Mu => 4 << u32::from((!octet >> 4) & 7),
            };
            let distance = (i32::from(law.decode(octet)) - i32::from(sample)).abs();
            let clipped = law == Law::Mu && sample.unsigned_abs() > 32_635;
            assert!(distance <= half_step || clipped, "{law:?} {sample}: {distance}");
        }
    }
}

#[test]
fn transcoding_goes_through_the_nearest_value_and_there_is_no_change_within_a_law() {
    for octet in 0..=255u8 {
        let mut one = [octet];
        transcode(Law::A, Law::Mu, &mut one);
        assert_eq!(one[0], Law::Mu.encode(Law::A.decode(octet)));
        let mut one = [octet];
        transcode(Law::Mu, Law::A, &mut one);
        assert_eq!(one[0], Law::A.encode(Law::Mu.decode(octet)));
        let mut one = [octet];
        transcode(Law::A, Law::A, &mut one);
        assert_eq!(one[0], octet);
    }
}

#[test]
fn silence_is_the_smallest_value_of_each_law() {
    assert_eq!(Law::A.decode(Law::A.silence()), 8);
    assert_eq!(Law::Mu.decode(Law::Mu.silence()), 0);
    assert_eq!(Law::of_payload_type(8), Some(Law::A));
    assert_eq!(Law::of_payload_type(0), Some(Law::Mu));
    assert_eq!(Law::of_payload_type(3), None);
}
