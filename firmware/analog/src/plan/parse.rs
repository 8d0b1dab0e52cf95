//! Reading a tone plan: every value is looked at, and what is wrong is said with file, line and field.

use super::{MAX_HZ_OF_STEP, MAX_PLAN_BYTES, MAX_STEPS, MAX_TONES, ToneKind, TonePlan, ToneSpec, ToneStep};
use std::ops::Range;
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// Why a plan cannot be used. The operator's fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {field}: {reason}")]
pub struct PlanError {
    /// The file as the caller named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The field, or the table that lacks one.
    pub field: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What can be wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// The text is longer than any plan.
    #[error("the file is longer than {MAX_PLAN_BYTES} bytes")]
    TooLong,
    /// Not TOML.
    #[error("{0}")]
    Syntax(String),
    /// A field that must be there is not.
    #[error("is missing")]
    Missing,
    /// A field no plan has.
    #[error("no plan has this field")]
    Unknown,
    /// Another type.
    #[error("must be {0}")]
    Type(&'static str),
    /// A number out of its range.
    #[error("must lie between {0} and {1}")]
    Range(i64, i64),
    /// Too many entries.
    #[error("has more than {0} entries")]
    TooMany(usize),
    /// No tone of this name.
    #[error("is none of {}", ToneKind::ALL.map(ToneKind::name).join(", "))]
    Kind,
    /// Times must come in pairs of sound and pause.
    #[error("must hold pairs of sound and pause")]
    Pairs,
    /// Both or none of what excludes each other.
    #[error("needs either hz (with or without cadence_ms) or steps")]
    HzOrSteps,
    /// Nothing sounds.
    #[error("nothing of it sounds")]
    Silent,
}

type At = Range<usize>;
type Fault = (At, String, Reason);

pub(super) fn plan(file: &str, text: &str) -> Result<TonePlan, PlanError> {
    read(text).map_err(|(at, field, reason)| {
        let before = text.as_bytes().get(..at.start).unwrap_or(text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        PlanError { file: file.to_owned(), line, field, reason }
    })
}

fn read(text: &str) -> Result<TonePlan, Fault> {
    if text.len() > MAX_PLAN_BYTES {
        return Err((0..0, "plan".into(), Reason::TooLong));
    }
    let whole = DeTable::parse(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        (at, "plan".into(), Reason::Syntax(error.message().to_owned()))
    })?;
    let at = whole.span();
    let table = Fields { table: whole.get_ref(), at, name: String::new() };
    table.only(&["name", "level_dbm0", "tolerance_hz", "tolerance_percent", "tone"])?;
    let name = table.text("name")?.to_owned();
    let level_dbm0 = table.number("level_dbm0", Some(-10.0), -40, 3)?;
    let tolerance_hz = table.number("tolerance_hz", None, 1, 60)?;
    let tolerance_percent = table.number("tolerance_percent", None, 1, 30)?;
    let list = table.array("tone", MAX_TONES)?.ok_or_else(|| table.missing("tone"))?;
    let mut tones = Vec::new();
    for (n, entry) in list.iter().enumerate() {
        let name = format!("tone[{}]", n + 1);
        let DeValue::Table(inner) = entry.get_ref() else {
            return Err((entry.span(), name, Reason::Type("a table")));
        };
        let fields = Fields { table: inner, at: entry.span(), name: format!("{name}.") };
        tones.push(tone(&fields, tolerance_hz, tolerance_percent)?);
    }
    if tones.is_empty() {
        return Err(table.missing("tone"));
    }
    Ok(TonePlan { name, level_dbm0, tones })
}

fn tone(fields: &Fields<'_>, hz: f64, percent: f64) -> Result<ToneSpec, Fault> {
    fields.only(&["kind", "hz", "cadence_ms", "steps", "tolerance_hz", "tolerance_percent"])?;
    let kind = ToneKind::of_name(fields.text("kind")?).ok_or_else(|| fields.fault("kind", Reason::Kind))?;
    let (steps, repeats) = match (fields.hz("hz")?, fields.array("steps", MAX_STEPS)?) {
        (Some(sound), None) => simple(fields, sound)?,
        (None, Some(steps)) if fields.at("cadence_ms").is_none() => (sequence(fields, steps)?, false),
        (Some(_) | None, Some(_)) | (None, None) => {
            return Err((fields.at.clone(), fields.named("hz"), Reason::HzOrSteps));
        }
    };
    if steps.iter().all(|step| step.hz().is_empty()) {
        return Err((fields.at.clone(), fields.named("hz"), Reason::Silent));
    }
    Ok(ToneSpec {
        kind,
        tolerance_hz: fields.number("tolerance_hz", Some(hz), 1, 60)?,
        tolerance_percent: fields.number("tolerance_percent", Some(percent), 1, 30)?,
        steps,
        repeats,
    })
}

/// One sound, for ever or with a cadence of sound and pause.
fn simple(fields: &Fields<'_>, sound: ToneStep) -> Result<(Vec<ToneStep>, bool), Fault> {
    let Some(times) = fields.array("cadence_ms", MAX_STEPS)? else { return Ok((vec![sound], false)) };
    if times.is_empty() || times.len() % 2 == 1 {
        return Err(fields.fault("cadence_ms", Reason::Pairs));
    }
    let mut steps = Vec::new();
    for (n, time) in times.iter().enumerate() {
        let ms = milliseconds(time, fields.named("cadence_ms"))?;
        let step = if n % 2 == 0 { sound } else { SILENCE };
        steps.push(ToneStep { ms: Some(ms), ..step });
    }
    Ok((steps, true))
}

fn sequence(fields: &Fields<'_>, list: &DeArray<'_>) -> Result<Vec<ToneStep>, Fault> {
    let mut steps = Vec::new();
    for (n, entry) in list.iter().enumerate() {
        let name = format!("{}steps[{}]", fields.name, n + 1);
        let DeValue::Table(inner) = entry.get_ref() else {
            return Err((entry.span(), name, Reason::Type("a table")));
        };
        let step = Fields { table: inner, at: entry.span(), name: format!("{name}.") };
        step.only(&["hz", "ms"])?;
        let ms = step.value("ms").ok_or_else(|| step.missing("ms"))?;
        let ms = milliseconds(ms, step.named("ms"))?;
        steps.push(ToneStep { ms: Some(ms), ..step.hz("hz")?.unwrap_or(SILENCE) });
    }
    Ok(steps)
}

fn milliseconds(value: &Spanned<DeValue<'_>>, field: String) -> Result<u32, Fault> {
    let ms = number(value, &field, SHORTEST_MS, LONGEST_MS)?;
    Ok(ms as u32)
}

fn number(value: &Spanned<DeValue<'_>>, field: &str, least: i64, most: i64) -> Result<f64, Fault> {
    let text = match value.get_ref() {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        DeValue::Float(float) => float.as_str(),
        _ => return Err((value.span(), field.to_owned(), Reason::Type("a decimal number"))),
    };
    let parsed: Option<f64> = text.replace('_', "").parse().ok();
    parsed
        .filter(|number| (least as f64..=most as f64).contains(number))
        .ok_or_else(|| (value.span(), field.to_owned(), Reason::Range(least, most)))
}

/// A table with the name that its fields have in errors.
struct Fields<'a> {
    table: &'a DeTable<'a>,
    at: At,
    name: String,
}

