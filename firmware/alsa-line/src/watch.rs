//! What a line's control elements tell, as line events. It reads no element.

use card::{HookState, LineEvent};

/// One line as it was seen last.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Watch {
    ringing: bool,
    reversed: bool,
    /// Our loop is closed: only then does the absence of current say anything.
    off_hook: bool,
    flowed: bool,
    open_told: bool,
}

impl Watch {
    /// As the elements stand at first; nothing is told of that.
    pub fn new(ringing: bool, reversed: bool) -> Self {
        Self { ringing, reversed, ..Self::default() }
    }

    /// The line rings, or does not.
    pub fn ring(&mut self, ringing: bool) -> Option<LineEvent> {
        let changed = std::mem::replace(&mut self.ringing, ringing) != ringing;
        changed.then_some(if ringing { LineEvent::RingBegins } else { LineEvent::RingEnds })
    }

    /// The polarity of the loop.
    pub fn polarity(&mut self, reversed: bool) -> Option<LineEvent> {
        let changed = std::mem::replace(&mut self.reversed, reversed) != reversed;
        changed.then_some(LineEvent::PolarityReversed)
    }

    /// Current flows, or does not.
    pub fn current(&mut self, flows: bool) -> Option<LineEvent> {
        if !self.off_hook {
            return None;
        }
        let flowed = std::mem::replace(&mut self.flowed, flows);
        if flows {
            return std::mem::take(&mut self.open_told).then_some(LineEvent::LoopClosed);
        }
        self.open_told |= flowed;
        flowed.then_some(LineEvent::LoopOpen)
    }

    /// We closed or opened the loop. An open one says no more that the exchange had opened it.
    pub fn hook(&mut self, hook: HookState) -> Option<LineEvent> {
        self.off_hook = hook == HookState::Off;
        self.flowed = false;
        std::mem::take(&mut self.open_told).then_some(LineEvent::LoopClosed)
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;
    use card::{HookState, LineEvent};

    #[test]
    fn ringing_and_polarity_are_told_when_they_change() {
        let mut line = Watch::new(false, true);
        assert_eq!(line.ring(false), None);
        assert_eq!(line.ring(true), Some(LineEvent::RingBegins));
        assert_eq!(line.ring(true), None);
        assert_eq!(line.ring(false), Some(LineEvent::RingEnds));
        assert_eq!(line.polarity(true), None);
        assert_eq!(line.polarity(false), Some(LineEvent::PolarityReversed));
        assert_eq!(line.polarity(true), Some(LineEvent::PolarityReversed));
    }

    #[test]
    fn current_that_stops_in_a_call_is_an_open_loop_until_we_hang_up() {
        let mut line = Watch::new(false, false);
        assert_eq!(line.current(false), None, "on-hook no current flows");
        assert_eq!(line.hook(HookState::Off), None);
        assert_eq!(line.current(false), None, "it has not begun to flow");
        assert_eq!(line.current(true), None);
        assert_eq!(line.current(false), Some(LineEvent::LoopOpen));
        assert_eq!(line.current(false), None);
        assert_eq!(line.hook(HookState::On), Some(LineEvent::LoopClosed));
        assert_eq!(line.hook(HookState::On), None);
    }

    #[test]
    fn current_that_comes_back_in_a_call_is_told() {
        let mut line = Watch::new(false, false);
        line.hook(HookState::Off);
        line.current(true);
        assert_eq!(line.current(false), Some(LineEvent::LoopOpen));
        assert_eq!(line.current(true), Some(LineEvent::LoopClosed));
        assert_eq!(line.hook(HookState::On), None);
    }
}
