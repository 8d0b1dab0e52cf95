//! Trunks: what the carrier gave us, entered once and checked by `vaultd`.

use super::{MAX_NAME_CHARS, NAV, spans, view};
use crate::fault::Fault;
use crate::form::Form;
use crate::format::{When, Zone};
use crate::live::live;
use crate::page::{Markup, Page, render};
use crate::pages::words::Badge;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::lines::{Codec, SipTransport, SrtpPolicy, TrunkAccount, TrunkConfig};
use idl::spans::LinkState;
use idl::views::{SpanView, TrunkView};
use rights::Request;
use std::time::Duration;
use vocab::{Secret, TrunkId};

#[derive(Template)]
#[template(path = "lines/trunks.html")]
struct TrunksPage {
    page: Page,
    list: Markup,
    may_add: bool,
}

/// SIP trunks and the spans of cards in one list; below it, the spans that nobody has set up.
#[derive(Template)]
#[template(path = "lines/trunk_list.html")]
struct TrunkList {
    t: &'static Texts,
    zone: Zone,
    trunks: Vec<TrunkView>,
    spans: Vec<SpanView>,
    found: Vec<SpanView>,
    may_add: bool,
    may_set: bool,
}

impl TrunkList {
    fn since(&self, at: impl When) -> String {
        fill(self.t.lines.since, &[&self.zone.minute(at)])
    }

    fn place<'a>(&self, span: &'a SpanView) -> &'a str {
        span.status.as_ref().map_or("–", |status| status.place.as_str())
    }

    fn link(&self, span: &SpanView) -> Option<Badge> {
        let link = span.status.as_ref()?.link;
        (link != LinkState::None).then(|| spans::words::link(self.t, link))
    }

    /// Channels in use, and those there are.
    fn load(&self, span: &SpanView) -> (usize, usize) {
        span.status.as_ref().map_or((0, 0), spans::words::load)
    }
}

/// The list.
pub(super) async fn list(visit: Visit) -> Result<Html<String>, Fault> {
    render(&TrunksPage {
        page: visit.page(visit.t.lines.title, NAV),
        list: Markup::of_safe(listed(&visit).await?),
        may_add: visit.may(Request::AddTrunk),
    })
}

/// The list by itself, as it changes.
pub(super) async fn watch(visit: Visit) -> Result<Response, Fault> {
    view(&visit).await?;
    live(visit, LIVE_PERIOD, |visit| async move { Ok(vec![("trunks", listed(&visit).await?)]) })
}

