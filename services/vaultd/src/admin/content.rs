//! Calendars, lists, contacts, prompts, scripts, policy.

use super::{Actor, Handled, MAX_NAME_CHARS, Refusal, text_within};
use crate::command::{BatchPlan, ImportOutcome, Imported, Job};
use crate::entries::{BatchEntry, Event};
use crate::level::Level;
use crate::seal::{Purpose, seal};
use crate::vault::Vault;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use gate::{CalendarData, Date, HolidayCalendar, Policy};
use idl::admin::Answer;
use idl::lines::PromptRole;
use serde::Deserialize;
use std::fs::File;
use vocab::{ContactId, ObjectHash, PhoneNumber, Pii, ScriptId, UnixMs};

/// A holiday calendar as its authority writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    year: i16,
    #[serde(default)]
    version: u64,
    off: Vec<Date>,
    #[serde(default)]
    working: Vec<Date>,
}

impl Vault {
    pub(super) fn holidays(&mut self, actor: &Actor, toml: &str, signature: &[u8]) -> Handled {
        if toml.len() > MAX_TOML_BYTES {
            return Err(Refusal::bounds("The file is too long.", "文件过大。"));
        }
        let key = UnparsedPublicKey::new(&ED25519, self.state.calendar_key);
        key.verify(toml.as_bytes(), signature).map_err(|_| {
            Refusal::new(
                "signature",
                "The signature is not that of the calendar's authority.",
                "签名与日历签发方不符。",
            )
        })?;
        let file: CalendarFile = toml::from_str(toml).map_err(|error| {
            Refusal::new(
                "calendar",
                format!("The calendar cannot be read: {}", error.message()),
                "日历格式有误。",
            )
        })?;
        let version = if file.version == 0 { self.next_seq() } else { file.version };
        let data = CalendarData {
            year: file.year,
            version,
            dates_off: file.off,
            adjusted_working_days: file.working,
        };
        let calendar = HolidayCalendar::new(data)
            .map_err(|error| Refusal::new("calendar", format!("The calendar: {error}."), "日历内容有误。"))?;
        self.write(actor, Event::HolidaysLoaded { calendar });
        Ok(Some(Answer::Done))
    }

    pub(super) fn set_policy(&mut self, actor: &Actor, toml: &str) -> Handled {
        if toml.len() > MAX_TOML_BYTES {
            return Err(Refusal::bounds("The text is too long.", "文字过长。"));
        }
        let unreadable = |error: toml::de::Error| {
            Refusal::new(
                "policy",
                format!("The policy cannot be read: {}", error.message()),
                "策略格式有误。",
            )
        };
        let mut values = toml::Table::try_from(&self.state.policy)
            .map_err(|_| Refusal::new("policy", "The policy cannot be shown.", "策略无法读取。"))?;
        let changes: toml::Table = toml::from_str(toml).map_err(unreadable)?;
        merge(&mut values, changes);
        let policy: Policy = values.try_into().map_err(unreadable)?;
        if policy.zone != self.state.policy.zone {
            return Err(Refusal::new(
                "zone",
                "The zone is fixed at commissioning.",
                "时区在启用时确定，不可更改。",
            ));
        }
        // The second pair of eyes is a person of the box, and not the one who asks.
        if let Some(approval) = &policy.wider_approved
            && (approval.set_by != actor.id || !self.state.people.contains_key(&approval.agreed_by))
        {
            return Err(Refusal::same_person());
        }
        policy.validate().map_err(|error| {
            Refusal::new("policy-bounds", format!("The policy: {error}."), "策略数值超出允许范围。")
        })?;
        self.write(actor, Event::PolicySet { policy: Box::new(policy) });
        Ok(Some(Answer::Done))
    }

    pub(super) fn blacklist(&mut self, actor: &Actor, number: &Pii<String>) -> Handled {
        let number = PhoneNumber::parse(number.reveal()).map_err(|_| Refusal::number())?;
        let subject = self.ports.keys.subject_of(&number);
        let key = self.ports.keys.blacklist_key();
        let number = seal(&key, Purpose::Blacklist, self.random(), &number);
        self.write(actor, Event::Blacklisted { subject, number });
        Ok(Some(Answer::Done))
    }

