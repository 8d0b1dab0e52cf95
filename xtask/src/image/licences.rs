//! The licence of a Debian package as an SPDX expression, from its copyright file. What SPDX has no name for keeps Debian's,
//! as a reference of its own; the text is the copyright file, which lies in the box. It judges nothing and reads no
//! licence's text.

use std::collections::BTreeSet;

/// What the copyright file declares for the package's whole source: all of it holds at once.
pub fn declared(package: &str, copyright: &str) -> String {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let machine_readable = copyright.lines().take(HEAD_LINES).any(|line| line.contains("copyright-format"));
    if machine_readable {
        for stanza in copyright.split("\n\n").filter(|stanza| field(stanza, "Files").is_some()) {
            let licence = field(stanza, "License").filter(|licence| !licence.is_empty());
            let whole = licence.map(expression).unwrap_or_default();
            // What holds together holds each for itself; alternatives stay one thing.
            let parts =
                if whole.contains(" OR ") { vec![whole.as_str()] } else { whole.split(" AND ").collect() };
            found.extend(parts.into_iter().filter(|one| !one.is_empty()).map(str::to_owned));
        }
    } else {
        // Words for people; the texts that Debian keeps once are named by their paths.
        for rest in copyright.split("/usr/share/common-licenses/").skip(1) {
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
            found.extend(
                Some(reference(name.trim_end_matches('.'))).filter(|name| name.len() > REFERENCE.len()),
            );
        }
    }
    if found.is_empty() {
        return reference(&format!("{package}-copyright"));
    }
    joined(found, "AND")
}

/// The first line of a field.
fn field<'a>(stanza: &'a str, name: &str) -> Option<&'a str> {
    stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// Debian's short form as SPDX: `or` binds least, then `and`; a comma binds less than either.
fn expression(short: &str) -> String {
    parsed(short).unwrap_or_else(|| reference(short))
}

fn parsed(short: &str) -> Option<String> {
    let mut whole: Option<String> = None;
    for group in short.split(',') {
        let words: Vec<&str> = group.split_whitespace().collect();
        let joins = words.first().copied().filter(|word| matches!(*word, "and" | "or"));
        let words = if joins.is_some() { words.get(1..)? } else { &words };
        let group = alternatives(words)?;
        whole = Some(match (whole, joins) {
            (None, None) => group,
            (Some(before), Some("or")) => joined([before, group], "OR"),
            (Some(before), _) => joined([before, group], "AND"),
            (None, Some(_)) => return None,
        });
    }
    whole
}

fn alternatives(words: &[&str]) -> Option<String> {
    let mut all = Vec::new();
    for alternative in words.split(|word| *word == "or") {
        let mut together = Vec::new();
        for licence in alternative.split(|word| *word == "and") {
            together.push(match licence {
                [one] => named(one),
                [one, with, exception @ ..] if with.eq_ignore_ascii_case("with") => excepted(one, exception),
                _ => return None,
            });
        }
        all.push(joined(together, "AND"));
    }
    Some(joined(all, "OR"))
}

/// Two or more become one expression, each in brackets where it has alternatives.
fn joined(all: impl IntoIterator<Item = String>, by: &str) -> String {
    let all: Vec<String> = all.into_iter().collect();
    if let [one] = all.as_slice() {
        return one.clone();
    }
    let bracketed = all.into_iter().map(|one| {
        if one.contains(" OR ") || (by == "OR" && one.contains(" AND ")) { format!("({one})") } else { one }
    });
    bracketed.collect::<Vec<_>>().join(&format!(" {by} "))
}

fn named(short: &str) -> String {
    let known = NAMES.iter().find(|(debian, _)| debian.eq_ignore_ascii_case(short));
    known.map_or_else(|| reference(short), |(_, spdx)| (*spdx).to_owned())
}

/// Exceptions that both have by name; others stay with their licence one thing.
fn excepted(licence: &str, exception: &[&str]) -> String {
    let words = exception.join(" ").to_ascii_lowercase();
    let known = EXCEPTIONS.iter().find(|(debian, _)| words.trim_end_matches(" exception") == *debian);
    let licence_known = NAMES.iter().any(|(debian, _)| debian.eq_ignore_ascii_case(licence));
    match known.filter(|_| licence_known) {
        Some((_, spdx)) => format!("{} WITH {spdx}", named(licence)),
        None => reference(&format!("{licence} with {}", exception.join(" "))),
    }
}

fn reference(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    // GPL-2+ is not GPL-2.
    let name: String = name.replace('+', "-or-later").chars().map(plain).collect();
    format!("{REFERENCE}{name}")
}

