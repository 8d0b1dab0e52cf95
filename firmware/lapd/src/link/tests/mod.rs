//! Tests that look inside a link: the walk through the state table.
//!
//! What can be seen from outside is tested in the folder `tests` of the crate.

mod situation;
mod words;

use std::collections::BTreeMap;

use crate::Side;
use situation::{COLUMNS, ROWS, Situation};

/// The table of the documentation.
const TABLE: &str = include_str!("../../table.md");

/// Row by row and column by column: the cell says what comes out, which timers start or stop, and the next state.
#[test]
fn every_cell_of_the_state_table_is_what_the_link_does() {
    let mut wrong = Vec::new();
    for side in [Side::User, Side::Network] {
        for (input, cells) in cells() {
            for (column, cell) in COLUMNS.iter().zip(cells) {
                let done = Situation::new(side, *column, &input).run();
                if done != cell {
                    wrong.push(format!("{side:?}, {input} in {column:?}: «{cell}» became «{done}»"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_state_table_has_a_row_for_every_input_and_a_cell_for_every_state() {
    let cells = cells();
    let missing: Vec<_> = ROWS.iter().filter(|row| !cells.contains_key(**row)).collect();
    assert!(missing.is_empty(), "rows that the table lacks: {missing:?}");
    let unknown: Vec<_> = cells.keys().filter(|row| !ROWS.contains(&row.as_str())).collect();
    assert!(unknown.is_empty(), "rows that nobody walks: {unknown:?}");
    for (row, cells) in &cells {
        assert_eq!(cells.len(), COLUMNS.len(), "{row}");
    }
    let states: Vec<_> = COLUMNS.iter().map(|column| column.state()).collect();
    for state in crate::State::ALL {
        assert!(states.contains(&state), "{state:?} has no column");
    }
}

/// Which rows reach which kind of event; a kind without a row fails here, a new kind does not compile.
#[test]
fn every_kind_of_event_has_a_row() {
    let mut reached: BTreeMap<&str, usize> = words::KINDS.iter().map(|kind| (*kind, 0)).collect();
    for row in ROWS {
        let kind = words::kind(&Situation::event(Side::User, row));
        *reached.get_mut(kind).expect("a kind of the list") += 1;
    }
    let missing: Vec<_> = reached.iter().filter(|(_, rows)| **rows == 0).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The cells of each row of the table by its input, the head and the rule apart.
fn cells() -> BTreeMap<String, Vec<String>> {
    let rows = TABLE.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        let input = cells.next().expect("a first cell");
        (input, cells.collect())
    })
    .collect()
}
