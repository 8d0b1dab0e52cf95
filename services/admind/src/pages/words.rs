//! Words of ids and codes that several areas show, and times as HTML. It asks nothing and decides nothing.

use crate::form::encode;
use crate::format::Zone;
use crate::page::Markup;
use crate::texts::{Texts, fill};
use idl::campaign::Disposition;
use idl::lines::TrunkState;
use idl::views::RecordingView;
use vocab::{CampaignClass, CampaignMode, EndedBy, FailCause, Outcome, RuleId, UnixMs};

/// A word with the kind of badge that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// The kind, as `parts.html` knows it.
    pub kind: &'static str,
    /// The word.
    pub text: &'static str,
}

const fn badge(kind: &'static str, text: &'static str) -> Badge {
    Badge { kind, text }
}

/// An instant in the site's zone, exact for machines.
#[must_use]
pub fn when(zone: &Zone, at: &UnixMs) -> Markup {
    let at = *at;
    Markup::of_safe(format!(r#"<time datetime="{}">{}</time>"#, zone.iso(at), zone.time(at)))
}

/// An instant that a script may turn into "3 minutes ago".
#[must_use]
pub fn ago(zone: &Zone, at: &UnixMs) -> Markup {
    let at = *at;
    let (iso, ms, shown) = (zone.iso(at), at.0, zone.time(at));
    Markup::of_safe(format!(r#"<time datetime="{iso}" data-ago="{ms}">{shown}</time>"#))
}

/// A campaign's class.
#[must_use]
pub const fn class(t: &Texts, class: &CampaignClass) -> &'static str {
    match *class {
        CampaignClass::Marketing => t.words.class_marketing,
        CampaignClass::ReturnVisit => t.words.class_return_visit,
        CampaignClass::Confirmation => t.words.class_confirmation,
        CampaignClass::ServiceNotice => t.words.class_service_notice,
        CampaignClass::Emergency => t.words.class_emergency,
    }
}

/// A campaign's mode.
#[must_use]
pub const fn mode(t: &Texts, mode: &CampaignMode) -> &'static str {
    match *mode {
        CampaignMode::Announcement => t.words.mode_announcement,
        CampaignMode::Progressive => t.words.mode_progressive,
        CampaignMode::Preview => t.words.mode_preview,
    }
}

/// Whether a campaign runs, waits for its hours, or has nothing left.
#[must_use]
pub const fn campaign_state(t: &Texts, running: bool, left: u64, open: u64, held: bool) -> Badge {
    match (running, left == 0 && open == 0, held) {
        (_, true, _) => badge("ok", t.words.finished),
        (false, false, _) => badge("paused", t.words.paused),
        (true, false, true) => badge("waiting", t.words.waiting),
        (true, false, false) => badge("live", t.words.running),
    }
}

/// How a call ended.
#[must_use]
pub const fn outcome(t: &Texts, outcome: Option<Outcome>) -> Badge {
    match outcome {
        None => badge("live", t.words.outcome_open),
        Some(Outcome::Answered { by }) => match by {
            EndedBy::Callee => badge("ok", t.words.outcome_callee),
            EndedBy::Agent => badge("ok", t.words.outcome_agent),
            EndedBy::Box => badge("ok", t.words.outcome_box),
            EndedBy::Line => badge("warn", t.words.outcome_line),
        },
        Some(Outcome::Failed(cause)) => badge("idle", fail(t, cause)),
    }
}

/// Why a call was not answered.
#[must_use]
pub const fn fail(t: &Texts, cause: FailCause) -> &'static str {
    match cause {
        FailCause::Busy => t.words.fail_busy,
        FailCause::NoAnswer => t.words.fail_no_answer,
        FailCause::Declined => t.words.fail_declined,
        FailCause::InvalidNumber => t.words.fail_invalid_number,
        FailCause::Unreachable => t.words.fail_unreachable,
        FailCause::Carrier => t.words.fail_carrier,
        FailCause::NoLine => t.words.fail_no_line,
        FailCause::Media => t.words.fail_media,
        FailCause::TicketExpired => t.words.fail_ticket_expired,
        FailCause::Stopped => t.words.fail_stopped,
        FailCause::Lost => t.words.fail_lost,
        FailCause::NoRecording => t.words.fail_no_recording,
    }
}

/// A cause by its stable name, as figures count it; an unknown name is shown as it is.
#[must_use]
pub fn fail_named(t: &Texts, name: &str) -> String {
    FAIL_CAUSES.iter().find(|cause| cause.name() == name).map_or(name, |cause| fail(t, *cause)).to_owned()
}

const FAIL_CAUSES: [FailCause; 12] = [
    FailCause::Busy,
    FailCause::NoAnswer,
    FailCause::Declined,
    FailCause::InvalidNumber,
    FailCause::Unreachable,
    FailCause::Carrier,
    FailCause::NoLine,
    FailCause::Media,
    FailCause::TicketExpired,
    FailCause::Stopped,
    FailCause::Lost,
    FailCause::NoRecording,
];

/// What an agent wrote of a call.
#[must_use]
pub const fn disposition(t: &Texts, disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Done => t.words.disposition_done,
        Disposition::Callback => t.words.disposition_callback,
        Disposition::Refused => t.words.disposition_refused,
        Disposition::WrongPerson => t.words.disposition_wrong_person,
        Disposition::Minor => t.words.disposition_minor,
        Disposition::Complaint => t.words.disposition_complaint,
        Disposition::Voicemail => t.words.disposition_voicemail,
    }
}

