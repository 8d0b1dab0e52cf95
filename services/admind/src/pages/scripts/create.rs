//! A new script: one prompt for each part, in the order in which they are said.

use super::role;
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::lines::PromptRole;
use idl::views::PromptView;
use vocab::ObjectHash;

/// The parts with their fields and whether an approval needs them (CAM-05, CAM-11, REC-01).
const PARTS: [(PromptRole, &str, bool); 7] = [
    (PromptRole::Identify, "identify", true),
    (PromptRole::RecordingNotice, "recording_notice", true),
    (PromptRole::OptOutHint, "opt_out_hint", true),
    (PromptRole::Body, "body", false),
    (PromptRole::OptOutConfirmation, "opt_out_confirmation", false),
    (PromptRole::Hold, "hold", false),
    (PromptRole::NoAgent, "no_agent", false),
];

/// A part as the form shows it.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    required: bool,
}

#[derive(Template)]
#[template(path = "scripts/new.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    form: Form,
    fields: Vec<Field>,
    prompts: Vec<(String, String)>,
    bounded: String,
}

/// The form.
///
/// # Errors
/// [`Fault`].
pub async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    let prompts = newest(&visit).await?;
    render(&page(&visit, Form::default(), &prompts))
}

/// The newest prompts, as many as one can choose from.
async fn newest(visit: &Visit) -> Result<Vec<PromptView>, Fault> {
    let mut prompts: Vec<PromptView> = vec![];
    while prompts.len() < MAX_PROMPTS {
        let before = prompts.last().map(|last| last.seq);
        let Answer::Prompts(more) = visit.ask(Admin::Prompts { before }).await? else {
            return Err(Fault::other_answer());
        };
        if more.is_empty() {
            break;
        }
        prompts.extend(more);
    }
    prompts.truncate(MAX_PROMPTS);
    Ok(prompts)
}

fn page(visit: &Visit, form: Form, prompts: &[PromptView]) -> Show {
    let t = visit.t;
    let fields = PARTS.iter().map(|(said, name, required)| Field {
        name,
        label: role(t, *said),
        hint: hint(t, *said),
        required: *required,
    });
    let full = prompts.len() >= MAX_PROMPTS;
    Show {
        page: visit.page(t.scripts.create_title, "/scripts"),
        t,
        form,
        fields: fields.collect(),
        prompts: prompts.iter().map(|prompt| (prompt.object.to_string(), label(t, prompt))).collect(),
        bounded: if full { fill(t.scripts.create_bounded, &[&MAX_PROMPTS]) } else { String::new() },
    }
}

fn label(t: &Texts, prompt: &PromptView) -> String {
    let mut text: String = prompt.text.chars().take(MAX_LABEL_CHARS).collect();
    if prompt.text.chars().count() > MAX_LABEL_CHARS {
        text.push('…');
    }
    format!("{text} · {}", super::seconds(t, prompt.duration_ms))
}

const fn hint(t: &Texts, said: PromptRole) -> &'static str {
    match said {
        PromptRole::Identify => t.scripts.hint_identify,
        PromptRole::RecordingNotice => t.scripts.hint_recording_notice,
        PromptRole::OptOutHint => t.scripts.hint_opt_out_hint,
        PromptRole::Body => t.scripts.hint_body,
        PromptRole::OptOutConfirmation => t.scripts.hint_opt_out_confirmation,
        PromptRole::Hold => t.scripts.hint_hold,
        PromptRole::NoAgent => t.scripts.hint_no_agent,
    }
}

/// Saves a script.
///
/// # Errors
/// [`Fault`].
pub async fn create(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    let prompts = newest(&visit).await?;
    let (name, chosen) = chosen(t, &mut form, &prompts);
    if form.is_good() {
        let what = Admin::CreateScript { name: name.clone(), prompts: chosen };
        match visit.ask(what).await {
            Ok(Answer::Created { ids }) => {
                let done = fill(t.scripts.created, &[&name]);
                let path = ids.first().map_or("/scripts".to_owned(), |id| format!("/scripts/{id}"));
                return Ok(visit.done(&path, &done));
            }
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    visit.again(&page(&visit, form, &prompts))
}

fn chosen(t: &Texts, form: &mut Form, prompts: &[PromptView]) -> (String, Vec<(PromptRole, ObjectHash)>) {
    let name = form.text(t, "name", MAX_NAME_CHARS);
    let mut chosen = vec![];
    for (said, field, required) in PARTS {
        let value = form.value(field);
        let known = prompts.iter().find(|prompt| prompt.object.to_string() == value);
        match known {
            Some(prompt) => chosen.push((said, prompt.object)),
            None if value.is_empty() && !required => {}
            None if value.is_empty() => form.fail(field, t.scripts.create_choose),
            None => form.fail(field, t.errors.field_choice),
        }
    }
    (name, chosen)
}

const MAX_NAME_CHARS: usize = 128;
/// Prompts one may choose from.
const MAX_PROMPTS: usize = 300;
/// A prompt's text in a choice.
const MAX_LABEL_CHARS: usize = 40;

#[cfg(test)]
mod tests {
    use super::chosen;
    use crate::form::Form;
    use crate::looks::Lang;
    use crate::texts::Texts;
    use idl::lines::PromptRole;
    use idl::views::PromptView;
    use vocab::{ObjectHash, PersonId, UnixMs};

    fn prompt(byte: u8) -> PromptView {
        PromptView {
            seq: byte.into(),
            object: ObjectHash([byte; 32]),
            text: "您好".to_owned(),
            duration_ms: 1_000,
            by: (PersonId(1), String::new()),
            at: UnixMs(0),
            level: None,
        }
    }

    #[test]
    fn a_script_keeps_the_order_in_which_its_parts_are_said() {
        let t = Texts::of(Lang::En);
        let prompts = [prompt(1), prompt(2)];
        let (one, two) = (ObjectHash([1; 32]), ObjectHash([2; 32]));
        let text = format!("name=a&body={one}&opt_out_hint={two}&recording_notice={one}&identify={two}");
        let mut form = Form::parse(text.as_bytes()).unwrap();
        let (name, chosen) = chosen(t, &mut form, &prompts);
        assert!(form.is_good());
        let expected = [
            (PromptRole::Identify, two),
            (PromptRole::RecordingNotice, one),
            (PromptRole::OptOutHint, two),
            (PromptRole::Body, one),
        ];
        assert_eq!((name.as_str(), chosen.as_slice()), ("a", expected.as_slice()));
    }

    #[test]
    fn a_missing_mandatory_part_and_an_unknown_prompt_are_said_at_their_fields() {
        let t = Texts::of(Lang::En);
        let mut form = Form::parse(b"name=&identify=&recording_notice=00&opt_out_hint=zz").unwrap();
        chosen(t, &mut form, &[prompt(1)]);
        assert_eq!(form.error("identify"), t.scripts.create_choose);
        assert_eq!(form.error("recording_notice"), t.errors.field_choice);
        assert!(!form.error("name").is_empty() && form.error("body").is_empty());
    }
}
