//! The import of a list: its form, checked here only as far as the form itself can be wrong, and its end.

use super::report::{self, Retry};
use crate::clock;
use crate::fault::{Fault, Refusal};
use crate::form::Form;
use crate::format::{Zone, count};
use crate::looks::Lang;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::upload::Upload;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use contacts::Column;
use idl::admin::{Admin, Answer};
use std::collections::BTreeSet;
use vocab::DepartmentId;

/// A column name of the file and what it is.
struct Pair {
    header: String,
    field: String,
    label: String,
    field_label: String,
    header_value: String,
    field_value: String,
}

#[derive(Template)]
#[template(path = "contacts/import.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    form: Form,
    departments: Vec<(String, String)>,
    sources: Vec<(&'static str, &'static str)>,
    known: String,
    fields: Vec<(&'static str, &'static str)>,
    pairs: Vec<Pair>,
    columns_open: bool,
}

/// The form.
///
/// # Errors
/// [`Fault`].
pub async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    let mut form = Form::default();
    if let Some((own, _)) = &visit.me.department {
        form.set("department", own.0.to_string());
    }
    let departments = departments(&visit).await?;
    render(&page(&visit, form, &departments))
}

async fn departments(visit: &Visit) -> Result<Vec<(DepartmentId, String)>, Fault> {
    match visit.ask(Admin::Departments).await? {
        Answer::Departments(departments) => Ok(departments),
        _ => Err(Fault::other_answer()),
    }
}

fn page(visit: &Visit, form: Form, departments: &[(DepartmentId, String)]) -> Show {
    let t = visit.t;
    let word = |column: &Column| visit.lang.of(column.header_zh(), column.header());
    let pairs: Vec<Pair> = (0..MAX_PAIRS).map(|at| pair(t, &form, at)).collect();
    let columns_open =
        !form.value("drop").is_empty() || pairs.iter().any(|pair| !pair.header_value.is_empty());
    let separator = visit.lang.of("、", ", ");
    Show {
        page: visit.page(t.contacts.import_title, "/contacts"),
        t,
        departments: departments.iter().map(|(id, name)| (id.0.to_string(), name.clone())).collect(),
        sources: sources(t).to_vec(),
        known: fill(t.contacts.known, &[&Column::ALL.iter().map(word).collect::<Vec<_>>().join(separator)]),
        fields: Column::ALL.iter().map(|column| (column.header(), word(column))).collect(),
        pairs,
        columns_open,
        form,
    }
}

fn pair(t: &Texts, form: &Form, at: usize) -> Pair {
    let (header, field) = (format!("header{at}"), format!("field{at}"));
    Pair {
        label: fill(t.contacts.map_header, &[&(at + 1)]),
        field_label: fill(t.contacts.map_field, &[&(at + 1)]),
        header_value: form.value(&header).to_owned(),
        field_value: form.value(&field).to_owned(),
        header,
        field,
    }
}

/// Kinds of source that are lawful; a bought list has none to choose (DAT-02).
const fn sources(t: &Texts) -> [(&'static str, &'static str); 4] {
    [
        ("left", t.contacts.source_left),
        ("business", t.contacts.source_business),
        ("consent", t.contacts.source_consent),
        ("public", t.contacts.source_public),
    ]
}

/// Begins an import.
///
/// # Errors
/// [`Fault`].
pub async fn start(visit: Visit, upload: Upload) -> Result<Response, Fault> {
    let t = visit.t;
    let departments = departments(&visit).await?;
    let mut form = upload.form.clone();
    let plan = plan(t, &visit.zone, &mut form, &departments);
    let file = upload.file("file");
    if file.is_none() {
        form.fail("file", t.contacts.file_missing);
    }
    if let (true, Some(plan), Some(file)) = (form.is_good(), plan, file) {
        let name: String = file.name.chars().take(MAX_TEXT_CHARS).collect();
        let title = fill(t.contacts.job, &[&name]);
        let what = Admin::ImportContacts {
            file: name,
            purpose: plan.purpose,
            department: plan.department,
            source: plan.source,
            mapping: plan.mapping,
            drop: plan.drop,
        };
        return visit.start_job_told(&title, what, Some(file.attach()?), ended);
    }
    if file.is_some() {
        form.fail("file", t.contacts.file_again);
    }
    form.mark(t);
    visit.again(&page(&visit, form, &departments))
}

