//! Calls against the simulated carrier, which shares no code with the product: every way a callee behaves, both
//! transports of phones, TLS and SRTP.

mod support;

use carrier::{Carrier, CarrierConfig, CarrierHandle};
use idl::lines::{
    CallFact, LinedToVault, NoRecording, OptOutBy, SipTransport, SiteLines, SrtpPolicy, VaultToLined,
};
use support::{Bench, PATIENCE, Vault, site};
use vocab::{CallId, EndedBy, FailCause, Outcome};

fn carrier(config: CarrierConfig) -> CarrierHandle {
    Carrier::start(CarrierConfig { rtp_ports: (50_000, 59_998), ..config }).expect("a carrier")
}

async fn bench(site: SiteLines) -> (Bench, Vault) {
    let bench = Bench::start();
    let vault = Vault::accept(&bench.options.run).await;
    vault.send(VaultToLined::Site(site)).await;
    (bench, vault)
}

/// Places one call to the callee of a code and gives its facts' names and its end.
async fn call(bench: &Bench, vault: &mut Vault, code: u8) -> (Vec<CallFact>, idl::lines::CallEnd) {
    let mut ticket = bench.ticket(u64::from(code) + 1, &format!("138000010{code:02}"));
    ticket.ring_timeout_s = 3;
    vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    let (facts, end) = vault.facts_to_end(CallId(u64::from(code) + 1)).await;
    (facts.into_iter().map(|noted| noted.fact).collect(), end)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_cause_and_leaves_no_file() {
    let carrier = carrier(CarrierConfig::default());
    let (bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    for (code, cause) in [
        (70, FailCause::Busy),
        (73, FailCause::NoAnswer),
        (75, FailCause::Declined),
        (76, FailCause::InvalidNumber),
        (77, FailCause::Unreachable),
        (78, FailCause::Carrier),
        (79, FailCause::Carrier),
        (95, FailCause::Media),
        (85, FailCause::Media),
        (94, FailCause::NoAnswer),
    ] {
        let (_, end) = call(&bench, &mut vault, code).await;
        assert_eq!(
            end.outcome,
            Outcome::Failed(cause),
            "{code}: status {} q850 {}",
            end.sip_status,
            end.q850
        );
        assert_eq!(end.recording, Err(NoRecording::NotAnswered), "{code}");
    }
    let files = std::fs::read_dir(&bench.options.recordings).expect("the folder").count();
    assert_eq!(files, 0, "what was not answered leaves no file");
}

#[tokio::test(flavor = "multi_thread")]
async fn cam_05_the_key_9_opts_out_by_every_way_it_can_come() {
    let carrier = carrier(CarrierConfig::default());
    let (bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    for (code, by) in [(61, OptOutBy::Rfc4733), (65, OptOutBy::InBand), (67, OptOutBy::Info)] {
        let (facts, end) = call(&bench, &mut vault, code).await;
        let said = facts.iter().filter_map(|fact| match fact {
            CallFact::OptOut { by } => Some(*by),
            _ => None,
        });
        assert_eq!(said.collect::<Vec<_>>(), [by], "{code}: exactly one opt-out");
        assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box }, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callee_that_hangs_up_ends_the_call() {
    let carrier = carrier(CarrierConfig::default());
    let (bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    let (_, end) = call(&bench, &mut vault, 68).await;
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Callee });
    assert_eq!(end.recording, Err(NoRecording::EndedBeforeNotice), "it ended before the notice was over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_ticket_is_not_dialled() {
    let carrier = carrier(CarrierConfig::default());
    let (bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    let mut ticket = bench.ticket(5, "13800001000");
    ticket.expires_boot_ms = lined::clock::boot_ms();
    vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    let (facts, end) = vault.facts_to_end(CallId(5)).await;
    assert!(facts.is_empty());
    assert_eq!(end.outcome, Outcome::Failed(FailCause::TicketExpired));
    assert!(carrier.calls_per_number().is_empty(), "the carrier saw no INVITE");
}

#[tokio::test(flavor = "multi_thread")]
async fn enc_02_tls_and_srtp_carry_a_call_and_the_summary_says_so() {
    let any = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let carrier = carrier(CarrierConfig { tls: any, ..CarrierConfig::default() });
    let mut lines = site(carrier.tls_addr().expect("tls"), SipTransport::Tls);
    lines.trunks[0].ca_pem = carrier.ca_pem().map(str::to_owned);
    lines.trunks[0].tls_name = Some("localhost".to_owned());
    lines.trunks[0].srtp = SrtpPolicy::Required;
    let (bench, mut vault) = bench(lines).await;
    let (_, end) = call(&bench, &mut vault, 1).await;
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
    assert!(end.media.encrypted);
    assert!(end.media.received > 40, "{:?}", end.media);
    assert_eq!(end.media.refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn enc_01_a_carrier_with_another_ca_gets_no_call() {
    let any = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let right = carrier(CarrierConfig { tls: any, ..CarrierConfig::default() });
    let other = carrier(CarrierConfig { tls: any, ..CarrierConfig::default() });
    let mut lines = site(right.tls_addr().expect("tls"), SipTransport::Tls);
    lines.trunks[0].ca_pem = other.ca_pem().map(str::to_owned);
    lines.trunks[0].tls_name = Some("localhost".to_owned());
    let (bench, mut vault) = bench(lines).await;
    let (_, end) = call(&bench, &mut vault, 1).await;
    assert_eq!(end.outcome, Outcome::Failed(FailCause::NoLine));
    assert!(right.calls_per_number().is_empty(), "nothing was said to an unproven peer");
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_outlive_a_lost_vaultd_and_come_again_in_order() {
    let carrier = carrier(CarrierConfig::default());
    let (bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    vault.storing.store(false, std::sync::atomic::Ordering::SeqCst);
    vault.send(VaultToLined::Ticket(Box::new(bench.ticket(9, "13800001001")))).await;
    vault
        .wait(|message| match message {
            LinedToVault::Fact { fact: CallFact::Answered { .. }, .. } => Some(()),
            _ => None,
        })
        .await;
    drop(vault);
    // The call goes on and ends without vaultd; then vaultd is back and hears everything, from the first fact.
    assert!(carrier.wait_until(PATIENCE, |report| report.active_dialogs == 0 && report.answered == 1));
    let mut vault = Vault::accept(&bench.options.run).await;
    let LinedToVault::Live { calls } = vault.next().await else { panic!("Live comes first") };
    assert_eq!(calls, [CallId(9)], "its end is not durable: it is not lost");
    let (facts, end) = vault.facts_to_end(CallId(9)).await;
    let numbers: Vec<u32> = facts.iter().map(|noted| noted.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4], "dialling, ringing, answered, notice");
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
}

#[tokio::test(flavor = "multi_thread")]
async fn lin_06_a_silent_name_server_delays_no_call_to_another_trunk() {
    let silent = std::net::UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
    let server = silent.local_addr().expect("bound");
    let carrier = carrier(CarrierConfig::default());
    let bench = Bench::start_with(|options| options.dns = Some(server));
    let mut vault = Vault::accept(&bench.options.run).await;
    let mut lines = site(carrier.udp_addr().expect("udp"), SipTransport::Udp);
    let mut named = lines.trunks[0].clone();
    named.id = vocab::TrunkId(2);
    named.host = "carrier.example".to_owned();
    named.port = None;
    lines.trunks.push(named);
    lines.groups[0]
        .members
        .insert(0, idl::lines::LineGroupMember { trunk: vocab::TrunkId(2), rank: 0, weight: 9 });
    vault.send(VaultToLined::Site(lines)).await;
    let began = std::time::Instant::now();
    let (facts, end) = call(&bench, &mut vault, 70).await;
    assert!(matches!(facts.first(), Some(CallFact::Dialling { trunk }) if trunk.0 == 1));
    assert_eq!(end.outcome, Outcome::Failed(FailCause::Busy));
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "the resolver was not waited for");
}

/// A site's one agent with an account for the simulated phone.
fn phone_account() -> idl::lines::PhoneAccount {
    use data_encoding::HEXLOWER;
    use md5::Digest;
    let ha1 = "agent1:ringfence:secret";
    idl::lines::PhoneAccount {
        agent: vocab::AgentId(1),
        user: "agent1".to_owned(),
        realm: "ringfence".to_owned(),
        ha1_sha256: vocab::Secret::new(HEXLOWER.encode(&sha2::Sha256::digest(ha1))),
        ha1_md5: Some(vocab::Secret::new(HEXLOWER.encode(&md5::Md5::digest(ha1)))),
        srtp: SrtpPolicy::PlainWaiver,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_progressive_call_is_bridged_to_the_agents_phone_within_200_ms() {
    let carrier = carrier(CarrierConfig::default());
    let (bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    vault.send(VaultToLined::Phones { first: true, phones: vec![phone_account()] }).await;
    let account = carrier::Account {
        user: "agent1".to_owned(),
        password: "secret".to_owned(),
        realm: Some("ringfence".to_owned()),
    };
    let mut config = carrier::PhonesConfig::new(bench.sip(), vec![account]);
    config.hangup_after_ms = 2_500;
    // It has a runtime of its own.
    let phones = std::thread::spawn(move || carrier::Phones::start(config).expect("phones"));
    let phones = phones.join().expect("phones");
    assert!(phones.wait_until(PATIENCE, |report| report.registrations == 1), "the phone is registered");
    let mut ticket = bench.ticket(21, "13800001001");
    ticket.mode = vocab::CampaignMode::Progressive;
    ticket.agent = Some(vocab::AgentId(1));
    vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    let (facts, end) = vault.facts_to_end(CallId(21)).await;
    let connected = facts.iter().find_map(|noted| match noted.fact {
        CallFact::AgentConnected { agent, after_announcement_ms } => Some((agent.0, after_announcement_ms)),
        _ => None,
    });
    let (agent, after_ms) = connected.expect("customer and agent were joined");
    assert_eq!(agent, 1);
    assert!(after_ms <= 200, "{after_ms} ms");
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Agent });
    assert!(end.recording.is_ok());
    assert!(
        carrier.wait_until(PATIENCE, |report| report.agent_audio_heard == 1),
        "the customer heard the agent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_live_calls_by_bye_and_their_facts_reach_vaultd() {
    let carrier = carrier(CarrierConfig::default());
    let (mut bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    vault.send(VaultToLined::Ticket(Box::new(bench.ticket(31, "13800001000")))).await;
    vault
        .wait(|message| match message {
            LinedToVault::Fact { fact: CallFact::NoticeHeard { .. }, .. } => Some(()),
            _ => None,
        })
        .await;
    bench.stop().await;
    let (_, end) = vault.facts_to_end(CallId(31)).await;
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
    assert!(end.recording.is_ok(), "the recording was closed in order");
    assert!(carrier.wait_until(PATIENCE, |report| report.active_dialogs == 0), "the carrier saw the BYE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_former_life_is_released_by_its_dialog() {
    let carrier = carrier(CarrierConfig::default());
    let lines = site(carrier.udp_addr().expect("udp"), SipTransport::Udp);
    let (mut bench, mut vault) = bench(lines.clone()).await;
    let mut ticket = bench.ticket(41, "13800001000");
    ticket.prompts[3] = bench.prompt(idl::lines::PromptRole::Body, 30_000);
    vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    let dialog = vault
        .wait(|message| match message {
            LinedToVault::Fact { fact: CallFact::Answered { dialog, .. }, .. } => Some(dialog),
            _ => None,
        })
        .await;
    bench.kill().await;
    drop(vault);
    assert_eq!(carrier.report().active_dialogs, 1, "nobody said BYE");
    bench.run();
    let mut vault = Vault::accept(&bench.options.run).await;
    assert!(matches!(vault.next().await, LinedToVault::Live { calls } if calls.is_empty()));
    vault.send(VaultToLined::Site(lines)).await;
    vault.send(VaultToLined::Release { call: CallId(41), dialog }).await;
    let released = vault
        .wait(|message| match message {
            LinedToVault::Released { call } => Some(call),
            _ => None,
        })
        .await;
    assert_eq!(released, CallId(41));
    assert!(carrier.wait_until(PATIENCE, |report| report.active_dialogs == 0), "the carrier saw the BYE");
}

#[tokio::test(flavor = "multi_thread")]
async fn cam_05_an_opt_out_that_vaultd_does_not_store_is_not_confirmed_and_ends_within_seconds() {
    let carrier = carrier(CarrierConfig::default());
    let (bench, mut vault) = bench(site(carrier.udp_addr().expect("udp"), SipTransport::Udp)).await;
    vault.storing.store(false, std::sync::atomic::Ordering::SeqCst);
    let mut ticket = bench.ticket(61, "13800001061");
    ticket.prompts[3] = bench.prompt(idl::lines::PromptRole::Body, 30_000);
    vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    vault
        .wait(|message| match message {
            LinedToVault::Fact { fact: CallFact::OptOut { .. }, .. } => Some(()),
            _ => None,
        })
        .await;
    let pressed = std::time::Instant::now();
    let (_, end) = vault.facts_to_end(CallId(61)).await;
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
    let held = pressed.elapsed().as_millis();
    assert!((4_500..8_000).contains(&held), "{held} ms");
    let (_, right) = support::decode(&bench.recording(61));
    let confirmation = support::tone(idl::lines::PromptRole::OptOutConfirmation);
    assert!(!right.contains(&confirmation), "nothing was promised that was not durable");
}
