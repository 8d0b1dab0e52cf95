//! One row: from the fields of a record to typed values, or to every error the row has.
//!
//! It judges only what the row itself says; duplicates and the file's shape are the importer's.

use crate::column::Column;
use crate::error::RowCode;
use crate::{detect, time};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use vocab::{PhoneNumber, Pii, UnixMs};

/// One accepted contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRow {
    /// The line of the file on which the row starts, from 1.
    pub line: u64,
    /// The number.
    pub phone: PhoneNumber,
    /// How to address the person.
    pub name: Option<Pii<String>>,
    /// Order or business number.
    pub order_no: Option<Pii<String>>,
    /// What the person asked for.
    pub demand_type: Option<String>,
    /// Business tag.
    pub tag: Option<String>,
    /// The question in the person's words.
    pub issue: Option<Pii<String>>,
    /// Consent, if the row brings any.
    pub consent: Option<ConsentRow>,
    /// Birth date.
    pub birth_date: Option<Pii<Date>>,
    /// The source attests an adult, or the contrary.
    pub adult: Option<bool>,
    /// Date of the source.
    pub source_date: Option<Date>,
}

/// The consent a row brings: when, how and for what are always there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRow {
    /// When it was given.
    pub given_at: UnixMs,
    /// How it was given.
    pub channel: ConsentChannel,
    /// What for.
    pub purpose: String,
    /// When it ends, if the source says so.
    pub expires_at: Option<UnixMs>,
    /// Where the evidence is.
    pub evidence: Option<Pii<String>>,
}

/// How consent was given (CAM-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsentChannel {
    /// 勾选授权协议.
    Ticked,
    /// 语音确认.
    Voice,
    /// 纸质.
    Paper,
}

impl ConsentChannel {
    /// The word that is written and read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticked => "ticked",
            Self::Voice => "voice",
            Self::Paper => "paper",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "ticked" | "agreement" | "checkbox" | "勾选" | "勾选授权" | "勾选协议" | "勾选授权协议" => {
                Some(Self::Ticked)
            }
            "voice" | "语音" | "语音确认" | "电话" => Some(Self::Voice),
            "paper" | "纸质" | "书面" | "纸质授权" => Some(Self::Paper),
            _ => None,
        }
    }
}

/// The fields of one record by column, blanks trimmed, empty ones absent.
pub struct Fields<'a> {
    values: Vec<(Column, &'a str)>,
    zone: &'a TimeZone,
    errors: Vec<(Option<Column>, RowCode)>,
}

/// The errors of one row.
pub type RowErrors = Vec<(Option<Column>, RowCode)>;

impl<'a> Fields<'a> {
    /// Collects the fields of a record.
    pub fn new(values: impl Iterator<Item = (Column, &'a str)>, zone: &'a TimeZone) -> Self {
        let trimmed = values.map(|(column, text)| (column, text.trim()));
        Self { values: trimmed.filter(|(_, text)| !text.is_empty()).collect(), zone, errors: Vec::new() }
    }

    /// The row, or all that is wrong with it.
    pub fn into_row(mut self, line: u64) -> Result<ContactRow, RowErrors> {
        let phone = self.phone();
        let name = self.private(Column::Name);
        let order_no = self.private(Column::OrderNo);
        let demand_type = self.text(Column::DemandType);
        let tag = self.text(Column::Tag);
        let issue = self.private(Column::Issue);
        let consent = self.consent();
        let birth_date = self.date(Column::BirthDate).map(Pii::new);
        let adult = self.parsed(Column::Adult, RowCode::BadFlag, flag);
        let source_date = self.date(Column::SourceDate);
        match phone {
            Some(phone) if self.errors.is_empty() => Ok(ContactRow {
                line,
                phone,
                name,
                order_no,
                demand_type,
                tag,
                issue,
                consent,
                birth_date,
                adult,
                source_date,
            }),
            Some(_) | None => Err(self.errors),
        }
    }

    fn value(&self, column: Column) -> Option<&'a str> {
        self.values.iter().find(|(found, _)| *found == column).map(|(_, text)| *text)
    }

    fn fail(&mut self, column: Column, code: RowCode) {
        self.errors.push((Some(column), code));
    }

    fn phone(&mut self) -> Option<PhoneNumber> {
        if self.value(Column::Phone).is_none() {
            self.fail(Column::Phone, RowCode::Missing);
        }
        self.parsed(Column::Phone, RowCode::BadNumber, |text| PhoneNumber::parse(text).ok())
    }

    fn parsed<T>(&mut self, column: Column, code: RowCode, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.value(column)?;
        let value = if text.chars().count() > column.max_chars() { None } else { read(text) };
        if value.is_none() {
            self.fail(column, code);
        }
        value
    }

    fn date(&mut self, column: Column) -> Option<Date> {
        self.parsed(column, RowCode::BadDate, time::date)
    }

    fn instant(&mut self, column: Column) -> Option<UnixMs> {
        let zone = self.zone;
        self.parsed(column, RowCode::BadTime, |text| time::instant(text, zone))
    }

    fn private(&mut self, column: Column) -> Option<Pii<String>> {
        self.text(column).map(Pii::new)
    }

    fn text(&mut self, column: Column) -> Option<String> {
        let text = self.value(column)?;
        let found = text_fault(column, text);
        if let Some(code) = found {
            self.fail(column, code);
            return None;
        }
        Some(text.to_owned())
    }

    fn consent(&mut self) -> Option<ConsentRow> {
        const REQUIRED: [Column; 3] =
            [Column::ConsentGivenAt, Column::ConsentChannel, Column::ConsentPurpose];
        const OTHERS: [Column; 2] = [Column::ConsentExpiresAt, Column::ConsentEvidence];
        if REQUIRED.iter().chain(&OTHERS).all(|column| self.value(*column).is_none()) {
            return None;
        }
        for column in REQUIRED {
            if self.value(column).is_none() {
                self.fail(column, RowCode::Missing);
            }
        }
        let given_at = self.instant(Column::ConsentGivenAt);
        let channel = self.parsed(Column::ConsentChannel, RowCode::BadChannel, ConsentChannel::parse);
        let purpose = self.text(Column::ConsentPurpose);
        let expires_at = self.instant(Column::ConsentExpiresAt);
        let evidence = self.private(Column::ConsentEvidence);
        if given_at.zip(expires_at).is_some_and(|(given, ends)| ends <= given) {
            self.fail(Column::ConsentExpiresAt, RowCode::EndsBeforeStart);
        }
        Some(ConsentRow { given_at: given_at?, channel: channel?, purpose: purpose?, expires_at, evidence })
    }
}

fn text_fault(column: Column, text: &str) -> Option<RowCode> {
    let max = column.max_chars();
    let breaks_allowed = column == Column::Issue;
    let control = |ch: char| ch.is_control() && !(breaks_allowed && matches!(ch, '\n' | '\t'));
    if text.chars().count() > max {
        return Some(RowCode::TooLong { max });
    }
    if text.chars().any(control) {
        return Some(RowCode::ControlCharacter);
    }
    if text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        return Some(RowCode::Formula);
    }
    detect::personal(text, column == Column::OrderNo)
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "是" | "成年" => Some(true),
        "no" | "n" | "false" | "0" | "否" | "未成年" => Some(false),
        _ => None,
    }
}
