//! Whole screens of 80 columns and 24 rows, in both languages and without UTF-8.

use crate::bench::{Bench, NAME, NUMBER};
use consoled::terminal::Wish;
use unicode_width::UnicodeWidthStr;

fn fits(screen: &str) {
    assert_eq!(screen.lines().count(), 24);
    for line in screen.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
    }
    assert!(!screen.contains(NUMBER) && !screen.contains(NAME), "{screen}");
}

#[test]
fn l_31_a_blank_box_shows_its_address_fingerprint_and_claim_code() {
    let bench = Bench::modern(false);
    fits(&bench.screen());
    insta::assert_snapshot!("blank_zh", bench.screen());
    let mut bench = bench;
    bench.keys("g");
    insta::assert_snapshot!("blank_en", bench.screen());
}

#[test]
fn ret_05_a_blank_box_whose_tpm_was_not_cleared_says_so_before_the_claim() {
    let mut bench = Bench::modern(false);
    assert!(!bench.screen().contains("TPM"));
    bench.tpm_kept = true;
    bench.pass(120_000);
    fits(&bench.screen());
    assert!(bench.screen().contains("上次恢复出厂未能清除 TPM"), "{}", bench.screen());
    bench.keys("g");
    fits(&bench.screen());
    assert!(bench.screen().contains("Clear it in the firmware's setup"), "{}", bench.screen());
}

#[test]
fn a_terminal_without_utf_8_is_written_to_in_english_and_ascii_alone() {
    let mut bench = Bench::new(Wish { colour: true, ..Wish::default() }, Some(4), true);
    bench.keys("\r");
    bench.read();
    bench.keys("\u{c}");
    bench.sign_in();
    bench.keys("5");
    assert!(bench.read().is_ascii());
    fits(&bench.screen());
    insta::assert_snapshot!("trunks_ascii", bench.screen());
}

#[test]
fn every_screen_of_a_technician_fits_and_shows_no_number_and_no_name() {
    let mut bench = Bench::modern(true);
    fits(&bench.screen());
    insta::assert_snapshot!("claimed_zh", bench.screen());
    bench.sign_in();
    for lang in ["zh", "en"] {
        insta::assert_snapshot!(format!("menu_{lang}"), bench.screen());
        for (key, name) in [("1", "status"), ("2", "network"), ("3", "time"), ("5", "trunks"), ("6", "box")] {
            bench.keys(key);
            fits(&bench.screen());
            insta::assert_snapshot!(format!("{name}_{lang}"), bench.screen());
            bench.keys("x");
        }
        bench.keys("4");
        fits(&bench.screen());
        insta::assert_snapshot!(format!("cards_{lang}"), bench.screen());
        bench.keys("1\r");
        fits(&bench.screen());
        insta::assert_snapshot!(format!("span_{lang}"), bench.screen());
        for (key, name) in [("h", "history"), ("q", "quality"), ("r", "restart"), ("l", "loop")] {
            bench.keys(key);
            fits(&bench.screen());
            insta::assert_snapshot!(format!("{name}_{lang}"), bench.screen());
            bench.keys("\u{1b}");
        }
        bench.keys("\u{1b}");
        bench.keys("\u{1b}");
        bench.keys("g");
    }
    let seen = bench.read();
    assert!(!seen.contains(NUMBER) && !seen.contains(NAME));
    assert!(!seen.contains("\u{1b}[2J gone"), "a text from outside does not steer the terminal");
}

#[test]
fn the_development_variant_says_so_on_every_screen_and_in_every_way_of_showing_it() {
    let mut bench = Bench::modern(true);
    bench.facts.development = true;
    bench.told();
    bench.keys("g");
    let banner = "DEVELOPMENT VARIANT";
    assert!(bench.screen().contains(banner));
    bench.sign_in();
    for key in ["1", "x", "2", "x", "3", "x", "5", "x", "6", "x", "4"] {
        bench.keys(key);
        assert!(bench.screen().contains(banner), "{}", bench.screen());
    }
    bench.read();
    bench.keys("\u{14}");
    assert!(bench.read().contains(banner));
}

#[test]
fn a_screen_is_drawn_ten_times_a_second_at_most_and_only_where_it_changed() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.keys("3");
    bench.read();
    let mut frames = 0;
    for at in 0..50 {
        bench.facts.now = bench.facts.now.plus(20);
        bench.now += 20;
        bench.told();
        frames += usize::from(!bench.sent.is_empty());
        assert!(bench.sent.len() < 200, "step {at}: {} bytes", bench.sent.len());
        bench.sent.clear();
    }
    assert!((1..=11).contains(&frames), "{frames} frames in a second");
}
