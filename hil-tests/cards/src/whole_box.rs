//! The whole box in the guest: software TPM, records, lines, campaigns, supervisor, as the end-to-end tests start them.
//! Here its line is a SIP trunk: what a span is failed over to.

use crate::report::Report;
use anyhow::ensure;
use e2e::{CampaignPlan, Line, Place, Prompts, TestBox, TrunkPlan, carrier_at};
use idl::lines::{PromptRole, SipTransport};
use std::path::Path;

/// A campaign of eight calls by the trunk: two answered, five that press 9, one busy.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let place = Place::new();
    let carrier = carrier_at(&place, |_| {});
    let (mut sut, _) = report
        .step("the box starts and is commissioned", || Ok((TestBox::start_in(place), String::new())))?;
    let (line, _): (Line, _) = report.step("a SIP trunk is its line", || {
        Ok((sut.line(&[TrunkPlan::plain(carrier.addr(), SipTransport::Udp)]), String::new()))
    })?;
    let done = report.step("a campaign is called, recorded, and its opt-outs are kept", || {
        let numbers: Vec<String> = CODES.iter().map(|code| format!("199333000{code}")).collect();
        sut.campaign(&line, &CampaignPlan::announcement(numbers).body_ms(6_000));
        let figures = sut.settled(CODES.len() as u64);
        let told = (figures.answered, figures.opted_out, figures.recordings_verified);
        ensure!(told == (ANSWERED, OPTED_OUT, ANSWERED), "{figures:?}");
        ensure!(figures.failed == [("busy".to_owned(), 1)], "{figures:?}");
        Ok(format!("answered, opted out, recordings verified: {told:?}"))
    });
    keep_logs(&sut.place);
    done?;
    report.step("the called party hears the opt-out's confirmation", || {
        let calls = sut.calls();
        let pressed = calls.iter().find(|call| call.number.ends_with(OPT_OUT_CODE));
        let call = pressed.ok_or_else(|| anyhow::anyhow!("no such call"))?.call;
        let right = sut.recording(call).stereo().right;
        let heard = e2e::Stereo::find_tone(&right, Prompts::hz(PromptRole::OptOutConfirmation), 200);
        ensure!(heard.is_some(), "the recording holds no confirmation");
        Ok(())
    })?;
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

/// How the called parties behave (the carrier's codes): answer; press 9 in the audio and as events; busy.
const CODES: &[&str] = &["00", "01", "61", "62", "63", "64", "65", "70"];
const OPT_OUT_CODE: &str = "65";
const ANSWERED: u64 = 7;
const OPTED_OUT: u64 = 5;
