//! The fuzzer's seeds are taken without a fault, and cover what their names say.

use std::path::Path;

#[test]
fn every_seed_of_the_fuzzer_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hil-tests/fuzz/corpus/rtp");
    let mut seeds = 0;
    let mut packets = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        let octets = std::fs::read(entry.expect("a seed").path()).expect("readable");
        media::fuzz_rtp(&octets);
        packets += u32::from(media::rtp::RtpPacket::parse(&octets).is_ok());
        seeds += 1;
    }
    assert!(seeds >= 16 && packets >= 6, "{seeds} seeds, {packets} RTP packets");
}
