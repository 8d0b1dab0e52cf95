//! What one page says and asks, apart from how it is drawn: the full screen and the plain lines are made of the same.

/// How a row is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// A heading.
    Head,
    /// Well.
    Good,
    /// Needs attention.
    Warn,
    /// Wrong.
    Bad,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What stands in front; empty: nothing.
    pub label: String,
    /// The text.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

/// Something that may be chosen by a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The key.
    pub key: char,
    /// What it does.
    pub label: &'static str,
}

/// A line that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub label: String,
    /// What is typed is not shown.
    pub hidden: bool,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Its title.
    pub title: String,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What may be chosen.
    pub choices: Vec<Choice>,
    /// The line that is asked for.
    pub prompt: Option<Prompt>,
    /// What just happened, and how it is meant.
    pub note: Option<(Tone, String)>,
}

/// Rows of the longest page; what is beyond is not shown.
pub const MAX_ROWS: usize = 256;

impl Sheet {
    /// A page of this title.
    #[must_use]
    pub fn of(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a row.
    pub fn row(&mut self, tone: Tone, label: &str, text: impl Into<String>) {
        if self.rows.len() < MAX_ROWS {
            self.rows.push(Row { label: label.to_owned(), text: text.into(), tone });
        }
    }

    /// Adds a row without a label.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.row(tone, "", text);
    }

    /// Adds a choice.
    pub fn choice(&mut self, key: char, label: &'static str) {
        self.choices.push(Choice { key, label });
    }
}