impl<'a> Fields<'a> {
    fn value(&self, field: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(field)
    }

    fn named(&self, field: &str) -> String {
        format!("{}{field}", self.name)
    }

    fn at(&self, field: &str) -> Option<At> {
        self.value(field).map(Spanned::span)
    }

    fn fault(&self, field: &str, reason: Reason) -> Fault {
        (self.at(field).unwrap_or_else(|| self.at.clone()), self.named(field), reason)
    }

    fn missing(&self, field: &str) -> Fault {
        self.fault(field, Reason::Missing)
    }

    fn only(&self, known: &[&str]) -> Result<(), Fault> {
        match self.table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            Some(key) => Err((key.span(), self.named(key.get_ref()), Reason::Unknown)),
            None => Ok(()),
        }
    }

    fn text(&self, field: &str) -> Result<&'a str, Fault> {
        let value = self.value(field).ok_or_else(|| self.missing(field))?;
        let text = value.get_ref().as_str().ok_or_else(|| self.fault(field, Reason::Type("a text")))?;
        if text.is_empty() { Err(self.missing(field)) } else { Ok(text) }
    }

    fn number(&self, field: &str, default: Option<f64>, least: i64, most: i64) -> Result<f64, Fault> {
        match (self.value(field), default) {
            (Some(value), _) => number(value, &self.named(field), least, most),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.missing(field)),
        }
    }

    fn array(&self, field: &str, most: usize) -> Result<Option<&'a DeArray<'a>>, Fault> {
        let Some(value) = self.value(field) else { return Ok(None) };
        let list = value.get_ref().as_array().ok_or_else(|| self.fault(field, Reason::Type("a list")))?;
        if list.len() > most { Err(self.fault(field, Reason::TooMany(most))) } else { Ok(Some(list)) }
    }

    /// A sound that lasts for ever.
    fn hz(&self, field: &str) -> Result<Option<ToneStep>, Fault> {
        let Some(list) = self.array(field, MAX_HZ_OF_STEP)? else { return Ok(None) };
        let mut step = SILENCE;
        for (hz, value) in step.hz.iter_mut().zip(list.iter()) {
            *hz = number(value, &self.named(field), LOWEST_HZ, HIGHEST_HZ)?;
            step.count += 1;
        }
        if step.count == 0 { Err(self.fault(field, Reason::Silent)) } else { Ok(Some(step)) }
    }
}

const SILENCE: ToneStep = ToneStep { hz: [0.0; MAX_HZ_OF_STEP], count: 0, ms: None };
/// Shorter than two windows of the detector is never seen whole.
const SHORTEST_MS: i64 = 30;
const LONGEST_MS: i64 = 30_000;
/// The band of a telephone line, and room for the tolerance.
const LOWEST_HZ: i64 = 200;
const HIGHEST_HZ: i64 = 3_400;