/// What an import is to do, as the form says.
struct Plan {
    purpose: String,
    department: DepartmentId,
    source: String,
    mapping: Vec<(String, String)>,
    drop: Vec<String>,
}

fn plan(t: &Texts, zone: &Zone, form: &mut Form, departments: &[(DepartmentId, String)]) -> Option<Plan> {
    let ids: Vec<(String, DepartmentId)> =
        departments.iter().map(|(id, _)| (id.0.to_string(), *id)).collect();
    let choices: Vec<(&str, DepartmentId)> = ids.iter().map(|(text, id)| (text.as_str(), *id)).collect();
    let department = form.choice(t, "department", &choices);
    let purpose = form.text(t, "purpose", MAX_PURPOSE_CHARS);
    let source = source(t, zone, form);
    if form.value("lawful") != "yes" {
        form.fail("lawful", t.contacts.lawful_missing);
    }
    let (mapping, mut drop) = mapping(t, form);
    dropped(t, form, &mapping, &mut drop);
    Some(Plan { purpose, department: department?, source: source?, mapping, drop })
}

/// Type, document, date and responsible person (DAT-02), in the words of the record: Chinese.
fn source(t: &Texts, zone: &Zone, form: &mut Form) -> Option<String> {
    let kind = form.choice(t, "source", &sources(Texts::of(Lang::Zh)));
    let document = form.text(t, "document", MAX_DOCUMENT_CHARS);
    let date = form.value("source_date").to_owned();
    let past = zone.parse(&date).is_some_and(|day| day <= clock::now());
    if date.len() != DATE_BYTES || !past {
        form.fail("source_date", t.contacts.source_date_bad);
    }
    let responsible = form.text(t, "responsible", MAX_PERSON_CHARS);
    kind.map(|kind| [kind, &document, &date, &responsible].join("；"))
}

/// Header → field, and headers to drop, of the rows of the form.
fn mapping(t: &Texts, form: &mut Form) -> (Vec<(String, String)>, Vec<String>) {
    let (mut mapping, mut drop) = (vec![], vec![]);
    let (mut headers, mut fields) = (BTreeSet::new(), BTreeSet::new());
    for at in 0..MAX_PAIRS {
        let (header_name, field_name) = (format!("header{at}"), format!("field{at}"));
        let header = form.optional(t, &header_name, MAX_TEXT_CHARS);
        let field = form.value(&field_name).to_owned();
        let known = Column::ALL.iter().any(|column| column.header() == field);
        match (header.is_empty(), field.is_empty()) {
            (true, true) => continue,
            (false, false) if known || field == DROP => {}
            _ => {
                form.fail(&header_name, t.contacts.map_half);
                continue;
            }
        }
        if !headers.insert(header.clone()) {
            form.fail(&header_name, t.contacts.map_twice);
        } else if field == DROP {
            drop.push(header);
        } else if fields.insert(field.clone()) {
            mapping.push((header, field));
        } else {
            form.fail(&header_name, t.contacts.map_field_twice);
        }
    }
    (mapping, drop)
}

/// Adds the columns of the list "to drop".
fn dropped(t: &Texts, form: &mut Form, mapping: &[(String, String)], drop: &mut Vec<String>) {
    let text = form.lines(t, "drop", MAX_DROP_CHARS);
    for header in text.lines().map(str::trim).filter(|header| !header.is_empty()) {
        if mapping.iter().any(|(mapped, _)| mapped == header) {
            form.fail("drop", fill(t.contacts.drop_mapped, &[&header]));
        } else if header.chars().count() > MAX_TEXT_CHARS {
            form.fail("drop", fill(t.errors.field_long, &[&MAX_TEXT_CHARS]));
        } else if !drop.iter().any(|known| known == header) {
            drop.push(header.to_owned());
        }
    }
    if drop.len() > contacts::MAX_FIELDS {
        form.fail("drop", fill(t.contacts.drop_many, &[&contacts::MAX_FIELDS]));
    }
}

