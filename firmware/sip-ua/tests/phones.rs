//! Agents' phones register: digest, bindings, order, limits.
//!
//! Deliberately not here: calls to phones; they are calls like any other.

mod support;

use sip::auth::{Credentials, Login};
use sip::{HeaderName, Message, Method, Request, Response};
use sip_ua::registrar::{Algorithm, RegistrarConfig, StoredSecrets, ha1};
use sip_ua::{Endpoint, Event, Flow, Millis, Output, Transport};
use support::*;

const REALM: &str = "ringfence";

fn box_with_phones() -> Endpoint {
    let mut ep = endpoint();
    let config = RegistrarConfig { max_bindings_per_aor: 2, ..RegistrarConfig::default() };
    ep.enable_registrar(config);
    for user in ["8001", "8002"] {
        ep.set_phone_user(user, secrets(user)).unwrap();
    }
    ep
}

fn secrets(user: &str) -> StoredSecrets {
    StoredSecrets {
        sha256: ha1(Algorithm::Sha256, user, REALM, "right"),
        md5: Some(ha1(Algorithm::Md5, user, REALM, "right")),
    }
}

fn phone(connection: u64) -> Flow {
    Flow {
        transport: Transport::Tls,
        remote: "198.51.100.7:40000".parse().unwrap(),
        connection: Some(connection),
        ..udp()
    }
}

/// A phone: its nonce, counts and the REGISTERs it sends.
struct Phone {
    user: &'static str,
    password: &'static str,
    algorithm: Algorithm,
    flow: Flow,
    challenge: Option<sip::auth::Challenge>,
    nc: u32,
    seq: u32,
}

impl Phone {
    fn new(user: &'static str, password: &'static str) -> Self {
        let algorithm = Algorithm::Sha256;
        Self { user, password, algorithm, flow: phone(1), challenge: None, nc: 0, seq: 0 }
    }

    fn request(&mut self, contact: Option<&str>, expires: Option<u32>) -> Request {
        self.seq += 1;
        let mut request = Request::new(Method::Register, uri("sip:192.0.2.1"));
        let headers = &mut request.headers;
        let branch = format!("SIP/2.0/TLS 10.0.0.9:5061;branch=z9hG4bK{}{};rport", self.user, self.seq);
        headers.push(HeaderName::Via, branch);
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, format!("<sip:{}@192.0.2.1>;tag=p", self.user));
        headers.push(HeaderName::To, format!("<sip:{}@192.0.2.1>", self.user));
        headers.push(HeaderName::CallId, format!("reg-{}", self.user));
        headers.push(HeaderName::CSeq, format!("{} REGISTER", self.seq));
        if let Some(contact) = contact {
            headers.push(HeaderName::Contact, contact);
        }
        if let Some(expires) = expires {
            headers.push(HeaderName::Expires, expires.to_string());
        }
        self.sign(&mut request);
        request
    }

    fn sign(&mut self, request: &mut Request) {
        let Some(challenge) = &self.challenge else { return };
        self.nc += 1;
        let uri = request.uri.to_string();
        let login = Login::Password(self.password);
        let credentials =
            Credentials::answer(challenge, self.user, login, &Method::Register, &uri, b"", "cnonce", self.nc)
                .unwrap();
        request.headers.push(HeaderName::Authorization, credentials.to_string());
    }

    fn challenged(&mut self, response: &Response) {
        let all = response.headers.www_authenticate().unwrap();
        let mine = all.into_iter().find(|c| c.algorithm == Some(self.algorithm));
        self.challenge = mine;
        self.nc = 0;
    }

    /// Registers, answering one challenge.
    fn register(
        &mut self,
        ep: &mut Endpoint,
        now: u64,
        contact: Option<&str>,
        expires: Option<u32>,
    ) -> (Response, Vec<Output>) {
        let request = self.request(contact, expires);
        let out = give_from(ep, now, request, self.flow);
        let response = first(&out);
        if response.status != 401 {
            return (response, out);
        }
        self.challenged(&response);
        let request = self.request(contact, expires);
        let out = give_from(ep, now, request, self.flow);
        (first(&out), out)
    }
}

fn first(out: &[Output]) -> Response {
    match sent(out).remove(0) {
        Message::Response(response) => response,
        Message::Request(request) => panic!("{request:?}"),
    }
}

const CONTACT: &str = "<sip:8001@10.0.0.9:5061;transport=tls>";

#[test]
fn a_phone_registers_with_either_digest_and_is_found_on_its_connection() {
    for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
        let mut ep = box_with_phones();
        let mut phone = Phone { algorithm, ..Phone::new("8001", "right") };
        let (response, out) = phone.register(&mut ep, 0, Some(CONTACT), Some(300));
        assert_eq!(response.status, 200);
        let contacts = response.headers.contacts().unwrap();
        assert_eq!(contacts.first().unwrap().params.get("expires"), Some("300"));
        let [Event::Registered { aor, expires_s: 300, .. }] = events(&out)[..] else { panic!("{out:?}") };
        assert_eq!(aor.reveal(), "8001");
        let binding = &ep.phone_contacts("8001")[0];
        assert_eq!(binding.flow.connection, Some(1));
        assert_eq!(binding.contact, uri("sip:8001@10.0.0.9:5061;transport=tls"));
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let mut ep = box_with_phones();
    let mut answers = Vec::new();
    for mut phone in [Phone::new("8001", "wrong"), Phone::new("9999", "right")] {
        let (response, out) = phone.register(&mut ep, 0, Some(CONTACT), None);
        assert!(matches!(events(&out)[..], [Event::LoginFailed { .. }]));
        let names: Vec<String> = response.headers.iter().map(|(name, _)| name.to_string()).collect();
        answers.push((response.status, response.reason, names));
    }
    assert_eq!(answers[0].0, 403);
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn nobody_registers_for_somebody_else() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    phone.register(&mut ep, 0, None, None);
    let mut request = phone.request(Some(CONTACT), None);
    request.headers.set(HeaderName::To, "<sip:8002@192.0.2.1>");
    let out = give_from(&mut ep, 10, request, phone.flow);
    assert_eq!(first(&out).status, 403);
    assert!(ep.phone_contacts("8002").is_empty());
}

