//! Setting a span: a form for each use, read strictly, with what `vaultd` refuses said at its field. Whether the site
//! may have it so is decided there.

use super::{NAV, all, card, path, words};
use crate::fault::{Fault, Refusal};
use crate::form::{Form, Query};
use crate::page::{Page, render};
use crate::pages::lines::view;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use idl::admin::{Admin, Answer};
use idl::spans::{
    AnswerDetection, ChannelSelection, D_CHANNEL, E1_TIMESLOTS, E1Config, Framing, LineCoding, MAX_SPANS,
    NumberType, PortConfig, PortKind, PriConfig, PriSide, SpanConfig, SpanPurpose,
};
use idl::views::{SpanAsk, SpanView};
use rights::Request;
use std::collections::BTreeMap;
use vocab::{AgentId, SpanId, Timeslot, TrunkId};

#[derive(Template)]
#[template(path = "lines/span_set.html")]
struct SetPage {
    page: Page,
    t: &'static Texts,
    here: String,
    form: Form,
    is_set: bool,
    is_e1: bool,
    place: String,
    ports: Vec<u8>,
    agents: Vec<(u32, String)>,
}

impl SetPage {
    fn purpose(&self) -> &str {
        self.form.value("purpose")
    }

    /// What was typed for another use: it stays until the form is saved.
    fn kept(&self) -> Vec<(&str, &str)> {
        let (pri, ports) = (self.purpose() == "pri", self.purpose() == "ports");
        let of_another = |name: &str| {
            !pri && PRI_FIELDS.contains(&name)
                || !ports && PORT_FIELDS.iter().any(|field| name.starts_with(field))
        };
        self.form.pairs().filter(|(name, value)| of_another(name) && !value.is_empty()).collect()
    }

    fn uses(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let t = self.t;
        let mut uses = vec![("pri", t.spans.use_pri, t.spans.use_pri_text)];
        if !self.is_e1 {
            uses.clear();
        }
        let ports = if self.is_e1 { t.spans.use_cas } else { t.spans.use_ports };
        let text = if self.is_e1 { t.spans.use_cas_text } else { t.spans.use_ports_text };
        uses.push(("ports", ports, text));
        uses.push(("off", t.spans.use_off, t.spans.use_off_text));
        uses
    }

    fn bearers(&self) -> Vec<u8> {
        (1..=E1_TIMESLOTS).filter(|slot| *slot != D_CHANNEL.0).collect()
    }

    fn has_slot(&self, name: &str, slot: &u8) -> bool {
        self.form.has(name, &slot.to_string())
    }

    /// Whether a field of a port has this value.
    fn port_has(&self, name: &str, port: &u8, value: &str) -> bool {
        self.form.has(&format!("{name}-{port}"), value)
    }

    fn port_value(&self, name: &str, port: &u8) -> &str {
        self.form.value(&format!("{name}-{port}"))
    }

    fn port_agent(&self, port: &u8, agent: &u32) -> bool {
        self.port_has("agent", port, &agent.to_string())
    }

    fn selections(&self) -> [(&'static str, &'static str); 5] {
        let t = self.t;
        [
            ("ascending", t.spans.ascending),
            ("descending", t.spans.descending),
            ("round-robin-up", t.spans.round_robin_up),
            ("round-robin-down", t.spans.round_robin_down),
            ("least-recent", t.spans.least_recent),
        ]
    }

    fn types(&self) -> [(&'static str, &'static str); 4] {
        let t = self.t;
        [
            ("unknown", t.spans.type_unknown),
            ("national", t.spans.type_national),
            ("international", t.spans.type_international),
            ("subscriber", t.spans.type_subscriber),
        ]
    }
}

/// The form of a span as it is set, or with what a new one is best set to.
pub(super) async fn show(
    visit: Visit,
    Path(id): Path<u16>,
    Query(query): Query,
) -> Result<Html<String>, Fault> {
    if !visit.may(Request::SetSpan) {
        return Err(Fault::Forbidden);
    }
    let card = card(&visit, id).await?;
    let mut form = match &card.view.config {
        Some(config) => filled(config),
        None => fresh(&visit, &card.view).await?,
    };
    switch(&mut form, query.value("use"));
    render(&page(&visit, card.view, form).await?)
}

/// Shows the form of another use; everything that was typed stays.
fn switch(form: &mut Form, asked: &str) {
    if ["pri", "ports", "off"].contains(&asked) && asked != form.value("purpose") {
        form.set("purpose", asked);
        form.set("framing", if asked == "ports" { "cas" } else { "ccs" });
    }
}

