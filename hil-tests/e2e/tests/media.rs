//! What is on the wire and in the recordings: SRTP that fails closed, audio that is what was said.

use carrier::EventKind;
use e2e::{
    CampaignPlan, LONG, Place, Prompts, Sipp, SippPlan, Stereo, TestBox, TlsFront, TrunkPlan, Which,
    carrier_at,
};
use idl::lines::{PromptRole, SipTransport, SrtpPolicy};
use recording::Verdict;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use vocab::{FailCause, Outcome};

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[test]
fn enc_02_calls_over_tls_are_protected_by_either_srtp_suite() {
    let place = Place::new();
    let secure = carrier_at(&place, |config| {
        config.udp = None;
        config.tls = Some(local(0));
    });
    let address = secure.tls_addr().expect("TLS");
    let trunk = TrunkPlan::secure(address, secure.ca_pem().expect("a CA"));
    // A carrier that knows no GCM: the front hides that suite's name from it.
    let port = place.spare();
    let older = carrier_at(&place, |config| config.tcp = Some(local(0)));
    let front = TlsFront::hiding(&place, port, older.tcp_addr().expect("TCP"), "AEAD_AES_256_GCM");
    let other = TrunkPlan::secure(front.addr, &front.ca_pem());
    let mut sut = TestBox::start_in(place);
    for (at, trunk) in [trunk, other].into_iter().enumerate() {
        let line = sut.line(&[trunk]);
        let numbers = (0..4).map(|n| format!("1994440{at}{n}{:02}", 10 + n));
        sut.campaign(&line, &CampaignPlan::announcement(numbers).body_ms(1_500));
    }
    let figures = sut.settled(8);
    assert_eq!((figures.answered, figures.recordings_verified), (8, 8), "{figures:?}");
    for carrier in [secure, older] {
        let summaries: Vec<_> =
            carrier.journal().into_iter().filter(|event| event.event == EventKind::RtpSummary).collect();
        assert_eq!(summaries.len(), 4);
        for summary in summaries {
            assert!(summary.rtp_received > Some(60), "{summary:?}");
            assert_eq!(summary.rtp_rejected, Some(0), "all of it authentic: {summary:?}");
        }
    }
    // What the callees said came through the decryption whole.
    for call in sut.calls() {
        let stereo = sut.recording(call.call).stereo();
        assert!(stereo.left.iter().any(|sample| sample.unsigned_abs() > 1_000), "{}", call.number);
    }
}

#[test]
fn enc_02_a_plain_answer_where_srtp_is_required_ends_the_call_and_no_media_is_sent() {
    let place = Place::new();
    let media = UdpSocket::bind(local(0)).expect("a media socket");
    let media_port = media.local_addr().expect("an address").port();
    let front = place.spare();
    let mut plan = SippPlan::udp("answer_elsewhere").over("t1").status(&media_port.to_string());
    plan.reach = Some(format!("127.0.0.1:{front};transport=tls"));
    let mut sipp = Sipp::start(&place, place.spare(), &plan);
    let front = TlsFront::start(&place, front, sipp.addr);
    let trunk = TrunkPlan::secure(front.addr, &front.ca_pem());
    assert_eq!(trunk.config.srtp, SrtpPolicy::Required);
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[trunk]);
    sut.campaign(&line, &CampaignPlan::announcement(["19944409999".to_owned()]));
    sut.settled(1);
    assert_eq!(sut.last_call().outcome, Some(Outcome::Failed(FailCause::Media)));
    // Its 200 is acknowledged and the call ended by BYE.
    sipp.succeeds(LONG);
    media.set_nonblocking(true).expect("no waiting");
    let mut packet = [0; 2_048];
    assert!(media.recv(&mut packet).is_err(), "not one packet was sent");
}

