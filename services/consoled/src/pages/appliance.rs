//! The box itself: its two systems, what waits or runs, and the orders a technician may give. Each goes through
//! `vaultd`, which writes it down and drains the calls first.

use super::Page;
use crate::clean::clean;
use crate::console::{Console, Out};
use crate::session::For;
use crate::sheet::{Prompt, Sheet, Tone};
use crate::words::{Words, fill};
use idl::admin::Admin;
use idl::host::{BootCause, HostFact, HostFault, HostOrder, HostStatus};
use idl::views::{BoxAsk, BoxOrderStage};

/// What may be ordered of the box here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoxVerb {
    /// Installs the bundle with this SHA-256.
    Install([u8; 32]),
    /// Starts again.
    Restart,
    /// Powers off.
    PowerOff,
    /// Collects the diagnostics bundle.
    Diagnostics,
    /// Destroys all data.
    Reset,
}

impl BoxVerb {
    fn order(self) -> HostOrder {
        match self {
            Self::Install(bundle) => HostOrder::Install { bundle, downgrade: false },
            Self::Restart => HostOrder::Restart,
            Self::PowerOff => HostOrder::PowerOff,
            Self::Diagnostics => HostOrder::Diagnostics,
            Self::Reset => HostOrder::FactoryReset,
        }
    }

    const fn word(self, w: &Words) -> &'static str {
        match self {
            Self::Install(_) => w.install,
            Self::Restart => w.restart_box,
            Self::PowerOff => w.power_off,
            Self::Diagnostics => w.diagnostics,
            Self::Reset => w.factory_reset,
        }
    }
}

impl Console {
    pub(super) fn appliance(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.appliance);
        if let Some(view) = &self.told.appliance {
            match &view.status {
                Some(status) => self.systems(status, &mut sheet),
                None => sheet.say(Tone::Bad, w.no_helper),
            }
            for order in view.orders.iter().take(MAX_ORDERS) {
                let (tone, stage) = stage(w, &order.stage);
                let text = format!("{}  {}  {stage}", self.at(order.at), order_name(w, &order.what));
                sheet.row(tone, w.order, text);
            }
            for (at, fact) in view.history.iter().take(MAX_FACTS) {
                let (tone, text) = happened(w, fact);
                sheet.row(tone, w.history, format!("{}  {text}", self.at(*at)));
            }
            if let Some(bundle) = view.bundles.first() {
                sheet.row(Tone::Plain, w.update_ready, short(&bundle.bundle));
                sheet.choice('i', w.install);
            }
        }
        sheet.choice('r', w.restart_box);
        sheet.choice('o', w.power_off);
        sheet.choice('d', w.diagnostics);
        sheet.choice('f', w.factory_reset);
        self.leave_choices(&mut sheet);
        sheet
    }

    fn systems(&self, status: &HostStatus, sheet: &mut Sheet) {
        let w = self.w();
        for view in &status.slots {
            let version =
                view.version.as_deref().map_or_else(|| w.none.to_owned(), |version| clean(version, 24));
            let mut text = version;
            if view.slot == status.running {
                text = format!("{text}  {}", w.runs);
            }
            let tone = match view.tries_left {
                _ if view.version.is_none() => Tone::Plain,
                _ if view.good => {
                    text = format!("{text}  {}", w.good);
                    Tone::Good
                }
                Some(tries) => {
                    text = format!("{text}  {}", fill(w.tries_left, &[&tries.to_string()]));
                    Tone::Warn
                }
                None => Tone::Warn,
            };
            sheet.row(tone, &format!("{} {}", w.system, view.slot.name()), text);
        }
        for (holds, yes, no) in [
            (status.secure_boot, w.secure_boot, w.no_secure_boot),
            (status.data_sealed, w.data_sealed, w.data_not_sealed),
        ] {
            sheet.row(if holds { Tone::Good } else { Tone::Bad }, w.protection, if holds { yes } else { no });
        }
    }

    pub(super) fn choose_of_box(&mut self, key: char, out: &mut Out) {
        let newest = self.told.appliance.as_deref().and_then(|view| view.bundles.first());
        let verb = match key {
            'i' => newest.map(|bundle| BoxVerb::Install(bundle.bundle)),
            'r' => Some(BoxVerb::Restart),
            'o' => Some(BoxVerb::PowerOff),
            'd' => Some(BoxVerb::Diagnostics),
            'f' => Some(BoxVerb::Reset),
            _ => None,
        };
        match verb {
            Some(BoxVerb::Reset) => self.go(Page::Reset, out),
            Some(verb) => self.go(Page::Sure(verb), out),
            None => self.look(false, out),
        }
    }

    pub(super) fn sure(&self, verb: BoxVerb) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(format!("{}  {}", w.appliance, verb.word(w)));
        let words = match verb {
            BoxVerb::Diagnostics => w.sure_diagnostics,
            BoxVerb::Install(_) => w.sure_install,
            BoxVerb::Restart | BoxVerb::PowerOff | BoxVerb::Reset => w.sure_drain,
        };
        sheet.say(Tone::Warn, words);
        sheet.choice('y', w.yes);
        sheet.choice('n', w.no);
        sheet
    }

    pub(super) fn reset(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(format!("{}  {}", w.appliance, w.factory_reset));
        sheet.say(Tone::Bad, w.reset_1);
        sheet.say(Tone::Plain, w.reset_2);
        sheet.say(Tone::Warn, w.reset_3);
        sheet.say(Tone::Plain, "");
        let known = !self.facts.device.is_empty();
        sheet.row(Tone::Head, w.device, if known { self.facts.device.as_str() } else { w.reset_no_number });
        sheet.prompt = Some(Prompt { label: w.reset_type.to_owned(), hidden: false });
        sheet
    }

    /// What destroys everything is ordered by typing which box it is.
    pub(super) fn typed_reset(&mut self, line: &str, out: &mut Out) {
        let line = line.trim();
        if line.is_empty() {
            self.back(out);
        } else if self.facts.device.is_empty() || !line.eq_ignore_ascii_case(&self.facts.device) {
            self.note(Tone::Warn, self.w().reset_other);
        } else {
            self.order_of_box(BoxVerb::Reset, out);
        }
    }

    pub(super) fn order_of_box(&mut self, verb: BoxVerb, out: &mut Out) {
        let word = verb.word(self.w());
        self.ask_and_wait(For::Order(word), Admin::Box(BoxAsk::Order(verb.order())), out);
    }
}

