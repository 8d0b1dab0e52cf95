//! The parts of the page that change while somebody looks. They hold no form: a form has a proof of its own each time.

use super::words;
use crate::format::{bytes, duration};
use crate::page::Markup;
use crate::pages::shown::{ABSENT, minute};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use idl::host::{HostFact, HostOrder, HostStatus, SlotView};
use idl::views::{BoxOrder, BoxOrderStage, BoxView};
use rights::Request;
use vocab::PersonId;

/// One part.
#[derive(Template)]
#[template(path = "settings/box_part.html")]
pub(super) struct Part<'a> {
    t: &'static Texts,
    visit: &'a Visit,
    view: &'a BoxView,
    part: &'a str,
}

/// A system.
struct SlotRow {
    name: &'static str,
    version: String,
    running: bool,
    kind: &'static str,
    state: String,
}

/// An order.
struct OrderRow {
    id: u64,
    what: String,
    by: String,
    at: Markup,
    kind: &'static str,
    stage: String,
    percent: Option<u8>,
    note: String,
    may_agree: bool,
    may_withdraw: bool,
    /// Where to go on once it is done.
    leads: &'static str,
}

/// A stored update.
struct BundleRow {
    hex: String,
    size: String,
    at: Markup,
}

/// Something that happened.
struct Row {
    at: Markup,
    kind: &'static str,
    what: &'static str,
    details: Vec<String>,
}

impl<'a> Part<'a> {
    /// A part by its name.
    pub(super) fn of(visit: &'a Visit, view: &'a BoxView, part: &'a str) -> Self {
        Self { t: visit.t, visit, view, part }
    }

    fn status(&self) -> Option<&HostStatus> {
        self.view.status.as_ref()
    }

    fn badges(&self, status: &HostStatus) -> Vec<(&'static str, &'static str)> {
        let t = &self.t.boxes;
        let mut badges = vec![
            if status.secure_boot { ("ok", t.secure_boot) } else { ("bad", t.no_secure_boot) },
            if status.data_sealed { ("ok", t.sealed) } else { ("bad", t.not_sealed) },
            if status.time_synchronised { ("ok", t.synchronised) } else { ("warn", t.not_synchronised) },
        ];
        if status.development {
            badges.insert(0, ("warn", t.development));
        }
        badges
    }

    fn facts(&self, status: &HostStatus) -> Vec<(&'static str, String)> {
        let t = &self.t.boxes;
        let slot = running(status);
        let system = fill(t.system_of, &[&slot.slot.name(), &slot.version.as_deref().unwrap_or(ABSENT)]);
        let disk = fill(t.disk_of, &[&bytes(status.data_free_bytes), &bytes(status.data_bytes)]);
        let addresses =
            if status.addresses.is_empty() { ABSENT.to_owned() } else { status.addresses.join(" · ") };
        // Uptime grows with every look; the start does not.
        let booted = self.view.history.iter().find(|(_, fact)| matches!(fact, HostFact::Booted { .. }));
        let up = booted.map_or_else(
            || (t.up_for, duration(self.t, i64::try_from(status.up_s).unwrap_or(i64::MAX / 1_000) * 1_000)),
            |(at, _)| (t.up_since, self.visit.zone.minute(at)),
        );
        let calls = self.view.open_calls.to_string();
        vec![(t.system, system), (t.disk, disk), (t.addresses, addresses), up, (t.open_calls, calls)]
    }

    fn slots(&self, status: &HostStatus) -> Vec<SlotRow> {
        let t = &self.t.boxes;
        let row = |view: &SlotView| {
            let (kind, state) = match (&view.version, view.good, view.tries_left) {
                (None, ..) => ("idle", t.slot_empty.to_owned()),
                (Some(_), true, _) => ("ok", t.slot_good.to_owned()),
                (Some(_), false, Some(left)) if left > 0 => ("warn", fill(t.slot_trial, &[&left])),
                (Some(_), false, _) if view.slot == status.running => ("warn", fill(t.slot_trial, &[&0])),
                (Some(_), false, _) => ("bad", t.slot_lost.to_owned()),
            };
            let version = view.version.clone().unwrap_or_else(|| ABSENT.to_owned());
            SlotRow { name: view.slot.name(), version, running: view.slot == status.running, kind, state }
        };
        status.slots.iter().map(row).collect()
    }

