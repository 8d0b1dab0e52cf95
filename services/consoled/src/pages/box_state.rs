//! The menu, and how the box stands: processes, alarms, addresses, clock, trunks. It changes nothing.

use crate::clean::{clean, padded};
use crate::console::Console;
use crate::sheet::{Sheet, Tone};
use crate::words::{Lang, Words, fill};
use idl::lines::TrunkState;
use idl::views::TrunkLive;
use vocab::UnixMs;

impl Console {
    pub(super) fn menu(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.menu);
        self.processes(&mut sheet);
        sheet.choice('1', w.status);
        sheet.choice('2', w.network);
        sheet.choice('3', w.time);
        sheet.choice('4', w.cards);
        sheet.choice('5', w.trunks);
        sheet.choice('6', w.appliance);
        sheet.choice('0', w.end_session);
        if self.terminal.utf8() {
            sheet.choice('g', w.language);
        }
        sheet.choice('m', w.mode);
        sheet
    }

    pub(super) fn status(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.status);
        sheet.row(Tone::Plain, w.version, self.facts.version.clone());
        sheet.row(Tone::Plain, w.uptime, duration(w, self.facts.up_s));
        self.processes(&mut sheet);
        self.alarms(&mut sheet);
        if let Some(overview) = &self.told.overview {
            let (free, total) = overview.storage;
            sheet.row(Tone::Plain, w.storage, fill(w.storage_of, &[&bytes(free), &bytes(total)]));
            let (entries, signed, _) = overview.ledger;
            sheet.row(Tone::Plain, w.ledger, fill(w.ledger_of, &[&entries.to_string(), &signed.to_string()]));
            sheet.row(Tone::Plain, w.tpm, clean(&overview.tpm, 56));
            sheet.row(Tone::Plain, w.calls, overview.live_calls.to_string());
            for item in &overview.attention {
                let tone = if item.urgent { Tone::Bad } else { Tone::Warn };
                let times = if item.count > 1 { format!(" x {}", item.count) } else { String::new() };
                sheet.row(tone, w.attention, format!("{}{times}", clean(&item.code, 40)));
            }
        }
        self.leave_choices(&mut sheet);
        sheet
    }

    fn processes(&self, sheet: &mut Sheet) {
        let w = self.w();
        let Some(health) = &self.facts.health else {
            sheet.row(Tone::Warn, w.processes, w.no_health);
            return;
        };
        for (name, process) in health.processes.iter().take(MAX_PROCESSES) {
            let (tone, state) = match process.state.as_str() {
                "ready" => (Tone::Good, w.ready),
                "starting" => (Tone::Warn, w.starting_state),
                "degraded" => (Tone::Warn, w.degraded),
                "draining" => (Tone::Warn, w.draining),
                _ => (Tone::Bad, w.unreachable),
            };
            let mut text = state.to_owned();
            if process.restarts > 0 {
                text.push_str("  ");
                text.push_str(&fill(w.restarts, &[&process.restarts.to_string()]));
            }
            sheet.row(tone, &clean(name, 16), text);
        }
    }

    fn alarms(&self, sheet: &mut Sheet) {
        let w = self.w();
        let Some(health) = &self.facts.health else { return };
        let mut any = false;
        for process in health.processes.values().take(MAX_PROCESSES) {
            for (text_en, text_zh) in process.alarms.values().take(MAX_ALARMS) {
                let text = if self.language() == Lang::Zh { text_zh } else { text_en };
                sheet.row(Tone::Bad, w.alarms, clean(text, 58));
                any = true;
            }
        }
        if !any {
            sheet.row(Tone::Good, w.alarms, w.no_alarms);
        }
    }

    pub(super) fn network(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.network);
        self.addresses(&mut sheet);
        self.fingerprint(&mut sheet);
        sheet.say(Tone::Plain, "");
        sheet.say(Tone::Plain, w.network_hint);
        self.leave_choices(&mut sheet);
        sheet
    }

    pub(super) fn time(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.time);
        sheet.row(Tone::Plain, w.now, self.at(self.facts.now));
        if let Some(session) = &self.session {
            sheet.row(Tone::Plain, w.zone, clean(&session.zone_name, 40));
        }
        if let Some(overview) = &self.told.overview {
            let (tone, text) = if overview.clock_synchronised {
                (Tone::Good, w.synchronised)
            } else {
                (Tone::Bad, w.not_synchronised)
            };
            sheet.row(tone, w.clock, text);
            let (open, until) = overview.calling_hours;
            let mut text = if open { w.open_now } else { w.closed_now }.to_owned();
            if let Some(until) = until {
                text = format!("{text}  {} {}", w.until, self.at(until));
            }
            sheet.row(Tone::Plain, w.hours, text);
        }
        self.leave_choices(&mut sheet);
        sheet
    }

    pub(super) fn trunks(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.trunks);
        if let Some(overview) = &self.told.overview {
            if overview.trunks.is_empty() {
                sheet.say(Tone::Plain, w.no_trunks);
            }
            for trunk in overview.trunks.iter().take(MAX_TRUNKS) {
                let (tone, state) = trunk_state(w, trunk);
                let since = trunk.since.map_or_else(String::new, |at| format!("{} {}", w.since, self.at(at)));
                let name = padded(&clean(&trunk.name, 22), 22);
                let load = format!("{}/{}", trunk.calls, trunk.channels);
                sheet.say(tone, format!("{name} {} {load:>7}  {since}", padded(state, 14)));
                if !trunk.reason.is_empty() {
                    sheet.say(tone, format!("    {}", clean(&trunk.reason, 70)));
                }
            }
        }
        self.leave_choices(&mut sheet);
        sheet
    }

    pub(super) fn leave_choices(&self, sheet: &mut Sheet) {
        let w = self.w();
        sheet.choice('x', w.back);
        sheet.choice('v', w.redraw);
    }

    /// An instant in the site's zone.
    pub(super) fn at(&self, at: UnixMs) -> String {
        let zone = self.session.as_ref().map_or(jiff::tz::TimeZone::UTC, |session| session.zone.clone());
        let stamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        stamp.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

fn trunk_state(w: &Words, trunk: &TrunkLive) -> (Tone, &'static str) {
    match trunk.state {
        TrunkState::Unknown => (Tone::Warn, w.unknown),
        TrunkState::Up => (Tone::Good, w.up),
        TrunkState::Degraded => (Tone::Warn, w.degraded),
        TrunkState::Down => (Tone::Bad, w.down),
        TrunkState::RegistrationFailed => (Tone::Bad, w.refused),
        TrunkState::Disabled => (Tone::Plain, w.disabled),
    }
}

fn duration(w: &Words, seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3_600, rest % 3_600 / 60, rest % 60);
    fill(w.days, &[&days.to_string(), &clock])
}

fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut tenths = u128::from(count) * 10;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1_024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

const MAX_PROCESSES: usize = 12;
const MAX_ALARMS: usize = 12;
const MAX_TRUNKS: usize = 64;

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_told_in_the_unit_people_read() {
        assert_eq!((bytes(0).as_str(), bytes(1_536).as_str()), ("0.0 B", "1.5 KiB"));
        assert_eq!(bytes(1 << 40), "1.0 TiB");
        assert_eq!(bytes(u64::MAX), "16777215.9 TiB");
    }
}
