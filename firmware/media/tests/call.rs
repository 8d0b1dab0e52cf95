//! A whole call in virtual time: notice before recording, agent after announcement, digits, tap.

mod common;

use common::{AGENT, CUSTOMER, Peer, Random, Rig, SILENT, clip, playlist, secure, session};
use media::dtmf::Digit;
use media::dtmf::generate::{ToneShape, add_digit, amplitude_of_dbm0};
use media::prompt::{ClipRole, PromptId};
use media::srtp::Suite;
use media::{Command, DigitSource, Event, Law, Leg, RecordingState, Retired};

const VOICE: u8 = 0x2A;
const AGENT_VOICE: u8 = 0x3B;

/// One tick in which both peers speak.
fn both_speak(rig: &mut Rig, customer: &mut Peer, agent: &mut Peer) {
    let datagram = customer.audio(&[VOICE; 160]);
    rig.receive(Leg::Customer, CUSTOMER, datagram);
    let datagram = agent.audio(&[AGENT_VOICE; 160]);
    rig.receive(Leg::Agent, AGENT, datagram);
    rig.tick();
}

fn peers() -> (Peer, Peer) {
    (Peer::new(CUSTOMER, Law::A), Peer::new(AGENT, Law::A))
}

#[test]
fn rec_01_the_first_recorded_frame_comes_after_the_notice_has_ended_in_a_thousand_calls() {
    let mut random = Random(11);
    for _ in 0..1_000 {
        let mut rig = Rig::new(session(Law::A, CUSTOMER));
        let (mut customer, _) = peers();
        let notice_ms = 200 + random.below(600) as usize;
        let lead_ms = random.below(400) as usize;
        let list = playlist(
            1,
            &[
                clip(1, ClipRole::Identify, lead_ms, 0x11),
                clip(2, ClipRole::RecordingNotice, notice_ms, 0x22),
                clip(3, ClipRole::Body, 300, 0x33),
            ],
        );
        rig.command(Command::SetRecording(true));
        rig.command(Command::Play(list));
        let mut notice_heard = 0;
        for _ in 0..120 {
            let datagram = customer.audio(&[VOICE; 160]);
            rig.receive(Leg::Customer, CUSTOMER, datagram);
            rig.tick();
            let sent = rig.sent(Leg::Customer).expect("audio every tick");
            notice_heard += sent.iter().filter(|octet| **octet == 0x22).count();
            if let Some(tap) = rig.out.tap {
                assert_eq!(notice_heard, notice_ms * 8, "all of the notice was sent before");
                assert!(!tap.right.contains(&0x22), "and none of it is in the recording");
                break;
            }
        }
        assert_eq!(rig.call.recording(), RecordingState::On(PromptId(2)));
        assert!(rig.out.tap.is_some(), "and recording did begin");
    }
}

#[test]
fn rec_01_a_notice_that_was_cut_short_or_has_no_length_opens_no_recording() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(playlist(1, &[clip(2, ClipRole::RecordingNotice, 1_000, 0x22)])));
    for _ in 0..49 {
        rig.tick();
    }
    rig.command(Command::Stop);
    rig.command(Command::Play(playlist(
        2,
        &[
            clip(3, ClipRole::RecordingNotice, 0, 0x22),
            clip(4, ClipRole::RecordingNotice, 100, 0x22),
            clip(5, ClipRole::Body, 100, 0x33),
        ],
    )));
    for _ in 0..100 {
        rig.tick();
        assert!(rig.out.tap.is_none());
    }
    assert_eq!(rig.call.recording(), RecordingState::AwaitingNotice);
    assert!(
        rig.events
            .iter()
            .any(|event| matches!(event, Event::ListInterrupted { prompt: PromptId(2), offset: 7_840, .. }))
    );
}