#[test]
fn a_replayed_request_is_challenged_again() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    phone.register(&mut ep, 0, None, None);
    let mut request = phone.request(Some(CONTACT), None);
    assert_eq!(first(&give_from(&mut ep, 10, request.clone(), phone.flow)).status, 200);
    request.headers.set(HeaderName::Via, "SIP/2.0/TLS 10.9.9.9;branch=z9hG4bKreplay;rport");
    request.headers.set(HeaderName::CSeq, "77 REGISTER");
    assert_eq!(first(&give_from(&mut ep, 20, request, phone.flow)).status, 401);
}

#[test]
fn an_old_nonce_is_called_stale_to_who_knows_the_password() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    phone.register(&mut ep, 0, None, None);
    let request = phone.request(None, None);
    let response = first(&give_from(&mut ep, 400_000, request, phone.flow));
    assert_eq!(response.status, 401);
    assert!(response.headers.www_authenticate().unwrap()[0].stale);
}

#[test]
fn an_interval_too_brief_gets_423_and_one_too_long_is_cut() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    let (response, _) = phone.register(&mut ep, 0, Some(CONTACT), Some(10));
    assert_eq!(response.status, 423);
    assert_eq!(response.headers.min_expires().unwrap(), Some(60));
    let (response, _) = phone.register(&mut ep, 0, Some(CONTACT), Some(1_000_000));
    let contacts = response.headers.contacts().unwrap();
    assert_eq!(contacts.first().unwrap().params.get("expires"), Some("3600"));
}

#[test]
fn a_binding_runs_out_and_is_reported() {
    let mut ep = box_with_phones();
    Phone::new("8001", "right").register(&mut ep, 0, Some(CONTACT), Some(60));
    assert!(events(&run(&mut ep, 59_999)).is_empty());
    let out = run(&mut ep, 60_000);
    assert!(matches!(&events(&out)[..], [Event::Unregistered { aor }] if aor.reveal() == "8001"));
    assert!(ep.phone_contacts("8001").is_empty());
}

#[test]
fn a_star_with_zero_removes_all_and_without_it_is_malformed() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    phone.register(&mut ep, 0, Some(CONTACT), None);
    assert_eq!(phone.register(&mut ep, 10, Some("*"), Some(60)).0.status, 400);
    assert_eq!(ep.phone_contacts("8001").len(), 1);
    let (response, out) = phone.register(&mut ep, 20, Some("*"), Some(0));
    assert_eq!(response.status, 200);
    assert!(matches!(events(&out)[..], [Event::Unregistered { .. }]));
    assert!(ep.phone_contacts("8001").is_empty());
}

#[test]
fn contacts_are_bounded_and_ordered_by_preference() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    phone.register(&mut ep, 0, Some("<sip:8001@10.0.0.1>;q=0.3"), None);
    phone.register(&mut ep, 10, Some("<sip:8001@10.0.0.2>;q=0.9"), None);
    let (response, _) = phone.register(&mut ep, 20, Some("<sip:8001@10.0.0.3>"), None);
    assert_eq!(response.status, 403);
    let hosts: Vec<String> = ep.phone_contacts("8001").iter().map(|b| b.contact.host.to_string()).collect();
    assert_eq!(hosts, ["10.0.0.2", "10.0.0.1"]);
}

#[test]
fn a_register_that_was_overtaken_changes_nothing() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    phone.seq = 10;
    phone.register(&mut ep, 0, Some(CONTACT), None);
    phone.seq = 5;
    let (response, _) = phone.register(&mut ep, 10, Some(CONTACT), Some(0));
    assert_eq!(response.status, 500);
    assert_eq!(ep.phone_contacts("8001").len(), 1);
}

#[test]
fn a_broken_connection_takes_its_bindings_with_it() {
    let mut ep = box_with_phones();
    Phone::new("8001", "right").register(&mut ep, 0, Some(CONTACT), None);
    let mut other = Phone { flow: phone(2), ..Phone::new("8002", "right") };
    other.register(&mut ep, 0, Some("<sip:8002@10.0.0.8>"), None);
    let mut out = Vec::new();
    ep.receive(Millis(10), sip_ua::Input::TransportFailed { flow: phone(1) }, &mut out);
    assert!(matches!(&events(&out)[..], [Event::Unregistered { aor }] if aor.reveal() == "8001"));
    assert_eq!(ep.phone_contacts("8002").len(), 1);
}

#[test]
fn a_removed_user_cannot_log_in_and_loses_its_contacts() {
    let mut ep = box_with_phones();
    let mut phone = Phone::new("8001", "right");
    phone.register(&mut ep, 0, Some(CONTACT), None);
    let mut out = Vec::new();
    ep.remove_phone_user("8001", &mut out);
    assert!(matches!(events(&out)[..], [Event::Unregistered { .. }]));
    assert_eq!(phone.register(&mut ep, 10, Some(CONTACT), None).0.status, 403);
}
