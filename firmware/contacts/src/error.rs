//! What is wrong with a file or a row: where, which code, and words that say what to do.
//!
//! No value of the file is ever part of it: not even a header, since a file without one starts with a person.

use crate::column::Column;
use crate::{MAX_BYTES, MAX_FIELDS, MAX_RECORD_BYTES, MAX_ROWS};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a file as a whole is refused. Its author can correct it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum FileError {
    /// There is no header.
    #[error("the file is empty: it needs a header and rows")]
    Empty,
    /// UTF-16 or UTF-32.
    #[error("the file is UTF-16 or UTF-32: save it as CSV UTF-8 or as GB18030")]
    Utf16,
    /// Bytes that its encoding does not have.
    #[error(
        "the bytes read as UTF-8 and as GB18030 alike: save the file as CSV UTF-8 with a byte order mark"
    )]
    UnclearEncoding,
    /// Bytes that the encoding does not have.
    #[error("line {line}: the bytes are not {encoding}: save the whole file in one encoding")]
    BadBytes {
        /// The line of the file.
        line: u64,
        /// The encoding found at its beginning.
        encoding: Encoding,
    },
    /// A record is too long, mostly because of a missing closing quote.
    #[error("line {line}: the row has more than {MAX_RECORD_BYTES} bytes: look for a missing closing quote")]
    RecordTooLong {
        /// The line where it starts, or the line of the last row that was whole, plus one.
        line: u64,
    },
    /// A record has too many fields.
    #[error("line {line}: the row has more than {MAX_FIELDS} columns")]
    TooManyFields {
        /// Its line.
        line: u64,
    },
    /// The file ends within quotes.
    #[error("line {line}: the quotes that open in this row are never closed")]
    OpenQuote {
        /// The line where the row starts.
        line: u64,
    },
    /// No column is the telephone number.
    #[error("no column is named phone or 手机号: name the columns in the first line")]
    NoPhoneColumn,
    /// A column the schema does not have.
    #[error("column {at} is not in the schema: name it as one of the schema, or have it dropped")]
    UnknownColumn {
        /// Its place, from 1.
        at: usize,
    },
    /// Two columns are the same.
    #[error("columns {first} and {second} are both {}", column.header())]
    ColumnTwice {
        /// What both are.
        column: Column,
        /// Place of the first, from 1.
        first: usize,
        /// Place of the second.
        second: usize,
    },
    /// Too many rows for one import.
    #[error("the file has more than {MAX_ROWS} rows: split it")]
    TooManyRows,
    /// Too many bytes for one import.
    #[error("the file has more than {MAX_BYTES} bytes: split it")]
    TooManyBytes,
    /// The zone given by the caller is unknown.
    #[error("the zone of the import is not in the time zone database")]
    UnknownZone,
    /// An earlier error already ended this import.
    #[error("the import has already failed")]
    AlreadyFailed,
}

impl FileError {
    /// Chinese.
    #[must_use]
    pub fn text_zh(&self) -> String {
        match self {
            Self::Empty => "文件为空：需要表头和数据行。".to_owned(),
            Self::Utf16 => "文件是 UTF-16 或 UTF-32 编码：请另存为 UTF-8 CSV 或 GB18030。".to_owned(),
            Self::UnclearEncoding => {
                "文件既可按 UTF-8 也可按 GB18030 读取：请另存为带 BOM 的 CSV UTF-8。".to_owned()
            }
            Self::BadBytes { line, encoding } => {
                format!("第 {line} 行含有非 {encoding} 编码的字节：请用同一种编码保存整个文件。")
            }
            Self::RecordTooLong { line } => {
                format!("第 {line} 行超过 {MAX_RECORD_BYTES} 字节：请检查是否缺少右引号。")
            }
            Self::TooManyFields { line } => format!("第 {line} 行超过 {MAX_FIELDS} 列。"),
            Self::OpenQuote { line } => format!("第 {line} 行开始的引号没有闭合。"),
            Self::NoPhoneColumn => "没有名为 phone 或 手机号 的列：请在首行写明列名。".to_owned(),
            Self::UnknownColumn { at } => {
                format!("第 {at} 列不在字段清单中：请改用清单中的列名，或选择丢弃该列。")
            }
            Self::ColumnTwice { column, first, second } => {
                format!("第 {first} 列与第 {second} 列都是“{}”。", column.header_zh())
            }
            Self::TooManyRows => format!("文件超过 {MAX_ROWS} 行：请拆分。"),
            Self::TooManyBytes => format!("文件超过 {MAX_BYTES} 字节：请拆分。"),
            Self::UnknownZone => "导入所用的时区不存在。".to_owned(),
            Self::AlreadyFailed => "本次导入已失败。".to_owned(),
        }
    }
}

/// The encoding found at the beginning of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// GB18030, and with it GBK and GB 2312.
    Gb18030,
}

impl std::fmt::Display for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
        })
    }
}

