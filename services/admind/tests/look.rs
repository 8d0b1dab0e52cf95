//! The look as data: colours that can be read in both themes, classes and signs that exist, and nothing in a template
//! that the content security policy would refuse. What only a browser sees is tested in a browser.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|known| known == ending) {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn templates() -> Vec<(String, String)> {
    let mut found = vec![];
    files(&folder("templates"), "html", &mut found);
    assert!(found.len() > 10, "{} templates", found.len());
    found
}

fn style(name: &str) -> String {
    fs::read_to_string(folder("assets").join(name)).unwrap()
}

/// The colours of a theme: 0 light, 1 dark.
fn colours(css: &str, theme: usize) -> BTreeMap<String, [u8; 3]> {
    let mut colours = BTreeMap::new();
    for line in css.lines() {
        let Some((name, value)) = line.trim().strip_prefix("--").and_then(|line| line.split_once(':')) else {
            continue;
        };
        let hex: Vec<&str> = value
            .split('#')
            .skip(1)
            .filter_map(|rest| rest.get(..6).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())))
            .collect();
        let Some(hex) = hex.get(theme).or(hex.first()) else { continue };
        let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        colours.insert(name.to_owned(), [part(0), part(2), part(4)]);
    }
    colours
}

/// WCAG 2.2, relative luminance.
fn luminance(colour: [u8; 3]) -> f64 {
    let linear = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    linear[0].mul_add(0.2126, linear[1].mul_add(0.7152, linear[2] * 0.0722))
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_can_be_read_on_every_ground_it_stands_on_in_both_themes() {
    let css = style("app.css");
    let grounds = ["bg", "bg-side", "surface", "sunken", "hover"];
    let states = ["ok", "warn", "bad", "info", "idle", "accent"];
    for theme in [0, 1] {
        let colours = colours(&css, theme);
        let check = |text: &str, ground: &str, least: f64| {
            let ratio = contrast(colours[text], colours[ground]);
            assert!(ratio >= least, "theme {theme}: {text} on {ground} is {ratio:.2}");
        };
        for ground in grounds {
            for text in ["text", "muted", "accent"] {
                check(text, ground, 4.5);
            }
            for text in ["ok", "warn", "bad", "line-strong", "focus"] {
                check(text, ground, 3.0);
            }
        }
        for state in states {
            check(state, &format!("{state}-soft"), 4.5);
            check("text", &format!("{state}-soft"), 4.5);
            check(state, "surface", 4.5);
        }
        for fill in ["accent-fill", "accent-fill-hover", "bad-fill"] {
            check("on-accent", fill, 4.5);
        }
        for series in ["c1", "c2", "c3", "c4", "c5"] {
            check(series, "surface", 3.0);
        }
    }
}

#[test]
fn a_colour_that_is_too_faint_is_found() {
    let css = "--muted: var(--light, #bbbbbb) var(--dark, #444444);\n--bg: var(--light, #ffffff) var(--dark, #000000);";
    for theme in [0, 1] {
        let colours = colours(css, theme);
        assert!(contrast(colours["muted"], colours["bg"]) < 4.5);
    }
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 0.01);
}

/// The class names written out in a text; those a template fills in are left to the browser.
fn classes(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for piece in text.split("class=\"").skip(1) {
        let list = piece.split('"').next().unwrap_or_default();
        let mut plain = String::new();
        let mut rest = list;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            plain.push('\u{1}');
            rest = after.split_once('}').map_or("", |(_, after)| after.strip_prefix('}').unwrap_or(after));
        }
        plain.push_str(rest);
        found.extend(plain.split_whitespace().filter(|name| !name.contains('\u{1}')).map(str::to_owned));
    }
    found
}

#[test]
fn every_class_of_a_template_has_its_rule() {
    let css = style("app.css") + &style("icons.css");
    let known: BTreeSet<&str> = css
        .split('.')
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next().unwrap())
        .collect();
    for (name, text) in templates() {
        for class in classes(&text) {
            assert!(known.contains(class.as_str()), "{name}: .{class} has no rule");
        }
    }
}

#[test]
fn every_sign_a_template_names_is_drawn() {
    let icons = style("icons.css");
    for (name, text) in templates() {
        for call in ["p::icon(\"", "p::badge(\"", "p::notice(\"", "p::notice_box(\"", "p::empty(\""] {
            for piece in text.split(call).skip(1) {
                let sign = piece.split('"').next().unwrap_or_default();
                assert!(icons.contains(&format!(".i-{sign} ")), "{name}: no sign {sign}");
            }
        }
    }
}

#[test]
fn a_template_holds_nothing_the_policy_refuses() {
    for (name, text) in templates() {
        assert!(!text.contains(" style="), "{name}: a style");
        assert!(!text.contains("<style"), "{name}: a style sheet");
        assert!(!text.contains("javascript:"), "{name}: a script address");
        assert!(!text.contains("http://") && !text.contains("https://"), "{name}: another host");
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"{{ page.asset("), "{name}: a script of its own");
        }
        for piece in text.split(" on").skip(1) {
            let word: String = piece.chars().take_while(char::is_ascii_lowercase).collect();
            assert!(word.is_empty() || !piece[word.len()..].starts_with('='), "{name}: on{word}=");
        }
    }
}

#[test]
fn a_form_that_changes_something_proves_where_it_comes_from() {
    for (name, text) in templates() {
        for form in text.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if form.contains("method=\"post\"") {
                assert!(form.contains("page.proof()"), "{name}: {}", form.lines().next().unwrap_or_default());
            }
        }
    }
}
