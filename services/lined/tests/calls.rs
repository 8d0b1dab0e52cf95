//! Whole calls against SIPp: announcement, recording, failure causes, tickets.

mod support;

use idl::lines::{CallFact, LinedToVault, PromptRole, SipTransport, VaultToLined};
use support::{Bench, Sipp, Vault, decode, site, tone};
use vocab::{CallId, EndedBy, Outcome};

async fn answered_call(transport: SipTransport, arguments: &[&str]) {
    let bench = Bench::start();
    let mut vault = Vault::accept(&bench.options.run).await;
    assert!(matches!(vault.next().await, LinedToVault::Live { calls } if calls.is_empty()));
    let carrier = Sipp::start("answer.xml", arguments);
    vault.send(VaultToLined::Site(site(carrier.address, transport))).await;
    vault.send(VaultToLined::Ticket(Box::new(bench.ticket(101, "13812345678")))).await;
    let (facts, end) = vault.facts_to_end(CallId(101)).await;
    let names: Vec<&str> = facts
        .iter()
        .map(|noted| match &noted.fact {
            CallFact::Dialling { .. } => "dialling",
            CallFact::Ringing => "ringing",
            CallFact::Answered { .. } => "answered",
            CallFact::NoticeHeard { .. } => "notice",
            CallFact::AgentConnected { .. } => "agent",
            CallFact::OptOut { .. } => "opt-out",
            CallFact::MediaFault { .. } => "fault",
            CallFact::Ended(_) => "ended",
        })
        .collect();
    assert_eq!(names, ["dialling", "ringing", "answered", "notice"]);
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
    let written = end.recording.expect("a recording");
    // Opt-out hint 200 ms and body 1,000 ms follow the notice.
    assert!((1_100..1_500).contains(&written.duration_ms), "{written:?}");
    let path = bench.recording(101);
    assert_eq!(std::fs::metadata(&path).expect("the file").len(), written.bytes);
    let (_, right) = decode(&path);
    let hint = right.iter().filter(|octet| **octet == tone(PromptRole::OptOutHint)).count();
    let body = right.iter().filter(|octet| **octet == tone(PromptRole::Body)).count();
    assert_eq!((hint, body), (1_600, 8_000), "every sample after the notice, once");
    assert!(!right.contains(&tone(PromptRole::RecordingNotice)), "REC-01: nothing before the notice's end");
    assert!(carrier.succeeded().await, "SIPp saw INVITE, ACK and BYE");
}

#[tokio::test(flavor = "multi_thread")]
async fn rec_01_an_answered_announcement_over_udp_is_played_recorded_and_ended_by_bye() {
    answered_call(SipTransport::Udp, &["-m", "1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_announcement_over_tcp_is_the_same_call() {
    answered_call(SipTransport::Tcp, &["-m", "1", "-t", "t1"]).await;
}
