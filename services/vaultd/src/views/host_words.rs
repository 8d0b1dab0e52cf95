//! What entries of the box itself say, as `field=value` pairs.

use super::ledger_words::Words;
use crate::entries::{BoxEvent, Event};
use idl::host::{HostFact, HostFault, HostOrder};

/// The pairs of an event of the box; none for any other.
pub(super) fn of_box_event(event: &Event) -> Vec<(String, String)> {
    let Event::Box { event } = event else { return Vec::new() };
    let words = Words::default();
    let words = match event {
        BoxEvent::Ordered { order } => of_order(words, order),
        BoxEvent::Agreed { ordered } => words.say("what", "agreed").say("ordered_by_entry", ordered),
        BoxEvent::AgreedWithOthers { ordered } => {
            words.say("what", "agreed-with-others").say("ordered_by_entry", ordered)
        }
        BoxEvent::Withdrawn { ordered } => words.say("what", "withdrawn").say("ordered_by_entry", ordered),
        BoxEvent::Ended { ordered, fault } => words
            .say("what", "ended")
            .say("ordered_by_entry", ordered)
            .some("fault", fault.as_ref().map(fault_name)),
        BoxEvent::History { at, fact } => of_fact(words.time("at", *at), fact),
        BoxEvent::BundleStored { bundle, bytes } => {
            words.say("what", "bundle-stored").say("sha256", hex(bundle)).say("bytes", bytes)
        }
        BoxEvent::DiagnosticsTaken { bundle } => {
            words.say("what", "diagnostics-taken").say("sha256", hex(bundle))
        }
        BoxEvent::LinesNoted { trunks } => words.say("what", "lines-noted").all("trunks", trunks),
    };
    words.into_pairs()
}

fn of_order(words: Words, order: &HostOrder) -> Words {
    let words = words.say("order", order.name());
    match order {
        HostOrder::Install { bundle, downgrade } => {
            words.say("sha256", hex(bundle)).say("older_too", downgrade)
        }
        HostOrder::Restart | HostOrder::PowerOff | HostOrder::FactoryReset | HostOrder::Diagnostics => words,
    }
}

fn of_fact(words: Words, fact: &HostFact) -> Words {
    match fact {
        HostFact::Booted { slot, version, cause } => words
            .say("fact", "booted")
            .say("slot", slot.name())
            .say("version", version)
            .say("cause", format!("{cause:?}")),
        HostFact::MarkedGood { slot, version } => {
            words.say("fact", "good").say("slot", slot.name()).say("version", version)
        }
        HostFact::FoundBad { slot, version, reasons } => {
            words.say("fact", "bad").say("slot", slot.name()).say("version", version).all("reasons", reasons)
        }
        HostFact::NetworkSet { faults } => words.say("fact", "network").all("faults", faults),
        HostFact::TpmKept { why } => words.say("fact", "tpm-not-cleared").say("why", why),
        HostFact::Diagnostics { bundle, bytes } => {
            words.say("fact", "diagnostics").say("sha256", hex(bundle)).say("bytes", bytes)
        }
    }
}

fn fault_name(fault: &HostFault) -> String {
    match fault {
        HostFault::NoBundle => "no-bundle".to_owned(),
        HostFault::BadSignature => "bad-signature".to_owned(),
        HostFault::OtherHardware => "other-hardware".to_owned(),
        HostFault::TooOld { epoch, least } => format!("too-old (epoch {epoch}, least {least})"),
        HostFault::NotYetGood => "not-yet-good".to_owned(),
        HostFault::Busy => "busy".to_owned(),
        HostFault::NotDrained => "not-drained".to_owned(),
        HostFault::System(said) => format!("system: {said}"),
        HostFault::OtherBox => "other-box".to_owned(),
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