async fn page(visit: &Visit, span: SpanView, form: Form) -> Result<SetPage, Fault> {
    let t = visit.t;
    let is_e1 = words::is_e1(&span);
    let is_set = span.config.is_some();
    let title = if is_set {
        fill(t.spans.change_title, &[&words::name(t, &span)])
    } else {
        t.spans.set_title.to_owned()
    };
    let agents = if form.has("purpose", "ports") { agents(visit, &span).await? } else { vec![] };
    Ok(SetPage {
        page: visit.page(&title, NAV),
        t,
        here: path(span.span),
        form,
        is_set,
        is_e1,
        place: span.status.as_ref().map(|status| status.place.clone()).unwrap_or_default(),
        ports: ports(&span, is_e1),
        agents,
    })
}

/// The ports a form shows: those the card tells of, or else those that are set.
fn ports(span: &SpanView, is_e1: bool) -> Vec<u8> {
    let told = span.status.as_ref().map_or(0, |status| status.slots.len());
    let set = match span.config.as_ref().map(|config| &config.purpose) {
        Some(SpanPurpose::Ports(ports)) => ports.iter().map(|port| usize::from(port.port.0)).max(),
        _ => None,
    };
    let least = if is_e1 { usize::from(E1_TIMESLOTS) } else { LEAST_PORTS };
    let count = told.max(set.unwrap_or(0)).max(if told == 0 { least } else { 0 });
    let count = u8::try_from(count).unwrap_or(E1_TIMESLOTS).min(E1_TIMESLOTS);
    (1..=count).filter(|port| !is_e1 || *port != D_CHANNEL.0).collect()
}

/// Agents who may get a telephone, with those who have one here.
async fn agents(visit: &Visit, span: &SpanView) -> Result<Vec<(u32, String)>, Fault> {
    let lines = view(visit).await?;
    let mut agents: BTreeMap<u32, String> = BTreeMap::new();
    if let Some(SpanPurpose::Ports(ports)) = span.config.as_ref().map(|config| &config.purpose) {
        for port in ports {
            if let PortKind::Fxs { agent } = port.kind {
                agents.insert(agent.0, agent.to_string());
            }
        }
    }
    agents.extend(lines.phones.into_iter().map(|phone| (phone.agent.0, phone.login)));
    agents.extend(lines.phoneless.into_iter().map(|(person, login)| (person.0, login)));
    Ok(agents.into_iter().collect())
}

/// What a new span is best set to: what the card is, and the next place as a source of the clock.
async fn fresh(visit: &Visit, span: &SpanView) -> Result<Form, Fault> {
    let mut taken: Vec<u8> = all(visit)
        .await?
        .iter()
        .filter_map(|other| other.config.as_ref().map(|config| config.e1.timing))
        .collect();
    taken.sort_unstable();
    let timing = (1..=MAX_TIMING).find(|place| !taken.contains(place)).unwrap_or(0);
    let purpose =
        if words::is_e1(span) { SpanPurpose::Pri(PriConfig::default()) } else { SpanPurpose::Ports(vec![]) };
    let mut form = filled(&SpanConfig {
        span: span.span,
        trunk: TrunkId(0),
        name: String::new(),
        e1: E1Config { timing, ..E1Config::default() },
        purpose,
    });
    form.set("name", "");
    Ok(form)
}

fn filled(config: &SpanConfig) -> Form {
    let mut form = Form::default();
    let e1 = config.e1;
    form.set("name", config.name.clone());
    form.set("coding", word(&CODINGS, e1.coding));
    form.set("framing", word(&FRAMINGS, e1.framing));
    form.set("timing", e1.timing.to_string());
    let pri = match &config.purpose {
        SpanPurpose::Pri(pri) => pri.clone(),
        SpanPurpose::Off | SpanPurpose::Ports(_) => PriConfig::default(),
    };
    form.set("side", word(&SIDES, pri.side));
    form.set("selection", word(&SELECTIONS, pri.selection));
    form.set("called_type", word(&TYPES, pri.called_type));
    form.set("calling_type", word(&TYPES, pri.calling_type));
    let ticks = [
        ("crc4", e1.crc4),
        ("echo_canceller", e1.echo_canceller),
        ("exclusive", pri.exclusive),
        ("overlap", pri.overlap),
        ("t309", pri.t309),
        ("restart_on_start", pri.restart_on_start),
    ];
    for (name, set) in ticks {
        form.set(name, if set { "1" } else { "" });
    }
    for slot in pri.unused {
        form.add("unused", slot.0.to_string());
    }
    match &config.purpose {
        SpanPurpose::Off => form.set("purpose", "off"),
        SpanPurpose::Pri(_) => form.set("purpose", "pri"),
        SpanPurpose::Ports(ports) => {
            form.set("purpose", "ports");
            for PortConfig { port, kind } in ports {
                match kind {
                    PortKind::Fxo { answer, tones } => {
                        form.set(&format!("kind-{}", port.0), "fxo");
                        form.set(&format!("answer-{}", port.0), word(&ANSWERS, *answer));
                        form.set(&format!("tones-{}", port.0), tones.clone());
                    }
                    PortKind::Fxs { agent } => {
                        form.set(&format!("kind-{}", port.0), "fxs");
                        form.set(&format!("agent-{}", port.0), agent.0.to_string());
                    }
                }
            }
        }
    }
    form
}