    pub(super) fn import_do_not_call(
        &mut self,
        actor: &Actor,
        issued_at: UnixMs,
        attached: Option<File>,
    ) -> Handled {
        if issued_at > self.clock.now {
            return Err(Refusal::bounds("The list is issued in the future.", "名单签发时间在未来。"));
        }
        let file = self.begin_import(actor, attached)?;
        let now = self.clock.now;
        self.work(Job::ImportDoNotCall { reply: actor.reply(), file, issued_at, now });
        Ok(None)
    }

    pub(super) fn import_contacts(
        &mut self,
        actor: &Actor,
        plan: BatchPlan,
        mapping: &[(String, String)],
        drop: Vec<String>,
        attached: Option<File>,
    ) -> Handled {
        for text in [&plan.purpose, &plan.source, &plan.file] {
            text_within(text, MAX_NAME_CHARS)?;
        }
        if !self.state.departments.contains_key(&plan.department) {
            return Err(Refusal::unknown("department"));
        }
        if self.state.batches.len() >= MAX_BATCHES {
            return Err(Refusal::too_many("batches", MAX_BATCHES));
        }
        let mut columns = Vec::with_capacity(mapping.len());
        for (header, field) in mapping.iter().take(contacts::MAX_FIELDS) {
            let column = contacts::Column::named(field).ok_or_else(|| {
                Refusal::new("column", "A header is mapped to an unknown field.", "映射到了未知字段。")
            })?;
            columns.push((header.clone(), column));
        }
        let zone = self.state.policy.zone.clone();
        let options = contacts::Options { delimiter: None, mapping: columns, drop, zone };
        let file = self.begin_import(actor, attached)?;
        self.work(Job::ImportContacts { reply: actor.reply(), file, options, plan });
        Ok(None)
    }

    pub(super) fn upload_prompt(&mut self, actor: &Actor, text: String, attached: Option<File>) -> Handled {
        text_within(&text, MAX_SPOKEN_CHARS)?;
        if self.state.prompts.len() >= MAX_PROMPTS {
            return Err(Refusal::too_many("prompts", MAX_PROMPTS));
        }
        let file = self.begin_import(actor, attached)?;
        self.work(Job::StorePrompt { reply: actor.reply(), file, text });
        Ok(None)
    }

    fn begin_import(&mut self, actor: &Actor, attached: Option<File>) -> Result<File, Refusal> {
        let file =
            attached.ok_or_else(|| Refusal::new("file-missing", "The file is missing.", "缺少文件。"))?;
        self.begin_work(actor)?;
        Ok(file)
    }

    /// One long work on a connection and a few in all: the worker's queue is bounded.
    pub(super) fn begin_work(&mut self, actor: &Actor) -> Result<(), Refusal> {
        if self.imports.len() >= MAX_IMPORTS || !self.imports.insert(actor.conn) {
            return Err(Refusal::busy());
        }
        Ok(())
    }

    /// The worker is done with a file: the entry is the commit point.
    pub(crate) fn imported(&mut self, done: Imported) {
        let Imported { reply, outcome } = done;
        self.imports.remove(&reply.conn);
        let Some(actor) = self.actor_of(reply) else {
            return;
        };
        let answer = match outcome {
            ImportOutcome::Contacts(batch) => self.batch_imported(&actor, *batch),
            ImportOutcome::DoNotCall { object, issued_at, list } => {
                let entries = list.len() as u64;
                self.write(&actor, Event::DoNotCallImported { object, issued_at, entries });
                self.dnc = Some(list);
                Answer::Imported { batch: Some(0), rows: entries, errors_total: 0, errors: Vec::new() }
            }
            ImportOutcome::Prompt { object, text, duration_ms, level } => {
                let hash = object.hash;
                self.write(&actor, Event::PromptStored { object, text, duration_ms });
                let Level { mean_dbm0, peak_dbm0 } = level;
                self.write(&actor, Event::PromptMeasured { object: hash, mean_dbm0, peak_dbm0 });
                Answer::Prompt { object: hash, duration_ms }
            }
            ImportOutcome::Errors { what, rows, total, first } => {
                let what = what.to_owned();
                self.write(&actor, Event::ImportFailed { what, rows, errors: total });
                Answer::Imported { batch: None, rows, errors_total: total, errors: first }
            }
            ImportOutcome::Refused { what, code, text_en, text_zh } => {
                self.write(&actor, Event::ImportFailed { what: what.to_owned(), rows: 0, errors: 1 });
                Refusal::new(code, text_en, text_zh).into_answer()
            }
        };
        self.answer(reply.conn, reply.id, answer);
    }

