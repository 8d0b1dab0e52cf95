//! Random scripts of messages, commands, link and time: what must hold of any stands in `fuzz_control`.

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_script_of_octets_panics_or_leaves_a_call_or_a_channel_behind(
        script in proptest::collection::vec(any::<u8>(), 0..300)
    ) {
        q931::fuzz_control(&script);
    }

    #[test]
    fn no_valid_looking_sequence_does_either(
        settings in any::<u8>(),
        steps in proptest::collection::vec((0_usize..9, any::<[u8; 6]>()), 0..80)
    ) {
        let mut script = vec![settings];
        for (step, [a, b, c, d, e, f]) in steps {
            match step {
                0 => script.extend([0x10, a]),
                1 => script.extend([0x90, a]),
                2 => script.push(a & 0x0f),
                3 => script.extend([0x20 | a & 0x9f, b, c]),
                4 => script.extend([0x40 | a & 0x80, b & 0x87, KINDS[usize::from(c) % KINDS.len()], d, e, f]),
                5 => script.extend([0x68, a]),
                6 => script.extend([0x7f, a]),
                7 => script.push(0x70 | a & 0x80),
                _ => script.push(if a < 40 { 0x76 } else { 0x0f }),
            }
        }
        q931::fuzz_control(&script);
    }
}

const KINDS: [u8; 26] = [
    0x01, 0x02, 0x03, 0x05, 0x07, 0x0d, 0x0f, 0x20, 0x21, 0x22, 0x25, 0x26, 0x2d, 0x2e, 0x45, 0x46, 0x4d,
    0x4e, 0x5a, 0x60, 0x62, 0x6e, 0x75, 0x79, 0x7b, 0x7d,
];
