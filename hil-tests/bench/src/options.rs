//! The command line: which measurements, and their sizes.

use lexopt::ValueExt;

/// What `--help` prints.
pub const USAGE: &str = "\
bench [NAME…] [options]   all measurements, or those named: gate calls media lines setup
                          memory import page

  --calls N      concurrent calls of media (default: 100, then 200), of lines (30, 60, 240), of memory and of page (200)
  --seconds N    length of the window of media, lines and page (30)
  --contacts N   contacts of calls (30000)
  --pace N       calls a minute of each campaign of calls (60000)
  --room N       most calls at once of each campaign of calls (800)
  --campaigns N  campaigns the contacts of calls are spread over (1)
  --dials N      dial requests of setup (400)
  --rows N       rows of import; contacts and calls of page (1000000)
  --media-threads N  media threads of lined (its default)
";

/// What to measure.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the command line's words, explained there")]
pub struct Options {
    pub names: Vec<String>,
    pub help: bool,
    pub calls: Option<u16>,
    pub seconds: u64,
    pub contacts: u32,
    pub pace: u32,
    pub room: u16,
    pub campaigns: u8,
    pub dials: u32,
    pub rows: u32,
    pub media_threads: Option<u16>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            help: false,
            calls: None,
            seconds: 30,
            contacts: 30_000,
            pace: 60_000,
            room: 800,
            campaigns: 1,
            dials: 400,
            rows: 1_000_000,
            media_threads: None,
        }
    }
}

impl Options {
    /// Reads the process's command line.
    ///
    /// # Errors
    /// On an unknown word.
    pub fn from_env() -> anyhow::Result<Self> {
        Self::parse(lexopt::Parser::from_env())
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// On an unknown word.
    pub fn parse(mut line: lexopt::Parser) -> anyhow::Result<Self> {
        use lexopt::Arg::{Long, Short, Value};
        let mut options = Self::default();
        while let Some(word) = line.next()? {
            match word {
                Long("help") | Short('h') => options.help = true,
                Long("calls") => options.calls = Some(line.value()?.parse()?),
                Long("seconds") => options.seconds = line.value()?.parse()?,
                Long("contacts") => options.contacts = line.value()?.parse()?,
                Long("pace") => options.pace = line.value()?.parse()?,
                Long("room") => options.room = line.value()?.parse()?,
                Long("campaigns") => options.campaigns = line.value()?.parse()?,
                Long("dials") => options.dials = line.value()?.parse()?,
                Long("rows") => options.rows = line.value()?.parse()?,
                Long("media-threads") => options.media_threads = Some(line.value()?.parse()?),
                Value(name) if NAMES.contains(&&*name.to_string_lossy()) => {
                    options.names.push(name.string()?);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    /// Whether this measurement is wanted.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }
}

const NAMES: [&str; 8] = ["gate", "calls", "media", "lines", "setup", "memory", "import", "page"];

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(words: &[&str]) -> anyhow::Result<Options> {
        Options::parse(lexopt::Parser::from_args(words))
    }

    #[test]
    fn without_names_everything_is_wanted_and_with_names_only_those() {
        assert!(parse(&[]).expect("empty").wants("gate"));
        let some = parse(&["media", "--calls", "50"]).expect("known words");
        assert!(some.wants("media") && !some.wants("gate"));
        assert_eq!(some.calls, Some(50));
    }

    #[test]
    fn an_unknown_measurement_is_refused() {
        assert!(parse(&["speed"]).is_err());
        assert!(parse(&["--fast"]).is_err());
    }
}