    fn batch_imported(&mut self, actor: &Actor, mut batch: BatchEntry) -> Answer {
        batch.batch = self.state.next_batch();
        batch.first = ContactId(self.state.next_contact);
        let (id, rows) = (batch.batch, batch.rows);
        self.write(actor, Event::BatchImported { batch: Box::new(batch) });
        Answer::Imported { batch: Some(id), rows, errors_total: 0, errors: Vec::new() }
    }

    pub(super) fn release_batch(&mut self, actor: &Actor, batch: u64) -> Handled {
        let known = self.state.batches.get(&batch).ok_or_else(|| Refusal::unknown("batch"))?;
        if known.imported_by == actor.id {
            return Err(Refusal::same_person());
        }
        if known.released_by.is_some() {
            return Err(Refusal::new("exists", "The batch is released already.", "该批次已放行。"));
        }
        self.write(actor, Event::BatchReleased { batch });
        Ok(Some(Answer::Done))
    }

    pub(super) fn create_script(
        &mut self,
        actor: &Actor,
        name: String,
        prompts: Vec<(PromptRole, ObjectHash)>,
    ) -> Handled {
        text_within(&name, MAX_NAME_CHARS)?;
        if prompts.is_empty() || prompts.len() > MAX_SCRIPT_PROMPTS {
            return Err(Refusal::bounds("A script has prompts.", "话术必须包含语音。"));
        }
        if prompts.iter().any(|(_, object)| !self.state.prompts.contains_key(object)) {
            return Err(Refusal::unknown("prompt"));
        }
        let id = self.state.next_script();
        self.write(actor, Event::ScriptCreated { name, prompts });
        Ok(Some(Answer::Created { ids: vec![id.0.into()] }))
    }

    pub(super) fn approve_script(&mut self, actor: &Actor, script: ScriptId) -> Handled {
        let known = self.state.scripts.get(&script).ok_or_else(|| Refusal::unknown("script"))?;
        if known.author == actor.id {
            return Err(Refusal::same_person());
        }
        for (role, lacks_en, lacks_zh) in MANDATORY {
            if !known.prompts.iter().any(|(said, _)| said == role) {
                return Err(Refusal::new("script-lacks", *lacks_en, *lacks_zh));
            }
        }
        let hash = crate::state::hash_of_script(&known.prompts, &self.state.prompts);
        self.write(actor, Event::ScriptApproved { script, hash });
        Ok(Some(Answer::Done))
    }
}

/// Fields are replaced one by one; tables are entered.
fn merge(values: &mut toml::Table, changes: toml::Table) {
    for (name, change) in changes {
        match (values.get_mut(&name), change) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(change)) => merge(inner, change),
            (_, change) => {
                values.insert(name, change);
            }
        }
    }
}

/// What every script says (CAM-05, CAM-11, REC-01).
const MANDATORY: &[(PromptRole, &str, &str)] = &[
    (PromptRole::Identify, "The script does not say who calls and why.", "话术缺少来电单位与目的说明。"),
    (PromptRole::RecordingNotice, "The script does not say that the call is recorded.", "话术缺少录音告知。"),
    (PromptRole::OptOutHint, "The script does not say how to opt out.", "话术缺少“如需退订请按9”提示。"),
];

const MAX_TOML_BYTES: usize = 32 * 1024;
const MAX_SPOKEN_CHARS: usize = 1_000;
const MAX_PROMPTS: usize = 10_000;
const MAX_SCRIPT_PROMPTS: usize = 16;
const MAX_BATCHES: usize = 10_000;
const MAX_IMPORTS: usize = 4;
