//! The scenarios of `js/` against a box: `cargo test -p browser`, or `cargo xtask test --only browser`.

use browser::{Bench, Scenario};
use e2e::Place;
use std::time::Duration;

#[test]
fn the_browsers_checks_find_what_they_are_for() {
    let (one, other) = (Place::new(), Place::new());
    let tls = |place: &Place| place.folder("tls").display().to_string();
    let variables = [("RINGFENCE_TLS", tls(&one)), ("RINGFENCE_OTHER_TLS", tls(&other))];
    let mut scenario = Scenario::start("lib.test.js", &variables).expect("node and its packages");
    let good = e2e::until("the checks end", Duration::from_secs(120), || scenario.ended().expect("a status"));
    assert!(good, "a check of the browser does not work");
}

#[test]
fn a_whole_first_day_in_the_browser() {
    let mut bench = Bench::start().expect("a box with its page");
    bench.run("day.test.js").expect("every scenario passes");
    bench.sound();
}
