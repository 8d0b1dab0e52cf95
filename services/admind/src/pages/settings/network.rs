//! The network: what is in use, what waits for the second person, what is on trial; and the form that proposes another.
//! What a configuration may say, and who may agree, is decided elsewhere.

mod form;

use super::NAV;
use crate::clock;
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use data_encoding::BASE64;
use idl::admin::{Admin, Answer};
use idl::network::{Cidr, Layer4, NetworkConfig, Tunnel, TunnelKind, Zone, ZoneConfig};
use idl::views::{NetworkAsk, NetworkView};
use netconf::{Ports, Reach, Service};
use rights::Request;

#[derive(Template)]
#[template(path = "settings/network.html")]
struct NetworkPage {
    page: Page,
    view: NetworkView,
    may_propose: bool,
    may_agree: bool,
    may_withdraw: bool,
    may_confirm: bool,
    may_close: bool,
    may_make: bool,
}

impl NetworkPage {
    /// What is in use, and beside it what is proposed.
    fn shown(&self) -> Vec<(&'static str, &NetworkConfig, bool)> {
        let t = &self.page.t.network;
        let mut all = vec![(t.in_use, &self.view.config, true)];
        all.extend(self.view.proposal.iter().map(|proposal| (t.proposed, &proposal.config, false)));
        all
    }

    /// Whether a part of what is proposed differs from what is in use.
    fn differs(&self, same: bool) -> &'static str {
        if same { "" } else { self.page.t.network.changed }
    }

    /// Who reaches what, now: the rules in words.
    fn rules(&self) -> Vec<RuleRow> {
        let t = &self.page.t.network;
        let mut config = self.view.config.clone();
        config.carriers.extend(&self.view.trunks);
        config.carriers = netconf::minimal(&config.carriers);
        config.phones = self.view.phones;
        // A box never set uses its first port, whatever its name is.
        let whole = netconf::effective(&config, &Ports::known(vec![t.first_port.to_owned()]));
        let today = u32::try_from(clock::now().0 / vocab::DAY_MS).unwrap_or(0);
        netconf::reach(&whole, today).iter().map(|line| rule_row(self.page.t, line)).collect()
    }

    fn by_name(&self) -> String {
        fill(self.page.t.network.trunks_by_name, &[&self.view.trunks_by_name.join(", ")])
    }

    fn public_key(&self) -> String {
        self.view.wireguard_public.map(|key| BASE64.encode(&key)).unwrap_or_default()
    }

    fn ipsec_certificate(&self) -> &str {
        self.view.ipsec_certificate.as_deref().unwrap_or_default()
    }

    fn has_keys(&self) -> bool {
        self.view.wireguard_public.is_some() || self.view.ipsec_certificate.is_some()
    }

    /// Whether a tunnel in use is up; nothing where nobody knows.
    fn is_up(&self, tunnel: &Tunnel) -> Option<bool> {
        self.view.up.as_ref().map(|up| up.contains(&tunnel.name))
    }

    fn trial_text(&self) -> String {
        let left = self.view.trial.as_ref().map_or(0, |trial| trial.left_s);
        fill(self.page.t.network.trial_text, &[&left])
    }

    fn proposal_text(&self) -> String {
        self.view.proposal.as_ref().map_or_else(String::new, |proposal| {
            let until = self.page.zone.minute(proposal.until);
            fill(self.page.t.network.proposal_text, &[&proposal.by.0, &until])
        })
    }

    fn detail(&self, tunnel: &Tunnel) -> String {
        detail(self.page.t, &self.page, tunnel, self.view.preshared.contains(&tunnel.name))
    }
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/settings/network", show)
        .post("/settings/network", propose)
        .get("/settings/network/edit", edit)
        .post("/settings/network/agree", agree)
        .post("/settings/network/withdraw", withdraw)
        .post("/settings/network/confirm", confirm)
        .post("/settings/network/close", close)
        .post("/settings/network/keys", make_keys)
}

/// The page.
async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    render(&NetworkPage {
        page: visit.page(visit.t.settings.title, NAV),
        view: view(&visit).await?,
        may_propose: visit.may(Request::ProposeNetwork),
        may_agree: visit.may(Request::AgreeNetwork),
        may_withdraw: visit.may(Request::WithdrawNetwork),
        may_confirm: visit.may(Request::ConfirmNetwork),
        may_close: visit.may(Request::CloseTunnel),
        may_make: visit.may(Request::MakeTunnelKeys),
    })
}

async fn view(visit: &Visit) -> Result<NetworkView, Fault> {
    match visit.ask(Admin::Network(NetworkAsk::Look)).await? {
        Answer::Network(view) => Ok(*view),
        _ => Err(Fault::other_answer()),
    }
}

#[derive(Template)]
#[template(path = "settings/network_edit.html")]
struct EditPage {
    page: Page,
    form: Form,
    rows: form::Rows,
}

impl EditPage {
    /// A field of a row, by the row's letter.
    fn f(&self, letter: &str, row: &usize, field: &str) -> String {
        format!("{letter}{row}_{field}")
    }

    fn v(&self, letter: &str, row: &usize, field: &str) -> &str {
        self.form.value(&self.f(letter, row, field))
    }

    fn e(&self, letter: &str, row: &usize, field: &str) -> &str {
        self.form.error(&self.f(letter, row, field))
    }
}