#[test]
fn an_agents_voice_reaches_the_customer_within_200_ms_of_the_end_of_the_announcement() {
    for connect_at in [0, 10, 24, 25] {
        let mut rig = Rig::new(session(Law::A, CUSTOMER));
        let (mut customer, mut agent) = peers();
        rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::Body, 500, 0x33)])));
        let mut waited = None;
        for tick in 0..60 {
            if tick == connect_at {
                rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
            }
            both_speak(&mut rig, &mut customer, &mut agent);
            let sent = rig.sent(Leg::Customer).expect("audio every tick");
            if sent.contains(&0x33) {
                waited = Some(0);
                continue;
            }
            match &mut waited {
                Some(_) if sent[0] == AGENT_VOICE => break,
                Some(ticks) => *ticks += 1,
                None => {}
            }
        }
        let ticks = waited.expect("the announcement was heard");
        assert!(ticks <= 10, "{ticks} ticks of 20 ms, agent joined at tick {connect_at}");
    }
}

#[test]
fn the_recording_has_the_customer_left_and_agent_or_prompt_right_to_the_frame() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let (mut customer, mut agent) = peers();
    rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::RecordingNotice, 200, 0x22)])));
    let mut left = 0;
    let mut right = 0;
    for tick in 0..200 {
        if tick == 100 {
            rig.command(Command::Play(playlist(2, &[clip(2, ClipRole::OptOutConfirmation, 400, 0x44)])));
        }
        both_speak(&mut rig, &mut customer, &mut agent);
        if let Some(tap) = rig.out.tap {
            assert_eq!((tap.left_missing, tap.right_missing), (0, 0));
            left += tap.left.iter().filter(|octet| **octet == VOICE).count();
            right += tap.right.iter().filter(|octet| **octet == 0x44).count();
        }
    }
    let recorded = rig.call.stats().recorded_ticks;
    assert_eq!(recorded, 200 - 10 - 4, "everything after the notice, four ticks in the line");
    assert_eq!(left, recorded as usize * 160);
    assert_eq!(right, 400 * 8, "the confirmation in full");
}

#[test]
fn nothing_of_the_recording_is_left_in_the_line_after_the_call() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let (mut customer, _) = peers();
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::RecordingNotice, 200, 0x22)])));
    for _ in 0..50 {
        let datagram = customer.audio(&[VOICE; 160]);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
        rig.tick();
    }
    rig.command(Command::HangUp);
    let mut ticks = 0;
    while rig.call.is_draining() {
        rig.tick();
        ticks += 1;
        assert!(ticks < 10, "it ends");
    }
    assert_eq!(rig.call.stats().recorded_ticks, 50 - 10 + 1);
    rig.tick();
    assert!(rig.out.customer.packet().is_none() && rig.out.tap.is_none());
}

#[test]
fn a_pause_leaves_its_stretch_out_of_the_recording() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let (mut customer, _) = peers();
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::RecordingNotice, 200, 0x22)])));
    let mut secret = 0;
    for tick in 0..100 {
        match tick {
            40 => rig.command(Command::PauseRecording(true)),
            60 => rig.command(Command::PauseRecording(false)),
            _ => {}
        }
        // Two ticks later it leaves the jitter buffer.
        let octet = if (38..58).contains(&tick) { 0x5C } else { VOICE };
        let datagram = customer.audio(&[octet; 160]);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
        rig.tick();
        secret += rig.out.tap.map_or(0, |tap| tap.left.iter().filter(|o| **o == 0x5C).count());
    }
    assert_eq!(secret, 0);
    assert_eq!(rig.call.stats().recorded_ticks, 100 - 10 - 20 - 4);
}

#[test]
fn lost_packets_are_silence_and_exactly_counted_in_the_recording_but_concealed_to_the_ear() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let (mut customer, mut agent) = peers();
    rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::RecordingNotice, 200, 0x22)])));
    let mut missing = 0;
    let mut silent = 0;
    let mut faded = 0;
    for tick in 0..200 {
        let datagram = customer.audio(&[VOICE; 160]);
        if !(tick > 20 && tick % 10 == 0) {
            rig.receive(Leg::Customer, CUSTOMER, datagram);
        }
        let datagram = agent.audio(&[AGENT_VOICE; 160]);
        rig.receive(Leg::Agent, AGENT, datagram);
        rig.tick();
        let to_agent = rig.sent(Leg::Agent).expect("audio every tick");
        faded += usize::from(to_agent[0] != VOICE && to_agent[0] != 0xD5);
        if let Some(tap) = rig.out.tap {
            missing += u32::from(tap.left_missing);
            silent += usize::from(tap.left == SILENT);
        }
    }
    assert_eq!(missing, 160 * 17, "lost at 30, 40, … 190");
    assert_eq!(silent, 17);
    assert_eq!(faded, 17);
    assert_eq!(rig.call.stats().recorded_gap_left_ms, 340);
    assert_eq!(rig.call.stats().customer.lost, 17);
}

