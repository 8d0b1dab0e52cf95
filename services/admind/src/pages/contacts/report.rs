//! What came of an import that failed: its errors as a page and as a CSV file no spreadsheet runs as formulas.

use crate::fault::{Fault, Refusal};
use crate::format::count;
use crate::jobs::JobId;
use crate::looks::Lang;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use contacts::Column;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use idl::admin::{Answer, RowError};

/// An error as the page shows it.
struct Line {
    row: u64,
    column: String,
    reason: String,
    code: String,
}

/// Where a refused import leads.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// The item of the navigation.
    pub nav: &'static str,
    /// The form.
    pub form: &'static str,
    /// What its link says.
    pub text: &'static str,
    /// What else there is to know; may be empty.
    pub hint: &'static str,
}

#[derive(Template)]
#[template(path = "contacts/failed.html")]
struct Failed {
    page: Page,
    t: &'static Texts,
    lines: Vec<Line>,
    checked: String,
    shown: String,
    csv: String,
    retry: Retry,
}

/// The page of an import whose rows have errors.
///
/// # Errors
/// [`Fault::Bug`].
pub fn failed(
    visit: &Visit,
    rows: u64,
    total: u64,
    errors: &[RowError],
    retry: Retry,
) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let told = errors.len() as u64;
    let shown = if told < total {
        fill(t.contacts.failed_shown, &[&count(told), &count(total)])
    } else {
        fill(t.contacts.failed_all, &[&count(total)])
    };
    render(&Failed {
        page: visit.page(t.contacts.failed_title, retry.nav),
        t,
        lines: errors.iter().map(|error| line(t, visit.lang, error)).collect(),
        checked: fill(t.contacts.failed_text, &[&count(rows), &count(total)]),
        shown,
        csv: format!("{}/errors.csv", visit.path),
        retry,
    })
}

fn line(t: &Texts, lang: Lang, error: &RowError) -> Line {
    let column = match Column::named(&error.column) {
        Some(column) => lang.of(column.header_zh(), column.header()).to_owned(),
        None if error.column.is_empty() => t.contacts.errors_whole_row.to_owned(),
        None => error.column.clone(),
    };
    let reason = lang.of(&error.text_zh, &error.text_en).to_owned();
    Line { row: error.row, column, reason, code: error.code.clone() }
}

#[derive(Template)]
#[template(path = "contacts/refused.html")]
struct Refused {
    page: Page,
    t: &'static Texts,
    reason: String,
    code: String,
    retry: Retry,
}

/// The page of an import that was refused as a whole.
///
/// # Errors
/// [`Fault::Bug`].
pub fn refused(visit: &Visit, title: &str, refusal: &Refusal, retry: Retry) -> Result<Html<String>, Fault> {
    render(&Refused {
        page: visit.page(title, retry.nav),
        t: visit.t,
        reason: refusal.text(visit.lang).to_owned(),
        code: refusal.code.clone(),
        retry,
    })
}

/// The errors of one's own job as a file.
///
/// # Errors
/// [`Fault::NotFound`] if it is nobody's job of this session, or has no errors.
pub async fn errors_csv(visit: Visit, Path(id): Path<u64>) -> Result<Response, Fault> {
    let job = visit.app().jobs.of(visit.me.session, JobId(id)).ok_or(Fault::NotFound)?;
    let Some(Ok(answer)) = job.end else { return Err(Fault::NotFound) };
    let Answer::Imported { batch: None, errors, .. } = &*answer else { return Err(Fault::NotFound) };
    let name = format!("attachment; filename=\"{}\"", visit.t.contacts.errors_file);
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, csv(visit.t, visit.lang, errors)).into_response())
}

/// A file that spreadsheets read as UTF-8: byte order mark, quoted fields, CR LF.
fn csv(t: &Texts, lang: Lang, errors: &[RowError]) -> String {
    let c = &t.contacts;
    let head = [c.errors_row, c.errors_column, c.errors_reason, c.errors_code].map(cell).join(",");
    let mut file = format!("\u{feff}{head}\r\n");
    for error in errors {
        let line = line(t, lang, error);
        let cells = [cell(&line.row.to_string()), cell(&line.column), cell(&line.reason), cell(&line.code)];
        file.push_str(&cells.join(","));
        file.push_str("\r\n");
    }
    file
}

/// A quoted field. What a spreadsheet would take for a formula begins with an apostrophe (L-93).
fn cell(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let formula = plain.trim_start().starts_with(['=', '+', '-', '@', '|', '＝', '＋', '－', '＠']);
    let apostrophe = if formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", plain.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{cell, csv};
    use crate::looks::Lang;
    use crate::texts::Texts;
    use idl::admin::RowError;

    #[test]
    fn l_93_nothing_in_the_file_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=cmd|' /C calc'!A0", "＝1", " =1", "|x"]
        {
            assert!(cell(formula).starts_with("\"'"), "{formula}");
        }
        assert_eq!(cell("a\"b,c\nd"), "\"a\"\"b,c d\"");
        assert_eq!(cell("138****5678"), "\"138****5678\"");
    }

    #[test]
    fn columns_are_named_in_the_readers_language() {
        let error = |column: &str| RowError {
            row: 7,
            column: column.to_owned(),
            code: "bad_number".to_owned(),
            text_en: "This is not a telephone number.".to_owned(),
            text_zh: "这不是有效的电话号码。".to_owned(),
        };
        let errors = [error("phone"), error(""), error("=x")];
        let zh = csv(Texts::of(Lang::Zh), Lang::Zh, &errors);
        assert!(zh.starts_with("\u{feff}\"行\",\"列\""));
        assert!(zh.contains("\"7\",\"手机号\",\"这不是有效的电话号码。\",\"bad_number\"\r\n"));
        assert!(zh.contains("\"整行\"") && zh.contains("\"'=x\""));
        let en = csv(Texts::of(Lang::En), Lang::En, &errors);
        assert!(
            en.contains("\"7\",\"phone\",\"This is not a telephone number.\"")
                && en.contains("\"Whole row\"")
        );
    }
}
