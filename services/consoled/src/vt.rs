//! Changes of the screen as bytes for a VT100: cursor, sixteen colours at most, bold and reverse. It never writes the
//! last cell of the last row, from which some terminals scroll.

use crate::clean::ascii;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Columns of the screen.
pub const COLUMNS: u16 = 80;
/// Rows of the screen.
pub const ROWS: u16 = 24;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skill {
    /// UTF-8 with wide characters.
    pub utf8: bool,
    /// Colours.
    pub colour: bool,
}

/// Erases the screen and forgets every attribute.
pub const CLEAR: &[u8] = b"\x1b[0m\x1b[2J\x1b[H";

/// Writes what changed between two screens, then puts the cursor there.
pub fn emit(before: &Buffer, after: &Buffer, skill: Skill, cursor: (u16, u16), out: &mut Vec<u8>) {
    let mut at = None;
    let mut style = String::new();
    for (x, y, cell) in before.diff(after) {
        if (x, y) == (COLUMNS - 1, ROWS - 1) {
            continue;
        }
        if at != Some((x, y)) {
            out.extend(format!("\x1b[{};{}H", y + 1, x + 1).into_bytes());
        }
        let wanted = sgr(cell, skill.colour);
        if style != wanted {
            out.extend(wanted.as_bytes());
            style = wanted;
        }
        let symbol = if skill.utf8 { cell.symbol().to_owned() } else { ascii(cell.symbol()) };
        out.extend(symbol.as_bytes());
        // Where the cursor stands after a wide character is the terminal's affair: it is put anew.
        at = symbol.is_ascii().then_some((x + 1, y));
    }
    if !style.is_empty() {
        out.extend(b"\x1b[0m");
    }
    let (x, y) = cursor;
    out.extend(format!("\x1b[{};{}H", y + 1, x + 1).into_bytes());
}

fn sgr(cell: &Cell, colour: bool) -> String {
    let mut text = "\x1b[0".to_owned();
    if cell.modifier.contains(Modifier::BOLD) {
        text.push_str(";1");
    }
    if cell.modifier.contains(Modifier::REVERSED) {
        text.push_str(";7");
    }
    let code = match cell.fg {
        Color::Red => ";31",
        Color::Green => ";32",
        Color::Yellow => ";33",
        Color::Cyan => ";36",
        _ => "",
    };
    if colour {
        text.push_str(code);
    }
    text.push('m');
    text
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, ROWS, Skill, emit};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    fn screen() -> Buffer {
        Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS))
    }

    #[test]
    fn only_what_changed_is_written_and_the_last_cell_never() {
        let (before, mut after) = (screen(), screen());
        after.set_string(3, 1, "ab", Style::new().fg(Color::Red));
        after.set_string(COLUMNS - 1, ROWS - 1, "z", Style::new());
        let mut out = Vec::new();
        emit(&before, &after, Skill { utf8: true, colour: true }, (5, 23), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\x1b[2;4H\x1b[0;31mab\x1b[0m\x1b[24;6H");
        let mut out = Vec::new();
        emit(&before, &after, Skill { utf8: true, colour: false }, (0, 0), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\x1b[2;4H\x1b[0mab\x1b[0m\x1b[1;1H");
    }

    #[test]
    fn a_terminal_without_utf_8_is_sent_nothing_but_ascii() {
        let (before, mut after) = (screen(), screen());
        after.set_string(0, 0, "电信E1", Style::new());
        let mut out = Vec::new();
        emit(&before, &after, Skill { utf8: false, colour: false }, (0, 0), &mut out);
        assert!(out.is_ascii());
        assert!(String::from_utf8(out).unwrap().contains("E1"));
    }
}