/// What is wrong with one field or row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RowCode {
    /// The field may not be empty.
    Missing,
    /// The telephone number cannot be read.
    BadNumber,
    /// The number stands in an earlier row.
    Duplicate {
        /// The line of that row.
        first_line: u64,
    },
    /// The row has another number of columns than the header.
    FieldCount {
        /// Columns of the header.
        expected: usize,
        /// Columns of the row.
        found: usize,
    },
    /// The text is too long.
    TooLong {
        /// Characters allowed.
        max: usize,
    },
    /// A control character.
    ControlCharacter,
    /// The text starts like a spreadsheet formula.
    Formula,
    /// An identity card number.
    IdNumber,
    /// A bank card number.
    BankCard,
    /// An e-mail address.
    Email,
    /// A postal address.
    Address,
    /// Not a date.
    BadDate,
    /// Not a date with time.
    BadTime,
    /// Neither yes nor no.
    BadFlag,
    /// Not a way of giving consent.
    BadChannel,
    /// Consent ends before it was given.
    EndsBeforeStart,
}

impl RowCode {
    /// The code as it is counted and shown.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::BadNumber => "bad_number",
            Self::Duplicate { .. } => "duplicate",
            Self::FieldCount { .. } => "field_count",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter => "control_character",
            Self::Formula => "formula",
            Self::IdNumber => "id_number",
            Self::BankCard => "bank_card",
            Self::Email => "email",
            Self::Address => "address",
            Self::BadDate => "bad_date",
            Self::BadTime => "bad_time",
            Self::BadFlag => "bad_flag",
            Self::BadChannel => "bad_channel",
            Self::EndsBeforeStart => "ends_before_start",
        }
    }

    /// English.
    #[must_use]
    pub fn text_en(self) -> String {
        match self {
            Self::Missing => "This field must be filled in.".to_owned(),
            Self::BadNumber => "This is not a telephone number. Correct it.".to_owned(),
            Self::Duplicate { first_line } => {
                format!("The number already stands in line {first_line}. Remove one of the two rows.")
            }
            Self::FieldCount { expected, found } => {
                format!("The row has {found} columns, the header {expected}. Check delimiters and quotes.")
            }
            Self::TooLong { max } => format!("The text has more than {max} characters. Shorten it."),
            Self::ControlCharacter => "The text contains a control character. Remove it.".to_owned(),
            Self::Formula => "The text starts like a formula (= + - @). Remove that character.".to_owned(),
            Self::IdNumber => "The text contains an identity card number. Remove it.".to_owned(),
            Self::BankCard => "The text contains a bank card number. Remove it.".to_owned(),
            Self::Email => "The text contains an e-mail address. Remove it.".to_owned(),
            Self::Address => "The text contains a postal address. Remove it.".to_owned(),
            Self::BadDate => "This is not a date. Write it as 2026-01-31.".to_owned(),
            Self::BadTime => "This is not a date and time. Write it as 2026-01-31 09:30:00.".to_owned(),
            Self::BadFlag => "Write yes or no here.".to_owned(),
            Self::BadChannel => "Write ticked, voice or paper here.".to_owned(),
            Self::EndsBeforeStart => "Consent ends before it was given. Correct the times.".to_owned(),
        }
    }

    /// Chinese.
    #[must_use]
    pub fn text_zh(self) -> String {
        match self {
            Self::Missing => "此项必填。".to_owned(),
            Self::BadNumber => "这不是有效的电话号码，请更正。".to_owned(),
            Self::Duplicate { first_line } => {
                format!("该号码已在第 {first_line} 行出现，请删除其中一行。")
            }
            Self::FieldCount { expected, found } => {
                format!("本行有 {found} 列，表头有 {expected} 列，请检查分隔符和引号。")
            }
            Self::TooLong { max } => format!("内容超过 {max} 个字符，请缩短。"),
            Self::ControlCharacter => "内容含有控制字符，请删除。".to_owned(),
            Self::Formula => "内容以公式符号（= + - @）开头，请删除该符号。".to_owned(),
            Self::IdNumber => "内容含有身份证号，请删除。".to_owned(),
            Self::BankCard => "内容含有银行卡号，请删除。".to_owned(),
            Self::Email => "内容含有电子邮箱，请删除。".to_owned(),
            Self::Address => "内容含有住址，请删除。".to_owned(),
            Self::BadDate => "这不是日期，请写成 2026-01-31。".to_owned(),
            Self::BadTime => "这不是日期时间，请写成 2026-01-31 09:30:00。".to_owned(),
            Self::BadFlag => "此处请填“是”或“否”。".to_owned(),
            Self::BadChannel => "此处请填“勾选”“语音”或“纸质”。".to_owned(),
            Self::EndsBeforeStart => "授权到期早于授权时间，请更正。".to_owned(),
        }
    }
}

/// One error of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The line of the file on which the row starts, from 1.
    pub line: u64,
    /// The column, unless the whole row is meant.
    pub column: Option<Column>,
    /// What is wrong.
    pub code: RowCode,
}