#[derive(Template)]
#[template(path = "contacts/imported.html")]
struct Imported {
    page: Page,
    t: &'static Texts,
    batch: u64,
    text: String,
}

fn ended(visit: &Visit, answer: &Answer) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let retry = Retry { nav: "/contacts", form: "/contacts/import", text: t.contacts.failed_again, hint: "" };
    match answer {
        Answer::Imported { batch: Some(batch), rows, .. } => render(&Imported {
            page: visit.page(t.contacts.done_title, "/contacts"),
            t,
            batch: *batch,
            text: fill(t.contacts.done_text, &[batch, &count(*rows)]),
        }),
        Answer::Imported { batch: None, rows, errors_total, errors } => {
            report::failed(visit, *rows, *errors_total, errors, retry)
        }
        Answer::Refused { code, text_en, text_zh } => {
            let refusal = Refusal { code: code.clone(), text_en: text_en.clone(), text_zh: text_zh.clone() };
            report::refused(visit, t.contacts.refused_title, &refusal, retry)
        }
        _ => Err(Fault::other_answer()),
    }
}

/// The value of "drop this column".
const DROP: &str = "-";
/// Column names the form can tell.
const MAX_PAIRS: usize = 12;
/// Bounds of `vaultd` for one text, and their parts of the source's text.
const MAX_TEXT_CHARS: usize = 128;
const MAX_PURPOSE_CHARS: usize = 64;
const MAX_DOCUMENT_CHARS: usize = 64;
const MAX_PERSON_CHARS: usize = 32;
const MAX_DROP_CHARS: usize = 4_000;
/// `2026-11-22`.
const DATE_BYTES: usize = 10;

#[cfg(test)]
mod tests {
    use super::plan;
    use crate::form::Form;
    use crate::format::Zone;
    use crate::looks::Lang;
    use crate::texts::Texts;
    use vocab::DepartmentId;

    fn form(more: &str) -> Form {
        let base = "department=2&purpose=%E5%9B%9E%E8%AE%BF&source=business&document=HT-7&source_date=2024-01-31\
                    &responsible=%E6%9D%8E%E5%9B%9B&lawful=yes";
        Form::parse(format!("{more}&{base}").as_bytes()).unwrap()
    }

    #[test]
    fn dat_02_the_source_says_type_document_date_and_person() {
        let (t, zone) = (Texts::of(Lang::En), Zone::default());
        let departments = [(DepartmentId(2), "门诊部".to_owned())];
        let mut good = form("header0=Tel&field0=phone&header1=Card&field1=-&drop=ID%0D%0AHome%0D%0AID");
        let plan = plan(t, &zone, &mut good, &departments).unwrap();
        assert!(good.is_good(), "{good:?}");
        assert_eq!(plan.source, "业务办理或合同；HT-7；2024-01-31；李四");
        assert_eq!(plan.mapping, [("Tel".to_owned(), "phone".to_owned())]);
        assert_eq!(plan.drop, ["Card", "ID", "Home"]);
        assert_eq!(plan.department, DepartmentId(2));
    }

    #[test]
    fn each_wrong_field_says_so_at_itself() {
        let (t, zone) = (Texts::of(Lang::En), Zone::default());
        for (more, field) in [
            ("department=3", "department"),
            ("source=bought", "source"),
            ("source_date=2999-01-01", "source_date"),
            ("source_date=yesterday", "source_date"),
            ("purpose=", "purpose"),
            ("responsible=+", "responsible"),
            ("lawful=no", "lawful"),
            ("header0=Tel&field0=", "header0"),
            ("field0=phone", "header0"),
            ("header0=a&field0=phone&header1=a&field1=name", "header1"),
            ("header0=a&field0=phone&header1=b&field1=phone", "header1"),
            ("header0=a&field0=password", "header0"),
            ("header0=a&field0=phone&drop=a", "drop"),
        ] {
            let mut bad = form(more);
            plan(t, &zone, &mut bad, &[(DepartmentId(2), String::new())]);
            assert!(!bad.error(field).is_empty() && !bad.is_good(), "{more}");
        }
    }
}
