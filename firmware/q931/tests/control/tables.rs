//! The state tables of the documentation, walked cell by cell: each state is reached by messages and commands, the
//! input is given, and what was sent, told, the state and the timer afterwards are those of the cell's action.

mod inputs;
mod reach;
mod restart;

use crate::bench::Side;
use idl::spans::PriSide;
use q931::control::{CallHandle, Event};
use std::collections::{BTreeMap, BTreeSet};

const USER: &str = include_str!("../../src/control/tables/user.md");
const NETWORK: &str = include_str!("../../src/control/tables/network.md");

#[test]
fn the_user_side_walks_every_cell_of_its_tables() {
    walk(PriSide::User, USER);
}

#[test]
fn the_network_side_walks_every_cell_of_its_tables() {
    walk(PriSide::Network, NETWORK);
}

#[test]
fn every_message_type_and_every_state_has_its_row_and_column() {
    for (side, page) in [(PriSide::User, USER), (PriSide::Network, NETWORK)] {
        let page = Page::read(page);
        let rows: BTreeSet<_> = page.cells.keys().map(|(row, _)| row.as_str()).collect();
        for kind in q931::MessageType::NAMED.iter().filter(|kind| !kind.is_maintenance()) {
            assert!(rows.contains(kind.name()), "{} has no row on the {side:?} side", kind.name());
        }
        for input in inputs::all(side) {
            assert!(rows.contains(input), "{input} has no row on the {side:?} side");
        }
        let columns: BTreeSet<u8> = page.cells.keys().map(|(_, state)| *state).collect();
        let passed = match side {
            PriSide::User => BTreeSet::new(),
            PriSide::Network => BTreeSet::from([8, 11]),
        };
        let states = q931::control::CallState::ALL.iter().map(|state| state.number(side));
        let states: BTreeSet<u8> = states.filter(|number| !passed.contains(number)).chain([0]).collect();
        assert_eq!(columns, states, "{side:?}");
        for row in &rows {
            for state in &states {
                assert!(
                    page.cells.contains_key(&((*row).to_owned(), *state)),
                    "{row} in {state} is not said"
                );
            }
        }
    }
}

/// Walks all cells of a page.
fn walk(side: PriSide, page: &str) {
    let page = Page::read(page);
    let mut wrong = Vec::new();
    for ((row, state), action) in &page.cells {
        if action == "/" {
            assert!(reach::cannot_be(side, row, *state), "{row} in {state} can be after all");
            continue;
        }
        let expected = page.actions.get(action).unwrap_or_else(|| panic!("no action {action}"));
        if let Err(difference) = check(side, row, *state, expected) {
            wrong.push(format!("{row} in {state} ({action}): {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(side: PriSide, row: &str, state: u8, expected: &Action) -> Result<(), String> {
    let (mut it, call) = reach::state(side, state, row);
    let before = (it.interface.call_state(call), it.interface.deadline());
    let now = inputs::give(side, &mut it, row, call, reach::NOW);
    let sent = sent(&it);
    if sent != expected.sent {
        return Err(format!("sent {sent:?}, not {:?}", expected.sent));
    }
    let told: Vec<_> = it.news().into_iter().map(name).collect();
    if told != expected.told {
        return Err(format!("told {told:?}, not {:?}", expected.told));
    }
    let call = it.incoming().unwrap_or(call);
    let next = it.interface.call_state(call).map_or(0, |state| state.number(side));
    let was = before.0.map_or(0, |state| state.number(side));
    let wanted = if expected.next == "same" { was } else { expected.next.parse().expect("a state's number") };
    if next != wanted {
        return Err(format!("state {next}, not {wanted}"));
    }
    let timer = |name: &str| now + inputs::timers(side).of(inputs::timer(name));
    let deadline = match expected.timer.as_str() {
        "same" => before.1,
        "none" => None,
        and if and.starts_with("and ") => {
            let others = before.1.filter(|end| *end > now);
            Some(timer(&and[4..])).into_iter().chain(others).min()
        }
        name => Some(timer(name)),
    };
    if it.interface.deadline() != deadline {
        return Err(format!("deadline {:?}, not {deadline:?}", it.interface.deadline()));
    }
    Ok(())
}

/// What was sent, as the tables write it.
fn sent(it: &Side) -> Vec<String> {
    let messages = it.sent.iter().map(|message| match message.ies.cause() {
        Some(cause) => format!("{} {}", message.kind.name(), cause.value.code()),
        None => message.kind.name().to_owned(),
    });
    let establish = std::iter::repeat_n("DL-ESTABLISH".to_owned(), it.establish);
    establish.chain(messages).collect()
}

fn name(event: &Event) -> String {
    let shown = format!("{event:?}");
    shown.split(|sign: char| !sign.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

#[derive(Debug)]
struct Action {
    sent: Vec<String>,
    told: Vec<String>,
    next: String,
    timer: String,
}

/// The tables of one page.
struct Page {
    actions: BTreeMap<String, Action>,
    cells: BTreeMap<(String, u8), String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self { actions: BTreeMap::new(), cells: BTreeMap::new() };
        let mut states: Vec<u8> = Vec::new();
        for line in text.lines().filter(|line| line.starts_with("| ")) {
            let cells: Vec<_> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            if cells[0].is_empty() {
                states = cells[1..].iter().map(|cell| cell.parse().expect("a state's number")).collect();
            } else if states.is_empty() {
                page.action(&cells);
            } else {
                assert_eq!(cells.len(), states.len() + 1, "{} has a cell too few or too many", cells[0]);
                for (state, action) in states.iter().zip(&cells[1..]) {
                    let old = page.cells.insert((cells[0].clone(), *state), action.clone());
                    assert!(old.is_none(), "{} stands twice", cells[0]);
                }
            }
        }
        page
    }

    fn action(&mut self, cells: &[String]) {
        let [name, sent, told, next, timer] = cells else { panic!("an action has five columns") };
        let list = |cell: &str| cell.split(", ").filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let action = Action { sent: list(sent), told: list(told), next: next.clone(), timer: timer.clone() };
        if name != "action" {
            self.actions.insert(name.clone(), action);
        }
    }
}

/// The call of the tables, where this side set it up.
pub const OWN: CallHandle = CallHandle(1);
