//! The whole box in the guest: software TPM, records, lines and campaigns, as the end-to-end tests start them; without the
//! supervisor, which would take an emulated processor's slowness for a process that hangs. Here its line is a SIP trunk: what
//! a span is failed over to.

use crate::report::Report;
use crate::stillness::Stillness;
use anyhow::{Context, ensure};
use e2e::{CampaignPlan, Line, Place, Prompts, TestBox, TrunkPlan, carrier_at};
use idl::lines::{PromptRole, SipTransport};
use std::path::Path;

/// A campaign of eight calls by the trunk: two answered, five that press 9, one busy. A guest may begin to announce
/// seconds after the answer: whoever has pressed by then is not recorded (REC-01), but is opted out all the same.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (place, stillness) = (Place::new(), Stillness::watch());
    let carrier = carrier_at(&place, |config| config.talk_ms = TALK_MS);
    let (mut sut, _) = report.step("the box starts and is commissioned", || {
        Ok((TestBox::start_unsupervised(place), String::new()))
    })?;
    let (line, _): (Line, _) = report.step("a SIP trunk is its line", || {
        Ok((sut.line(&[TrunkPlan::plain(carrier.addr(), SipTransport::Udp)]), String::new()))
    })?;
    let done = report.step("a campaign is called, recorded, and its opt-outs are kept", || {
        let numbers: Vec<String> = CODES.iter().map(|code| format!("199333000{code}")).collect();
        sut.campaign(&line, &CampaignPlan::announcement(numbers).body_ms(BODY_MS));
        let (figures, still) = stillness.settled(&mut sut, CODES.len() as u64)?;
        let told = (figures.answered, figures.opted_out, figures.recordings);
        ensure!((told.0, told.1) == (ANSWERED, OPTED_OUT), "{figures:?}");
        ensure!(figures.failed == [("busy".to_owned(), 1)], "{figures:?}");
        let before_notice = |(why, count): &(String, u64)| why == "ended_before_notice" && *count <= EARLY;
        ensure!(figures.unrecorded.iter().all(before_notice), "{figures:?}");
        Ok(format!("answered, opted out, recorded: {told:?}; {:?}; {still}", figures.unrecorded))
    });
    keep_logs(&sut.place);
    done?;
    for (code, role) in RECORDED {
        report.step(&format!("…{code}: {role:?} is heard and recorded"), || {
            let call = sut.calls().into_iter().find(|call| call.number.ends_with(code));
            let right = sut.recording(call.context("no such call")?.call).stereo().right;
            let heard = e2e::Stereo::find_tone(&right, Prompts::hz(role), 200);
            ensure!(heard.is_some(), "the recording does not hold it");
            Ok(())
        })?;
    }
    report.step("no process ended by itself", || {
        sut.nothing_ended_by_itself();
        Ok(())
    })
}

/// Copies the processes' logs to where they outlive the guest.
pub fn keep_logs(place: &Place) {
    let entries = std::fs::read_dir(place.folder("logs")).into_iter().flatten().flatten();
    for entry in entries {
        if let Err(error) = std::fs::copy(entry.path(), Path::new("/out").join(entry.file_name())) {
            eprintln!("a log is not kept: {error}");
        }
    }
}

/// How the called parties behave (the carrier's codes): answer; press 9 in the audio half a second after the answer, as
/// events, and in the middle of the talk; busy.
const CODES: &[&str] = &["00", "01", "61", "62", "63", "64", "65", "70"];
const ANSWERED: u64 = 7;
const OPTED_OUT: u64 = 5;
/// Those who press within two seconds.
const EARLY: u64 = 4;
/// What the others hear.
const RECORDED: [(&str, PromptRole); 3] =
    [("00", PromptRole::Body), ("01", PromptRole::Body), ("62", PromptRole::OptOutConfirmation)];
/// The called party's patience: code 62 presses in its middle, long after the notice, before the message is over.
const TALK_MS: u64 = 12_000;
const BODY_MS: u32 = 8_000;