    /// Whether the running system was not found good yet: nothing can be installed.
    fn on_trial(&self) -> bool {
        self.status().is_some_and(|status| !running(status).good)
    }

    fn may_install(&self) -> bool {
        self.visit.may(Request::OrderUpdate) && self.status().is_some() && !self.on_trial()
    }

    fn may_power(&self) -> bool {
        self.visit.may(Request::OrderBox) && self.status().is_some()
    }

    fn may_reset(&self) -> bool {
        self.visit.may(Request::OrderReset) && self.status().is_some()
    }

    fn orders(&self) -> Vec<OrderRow> {
        self.view.orders.iter().map(|order| self.order(order)).collect()
    }

    fn order(&self, order: &BoxOrder) -> OrderRow {
        let t = &self.t.boxes;
        let (kind, stage) = words::stage(self.t, &order.stage);
        let waits = matches!(order.stage, BoxOrderStage::WaitsForSecond { .. });
        let draining = matches!(order.stage, BoxOrderStage::Draining { .. });
        let note = match &order.stage {
            BoxOrderStage::WaitsForSecond { until } => {
                fill(t.stage_waits_until, &[&self.visit.zone.minute(until)])
            }
            BoxOrderStage::Draining { .. } => t.stage_draining_next.to_owned(),
            BoxOrderStage::Failed(fault) => words::fault(self.t, fault),
            BoxOrderStage::UnderWay { .. } | BoxOrderStage::Done | BoxOrderStage::Withdrawn => String::new(),
        };
        let collected = order.what == HostOrder::Diagnostics && order.stage == BoxOrderStage::Done;
        OrderRow {
            id: order.order,
            what: words::order(self.t, &order.what),
            by: by(self.visit, order.by),
            at: minute(&self.visit.zone, order.at),
            kind,
            stage,
            percent: if let BoxOrderStage::UnderWay { percent } = order.stage { Some(percent) } else { None },
            note,
            may_agree: waits && self.visit.may(Request::AgreeOrder) && order.by != self.visit.me.person,
            may_withdraw: (waits || draining) && self.visit.may(Request::WithdrawOrder),
            leads: if collected && self.visit.may(Request::BoxDiagnostics) {
                "/settings/box/diagnostics"
            } else {
                ""
            },
        }
    }

    fn bundles(&self) -> Vec<BundleRow> {
        let row = |bundle: &idl::views::BundleView| BundleRow {
            hex: words::hex(&bundle.bundle),
            size: bytes(bundle.bytes),
            at: minute(&self.visit.zone, bundle.at),
        };
        self.view.bundles.iter().map(row).collect()
    }

    fn history(&self) -> Vec<Row> {
        let row = |(at, fact): &(vocab::UnixMs, HostFact)| {
            let (kind, what, details) = words::fact(self.t, fact);
            Row { at: minute(&self.visit.zone, *at), kind, what, details }
        };
        self.view.history.iter().map(row).collect()
    }
}

fn running(status: &HostStatus) -> &SlotView {
    let [a, b] = &status.slots;
    if b.slot == status.running { b } else { a }
}

/// Whoever ordered something. The pages of the box name nobody: who may read names looks into the accounts.
pub(super) fn by(visit: &Visit, person: PersonId) -> String {
    let t = &visit.t.boxes;
    match person {
        PersonId(0) => t.by_box.to_owned(),
        own if own == visit.me.person => t.by_you.to_owned(),
        PersonId(other) => fill(t.by_person, &[&other]),
    }
}
