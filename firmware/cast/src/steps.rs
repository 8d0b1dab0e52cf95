//! A recording as text: what was typed in one go, and what stood on the screen after it. For whoever reads without a player.

use crate::{Cast, Event, Kind, Screen};

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it began, in milliseconds from the begin of the recording.
    pub at_ms: u64,
    /// What was typed, with names for keys that are no character; empty in the first step.
    pub typed: String,
    /// What stood on the screen when the next step began, or at the end.
    pub screen: String,
}

/// The recording step by step.
#[must_use]
pub fn steps(cast: &Cast) -> Vec<Step> {
    let mut screen = Screen::default();
    let mut steps = vec![Step { at_ms: 0, typed: String::new(), screen: String::new() }];
    let mut last: Option<&Event> = None;
    for event in &cast.events {
        match event.kind {
            Kind::Shown => screen.feed(&event.text),
            Kind::Typed => {
                if begins(last, event)
                    && let Some(before) = steps.last_mut()
                {
                    before.screen = screen.text();
                    steps.push(Step { at_ms: event.at_ms, typed: String::new(), screen: String::new() });
                }
                if let Some(now) = steps.last_mut() {
                    name(&event.text, &mut now.typed);
                }
                last = Some(event);
            }
        }
    }
    if let Some(end) = steps.last_mut() {
        end.screen = screen.text();
    }
    steps
}

/// Whether something typed begins a step: the line before was ended, or it was long ago.
fn begins(last: Option<&Event>, event: &Event) -> bool {
    last.is_none_or(|last| last.text.ends_with('\r') || event.at_ms >= last.at_ms + PAUSE_MS)
}

fn name(typed: &str, out: &mut String) {
    for one in typed.chars() {
        match one {
            '\r' => out.push('⏎'),
            '\u{7f}' => out.push('⌫'),
            '\u{1b}' => out.push('⎋'),
            one if one.is_control() => out.push('·'),
            one => out.push(one),
        }
    }
}

/// After so long without a key the next one is another step.
const PAUSE_MS: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::steps;
    use crate::{Tape, read};

    #[test]
    fn aud_09_a_recording_is_readable_step_by_step_without_a_player() {
        let mut tape = Tape::begin(0, 0);
        tape.shown(0, "\u{1b}[2J\u{1b}[Hmenu");
        tape.typed(3_000, "1");
        tape.shown(3_010, "\u{1b}[2J\u{1b}[Hstatus");
        tape.typed(5_000, "a");
        tape.typed(5_100, "b");
        tape.typed(5_200, "\u{7f}");
        tape.typed(5_300, "\r");
        tape.typed(5_310, "x");
        tape.shown(5_400, "\u{1b}[Hspan 1");
        let bytes: Vec<u8> = std::iter::from_fn(|| tape.take()).flatten().collect();
        let steps = steps(&read(&bytes).unwrap());
        let told: Vec<_> =
            steps.iter().map(|step| (step.at_ms, step.typed.as_str(), step.screen.trim_end())).collect();
        let wanted =
            [(0, "", "menu"), (3_000, "1", "status"), (5_000, "ab⌫⏎", "status"), (5_310, "x", "span 1")];
        assert_eq!(told, wanted);
    }
}
