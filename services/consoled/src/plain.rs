//! A page as plain lines, for any terminal: no cursor, no colour, one line after the other. It decides nothing.

use crate::clean::{ascii, cut, padded};
use crate::paint::{Frame, LABEL_COLUMNS};
use crate::sheet::Sheet;
use crate::vt::COLUMNS;

/// The page's lines, with the prompt at the end of the last one.
#[must_use]
pub fn lines(sheet: &Sheet, frame: &Frame<'_>, utf8: bool) -> String {
    let w = frame.w;
    let mut out = String::from("\r\n");
    let mut line = |text: &str| {
        let text = if utf8 { text.to_owned() } else { ascii(text) };
        out.push_str(cut(&text, usize::from(COLUMNS) - 1).trim_end());
        out.push_str("\r\n");
    };
    if frame.development {
        line(&format!("*** {} ***", w.development));
    }
    let who = if frame.who.is_empty() { String::new() } else { format!("  ({})", frame.who) };
    line(&format!("== Ringfence {}  {}{who} ==", frame.version, sheet.title));
    for row in &sheet.rows {
        if row.label.is_empty() {
            line(&row.text);
        } else {
            line(&format!("{} {}", padded(&row.label, LABEL_COLUMNS), row.text));
        }
    }
    for choice in &sheet.choices {
        line(&format!("  {}  {}", choice.key, choice.label));
    }
    if let Some((_, words)) = &sheet.note {
        line(&format!("! {words}"));
    }
    if sheet.prompt.is_none() && !sheet.choices.is_empty() {
        line(w.choose);
    }
    let asked = sheet.prompt.as_ref().map_or_else(|| "> ".to_owned(), |asked| format!("{}: ", asked.label));
    out.push_str(&if utf8 { asked } else { ascii(&asked) });
    out
}
