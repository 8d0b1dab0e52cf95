//! What waited for the call's media: audio that lay in the socket when the media thread took the call, or came in one
//! lump after a standstill. Whoever presses a key in it is heard, and the call does not drag the wait along.

mod common;

use common::{CUSTOMER, Peer, Rig, SILENT, clip, playlist, session};
use media::dtmf::Digit;
use media::dtmf::generate::{ToneShape, add_digit};
use media::prompt::ClipRole;
use media::{Command, Law, Leg};

const VOICE: u8 = 0x2A;
/// Packets that wait: more than the jitter buffer holds.
const WAITING: usize = 47;
/// The key's first packet of six.
const KEY_AT: usize = 25;

/// The audio of a person who presses 9 half a second after the answer.
fn packets() -> Vec<Vec<u8>> {
    let mut pcm = vec![0_i16; WAITING * 160];
    let nine = Digit::from_char('9').expect("a key");
    add_digit(nine, &ToneShape::default(), &mut pcm[KEY_AT * 160..(KEY_AT + 6) * 160]);
    pcm.chunks_exact(160).map(|frame| frame.iter().map(|sample| Law::A.encode(*sample)).collect()).collect()
}

fn wait_for_call(rig: &mut Rig, peer: &mut Peer) {
    for payload in packets() {
        let datagram = peer.audio(&payload);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
    }
}

#[test]
fn cam_05_a_key_pressed_while_the_call_waited_for_its_media_is_heard_once() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let mut peer = Peer::new(CUSTOMER, Law::A);
    wait_for_call(&mut rig, &mut peer);
    for _ in 0..60 {
        let datagram = peer.audio(&SILENT);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
        rig.tick();
    }
    assert_eq!(rig.digits(), "9");
    assert_eq!(rig.call.stats().customer.jitter_buffer.refused, 0, "nothing was thrown away unheard");
}

#[test]
fn what_waited_does_not_delay_the_call() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let mut peer = Peer::new(CUSTOMER, Law::A);
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(playlist(1, &[clip(1, ClipRole::RecordingNotice, 300, 0x22)])));
    wait_for_call(&mut rig, &mut peer);
    let mut heard_after = None;
    for tick in 0..100 {
        // Well after the notice.
        let payload = if tick < SPEAKS_AT { SILENT } else { [VOICE; 160] };
        let datagram = peer.audio(&payload);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
        rig.tick();
        let recorded = rig.out.tap.is_some_and(|tap| tap.left.contains(&VOICE));
        if recorded && heard_after.is_none() {
            heard_after = Some(tick - SPEAKS_AT);
        }
    }
    let most = media::call::TAP_DELAY_TICKS + MOST_DELAY_TICKS;
    assert!(heard_after.is_some_and(|ticks| ticks <= most), "recorded after {heard_after:?} ticks");
}

/// The tick in which the person begins to speak.
const SPEAKS_AT: usize = 40;
/// The buffer's target, what may be above it, and the packet itself.
const MOST_DELAY_TICKS: usize = 7;