const REFERENCE: &str = "LicenseRef-Debian-";
const HEAD_LINES: usize = 5;
const EXCEPTIONS: &[(&str, &str)] = &[
    ("linux-syscall-note", "Linux-syscall-note"),
    ("llvm", "LLVM-exception"),
    ("libtool", "Libtool-exception"),
];
/// Debian's name and SPDX's, where both mean one text.
const NAMES: &[(&str, &str)] = &[
    ("0BSD", "0BSD"),
    ("AFL-2.1", "AFL-2.1"),
    ("Apache-2", "Apache-2.0"),
    ("Apache-2.0", "Apache-2.0"),
    ("Artistic", "Artistic-1.0-Perl"),
    ("Beerware", "Beerware"),
    ("BSD-2-clause", "BSD-2-Clause"),
    ("BSD-3-clause", "BSD-3-Clause"),
    ("BSD-3-clause-attribution", "BSD-3-Clause-Attribution"),
    ("BSD-4-clause", "BSD-4-Clause"),
    ("BSD-4-clause-UC", "BSD-4-Clause-UC"),
    ("BSL-1.0", "BSL-1.0"),
    ("bzip2-1.0.6", "bzip2-1.0.6"),
    ("CC0", "CC0-1.0"),
    ("CC0-1.0", "CC0-1.0"),
    ("CC-BY-3.0", "CC-BY-3.0"),
    ("CC-BY-SA-3.0", "CC-BY-SA-3.0"),
    ("CC-BY-SA-4.0", "CC-BY-SA-4.0"),
    ("curl", "curl"),
    ("Expat", "MIT"),
    ("FSFAP", "FSFAP"),
    ("FSFUL", "FSFUL"),
    ("FSFULLR", "FSFULLR"),
    ("GFDL-1.2+", "GFDL-1.2-or-later"),
    ("GFDL-1.3+", "GFDL-1.3-or-later"),
    ("GFDL-NIV-1.3", "GFDL-1.3-no-invariants-only"),
    ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
    ("GPL-1", "GPL-1.0-only"),
    ("GPL-1+", "GPL-1.0-or-later"),
    ("GPL-2", "GPL-2.0-only"),
    ("GPL-2.0", "GPL-2.0-only"),
    ("GPL-2.0-only", "GPL-2.0-only"),
    ("GPL-2+", "GPL-2.0-or-later"),
    ("GPL-2.0+", "GPL-2.0-or-later"),
    ("GPL-2.0-or-later", "GPL-2.0-or-later"),
    ("GPL-3", "GPL-3.0-only"),
    ("GPL-3.0", "GPL-3.0-only"),
    ("GPL-3+", "GPL-3.0-or-later"),
    ("GPLv3+", "GPL-3.0-or-later"),
    ("ISC", "ISC"),
    ("LGPL-2", "LGPL-2.0-only"),
    ("LGPL-2+", "LGPL-2.0-or-later"),
    ("LGPL-2.0+", "LGPL-2.0-or-later"),
    ("LGPL-2.0-or-later", "LGPL-2.0-or-later"),
    ("LGPL-2.1", "LGPL-2.1-only"),
    ("LGPL-2.1+", "LGPL-2.1-or-later"),
    ("LGPLv2.1+", "LGPL-2.1-or-later"),
    ("LGPL-3", "LGPL-3.0-only"),
    ("LGPL-3+", "LGPL-3.0-or-later"),
    ("LGPL-3.0+", "LGPL-3.0-or-later"),
    ("LGPLv3+_or_GPLv2+", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
    ("MIT", "MIT"),
    ("MIT-CMU", "MIT-CMU"),
    ("OLDAP-2.8", "OLDAP-2.8"),
    ("OpenLDAP-2.8", "OLDAP-2.8"),
    ("Sleepycat", "Sleepycat"),
    ("Unicode-DFS-2016", "Unicode-DFS-2016"),
    ("X11", "X11"),
    ("Zlib", "Zlib"),
];

#[cfg(test)]
mod tests {
    use super::{declared, expression};

    #[test]
    fn debians_short_forms_become_spdx_expressions() {
        for (debian, spdx) in [
            ("GPL-2+", "GPL-2.0-or-later"),
            ("expat", "MIT"),
            ("GPL-1+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
            ("FSFULLR and MIT", "FSFULLR AND MIT"),
            ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
            ("GPL-2+ or AFL-2.1, and Expat", "(GPL-2.0-or-later OR AFL-2.1) AND MIT"),
            ("ISC and IBM or MIT", "(ISC AND LicenseRef-Debian-IBM) OR MIT"),
            ("GPL-3+ with Bison exception", "LicenseRef-Debian-GPL-3-or-later-with-Bison-exception"),
            ("LGPLv3+_or_GPLv2+ and ISC", "(LGPL-3.0-or-later OR GPL-2.0-or-later) AND ISC"),
            ("The library is free", "LicenseRef-Debian-The-library-is-free"),
        ] {
            assert_eq!(expression(debian), spdx, "{debian}");
        }
    }

    #[test]
    fn a_copyright_file_declares_all_its_licences_at_once() {
        let file = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: one\n\n\
            Files: *\nCopyright: somebody\nLicense: GPL-2+ or Artistic\n\nFiles: debian/*\nLicense: Expat and ISC\n Text of it\n\n\
            Files: one.c\nLicense: Expat\n\n\
            License: GPL-2+\n The text that the name stands for\n";
        assert_eq!(declared("one", file), "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND ISC AND MIT");
    }

    #[test]
    fn a_file_for_people_is_named_by_the_texts_it_points_to_or_by_itself() {
        let file =
            "It is free; see `/usr/share/common-licenses/LGPL-2.1'. And /usr/share/common-licenses/GPL-3.";
        assert_eq!(declared("krb5", file), "LicenseRef-Debian-GPL-3 AND LicenseRef-Debian-LGPL-2.1");
        assert_eq!(declared("odd", "Copyright somebody."), "LicenseRef-Debian-odd-copyright");
    }
}