/// Sets a span.
pub(super) async fn save(visit: Visit, Path(id): Path<u16>, mut form: Form) -> Result<Response, Fault> {
    let asked = form.value("use").to_owned();
    if !asked.is_empty() {
        switch(&mut form, &asked);
        let card = card(&visit, id).await?;
        return Ok(render(&page(&visit, card.view, form).await?)?.into_response());
    }
    if let Some(config) = read(&mut form, visit.t, SpanId(id)) {
        match visit.ask(Admin::Span(SpanAsk::Set(Box::new(config)))).await {
            Ok(Answer::Created { .. }) => {
                return Ok(visit.done(&path(SpanId(id)), visit.t.spans.done_set));
            }
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => told(&mut form, &refusal, &visit),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    let card = card(&visit, id).await?;
    visit.again(&page(&visit, card.view, form).await?)
}

/// Says what was refused at the field it is about.
fn told(form: &mut Form, refusal: &Refusal, visit: &Visit) {
    let ports = form.has("purpose", "ports");
    let field = match refusal.code.as_str() {
        "span-name" => "name",
        "span-framing" => "framing",
        "span-timing" => "timing",
        "span-purpose" => "purpose",
        "span-slot" | "span-slot-twice" if !ports => "unused",
        "span-slot" | "span-slot-twice" | "span-tones" | "span-agent" => "ports",
        _ => return form.refuse(refusal, visit.lang),
    };
    form.fail(field, refusal.text(visit.lang));
}

/// Reads the form; `None` if something in it is wrong.
fn read(form: &mut Form, t: &Texts, span: SpanId) -> Option<SpanConfig> {
    let name = form.text(t, "name", MAX_NAME_CHARS);
    let e1 = if form.has("e1", "1") { read_e1(form, t) } else { Some(E1Config::default()) };
    let purpose = match form.choice(t, "purpose", &[("off", "off"), ("pri", "pri"), ("ports", "ports")]) {
        Some("pri") => read_pri(form, t).map(SpanPurpose::Pri),
        Some("ports") => Some(SpanPurpose::Ports(read_ports(form, t))),
        Some(_) => Some(SpanPurpose::Off),
        None => None,
    };
    if !form.is_good() {
        return None;
    }
    Some(SpanConfig { span, trunk: TrunkId(0), name, e1: e1?, purpose: purpose? })
}

fn read_e1(form: &mut Form, t: &Texts) -> Option<E1Config> {
    let coding = form.choice(t, "coding", &CODINGS);
    let framing = form.choice(t, "framing", &FRAMINGS);
    let timing = form.number(t, "timing", 0..=MAX_TIMING);
    Some(E1Config {
        coding: coding?,
        framing: framing?,
        crc4: form.has("crc4", "1"),
        timing,
        echo_canceller: form.has("echo_canceller", "1"),
    })
}

fn read_pri(form: &mut Form, t: &Texts) -> Option<PriConfig> {
    let side = form.choice(t, "side", &SIDES);
    let selection = form.choice(t, "selection", &SELECTIONS);
    let called_type = form.choice(t, "called_type", &TYPES);
    let calling_type = form.choice(t, "calling_type", &TYPES);
    let unused = form.values("unused").filter_map(|word| word.parse().ok().map(Timeslot));
    let unused: Vec<Timeslot> = unused.take(usize::from(E1_TIMESLOTS)).collect();
    Some(PriConfig {
        side: side?,
        selection: selection?,
        exclusive: form.has("exclusive", "1"),
        overlap: form.has("overlap", "1"),
        called_type: called_type?,
        calling_type: calling_type?,
        t309: form.has("t309", "1"),
        restart_on_start: form.has("restart_on_start", "1"),
        unused,
    })
}

fn read_ports(form: &mut Form, t: &Texts) -> Vec<PortConfig> {
    let mut ports = vec![];
    for port in 1..=E1_TIMESLOTS {
        let kind = match form.value(&format!("kind-{port}")) {
            "fxo" => {
                let answer = form.choice(t, &format!("answer-{port}"), &ANSWERS);
                let tones = form.text(t, &format!("tones-{port}"), MAX_TONES_CHARS);
                PortKind::Fxo { answer: answer.unwrap_or(AnswerDetection::Voice), tones }
            }
            "fxs" => match form.value(&format!("agent-{port}")).parse().map(AgentId) {
                Ok(agent) => PortKind::Fxs { agent },
                Err(_) => {
                    form.fail("ports", fill(t.spans.need_agent, &[&port]));
                    continue;
                }
            },
            _ => continue,
        };
        ports.push(PortConfig { port: Timeslot(port), kind });
    }
    for port in 1..=E1_TIMESLOTS {
        let wrong = ["answer", "tones"].iter().any(|name| !form.error(&format!("{name}-{port}")).is_empty());
        if wrong {
            form.fail("ports", fill(t.spans.need_tones, &[&port]));
        }
    }
    ports
}

/// What a span is set to, as names and values.
pub(super) fn facts(t: &Texts, span: &SpanView) -> Vec<(&'static str, String)> {
    let Some(config) = &span.config else { return vec![] };
    let e1 = config.e1;
    let yes = |set: bool| if set { t.spans.yes } else { t.spans.no }.to_owned();
    let mut facts = vec![];
    if words::is_e1(span) {
        let timing = if e1.timing == 0 { t.spans.timing_none.to_owned() } else { e1.timing.to_string() };
        let coding = if e1.coding == LineCoding::Hdb3 { "HDB3" } else { "AMI" };
        let framing = if e1.framing == Framing::Ccs { t.spans.ccs } else { t.spans.cas };
        facts.push((t.spans.coding, coding.to_owned()));
        facts.push((t.spans.framing, framing.to_owned()));
        facts.push((t.spans.crc4, yes(e1.crc4)));
        facts.push((t.spans.timing, timing));
        facts.push((t.spans.echo_canceller, yes(e1.echo_canceller)));
    }
    match &config.purpose {
        SpanPurpose::Off => facts.push((t.spans.purpose, t.spans.use_off.to_owned())),
        SpanPurpose::Pri(pri) => {
            let side = if pri.side == PriSide::User { t.spans.side_user } else { t.spans.side_network };
            facts.push((t.spans.side, side.to_owned()));
            let unused: Vec<String> = pri.unused.iter().map(|slot| slot.0.to_string()).collect();
            let unused = if unused.is_empty() { t.spans.none.to_owned() } else { unused.join(t.spans.and) };
            facts.push((t.spans.unused, unused));
        }
        SpanPurpose::Ports(ports) => {
            let fxo = ports.iter().filter(|port| matches!(port.kind, PortKind::Fxo { .. })).count();
            facts.push((t.spans.fxo, fxo.to_string()));
            facts.push((t.spans.fxs, (ports.len() - fxo).to_string()));
        }
    }
    facts
}

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
}

const CODINGS: [(&str, LineCoding); 2] = [("hdb3", LineCoding::Hdb3), ("ami", LineCoding::Ami)];
const FRAMINGS: [(&str, Framing); 2] = [("ccs", Framing::Ccs), ("cas", Framing::Cas)];
const SIDES: [(&str, PriSide); 2] = [("user", PriSide::User), ("network", PriSide::Network)];
const SELECTIONS: [(&str, ChannelSelection); 5] = [
    ("ascending", ChannelSelection::Ascending),
    ("descending", ChannelSelection::Descending),
    ("round-robin-up", ChannelSelection::RoundRobinUp),
    ("round-robin-down", ChannelSelection::RoundRobinDown),
    ("least-recent", ChannelSelection::LeastRecentlyUsed),
];
const TYPES: [(&str, NumberType); 4] = [
    ("unknown", NumberType::Unknown),
    ("national", NumberType::National),
    ("international", NumberType::International),
    ("subscriber", NumberType::Subscriber),
];
const ANSWERS: [(&str, AnswerDetection); 2] =
    [("polarity", AnswerDetection::PolarityReversal), ("voice", AnswerDetection::Voice)];
const MAX_NAME_CHARS: usize = 64;
const MAX_TONES_CHARS: usize = 16;
/// Ports of a form before its card has told how many it has.
const LEAST_PORTS: usize = 8;
/// The last place among the sources of the clock.
const MAX_TIMING: u8 = MAX_SPANS as u8;

/// Fields of a primary rate access.
const PRI_FIELDS: [&str; 9] = [
    "side",
    "selection",
    "called_type",
    "calling_type",
    "exclusive",
    "overlap",
    "t309",
    "restart_on_start",
    "unused",
];
/// How the fields of ports begin; the port's number follows.
const PORT_FIELDS: [&str; 4] = ["kind-", "answer-", "tones-", "agent-"];