/// The state of a recording.
#[must_use]
pub const fn recording(t: &Texts, view: RecordingView) -> Badge {
    match view {
        RecordingView::Open => badge("live", t.words.rec_open),
        RecordingView::NotAnswered => badge("idle", t.words.rec_not_answered),
        RecordingView::BeforeNotice => badge("idle", t.words.rec_before_notice),
        RecordingView::Storage => badge("bad", t.words.rec_storage),
        RecordingView::Waiting => badge("waiting", t.words.rec_waiting),
        RecordingView::Sound => badge("ok", t.words.rec_sound),
        RecordingView::Cut => badge("warn", t.words.rec_cut),
        RecordingView::Bad => badge("bad", t.words.rec_bad),
        RecordingView::Erased => badge("idle", t.words.rec_erased),
    }
}

/// Whether there is sound to be heard.
#[must_use]
pub const fn audible(view: RecordingView) -> bool {
    matches!(view, RecordingView::Waiting | RecordingView::Sound | RecordingView::Cut)
}

/// A rule of the gate.
#[must_use]
pub const fn rule(t: &Texts, rule: RuleId) -> &'static str {
    match rule {
        RuleId::Clock => t.words.rule_clock,
        RuleId::CallingHours => t.words.rule_calling_hours,
        RuleId::Holiday => t.words.rule_holiday,
        RuleId::Frequency => t.words.rule_frequency,
        RuleId::RetryBudget => t.words.rule_retry_budget,
        RuleId::Declined => t.words.rule_declined,
        RuleId::Blacklist => t.words.rule_blacklist,
        RuleId::DoNotCall => t.words.rule_do_not_call,
        RuleId::Consent => t.words.rule_consent,
        RuleId::ForbiddenGroup => t.words.rule_forbidden_group,
        RuleId::Script => t.words.rule_script,
        RuleId::Purpose => t.words.rule_purpose,
        RuleId::CallerNumber => t.words.rule_caller_number,
        RuleId::Recording => t.words.rule_recording,
        RuleId::Dialable => t.words.rule_dialable,
    }
}

/// A rule by its stable id, as figures count it; an unknown id is shown as it is.
#[must_use]
pub fn rule_named(t: &Texts, id: &str) -> String {
    RuleId::ALL.iter().find(|known| known.id() == id).map_or(id, |known| rule(t, *known)).to_owned()
}

/// A trunk's state.
#[must_use]
pub const fn trunk(t: &Texts, state: &TrunkState) -> Badge {
    match *state {
        TrunkState::Unknown => badge("idle", t.words.trunk_unknown),
        TrunkState::Up => badge("ok", t.words.trunk_up),
        TrunkState::Degraded => badge("warn", t.words.trunk_degraded),
        TrunkState::Down => badge("bad", t.words.trunk_down),
        TrunkState::RegistrationFailed => badge("bad", t.words.trunk_registration_failed),
        TrunkState::Disabled => badge("idle", t.words.trunk_disabled),
    }
}

/// An address with a query.
#[must_use]
pub fn address(path: &str, pairs: &[(&str, String)]) -> String {
    let mut address = path.to_owned();
    for (at, (name, value)) in pairs.iter().enumerate() {
        address.push(if at == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.push_str(&encode(value));
    }
    address
}

/// Counts and parts for templates, which hand out places rather than values.
pub mod shown {
    use crate::format;
    use crate::format::Zone;
    use std::borrow::Borrow;
    use vocab::UnixMs;

    /// A count.
    #[must_use]
    pub fn count(number: impl Borrow<u64>) -> String {
        format::count(*number.borrow())
    }

    /// A part of a whole in percent.
    #[must_use]
    pub fn percent(part: impl Borrow<u64>, whole: impl Borrow<u64>) -> String {
        format::percent(*part.borrow(), *whole.borrow())
    }

    /// What is done of all, where so much is left.
    #[must_use]
    pub const fn done(all: &u64, left: &u64) -> u64 {
        all.saturating_sub(*left)
    }

    /// Bytes.
    #[must_use]
    pub fn bytes(number: impl Borrow<u64>) -> String {
        format::bytes(*number.borrow())
    }

    /// An instant to the minute.
    #[must_use]
    pub fn minute(zone: &Zone, at: &UnixMs) -> String {
        zone.minute(*at)
    }

    /// The day of an instant.
    #[must_use]
    pub fn date(zone: &Zone, at: &UnixMs) -> String {
        zone.date(*at)
    }
}

/// "23 on this page".
#[must_use]
pub fn rows(t: &Texts, count: usize) -> String {
    fill(t.words.rows, &[&count])
}

#[cfg(test)]
mod tests {
    use super::{FAIL_CAUSES, ago, fail_named, rule_named, when};
    use crate::format::Zone;
    use crate::looks::Lang;
    use crate::texts::Texts;
    use vocab::{RuleId, UnixMs};

    #[test]
    fn figures_name_causes_and_rules_and_each_has_its_word() {
        let t = Texts::of(Lang::Zh);
        for cause in FAIL_CAUSES {
            assert_ne!(fail_named(t, cause.name()), cause.name());
        }
        for rule in RuleId::ALL {
            assert_ne!(rule_named(t, rule.id()), rule.id());
        }
        assert_eq!((fail_named(t, "new"), rule_named(t, "NEW-1")), ("new".to_owned(), "NEW-1".to_owned()));
    }

    #[test]
    fn times_are_exact_for_machines() {
        let zone = Zone::of("Asia/Shanghai");
        let at = UnixMs(1_700_000_000_000);
        let shown = r#"<time datetime="2023-11-14T22:13:20Z">2023-11-15 06:13:20</time>"#;
        assert_eq!(when(&zone, &at).to_string(), shown);
        assert!(ago(&zone, &at).to_string().contains(r#"data-ago="1700000000000""#));
    }
}