/// The nine at ten points of a call: in the prompts, between them, and with the agent.
const POINTS: [usize; 10] = [4, 12, 25, 40, 58, 73, 90, 115, 140, 170];

fn call_with_prompts_and_agent() -> (Rig, Peer, Peer) {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let (customer, agent) = peers();
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(playlist(
        1,
        &[
            clip(1, ClipRole::Identify, 400, 0x11),
            clip(2, ClipRole::RecordingNotice, 400, 0x22),
            clip(3, ClipRole::Body, 800, 0x33),
        ],
    )));
    (rig, customer, agent)
}

fn run_with(point: usize, mut each: impl FnMut(&mut Rig, &mut Peer, usize)) -> (Rig, Option<usize>) {
    let (mut rig, mut customer, mut agent) = call_with_prompts_and_agent();
    let mut told = None;
    for tick in 0..220 {
        if tick == 100 {
            rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
        }
        if tick >= 100 {
            let datagram = agent.audio(&[AGENT_VOICE; 160]);
            rig.receive(Leg::Agent, AGENT, datagram);
        }
        each(&mut rig, &mut customer, tick);
        rig.tick();
        if told.is_none() && !rig.digits().is_empty() {
            told = Some(tick - point);
        }
    }
    (rig, told)
}

#[test]
fn cam_05_a_nine_by_telephone_event_is_told_once_at_ten_points_of_a_call() {
    for point in POINTS {
        for lost_ends in [false, true] {
            let (rig, told) = run_with(point, |rig, customer, tick| {
                if (point..point + 6).contains(&tick) {
                    let n = (tick - point) as u16;
                    let start = customer.timestamp.wrapping_sub(160 * u32::from(n));
                    customer.timestamp = customer.timestamp.wrapping_add(160);
                    let end = n == 5;
                    let repeats = match (end, lost_ends) {
                        (true, true) => 0,
                        (true, false) => 3,
                        (false, _) => 1,
                    };
                    for _ in 0..repeats {
                        let datagram = customer.event(9, start, 160 * (n + 1), end);
                        rig.receive(Leg::Customer, CUSTOMER, datagram);
                    }
                } else {
                    let datagram = customer.audio(&SILENT);
                    rig.receive(Leg::Customer, CUSTOMER, datagram);
                }
            });
            assert_eq!(rig.digits(), "9", "point {point}");
            assert!(told.is_some_and(|ticks| ticks <= 50), "within a second: {told:?} ticks");
        }
    }
}

#[test]
fn cam_05_a_nine_by_info_is_told_once_at_ten_points_of_a_call() {
    let nine = media::dtmf::info::parse_info("application/dtmf-relay", b"Signal=9\r\nDuration=160\r\n");
    let nine = nine.expect("a digit").digit;
    for point in POINTS {
        let (rig, told) = run_with(point, |rig, customer, tick| {
            if tick == point {
                rig.command(Command::InfoDigit(nine));
            }
            let datagram = customer.audio(&SILENT);
            rig.receive(Leg::Customer, CUSTOMER, datagram);
        });
        assert_eq!(rig.digits(), "9", "point {point}");
        assert_eq!(told, Some(0));
    }
}