async fn listed(visit: &Visit) -> Result<String, Fault> {
    let trunks = view(visit).await?.trunks;
    let spans = if visit.may(Request::Spans) { spans::all(visit).await? } else { vec![] };
    let (spans, found) = spans.into_iter().partition(|span| span.config.is_some());
    Ok(TrunkList {
        t: visit.t,
        zone: visit.zone.clone(),
        trunks,
        spans,
        found,
        may_add: visit.may(Request::AddTrunk),
        may_set: visit.may(Request::SetSpan),
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "lines/trunk.html")]
struct TrunkPage {
    page: Page,
    form: Form,
    /// The trunk as it is; `None` while it is entered.
    trunk: Option<TrunkView>,
    action: String,
    may_change: bool,
}

/// The form of a new one.
pub(super) async fn new(visit: Visit) -> Result<Html<String>, Fault> {
    let mut form = Form::default();
    for (name, value) in
        [("transport", "tls"), ("srtp", "required"), ("codec", "pcma"), ("channels", "30"), ("check_s", "30")]
    {
        form.set(name, value);
    }
    render(&new_page(&visit, form))
}

fn new_page(visit: &Visit, form: Form) -> TrunkPage {
    TrunkPage {
        page: visit.page(visit.t.lines.add_trunk, NAV),
        form,
        trunk: None,
        action: "/lines/trunks".to_owned(),
        may_change: true,
    }
}

/// Adds one.
pub(super) async fn add(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let trunk = read(&mut form, visit.t, TrunkId(0));
    if let Some(trunk) = trunk {
        match visit.ask(Admin::AddTrunk(Box::new(trunk))).await {
            Ok(Answer::Created { .. }) => return Ok(visit.done(NAV, visit.t.lines.done_trunk)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    visit.again(&new_page(&visit, form))
}

/// One trunk with its history.
pub(super) async fn show(visit: Visit, Path(id): Path<u16>) -> Result<Html<String>, Fault> {
    let trunk = find(&visit, id).await?;
    let form = filled(&trunk);
    render(&shown(&visit, trunk, form))
}

async fn find(visit: &Visit, id: u16) -> Result<TrunkView, Fault> {
    let trunks = view(visit).await?.trunks;
    trunks.into_iter().find(|trunk| trunk.live.id.0 == id).ok_or(Fault::NotFound)
}

fn shown(visit: &Visit, trunk: TrunkView, form: Form) -> TrunkPage {
    let title = fill(visit.t.lines.trunk_title, &[&trunk.live.name]);
    TrunkPage {
        page: visit.page(&title, NAV),
        form,
        action: format!("/lines/trunks/{}", trunk.live.id.0),
        trunk: Some(trunk),
        may_change: visit.may(Request::SetTrunk),
    }
}

fn filled(trunk: &TrunkView) -> Form {
    let mut form = Form::default();
    form.set("name", trunk.live.name.clone());
    form.set("host", trunk.host.clone());
    form.set("port", trunk.port.map_or_else(String::new, |port| port.to_string()));
    form.set(
        "transport",
        TRANSPORTS.iter().find(|(_, known)| *known == trunk.transport).map_or("", |(word, _)| word),
    );
    form.set("tls_name", trunk.tls_name.clone().unwrap_or_default());
    form.set("srtp", SRTP.iter().find(|(_, known)| *known == trunk.srtp).map_or("", |(word, _)| word));
    form.set("codec", if trunk.codecs.first() == Some(&Codec::Pcmu) { "pcmu" } else { "pcma" });
    form.set("channels", trunk.live.channels.to_string());
    form.set("check_s", trunk.options_interval_s.to_string());
    form.set("symmetric", if trunk.symmetric_rtp { "1" } else { "" });
    if let Some((user, register, _)) = &trunk.account {
        form.set("user", user.clone());
        form.set("register", if *register { "1" } else { "" });
    }
    form
}

/// Changes one.
pub(super) async fn change(visit: Visit, Path(id): Path<u16>, mut form: Form) -> Result<Response, Fault> {
    if let Some(trunk) = read(&mut form, visit.t, TrunkId(id)) {
        match visit.ask(Admin::SetTrunk(Box::new(trunk))).await {
            Ok(Answer::Done) => return Ok(visit.done(NAV, visit.t.lines.done_trunk)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    let trunk = find(&visit, id).await?;
    visit.again(&shown(&visit, trunk, form))
}

/// Reads the form; `None` if something in it is wrong.
fn read(form: &mut Form, t: &Texts, id: TrunkId) -> Option<TrunkConfig> {
    let name = form.text(t, "name", MAX_NAME_CHARS);
    let host = form.text(t, "host", MAX_HOST_CHARS);
    let port = match form.value("port").trim() {
        "" => None,
        _ => Some(form.number(t, "port", 1..=u16::MAX)),
    };
    let transport = form.choice(t, "transport", &TRANSPORTS);
    let tls_name = form.optional(t, "tls_name", MAX_HOST_CHARS);
    let ca = form.lines(t, "ca", MAX_PEM_CHARS);
    let srtp = form.choice(t, "srtp", &SRTP);
    let codecs = match form.choice(t, "codec", &[("pcma", Codec::Pcma), ("pcmu", Codec::Pcmu)]) {
        Some(Codec::Pcmu) => vec![Codec::Pcmu, Codec::Pcma],
        _ => vec![Codec::Pcma, Codec::Pcmu],
    };
    let channels = form.number(t, "channels", 1..=2_000);
    let options_interval_s = form.number(t, "check_s", 0..=300);
    let user = form.optional(t, "user", MAX_NAME_CHARS);
    let password = form.value("password").to_owned();
    let (symmetric_rtp, register) = (form.has("symmetric", "1"), form.has("register", "1"));
    let (transport, srtp) = (transport?, srtp?);
    form.is_good().then(|| TrunkConfig {
        id,
        name,
        host,
        port,
        transport,
        ca_pem: (!ca.is_empty()).then(|| format!("{ca}\n")),
        tls_name: (!tls_name.is_empty()).then_some(tls_name),
        tls12_waiver: false,
        srtp,
        account: (!user.is_empty()).then(|| TrunkAccount {
            user,
            password: Secret::new(password),
            register,
            expires_s: REGISTER_S,
        }),
        channels,
        options_interval_s,
        symmetric_rtp,
        codecs,
    })
}

/// How a trunk is encrypted, as badge and word.
pub(super) const fn security(t: &Texts, trunk: &TrunkView) -> (&'static str, &'static str) {
    match (trunk.transport, trunk.srtp) {
        (SipTransport::Tls, SrtpPolicy::Required) => ("ok", t.lines.encrypted),
        (SipTransport::Tls, SrtpPolicy::PlainWaiver) => ("warn", t.lines.signalling_only),
        (SipTransport::Udp | SipTransport::Tcp, _) => ("warn", t.lines.not_encrypted),
    }
}

const TRANSPORTS: [(&str, SipTransport); 3] =
    [("tls", SipTransport::Tls), ("tcp", SipTransport::Tcp), ("udp", SipTransport::Udp)];
const SRTP: [(&str, SrtpPolicy); 2] =
    [("required", SrtpPolicy::Required), ("plain", SrtpPolicy::PlainWaiver)];
const LIVE_PERIOD: Duration = Duration::from_secs(2);
const MAX_HOST_CHARS: usize = 253;
const MAX_PEM_CHARS: usize = 3_072;
/// Registration expiry (RFC 3261 10.2.1.1 suggests an hour).
const REGISTER_S: u32 = 3_600;