const fn order_name(w: &Words, order: &HostOrder) -> &'static str {
    match order {
        HostOrder::Install { .. } => w.install,
        HostOrder::Restart => w.restart_box,
        HostOrder::PowerOff => w.power_off,
        HostOrder::FactoryReset => w.factory_reset,
        HostOrder::Diagnostics => w.diagnostics,
    }
}

fn stage(w: &Words, stage: &BoxOrderStage) -> (Tone, String) {
    match stage {
        BoxOrderStage::WaitsForSecond { .. } => (Tone::Warn, w.waits_second.to_owned()),
        BoxOrderStage::Draining { open_calls } => {
            (Tone::Warn, fill(w.draining_calls, &[&open_calls.to_string()]))
        }
        BoxOrderStage::UnderWay { percent } => (Tone::Warn, format!("{percent} %")),
        BoxOrderStage::Done => (Tone::Good, w.finished.to_owned()),
        BoxOrderStage::Failed(fault) => (Tone::Bad, fault_word(w, fault).to_owned()),
        BoxOrderStage::Withdrawn => (Tone::Plain, w.withdrawn.to_owned()),
    }
}

const fn fault_word(w: &Words, fault: &HostFault) -> &'static str {
    match fault {
        HostFault::NoBundle => w.no_bundle,
        HostFault::BadSignature => w.bad_signature,
        HostFault::OtherHardware => w.other_hardware,
        HostFault::TooOld { .. } => w.too_old,
        HostFault::NotYetGood => w.not_yet_good,
        HostFault::Busy => w.box_busy,
        HostFault::NotDrained => w.not_drained,
        HostFault::System(_) => w.system_refused,
        HostFault::OtherBox => w.other_box,
    }
}

fn happened(w: &Words, fact: &HostFact) -> (Tone, String) {
    match fact {
        HostFact::Booted { slot, version, cause } => {
            let (tone, why) = match cause {
                BootCause::First => (Tone::Plain, w.boot_first),
                BootCause::Ordered => (Tone::Plain, w.boot_ordered),
                BootCause::Updated => (Tone::Plain, w.boot_updated),
                BootCause::RolledBack => (Tone::Bad, w.boot_rolled_back),
                BootCause::Unclean => (Tone::Warn, w.boot_unclean),
            };
            (tone, format!("{} {}  {why}", slot.name(), clean(version, 16)))
        }
        HostFact::MarkedGood { slot, version } => {
            (Tone::Good, format!("{} {}  {}", slot.name(), clean(version, 16), w.good))
        }
        HostFact::FoundBad { slot, reasons, .. } => {
            let why = reasons.first().map_or_else(String::new, |why| clean(why, 30));
            (Tone::Bad, format!("{} {}: {why}", slot.name(), w.found_bad))
        }
        HostFact::NetworkSet { faults } if faults.is_empty() => (Tone::Good, w.network_set.to_owned()),
        HostFact::NetworkSet { .. } => (Tone::Bad, w.network_not_set.to_owned()),
        HostFact::TpmKept { .. } => (Tone::Bad, w.tpm_kept.to_owned()),
        HostFact::Diagnostics { bundle, .. } => {
            (Tone::Plain, format!("{}  {}", w.diagnostics, short(bundle)))
        }
    }
}

/// The first bytes of a hash, by which people tell one from another.
fn short(hash: &[u8; 32]) -> String {
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

const MAX_ORDERS: usize = 4;
const MAX_FACTS: usize = 4;
