//! The opt-out in every way in which a customer's key 9 can come, and what it forbids from then on.

use carrier::EventKind;
use e2e::{CampaignPlan, Place, Prompts, Stereo, TestBox, TrunkPlan, carrier_at, last_four};
use idl::lines::{PromptRole, SipTransport};
use std::collections::BTreeMap;

/// RFC 4733 five times (60–64), in-band (65, 66), INFO (67).
fn numbers() -> Vec<String> {
    (60..=67).map(|code| format!("199333{:03}{code}", code * 7)).collect()
}

#[test]
fn cam_05_key_9_in_every_spelling_blacklists_within_a_second_and_ends_the_call_with_a_confirmation() {
    let place = Place::new();
    let carrier = carrier_at(&place, |_| {});
    let trunk = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[trunk]);
    let mut plan = CampaignPlan::announcement(numbers()).body_ms(6_000);
    // The notice is over after 400 ms: after the key of code 60, before that of code 65.
    plan.prompts.mandatory_ms = 200;
    sut.campaign(&line, &plan);
    let figures = sut.settled(8);
    assert_eq!((figures.answered, figures.opted_out, figures.recordings_verified), (8, 8, 7), "{figures:?}");

    // Code 60 presses before the notice was heard: nothing of that call may be recorded (REC-01).
    assert_eq!(figures.unrecorded, [("ended_before_notice".to_owned(), 1)], "{figures:?}");

    let pressed: BTreeMap<String, u64> = carrier
        .journal()
        .into_iter()
        .filter(|event| event.event == EventKind::DtmfSent)
        .map(|event| (last_four(&event.number).to_owned(), event.t_us / 1_000))
        .collect();
    assert_eq!(pressed.len(), 8);
    for call in sut.calls() {
        let pressed_ms = pressed[last_four(&call.number)];
        let ended_ms = u64::try_from(call.ended_at.expect("an end").0).expect("after 1970");
        // The confirmation is spoken only after the entry is durable; it takes 400 ms.
        let entry_after_ms = ended_ms.saturating_sub(CONFIRMATION_MS + pressed_ms);
        assert!(entry_after_ms <= 1_000, "{} {entry_after_ms} ms after the key", call.number);
        if !call.number.ends_with("60") {
            let right = sut.recording(call.call).stereo().right;
            let heard = Stereo::find_tone(&right, Prompts::hz(PromptRole::OptOutConfirmation), 200);
            assert!(heard.is_some(), "{} hears the confirmation", call.number);
        }
    }

    // CAM-04: the same people in a later list and another campaign.
    sut.campaign(&line, &CampaignPlan::announcement(numbers()));
    let figures = sut.settled(16);
    assert_eq!(figures.placed, 8, "nobody is called again: {figures:?}");
    assert_eq!(figures.refused, [("CAM-04".to_owned(), 8)], "{figures:?}");
    assert!(carrier.calls_per_number().values().all(|calls| *calls == 1));
    sut.nothing_ended_by_itself();
    let report = carrier.stop();
    assert!(report.violations.is_empty(), "{report:?}");
}

const CONFIRMATION_MS: u64 = 400;