/// Ticks of a nine in the audio, over noise, A-law coded.
fn nine_in_band() -> Vec<[u8; 160]> {
    let mut samples = [0i16; 5 * 160];
    let nine = Digit::from_char('9').expect("a key");
    add_digit(nine, &ToneShape::default(), &mut samples[50..650]);
    let mut random = Random(3);
    let sigma = amplitude_of_dbm0(-28.0) / 2f64.sqrt();
    for sample in &mut samples {
        *sample = sample.saturating_add((sigma * random.gauss()) as i16);
    }
    samples.as_chunks::<160>().0.iter().map(|pcm| pcm.map(|sample| Law::A.encode(sample))).collect()
}

#[test]
fn cam_05_a_nine_in_band_over_noise_is_told_once_at_ten_points_of_a_call() {
    let tones = nine_in_band();
    for point in POINTS {
        let (rig, told) = run_with(point, |rig, customer, tick| {
            let payload = tick.checked_sub(point).and_then(|n| tones.get(n)).unwrap_or(&SILENT);
            let datagram = customer.audio(payload);
            rig.receive(Leg::Customer, CUSTOMER, datagram);
        });
        assert_eq!(rig.digits(), "9", "point {point}");
        assert!(told.is_some_and(|ticks| ticks <= 50), "within a second: {told:?} ticks");
    }
}

#[test]
fn cam_05_one_press_that_comes_all_three_ways_is_one_digit() {
    let tones = nine_in_band();
    let nine = Digit::from_char('9').expect("a key");
    let (rig, _) = run_with(30, |rig, customer, tick| {
        let at = customer.timestamp;
        if tick == 30 {
            let datagram = customer.event(9, at, 800, true);
            rig.receive(Leg::Customer, CUSTOMER, datagram);
        }
        if tick == 33 {
            rig.command(Command::InfoDigit(nine));
        }
        let payload = tick.checked_sub(30).and_then(|n| tones.get(n)).unwrap_or(&SILENT);
        let datagram = customer.audio(payload);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
    });
    assert_eq!(rig.digits(), "9");
}

#[test]
fn suppressed_keys_leave_no_tone_with_the_agent_or_in_the_recording() {
    let tones = nine_in_band();
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let (mut customer, _) = peers();
    rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
    rig.command(Command::SetRecording(true));
    rig.command(Command::SuppressDigits(true));
    rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::RecordingNotice, 200, 0x22)])));
    let mut spoken = 0;
    for tick in 0..400usize {
        let tone = tick.checked_sub(40).filter(|n| n / 12 < 19).and_then(|n| tones.get(n % 12));
        let payload = tone.unwrap_or(&SILENT);
        let datagram = customer.audio(if tick > 300 { &[VOICE; 160] } else { payload });
        rig.receive(Leg::Customer, CUSTOMER, datagram);
        rig.tick();
        let loud = |octets: &[u8]| octets.iter().any(|o| Law::A.decode(*o).unsigned_abs() > 3_000);
        if tick <= 300 {
            assert!(!loud(&rig.sent(Leg::Agent).expect("audio")), "agent, tick {tick}");
            assert!(!rig.out.tap.is_some_and(|tap| loud(&tap.left)), "recording, tick {tick}");
        } else {
            spoken += rig.out.tap.map_or(0, |tap| tap.left.iter().filter(|o| **o == VOICE).count());
        }
    }
    assert_eq!(rig.digits().len(), 19, "16 and 3 digits were told to the call");
    assert_eq!(format!("{:?}", rig.events).matches("Digit(*)").count(), 19, "and none to a log");
    assert!(spoken > 80 * 160, "speech after them is not cut: {spoken}");
}

#[test]
fn a_held_customer_hears_the_waiting_list_and_a_held_agent_nothing() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let (mut customer, mut agent) = peers();
    rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
    for _ in 0..10 {
        both_speak(&mut rig, &mut customer, &mut agent);
    }
    assert_eq!(rig.sent(Leg::Customer), Some(vec![AGENT_VOICE; 160]));
    assert_eq!(rig.sent(Leg::Agent), Some(vec![VOICE; 160]));
    rig.command(Command::Hold(Leg::Customer, true));
    rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::Waiting, 100, 0x66)]).looped()));
    for _ in 0..20 {
        both_speak(&mut rig, &mut customer, &mut agent);
        assert_eq!(rig.sent(Leg::Customer), Some(vec![0x66; 160]));
        assert_eq!(rig.sent(Leg::Agent), Some(SILENT.to_vec()));
    }
    rig.command(Command::Hold(Leg::Customer, false));
    rig.command(Command::Stop);
    both_speak(&mut rig, &mut customer, &mut agent);
    assert_eq!(rig.sent(Leg::Customer), Some(vec![AGENT_VOICE; 160]));
}

