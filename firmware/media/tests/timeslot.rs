//! A call whose customer is on a timeslot: the same rules of announcement, recording, opt-out and agent as with packets.

mod common;

use common::{AGENT, Peer, Random, clip, playlist, session};
use media::call::TickOutput;
use media::prompt::ClipRole;
use media::tdm::TdmLeg;
use media::units::{FRAME_SAMPLES, Frame, TICK_US};
use media::watchdog::WatchLimits;
use media::{CallMedia, Command, Digit, DigitSource, Event, Law, Leg};

struct Rig {
    media: CallMedia,
    now_us: u64,
    out: TickOutput,
    events: Vec<Event>,
}

impl Rig {
    fn new() -> Self {
        let leg = Box::new(TdmLeg::new(Law::A));
        let media = CallMedia::new(leg, WatchLimits::default());
        Self { media, now_us: 1_000_000, out: TickOutput::default(), events: Vec::new() }
    }

    /// One turn of the card: a frame in, a frame out.
    fn turn(&mut self, frame: &Frame) -> Frame {
        self.now_us += TICK_US;
        self.media.put_frame(Leg::Customer, frame, self.now_us);
        self.media.tick(self.now_us, &mut self.out);
        self.events.extend(self.out.events.drain());
        assert!(self.out.customer.packet().is_none(), "nothing leaves by packets on a timeslot");
        self.out.customer_frame.expect("a frame for each turn")
    }
}

fn noise(random: &mut Random) -> Frame {
    std::array::from_fn(|_| u8::try_from(random.below(256)).unwrap_or(0))
}

#[test]
fn rec_01_recording_begins_after_the_notice_and_holds_the_timeslot_bit_for_bit() {
    let mut rig = Rig::new();
    let mut random = Random(7);
    rig.media.command(Command::Answered, 0);
    rig.media.command(Command::SetRecording(true), 0);
    rig.media.command(Command::Play(playlist(1, &[clip(1, ClipRole::RecordingNotice, 1_000, 0x22)])), 0);
    let mut recorded = Vec::new();
    let mut spoken = Vec::new();
    for _ in 0..200 {
        let frame = noise(&mut random);
        rig.turn(&frame);
        spoken.push(frame);
        recorded.extend(rig.out.tap.map(|tap| tap.left));
    }
    assert!(recorded.len() > 100, "{} ticks were recorded", recorded.len());
    let first = spoken.iter().position(|frame| *frame == recorded[0]).expect("a frame of the line");
    assert!(first >= 50, "nothing of the second of the notice is recorded");
    assert_eq!(recorded[..], spoken[first..first + recorded.len()]);
}

#[test]
fn cam_05_a_key_in_the_audio_of_a_timeslot_is_one_digit() {
    let mut rig = Rig::new();
    rig.media.command(Command::Answered, 0);
    let mut far = TdmLeg::new(Law::A);
    assert!(far.queue_digit(Digit::from_char('9').expect("a key")));
    for _ in 0..40 {
        let mut frame = [0; FRAME_SAMPLES];
        far.send_frame(&[Law::A.silence(); FRAME_SAMPLES], &mut frame);
        rig.turn(&frame);
    }
    let digits: Vec<_> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Digit(digit, source) => Some((digit.as_char(), *source)),
            _ => None,
        })
        .collect();
    assert_eq!(digits, [('9', DigitSource::InBand)]);
}

#[test]
fn an_agent_by_packets_and_a_customer_on_a_timeslot_hear_each_other() {
    let mut rig = Rig::new();
    rig.media.command(Command::Answered, 0);
    rig.media.command(Command::ConnectAgent(session(Law::A, AGENT).into()), 0);
    let mut agent = Peer::new(AGENT, Law::A);
    let mut random = Random(9);
    let mut from_agent = Vec::new();
    let mut to_customer = Vec::new();
    let mut to_agent = 0;
    for _ in 0..100 {
        let frame = noise(&mut random);
        let mut datagram = agent.audio(&frame);
        from_agent.push(frame);
        rig.media.receive(Leg::Agent, AGENT, &mut datagram, rig.now_us);
        to_customer.push(rig.turn(&noise(&mut random)));
        to_agent += usize::from(rig.out.agent.packet().is_some());
    }
    assert_eq!(to_agent, 100);
    let heard = to_customer.iter().filter(|frame| from_agent.contains(frame)).count();
    assert!(heard > 90, "{heard} of 100 frames of the agent arrive unchanged on the timeslot");
}
