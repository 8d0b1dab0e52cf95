//! Writes rows in the form the importer reads: the template people fill in, and test data.
//!
//! It writes what a [`ContactRow`] holds, so numbers in full: it is no export for people.

use crate::column::Column;
use crate::delimiter::Delimiter;
use crate::row::ContactRow;
use jiff::Timestamp;
use vocab::{Pii, UnixMs};

/// The header line of the template.
#[must_use]
pub fn header_line(delimiter: Delimiter) -> String {
    line(Column::ALL.iter().map(|column| column.header().to_owned()), delimiter)
}

/// One row as a line, with its line end.
#[must_use]
pub fn row_line(row: &ContactRow, delimiter: Delimiter) -> String {
    line(Column::ALL.iter().map(|column| value(row, *column)), delimiter)
}

fn value(row: &ContactRow, column: Column) -> String {
    let consent = row.consent.as_ref();
    let private = |value: &Option<Pii<String>>| value.as_ref().map(|text| text.reveal().clone());
    let found = match column {
        Column::Phone => Some(format!("+{}", row.phone.digits())),
        Column::Name => private(&row.name),
        Column::OrderNo => private(&row.order_no),
        Column::DemandType => row.demand_type.clone(),
        Column::Tag => row.tag.clone(),
        Column::Issue => private(&row.issue),
        Column::ConsentGivenAt => consent.map(|consent| instant(consent.given_at)),
        Column::ConsentChannel => consent.map(|consent| consent.channel.name().to_owned()),
        Column::ConsentPurpose => consent.map(|consent| consent.purpose.clone()),
        Column::ConsentExpiresAt => consent.and_then(|consent| consent.expires_at.map(instant)),
        Column::ConsentEvidence => consent.and_then(|consent| private(&consent.evidence)),
        Column::BirthDate => row.birth_date.as_ref().map(|date| date.reveal().to_string()),
        Column::Adult => row.adult.map(|adult| if adult { "yes" } else { "no" }.to_owned()),
        Column::SourceDate => row.source_date.map(|date| date.to_string()),
    };
    found.unwrap_or_default()
}

fn instant(at: UnixMs) -> String {
    Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

fn line(values: impl Iterator<Item = String>, delimiter: Delimiter) -> String {
    let special = |ch: char| matches!(ch, '"' | '\n' | '\r') || ch == char::from(delimiter.byte());
    let quoted = |text: String| {
        if text.contains(special) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let fields: Vec<String> = values.map(quoted).collect();
    fields.join(&char::from(delimiter.byte()).to_string()) + "\r\n"
}
