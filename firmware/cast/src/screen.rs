//! As much of a VT100 as the console uses: 80 × 24 cells, the cursor, erasing, bold, reverse and the colours of the
//! standard. A sequence it does not know changes nothing.

use crate::{COLUMNS, ROWS};
use unicode_width::UnicodeWidthChar;

/// A colour of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// The terminal's own.
    #[default]
    Plain,
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Cyan.
    Cyan,
}

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Bold.
    pub bold: bool,
    /// Reversed.
    pub reversed: bool,
    /// The colour.
    pub colour: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    /// `None`: the second half of a wide character.
    one: Option<char>,
    look: Look,
}

const BLANK: Cell =
    Cell { one: Some(' '), look: Look { bold: false, reversed: false, colour: Colour::Plain } };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    Sequence,
}

/// A terminal's screen.
#[derive(Debug, Clone)]
pub struct Screen {
    cells: Vec<[Cell; COLUMNS]>,
    x: usize,
    y: usize,
    look: Look,
    state: State,
    parameters: String,
    probes: usize,
    strange: usize,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            cells: vec![[BLANK; COLUMNS]; ROWS],
            x: 0,
            y: 0,
            look: Look::default(),
            state: State::Ground,
            parameters: String::new(),
            probes: 0,
            strange: 0,
        }
    }
}

impl Screen {
    /// Takes what the terminal is sent.
    pub fn feed(&mut self, text: &str) {
        text.chars().for_each(|one| self.take(one));
    }

    /// Whether nothing of a sequence is left over.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.state == State::Ground
    }

    /// How often it was asked where its cursor is.
    #[must_use]
    pub const fn probes(&self) -> usize {
        self.probes
    }

    /// Sequences it did not know.
    #[must_use]
    pub const fn strange(&self) -> usize {
        self.strange
    }

    /// What stands on it: its rows without the blanks at their ends.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |row: &[Cell; COLUMNS]| row.iter().filter_map(|cell| cell.one).collect::<String>();
        let lines: Vec<String> = self.cells.iter().map(|row| line(row).trim_end().to_owned()).collect();
        lines.join("\n")
    }

    /// Its rows as runs of one look each; the blanks at the end of a row are left out, and no row is without a run.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<(Look, String)>> {
        self.cells.iter().map(runs).collect()
    }

    fn take(&mut self, one: char) {
        match (self.state, one) {
            (State::Ground, '\u{1b}') => self.state = State::Escape,
            (State::Ground, '\r') => self.x = 0,
            (State::Ground, '\n') => self.down(),
            (State::Ground, '\u{8}') => self.x = self.x.saturating_sub(1),
            (State::Ground, one) if one.is_control() => {}
            (State::Ground, one) => self.put(one),
            (State::Escape, '[') => {
                self.parameters.clear();
                self.state = State::Sequence;
            }
            (State::Escape, _) => {
                self.state = State::Ground;
                self.strange += 1;
            }
            (State::Sequence, '0'..='9' | ';') if self.parameters.len() < MAX_PARAMETERS => {
                self.parameters.push(one);
            }
            (State::Sequence, last) => {
                self.state = State::Ground;
                self.sequence(last);
            }
        }
    }

    fn sequence(&mut self, last: char) {
        let parameters = std::mem::take(&mut self.parameters);
        let mut numbers = parameters.split(';').map(|one| one.parse::<usize>().unwrap_or(0));
        match last {
            'H' => {
                let mut next = || numbers.next().unwrap_or(1).max(1);
                self.y = (next() - 1).min(ROWS - 1);
                self.x = (next() - 1).min(COLUMNS - 1);
            }
            'J' => self.cells = vec![[BLANK; COLUMNS]; ROWS],
            'm' => numbers.for_each(|number| self.look.set(number)),
            'n' => self.probes += 1,
            _ => self.strange += 1,
        }
    }

    fn put(&mut self, one: char) {
        let width = one.width().unwrap_or(0);
        if width == 0 {
            return;
        }
        if self.x + width > COLUMNS {
            self.x = 0;
            self.down();
        }
        let look = self.look;
        let Some(row) = self.cells.get_mut(self.y) else { return };
        // Half of a wide character that is written over is a blank.
        if row.get(self.x).is_some_and(|cell| cell.one.is_none())
            && let Some(first) = self.x.checked_sub(1).and_then(|at| row.get_mut(at))
        {
            *first = BLANK;
        }
        for (at, cell) in row.iter_mut().skip(self.x).take(width).enumerate() {
            *cell = Cell { one: (at == 0).then_some(one), look };
        }
        self.x += width;
        if let Some(half) = row.get_mut(self.x).filter(|cell| cell.one.is_none()) {
            *half = BLANK;
        }
    }

    fn down(&mut self) {
        if self.y + 1 < ROWS {
            self.y += 1;
        } else {
            self.cells.remove(0);
            self.cells.push([BLANK; COLUMNS]);
        }
    }
}

