//! Measures what a call costs: packets a second of each suite, microseconds a call-tick.
//!
//! Run with `--release`. It prints; it asserts nothing about speed.

use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use media::call::TickOutput;
use media::prompt::{Clip, ClipRole, ListId, Playlist, PromptId};
use media::rtp::RtpHeader;
use media::srtp::{SdesKey, Srtp, Suite};
use media::units::{TICK_MS, TICK_US};
use media::watchdog::WatchLimits;
use media::{CallMedia, Command, Law, Leg, LegConfig, Session, SrtpPair};

const PACKETS: u32 = 400_000;
const CALLS: usize = 400;
const TICKS: usize = 250;

fn main() -> std::io::Result<()> {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm] {
        measure_suite(suite)?;
    }
    for suite in [None, Some(Suite::AesCm128HmacSha1_80), Some(Suite::AeadAes256Gcm)] {
        measure_calls(suite)?;
    }
    Ok(())
}

fn key(suite: Suite, seed: u8) -> SdesKey {
    let octets: Vec<u8> = (0..suite.master_len() as u8).map(|n| n ^ seed).collect();
    SdesKey::from_bytes(suite, &octets).expect("the suite's length")
}

fn header(sequence: u32) -> RtpHeader {
    RtpHeader {
        marker: false,
        payload_type: 8,
        sequence: sequence as u16,
        timestamp: sequence.wrapping_mul(160),
        ssrc: 7,
    }
}

fn measure_suite(suite: Suite) -> std::io::Result<()> {
    let mut tx = Srtp::new(&key(suite, 1)).expect("a key");
    let mut rx = Srtp::new(&key(suite, 1)).expect("a key");
    let mut buffer = [0u8; 256];
    let (mut sealing, mut opening) = (0.0, 0.0);
    const BATCH: u32 = 1_000;
    let mut batch: Vec<Vec<u8>> = Vec::with_capacity(BATCH as usize);
    for n in (0..PACKETS).step_by(BATCH as usize) {
        batch.clear();
        let start = Instant::now();
        for m in 0..BATCH {
            let len = header(n + m).write(&[0x2A; 160], &mut buffer).expect("room");
            let len = tx.protect(&mut buffer, len).expect("protected");
            batch.push(buffer[..len].to_vec());
        }
        sealing += start.elapsed().as_secs_f64();
        let start = Instant::now();
        for datagram in &mut batch {
            rx.unprotect(datagram).expect("authentic");
        }
        opening += start.elapsed().as_secs_f64();
    }
    let packets = f64::from(PACKETS);
    writeln!(
        stdout(),
        "{:<26} protect {:>9.0} packets/s/core   unprotect {:>9.0} packets/s/core",
        suite.name(),
        packets / sealing,
        packets / opening,
    )
}

fn leg(law: Law, remote: SocketAddr, suite: Option<Suite>) -> (Box<Session>, Option<Srtp>) {
    let config = LegConfig::new(law, remote, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let pair = suite.map(|s| SrtpPair::new(&key(s, 1), &key(s, 2)).expect("keys"));
    let peer = suite.map(|s| Srtp::new(&key(s, 2)).expect("a key"));
    (Box::new(Session::new(config, pair)), peer)
}

/// Calls with customer and agent, recorded both ways, the customer's keys listened for.
fn measure_calls(suite: Option<Suite>) -> std::io::Result<()> {
    let customer = SocketAddr::from(([192, 0, 2, 1], 4_000));
    let agent = SocketAddr::from(([192, 0, 2, 2], 4_000));
    let notice = Clip {
        id: PromptId(1),
        role: ClipRole::RecordingNotice,
        law: Law::A,
        audio: Arc::from(vec![0x2A; 1_600]),
    };
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        let (session, customer_srtp) = leg(Law::A, customer, suite);
        let (agent_session, agent_srtp) = leg(Law::Mu, agent, suite);
        let mut call = CallMedia::new(session, WatchLimits::default());
        let mut list = Playlist::new(ListId(1));
        list.push(notice.clone()).expect("room");
        call.command(Command::ConnectAgent(agent_session.into()), 0);
        call.command(Command::SetRecording(true), 0);
        call.command(Command::Play(list), 0);
        calls.push((call, customer_srtp, agent_srtp));
    }
    let mut out = TickOutput::default();
    let mut spent = 0.0;
    let mut recorded = 0u64;
    let mut speech = [0x2Au8; 160];
    for tick in 0..TICKS {
        let now_us = tick as u64 * TICK_US;
        for (n, octet) in speech.iter_mut().enumerate() {
            *octet = octet.wrapping_mul(31).wrapping_add((n + tick) as u8);
        }
        for (call, customer_srtp, agent_srtp) in &mut calls {
            let mut from_customer = datagram(tick as u32, 8, &speech, customer_srtp);
            let mut from_agent = datagram(tick as u32, 0, &speech, agent_srtp);
            let start = Instant::now();
            call.receive(Leg::Customer, customer, &mut from_customer, now_us);
            call.receive(Leg::Agent, agent, &mut from_agent, now_us);
            call.tick(now_us, &mut out);
            spent += start.elapsed().as_secs_f64();
            recorded += u64::from(out.tap.is_some());
        }
    }
    let per_tick = spent / (CALLS * TICKS) as f64;
    writeln!(
        stdout(),
        "{:<26} {:>6.2} µs a call-tick (two legs received, bridged, sent, recorded): {:>6.0} calls/core; {recorded} ticks recorded",
        suite.map_or("plain RTP", Suite::name),
        per_tick * 1e6,
        TICK_MS as f64 / 1e3 / per_tick,
    )
}

fn datagram(n: u32, payload_type: u8, payload: &[u8], srtp: &mut Option<Srtp>) -> Vec<u8> {
    let mut out = vec![0; 256];
    let header = RtpHeader { payload_type, ..header(n) };
    let len = header.write(payload, &mut out).expect("room");
    let len = match srtp {
        Some(srtp) => srtp.protect(&mut out, len).expect("protected"),
        None => len,
    };
    out.truncate(len);
    out
}
