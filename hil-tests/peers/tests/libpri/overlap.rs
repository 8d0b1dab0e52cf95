//! Numbers that come digit by digit, ours to libpri and libpri's to us.

use crate::support::{bench, connected, hang_up, incoming, released, setup};
use peers::libpri::{Bench, Setting};
use q931::control::{CallHandle, Command, Event};
use serde_json::json;
use vocab::Pii;

fn digits(call: u64, digits: &str, complete: bool) -> Command {
    Command::Digits { call: CallHandle(call), digits: Pii::new(digits.to_owned()), complete }
}

/// A call whose number begins so and goes on later.
fn begin(bench: &mut Bench, call: u64, called: &str) -> anyhow::Result<()> {
    let mut setup = setup(call, called);
    setup.overlap = Some(true);
    setup.complete = false;
    bench.command(0, Command::Setup(Box::new(setup)))?;
    bench.ours(0, "more digits are wanted", |event| matches!(event, Event::SetupAck { .. }))?;
    Ok(())
}

#[test]
fn the_network_takes_the_number_digit_by_digit_until_it_has_enough() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "set", "overlap": 1}))?;
    bench.order(0, &json!({"do": "rule", "number": "", "digits": 8, "ring": 0, "answer": 20}))?;
    for (call, first) in [(1, ""), (2, "6"), (3, "621")] {
        begin(&mut bench, call, first)?;
        let number = "62123456";
        for digit in number[first.len()..].chars() {
            bench.command(0, digits(call, &digit.to_string(), false))?;
        }
        assert_eq!(bench.told(0, "number")?.called.as_deref(), Some(number));
        connected(&mut bench, 0, call)?;
        bench.command(0, hang_up(CallHandle(call)))?;
        released(&mut bench, 0, call)?;
    }
    bench.settle()
}

#[test]
fn digits_in_groups_and_the_end_of_the_number_are_understood() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "set", "overlap": 1}))?;
    bench.order(0, &json!({"do": "rule", "number": "", "digits": 20, "ring": 0, "answer": 20}))?;
    begin(&mut bench, 1, "021")?;
    bench.command(0, digits(1, "6212", false))?;
    bench.command(0, digits(1, "3456", true))?;
    assert_eq!(bench.told(0, "number")?.called.as_deref(), Some("02162123456"));
    connected(&mut bench, 0, 1)?;
    bench.command(0, hang_up(CallHandle(1)))?;
    released(&mut bench, 0, 1)?;
    bench.settle()
}

#[test]
fn a_call_is_given_up_while_digits_are_wanted() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "set", "overlap": 1}))?;
    bench.order(0, &json!({"do": "rule", "number": "", "digits": 8}))?;
    begin(&mut bench, 1, "6")?;
    bench.command(0, hang_up(CallHandle(1)))?;
    released(&mut bench, 0, 1)?;
    begin(&mut bench, 2, "6")?;
    bench.order(0, &json!({"do": "hang_up", "cause": 28}))?;
    assert_eq!(released(&mut bench, 0, 2)?.cause.code(), 28);
    bench.settle()
}

#[test]
fn a_number_of_libpri_is_taken_digit_by_digit() -> anyhow::Result<()> {
    let mut bench = bench(Setting::user())?;
    bench.order(0, &json!({"do": "set", "overlap": 1}))?;
    bench.order(0, &json!({"do": "call", "to": "56", "complete": 0}))?;
    let (call, _) = incoming(&mut bench, 0, "56")?;
    bench.command(0, Command::SetupAck { call })?;
    let told = bench.told(0, "setup_ack")?;
    bench.order(0, &json!({"do": "digits", "call": told.call, "digits": "78"}))?;
    let mut number = "56".to_owned();
    while number.len() < 4 {
        let event = bench.ours(0, "digits", |event| matches!(event, Event::Digits { .. }))?;
        if let Event::Digits { digits, .. } = event {
            number.push_str(digits.reveal());
        }
    }
    assert_eq!(number, "5678");
    bench.command(0, Command::Proceed { call })?;
    bench.command(0, Command::Connect { call })?;
    connected(&mut bench, 0, call.0)?;
    bench.command(0, hang_up(call))?;
    released(&mut bench, 0, call.0)?;
    bench.settle()
}