impl Look {
    const fn set(&mut self, number: usize) {
        match number {
            0 => *self = Self { bold: false, reversed: false, colour: Colour::Plain },
            1 => self.bold = true,
            7 => self.reversed = true,
            22 => self.bold = false,
            27 => self.reversed = false,
            31 => self.colour = Colour::Red,
            32 => self.colour = Colour::Green,
            33 => self.colour = Colour::Yellow,
            36 => self.colour = Colour::Cyan,
            39 => self.colour = Colour::Plain,
            _ => {}
        }
    }
}

fn runs(row: &[Cell; COLUMNS]) -> Vec<(Look, String)> {
    let used = row.iter().rposition(|cell| *cell != BLANK).map_or(0, |at| at + 1);
    let mut runs: Vec<(Look, String)> = Vec::new();
    for cell in row.iter().take(used) {
        let Some(one) = cell.one else { continue };
        match runs.last_mut().filter(|(look, _)| *look == cell.look) {
            Some((_, text)) => text.push(one),
            None => runs.push((cell.look, one.to_string())),
        }
    }
    if runs.is_empty() {
        runs.push((Look::default(), String::new()));
    }
    runs
}

/// Characters of a sequence's parameters; a longer one ends there.
const MAX_PARAMETERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::{Colour, Look, Screen};

    fn shown(sent: &str) -> Screen {
        let mut screen = Screen::default();
        screen.feed(sent);
        screen
    }

    #[test]
    fn text_stands_where_the_cursor_was_put_and_wide_characters_take_two_columns() {
        let screen = shown("\u{1b}[2;3H中a\r\nb\u{1b}[1;1Hx");
        let text = screen.text();
        assert_eq!(text.lines().take(3).collect::<Vec<_>>(), ["x", "  中a", "b"]);
    }

    #[test]
    fn half_a_wide_character_written_over_leaves_a_blank() {
        assert_eq!(shown("中\u{1b}[1;2Hx").text().lines().next(), Some(" x"));
        assert_eq!(shown("中\u{1b}[1;1Hx").text().lines().next(), Some("x"));
    }

    #[test]
    fn the_screen_rolls_at_its_end_and_is_erased_whole() {
        let mut screen = shown(&"line\r\n".repeat(30));
        assert_eq!(screen.text().matches("line").count(), 23);
        screen.feed("\u{1b}[2J\u{1b}[H");
        assert!(screen.text().trim().is_empty());
    }

    #[test]
    fn looks_are_runs_and_a_reversed_blank_is_no_end_of_a_row() {
        let screen = shown("\u{1b}[0;1;31mred\u{1b}[0m \u{1b}[7m  \u{1b}[0m   ");
        let bold = Look { bold: true, reversed: false, colour: Colour::Red };
        let reversed = Look { reversed: true, ..Look::default() };
        let wanted =
            [(bold, "red".to_owned()), (Look::default(), " ".to_owned()), (reversed, "  ".to_owned())];
        assert_eq!(screen.rows()[0], wanted);
        assert_eq!(screen.rows()[1], [(Look::default(), String::new())]);
    }

    #[test]
    fn a_sequence_nobody_knows_or_without_an_end_changes_nothing() {
        assert_eq!(shown("a\u{1b}[5q\u{1b}[?25lb").text().lines().next(), Some("a25lb"));
        let endless = format!("a\u{1b}[{}b", "1".repeat(100));
        assert!(shown(&endless).is_at_rest());
        assert_eq!(shown("\u{1b}[999;999Hx\u{1b}[6n").probes(), 1);
        assert_eq!(shown("\u{1b}[5q\u{1b}(B\u{1b}[1;7m").strange(), 2);
    }
}