#[test]
fn rec_01_recordings_hold_what_was_said_from_the_end_of_the_notice_and_rec_03_a_flipped_bit_is_found() {
    let place = Place::new();
    let carrier = carrier_at(&place, |_| {});
    let trunk = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[trunk]);
    let numbers: Vec<String> = (0..3).map(|n| format!("199555{n}10{:02}", 20 + n)).collect();
    sut.campaign(&line, &CampaignPlan::announcement(numbers.clone()).body_ms(3_000));
    let figures = sut.settled(3);
    assert_eq!((figures.answered, figures.recordings_verified), (3, 3), "{figures:?}");
    for call in sut.calls() {
        let number = numbers.iter().find(|number| number[7..] == call.number[7..]).expect("its number");
        let exported = sut.recording(call.call);
        let stereo = exported.stereo();
        // What is never recorded: the identification and the notice itself.
        let tone = |role| Stereo::find_tone(&stereo.right, Prompts::hz(role), 100);
        assert_eq!(tone(PromptRole::Identify), None, "REC-01");
        assert_eq!(tone(PromptRole::RecordingNotice), None, "REC-01");
        let hint = tone(PromptRole::OptOutHint).expect("the hint is recorded");
        assert!(hint <= 800, "the first sample is that after the notice: {hint}");
        assert!(tone(PromptRole::Body).expect("the message is recorded") > hint);
        // The callee's own voice, from the sample it had reached when the notice was over.
        let (begins, alike) = stereo.find_voice(number);
        assert!(alike > 0.9, "{number}: {alike}");
        // Six hundred milliseconds of announcement came before, less what the jitter buffer holds back.
        assert!((4_000..9_600).contains(&begins), "{begins}");
        assert!(stereo.ms() >= 3_000, "{} ms", stereo.ms());
        assert_eq!(exported.verify(None), Verdict::Sound);
    }
    let exported = {
        let first = sut.calls()[0].call;
        sut.recording(first)
    };
    let whole = std::fs::read(&exported.file).expect("the file");
    for at in [whole.len() / 3, whole.len() / 2, whole.len() - 20] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&exported.file, &damaged).expect("written");
        assert_ne!(exported.verify(None), Verdict::Sound, "REC-03: byte {at}");
    }
    std::fs::write(&exported.file, &whole).expect("written");
    assert_eq!(exported.verify(None), Verdict::Sound);
}

#[test]
fn rec_02_a_recording_cut_by_a_kill_of_the_recorder_is_kept_and_readable_to_its_last_chunk() {
    let place = Place::new();
    let carrier = carrier_at(&place, |_| {});
    let trunk = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[trunk]);
    let number = "19955590015".to_owned();
    sut.campaign(&line, &CampaignPlan::announcement([number.clone()]).body_ms(20_000));
    let folder = sut.place.folder("recordings");
    let written = || {
        let files = std::fs::read_dir(&folder).expect("the folder");
        files.filter_map(|file| file.ok()?.metadata().ok()).map(|data| data.len()).max().unwrap_or(0)
    };
    // A second of audio is 16,000 bytes; two chunks are on the disk.
    e2e::until("two seconds are written", LONG, || (written() > 33_000).then_some(()));
    sut.kill(Which::Lined);
    sut.restart(Which::Lined);
    let figures = sut.settled(1);
    assert_eq!(figures.answered, 1, "{figures:?}");
    assert_eq!(figures.unrecorded.iter().map(|(_, count)| count).sum::<u64>(), 1, "{figures:?}");
    let call = sut.last_call();
    let exported = sut.recording(call.call);
    assert_eq!(exported.verify(None), Verdict::Cut);
    let stereo = exported.stereo();
    assert!(stereo.ms() >= 2_000, "{} ms", stereo.ms());
    assert!(stereo.find_voice(&number).1 > 0.9);
    assert!(carrier.wait_until(LONG, |report| report.active_dialogs == 0), "the orphan gets its BYE");
    assert!(carrier.journal().iter().any(|event| event.event == EventKind::ByeReceived));
}
