//! [`Session`] to text, in the order RFC 8866 9 prescribes. A line break inside a value
//! would start a line of its own: it becomes a blank.

use std::fmt::{self, Write};

use super::model::{Address, Attribute, Hidden, Media, Session};
use crate::host::Host;

impl Session {
    /// The bytes of a body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=0\r\n")?;
        let o = &self.origin;
        let origin = format!("{} {} {} {}", o.username, o.session_id, o.version, o.address);
        line(f, 'o', &origin)?;
        line(f, 's', if self.name.is_empty() { "-" } else { &self.name })?;
        letters(f, &self.others, "iuep")?;
        if let Some(connection) = &self.connection {
            line(f, 'c', &connection.to_string())?;
        }
        letters(f, &self.others, "b")?;
        for (letter, value) in &self.times {
            line(f, *letter, value)?;
        }
        letters(f, &self.others, "zk")?;
        attributes(f, &self.attributes)?;
        self.media.iter().try_for_each(|media| stream(f, media))
    }
}

fn stream(f: &mut fmt::Formatter<'_>, media: &Media) -> fmt::Result {
    let value = format!(
        "{} {}{} {} {}",
        media.kind,
        media.port,
        media.port_count,
        media.proto.as_str(),
        media.formats.join(" ")
    );
    line(f, 'm', &value)?;
    letters(f, &media.others, "i")?;
    if let Some(connection) = &media.connection {
        line(f, 'c', &connection.to_string())?;
    }
    letters(f, &media.others, "bk")?;
    attributes(f, &media.attributes)
}

fn letters(f: &mut fmt::Formatter<'_>, others: &[(char, Hidden)], which: &str) -> fmt::Result {
    for wanted in which.chars() {
        for (letter, value) in others.iter().filter(|(letter, _)| *letter == wanted) {
            line(f, *letter, &value.0)?;
        }
    }
    Ok(())
}

fn attributes(f: &mut fmt::Formatter<'_>, attributes: &[Attribute]) -> fmt::Result {
    for attribute in attributes {
        match &attribute.value {
            Some(value) => line(f, 'a', &format!("{}:{value}", attribute.name))?,
            None => line(f, 'a', &attribute.name)?,
        }
    }
    Ok(())
}

fn line(f: &mut fmt::Formatter<'_>, letter: char, value: &str) -> fmt::Result {
    write!(f, "{letter}=")?;
    for c in value.chars() {
        f.write_char(if matches!(c, '\r' | '\n') { ' ' } else { c })?;
    }
    f.write_str("\r\n")
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.ipv6 { "IP6" } else { "IP4" };
        match self.host {
            Host::V6(ip) => write!(f, "IN {family} {ip}{}", self.suffix),
            Host::V4(_) | Host::Name(_) | Host::Absent => {
                write!(f, "IN {family} {}{}", self.host, self.suffix)
            }
        }
    }
}
