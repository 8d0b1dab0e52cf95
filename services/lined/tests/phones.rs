//! Agents' phones: TLS and SRTP as the rule, UDP only where the site allows it.

mod support;

use carrier::{Account, Carrier, CarrierConfig, Phones, PhonesConfig, PhonesHandle, Transport};
use idl::lines::{CallFact, PhoneAccount, SipTransport, SrtpPolicy, VaultToLined};
use std::net::SocketAddr;
use support::{Bench, PATIENCE, Vault, free_port, site};
use vocab::{AgentId, CallId, CampaignMode, EndedBy, Outcome, Secret};

fn account(srtp: SrtpPolicy) -> PhoneAccount {
    use sha2::Digest;
    let ha1 = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest("agent1:ringfence:secret"));
    PhoneAccount {
        agent: AgentId(1),
        user: "agent1".to_owned(),
        realm: "ringfence".to_owned(),
        ha1_sha256: Secret::new(ha1),
        ha1_md5: None,
        srtp,
    }
}

/// The simulated phones have a runtime of their own.
fn phones(registrar: SocketAddr, change: impl FnOnce(&mut PhonesConfig)) -> PhonesHandle {
    let account = Account {
        user: "agent1".to_owned(),
        password: "secret".to_owned(),
        realm: Some("ringfence".to_owned()),
    };
    let mut config = PhonesConfig::new(registrar, vec![account]);
    change(&mut config);
    std::thread::spawn(move || Phones::start(config).expect("phones")).join().expect("phones")
}

fn end(phones: PhonesHandle) {
    std::thread::spawn(move || drop(phones)).join().expect("phones end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_without_tls_is_refused_unless_the_site_allows_it() {
    let bench = Bench::start();
    let vault = Vault::accept(&bench.options.run).await;
    let mut lines = site(free_port(), SipTransport::Udp);
    lines.phones_allow_udp = false;
    vault.send(VaultToLined::Site(lines)).await;
    vault.send(VaultToLined::Phones { first: true, phones: vec![account(SrtpPolicy::Required)] }).await;
    let phones = phones(bench.sip(), |_| {});
    assert!(phones.wait_until(PATIENCE, |report| report.registrations_refused > 0));
    assert_eq!(phones.report().registrations, 0);
    end(phones);
}

#[tokio::test(flavor = "multi_thread")]
async fn enc_02_customer_and_agent_meet_over_tls_and_srtp() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let tls = free_port();
    let bench = Bench::start_with(|options| {
        options.tls = vec![tls];
        options.tls_cert = Some(certificate);
        options.tls_key = Some(key);
    });
    let mut vault = Vault::accept(&bench.options.run).await;
    let any = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let carrier = CarrierConfig { tls: any, rtp_ports: (50_000, 59_998), ..CarrierConfig::default() };
    let carrier = Carrier::start(carrier).expect("a carrier");
    let mut lines = site(carrier.tls_addr().expect("tls"), SipTransport::Tls);
    lines.trunks[0].ca_pem = carrier.ca_pem().map(str::to_owned);
    lines.trunks[0].tls_name = Some("localhost".to_owned());
    lines.trunks[0].srtp = SrtpPolicy::Required;
    lines.phones_allow_udp = false;
    vault.send(VaultToLined::Site(lines)).await;
    vault.send(VaultToLined::Phones { first: true, phones: vec![account(SrtpPolicy::Required)] }).await;
    let phones = phones(tls, |config| {
        config.transport = Transport::Tls;
        config.registrar_host = "localhost".to_owned();
        config.ca_pem = Some(made.cert.pem());
        config.hangup_after_ms = 2_500;
    });
    assert!(phones.wait_until(PATIENCE, |report| report.registrations == 1), "the phone is registered");
    let mut ticket = bench.ticket(51, "13800001001");
    ticket.mode = CampaignMode::Progressive;
    ticket.agent = Some(AgentId(1));
    vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    let (facts, ended) = vault.facts_to_end(CallId(51)).await;
    let joined = facts.iter().any(|noted| matches!(noted.fact, CallFact::AgentConnected { .. }));
    assert!(joined, "customer and agent were joined");
    assert_eq!(ended.outcome, Outcome::Answered { by: EndedBy::Agent });
    assert!(ended.media.encrypted && ended.media.refused == 0, "{:?}", ended.media);
    assert!(carrier.wait_until(PATIENCE, |report| report.agent_audio_heard == 1));
    end(phones);
}