/// The form, filled with what is in use.
async fn edit(visit: Visit) -> Result<Html<String>, Fault> {
    if !visit.may(Request::ProposeNetwork) {
        return Err(Fault::Forbidden);
    }
    let config = view(&visit).await?.config;
    let (form, rows) = form::filled(&config);
    render(&EditPage { page: visit.page(visit.t.network.edit_title, NAV), form, rows })
}

/// Proposes what was typed.
async fn propose(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    if let Some(config) = form::read(&mut form, visit.t) {
        match visit.ask(Admin::Network(NetworkAsk::Propose(Box::new(config)))).await {
            Ok(Answer::Created { .. }) => return Ok(visit.done(PATH, visit.t.network.done_proposed)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    let rows = form::Rows::of(&form);
    visit.again(&EditPage { page: visit.page(visit.t.network.edit_title, NAV), form, rows })
}

async fn ask(visit: &Visit, ask: NetworkAsk, done: &str) -> Result<Response, Fault> {
    match visit.ask(Admin::Network(ask)).await {
        Ok(Answer::Done) => Ok(visit.done(PATH, done)),
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(PATH, refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

fn proposed(form: &Form) -> Result<u64, Fault> {
    form.value("proposed").parse().map_err(|_| Fault::Bad("form-malformed"))
}

/// The second person agrees.
async fn agree(visit: Visit, form: Form) -> Result<Response, Fault> {
    ask(&visit, NetworkAsk::Agree { proposed: proposed(&form)? }, visit.t.network.done_agreed).await
}

/// It is taken back, or refused.
async fn withdraw(visit: Visit, form: Form) -> Result<Response, Fault> {
    ask(&visit, NetworkAsk::Withdraw { proposed: proposed(&form)? }, visit.t.network.done_withdrawn).await
}

/// The page is still reached.
async fn confirm(visit: Visit, form: Form) -> Result<Response, Fault> {
    ask(&visit, NetworkAsk::Confirm { proposed: proposed(&form)? }, visit.t.network.done_confirmed).await
}

/// A tunnel is closed at once.
async fn close(visit: Visit, form: Form) -> Result<Response, Fault> {
    let name = form.value("name").to_owned();
    ask(&visit, NetworkAsk::CloseTunnel { name }, visit.t.network.done_closed).await
}

/// Own keys are made.
async fn make_keys(visit: Visit, _form: Form) -> Result<Response, Fault> {
    ask(&visit, NetworkAsk::MakeKeys, visit.t.network.done_keys).await
}

/// A rule in words.
struct RuleRow {
    way: &'static str,
    interface: String,
    peers: String,
    what: String,
}

fn rule_row(t: &Texts, line: &Reach) -> RuleRow {
    let n = &t.network;
    let what = match &line.service {
        Service::Page => n.s_page.to_owned(),
        Service::Voice => n.s_voice.to_owned(),
        Service::Names => n.s_names.to_owned(),
        Service::Time => n.s_time.to_owned(),
        Service::Target(name, layer, port) => format!("{name} ({} {port})", transport(layer)),
        Service::Tunnel(name, port) => format!("{} {name} (UDP {port})", n.s_tunnel),
        Service::IpSec(name) => format!("{} {name} (UDP 500, 4500, ESP)", n.s_ipsec),
    };
    RuleRow {
        way: if line.inward { n.way_in } else { n.way_out },
        interface: if line.interface.is_empty() { n.any_port.to_owned() } else { line.interface.clone() },
        peers: if line.peers.is_empty() { n.anybody.to_owned() } else { list(&line.peers) },
        what,
    }
}

/// Its name in this language.
fn zone_name(t: &Texts, zone: &Zone) -> &'static str {
    match zone {
        Zone::Voice => t.network.voice,
        Zone::Business => t.network.business,
        Zone::Management => t.network.management,
        Zone::Backup => t.network.backup,
    }
}

/// Networks with commas between.
fn list(networks: &[Cidr]) -> String {
    let shown: Vec<String> = networks.iter().map(form::shown).collect();
    shown.join(", ")
}

fn interface(zone: &ZoneConfig) -> String {
    netconf::interface(zone)
}

const fn transport(layer: &Layer4) -> &'static str {
    match layer {
        Layer4::Tcp => "TCP",
        Layer4::Udp => "UDP",
    }
}

fn detail(t: &Texts, page: &Page, tunnel: &Tunnel, preshared: bool) -> String {
    let t = &t.network;
    let (local, listen, endpoint, expires_day) = match &tunnel.kind {
        TunnelKind::WireGuard { local, listen, endpoint, expires_day, .. } => {
            (local, listen, endpoint, expires_day)
        }
        TunnelKind::IpSec { gateway, local, peer_id, .. } => {
            return format!("IPsec · {} · {gateway} · {peer_id}", list(local));
        }
    };
    let at = endpoint.map(|(address, port)| std::net::SocketAddr::new(address, port).to_string());
    let end = page.zone.date(form::day(*expires_day));
    let with = if preshared { format!(" · {}", t.has_preshared) } else { String::new() };
    let at = at.map(|at| format!(" · {at}")).unwrap_or_default();
    format!("WireGuard · {} · UDP {listen}{at} · {} {end}{with}", form::shown(local), t.expires)
}

const PATH: &str = "/settings/network";
