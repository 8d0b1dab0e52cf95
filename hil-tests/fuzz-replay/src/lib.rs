//! Every parser that reads bytes from outside, by the name of its corpus, and a mutator for plain tests.
//!
//! libFuzzer explores the same parsers (`cargo xtask fuzz`); here the stable toolchain replays what it and the
//! engineers left in `hil-tests/fuzz/corpus`, with a fixed number of seeded mutations. It searches nothing.

mod mutate;

pub use mutate::{MAX_INPUT_BYTES, Mutator};

/// A parser under fuzzing: reads any bytes and panics only where one of its promises is broken.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its corpus and of its libFuzzer binary.
    pub name: &'static str,
    /// The function as the sources name it: its path from the crate.
    pub function: &'static str,
    /// The function.
    pub run: fn(&[u8]),
    /// How many mutations a test run tries: fewer where one input costs more.
    pub mutations: u32,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("admind", "admind::fuzz_request", admind::fuzz_request),
    target("board", "board::fuzz_board", board::fuzz_board),
    target("caller_id", "analog::fuzz_caller_id", analog::fuzz_caller_id),
    target("cas", "analog::fuzz_cas", analog::fuzz_cas),
    target("cast", "cast::fuzz_cast", cast::fuzz_cast),
    target("console", "consoled::fuzz_console", consoled::fuzz_console),
    target("csv", "contacts::fuzz_csv", contacts::fuzz_csv),
    target("custodians_share", "custodians::fuzz_share", custodians::fuzz_share),
    target("custodians_header", "custodians::fuzz_header", custodians::fuzz_header),
    target("installer", "installer::fuzz_installer", installer::fuzz_installer),
    target("ipc", "ipc::fuzz_frame", ipc::fuzz_frame),
    target("lapd", "lapd::fuzz_lapd", lapd::fuzz_lapd),
    target("ledger", "ledger::fuzz_ledger", ledger::fuzz_ledger),
    target("pcr_signatures", "tpm::fuzz_pcr_signatures", tpm::fuzz_pcr_signatures),
    target("network", "netconf::fuzz_typed", netconf::fuzz_typed),
    target("q931", "q931::fuzz_q931", q931::fuzz_q931),
    target("q931_control", "q931::fuzz_control", q931::fuzz_control),
    target("recording", "recording::fuzz_recording", recording::fuzz_recording),
    target("recovery_typed", "recover::fuzz_typed", recover::fuzz_typed),
    target("rtp", "media::fuzz_rtp", media::fuzz_rtp),
    target("sdp", "sip::fuzz_sdp", sip::fuzz_sdp),
    target("sip", "sip::fuzz_datagram", sip::fuzz_datagram),
    target("sip_ua_endpoint", "sip_ua::fuzz::endpoint", |data| {
        sip_ua::fuzz::endpoint(data);
    }),
    target("sip_ua_snapshot", "sip_ua::fuzz::snapshot", sip_ua::fuzz::snapshot),
    target("slots", "slots::fuzz_slots", slots::fuzz_slots),
    target("virtual_card", "virtual_card::fuzz_packet", virtual_card::fuzz_packet),
];

const fn target(name: &'static str, function: &'static str, run: fn(&[u8])) -> Target {
    Target { name, function, run, mutations: MUTATIONS }
}

const MUTATIONS: u32 = 2_000;
