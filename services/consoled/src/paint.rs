//! A page on the full screen: head, rows, choices, note, the line being typed. It decides nothing.

use crate::clean::{ascii, cut, padded};
use crate::sheet::{Row, Sheet, Tone};
use crate::vt::{COLUMNS, ROWS};
use crate::words::{Words, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use unicode_width::UnicodeWidthStr;

/// What stands around every page.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The words.
    pub w: &'static Words,
    /// At the top, on the right.
    pub who: &'a str,
    /// The version of the system.
    pub version: &'a str,
    /// The banner of the development variant.
    pub development: bool,
    /// The line being typed.
    pub typed: &'a str,
    /// Which screenful of rows, from 0.
    pub part: usize,
}

/// Draws; answers where the cursor stands.
pub fn paint(sheet: &Sheet, frame: &Frame<'_>, screen: &mut Buffer) -> (u16, u16) {
    screen.reset();
    let area = Rect::new(0, 0, COLUMNS, ROWS);
    let choices =
        u16::try_from(sheet.choices.len().div_ceil(CHOICES_A_ROW)).unwrap_or(ROWS).min(MAX_CHOICE_ROWS);
    let [head, banner, body, menu, note, prompt, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(choices),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    let title = format!(" Ringfence {}  {}", frame.version, sheet.title);
    let room = usize::from(COLUMNS).saturating_sub(frame.who.width() + 1);
    let top = format!("{}{} ", padded(&title, room), frame.who);
    text(screen, head, &top, Style::new().reversed());
    if frame.development {
        text(screen, banner, &format!(" {}", frame.w.development), style(Tone::Bad).reversed());
    }
    let (shown, parts) = part_of(&sheet.rows, usize::from(body.height), frame.part);
    for (row, y) in shown.iter().zip(body.y..) {
        paint_row(screen, Rect { y, height: 1, ..body }, row);
    }
    for (at, choice) in sheet.choices.iter().enumerate() {
        let column = u16::try_from(at % CHOICES_A_ROW).unwrap_or(0) * CHOICE_COLUMNS;
        let y = menu.y + u16::try_from(at / CHOICES_A_ROW).unwrap_or(0);
        if y < menu.bottom() {
            let place = Rect::new(column + 1, y, CHOICE_COLUMNS - 1, 1);
            text(screen, place, &format!("[{}] {}", choice.key, choice.label), Style::new().bold());
        }
    }
    if let Some((tone, words)) = &sheet.note {
        text(screen, note, &format!(" {words}"), style(*tone));
    }
    let foot_words = if parts > 1 {
        let part = (frame.part.min(parts - 1) + 1).to_string();
        fill(frame.w.more, &[&part, &parts.to_string()])
    } else {
        frame.w.keys_full.to_owned()
    };
    text(screen, foot, &padded(&format!(" {foot_words}"), usize::from(COLUMNS) - 1), Style::new().reversed());
    let asked = sheet.prompt.as_ref().map_or_else(|| " > ".to_owned(), |asked| format!(" {}: ", asked.label));
    let typed = shown_line(frame.typed, sheet.prompt.as_ref().is_some_and(|asked| asked.hidden));
    let line = format!("{asked}{typed}");
    text(screen, prompt, &line, Style::new());
    (u16::try_from(line.width()).unwrap_or(COLUMNS).min(COLUMNS - 1), prompt.y)
}

/// Columns of labels.
pub const LABEL_COLUMNS: usize = 18;

/// What is shown of the line being typed: its end, if it is long.
#[must_use]
pub fn shown_line(typed: &str, hidden: bool) -> String {
    let all: String = if hidden { typed.chars().map(|_| '*').collect() } else { typed.to_owned() };
    let skip = all.chars().count().saturating_sub(MAX_TYPED_SHOWN);
    all.chars().skip(skip).collect()
}

/// The rows of a screenful, and how many screenfuls there are.
fn part_of(rows: &[Row], height: usize, part: usize) -> (&[Row], usize) {
    let parts = rows.len().div_ceil(height.max(1)).max(1);
    let from = part.min(parts - 1) * height;
    (rows.get(from..(from + height).min(rows.len())).unwrap_or_default(), parts)
}

/// How many screenfuls there are with so many rows and choices.
#[must_use]
pub fn parts(sheet: &Sheet) -> usize {
    let choices = sheet.choices.len().div_ceil(CHOICES_A_ROW).min(usize::from(MAX_CHOICE_ROWS));
    let height = usize::from(ROWS - FIXED_ROWS).saturating_sub(choices).max(1);
    part_of(&sheet.rows, height, 0).1
}

fn paint_row(screen: &mut Buffer, place: Rect, row: &Row) {
    let style = style(row.tone);
    if row.label.is_empty() {
        text(screen, place, &format!(" {}", row.text), style);
        return;
    }
    text(screen, place, &format!(" {}", padded(&row.label, LABEL_COLUMNS)), Style::new());
    let indent = u16::try_from(LABEL_COLUMNS).unwrap_or(0) + 2;
    let rest = Rect { x: place.x + indent, width: place.width.saturating_sub(indent), ..place };
    text(screen, rest, &row.text, style);
}

fn text(screen: &mut Buffer, place: Rect, words: &str, style: Style) {
    let words = cut(words, usize::from(place.width));
    screen.set_string(place.x, place.y, words, style);
}

const fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Head => Style::new().fg(Color::Cyan).bold(),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Warn => Style::new().fg(Color::Yellow),
        Tone::Bad => Style::new().fg(Color::Red).bold(),
    }
}

/// The screen as text, for tests and for people who look.
#[must_use]
pub fn as_text(screen: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..screen.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < screen.area.width {
            let symbol = screen[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width().max(1)).unwrap_or(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A sheet whose words a terminal without UTF-8 can show.
#[must_use]
pub fn in_ascii(mut sheet: Sheet) -> Sheet {
    sheet.title = ascii(&sheet.title);
    for row in &mut sheet.rows {
        row.label = ascii(&row.label);
        row.text = ascii(&row.text);
    }
    if let Some((_, words)) = &mut sheet.note {
        *words = ascii(words);
    }
    if let Some(asked) = &mut sheet.prompt {
        asked.label = ascii(&asked.label);
    }
    sheet
}

const CHOICES_A_ROW: usize = 3;
const CHOICE_COLUMNS: u16 = 26;
const MAX_CHOICE_ROWS: u16 = 6;
/// Head, banner, note, prompt, foot.
const FIXED_ROWS: u16 = 5;
const MAX_TYPED_SHOWN: usize = 40;