#[test]
fn legs_of_different_laws_understand_each_other() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let mut customer = Peer::new(CUSTOMER, Law::A);
    let mut agent = Peer::new(AGENT, Law::Mu);
    rig.command(Command::ConnectAgent(session(Law::Mu, AGENT).into()));
    for _ in 0..10 {
        both_speak(&mut rig, &mut customer, &mut agent);
    }
    let to_agent = Law::Mu.encode(Law::A.decode(VOICE));
    let to_customer = Law::A.encode(Law::Mu.decode(AGENT_VOICE));
    assert_eq!(rig.sent(Leg::Agent), Some(vec![to_agent; 160]));
    assert_eq!(rig.sent(Leg::Customer), Some(vec![to_customer; 160]));
}

#[test]
fn what_the_media_thread_is_done_with_comes_back_to_be_freed() {
    let (leg, mut customer) = secure(Law::A, CUSTOMER, Suite::AeadAes256Gcm);
    let mut rig = Rig::new(leg);
    rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
    rig.command(Command::DisconnectAgent);
    let suite = Suite::AesCm128HmacSha1_80;
    let pair = media::SrtpPair::new(&common::key(suite, 1), &common::key(suite, 2)).expect("keys");
    rig.command(Command::Rekey(Leg::Customer, Box::new(pair)));
    customer.srtp = Some(media::srtp::Srtp::new(&common::key(suite, 2)).expect("key"));
    rig.command(Command::SendDigit(Leg::Customer, Digit::from_char('1').expect("a key")));
    for _ in 0..5 {
        let datagram = customer.audio(&[VOICE; 160]);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
        rig.tick();
    }
    let retired = |wanted: fn(&Retired) -> bool| {
        rig.events.iter().any(|e| matches!(e, Event::Retired(retired) if wanted(retired)))
    };
    assert!(retired(|r| matches!(r, Retired::Agent(_))));
    assert!(retired(|r| matches!(r, Retired::Srtp(_))));
    assert_eq!(rig.call.stats().customer.accepted, 5, "under the new key");
}

#[test]
fn a_digit_is_sent_as_one_event_with_three_ends() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    rig.tick();
    rig.command(Command::SendDigit(Leg::Customer, Digit::from_char('#').expect("a key")));
    let mut receiver = media::dtmf::event::EventReceiver::default();
    let mut digits = Vec::new();
    let mut ends = 0;
    for tick in 0..12u64 {
        rig.tick();
        let (octets, _) = rig.out.customer.packet().expect("a packet every tick");
        let packet = media::rtp::RtpPacket::parse(octets).expect("RTP");
        if packet.header.payload_type == 101 {
            ends += u32::from(packet.payload[1] & 0x80 != 0);
            digits.extend(receiver.receive(packet.header.timestamp, packet.payload, tick * 20_000));
        } else {
            assert!(tick >= 8, "audio comes back after the event");
            assert_eq!(packet.header.marker, tick == 8);
        }
    }
    assert_eq!(digits, [Digit::from_char('#').expect("a key")]);
    assert_eq!(ends, 3);
}

#[test]
fn an_event_told_by_events_says_so() {
    let (rig, _) = run_with(20, |rig, customer, tick| {
        if tick == 20 {
            let at = customer.timestamp;
            let datagram = customer.event(11, at, 160, false);
            rig.receive(Leg::Customer, CUSTOMER, datagram);
        }
    });
    assert!(rig.events.iter().any(|e| matches!(e, Event::Digit(_, DigitSource::TelephoneEvent))));
    assert_eq!(rig.digits(), "#");
}
