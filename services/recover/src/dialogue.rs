//! Asking for shares: a pure machine. Lines in, what to say out. A share may take one line or several.

use custodians::{
    CombineError, MAX_SHARE_TEXT_BYTES, NEEDED, RecoverySecret, SetId, Share, ShareError, combine,
};
use zeroize::Zeroizing;

/// Signs of a share.
const SIGNS: usize = 64;
/// What starts the box again.
const RESTART: &str = "restart";

/// What a line came to.
#[derive(Debug)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// So many signs are missing yet.
    More(usize),
    /// The share with this number was taken.
    Taken(u8),
    /// It was not, and why.
    Refused(String),
    /// Three that belong together.
    Whole(RecoverySecret, Vec<Share>),
    /// The box is to start again.
    Restart,
}

/// The shares given so far.
#[derive(Debug)]
pub struct Dialogue {
    sets: Vec<SetId>,
    shares: Vec<Share>,
    typed: Zeroizing<String>,
}

impl Dialogue {
    /// Asks for shares of one of these sets.
    #[must_use]
    pub fn new(sets: Vec<SetId>) -> Self {
        Self { sets, shares: Vec::new(), typed: fresh() }
    }

    /// Shares given.
    #[must_use]
    pub const fn given(&self) -> usize {
        self.shares.len()
    }

    /// Takes a line.
    pub fn line(&mut self, line: &str) -> Said {
        let line = line.trim();
        if line.eq_ignore_ascii_case(RESTART) {
            return Said::Restart;
        }
        if line.is_empty() {
            let begun = !self.typed.is_empty();
            self.typed = fresh();
            return if begun { Said::Refused("begun anew".to_owned()) } else { Said::Nothing };
        }
        if self.typed.len() + 1 + line.len() > MAX_SHARE_TEXT_BYTES {
            self.typed = fresh();
            return Said::Refused("this is longer than a share".to_owned());
        }
        self.typed.push(' ');
        self.typed.push_str(line);
        match Share::parse(&self.typed) {
            Err(ShareError::Length(signs)) if signs < SIGNS => Said::More(SIGNS - signs),
            Err(error) => {
                self.typed = fresh();
                Said::Refused(error.to_string())
            }
            Ok(share) => {
                self.typed = fresh();
                self.share(share)
            }
        }
    }

    fn share(&mut self, share: Share) -> Said {
        let number = share.number;
        if !self.sets.contains(&share.set) {
            let set = share.set;
            return Said::Refused(format!(
                "share {number} is of set {set}: of another box, or replaced by newer shares"
            ));
        }
        if self.shares.iter().any(|given| given.number == number) {
            return Said::Refused(format!("share {number} was given already"));
        }
        if let Some(first) = self.shares.first().filter(|first| first.set != share.set) {
            return Said::Refused(format!(
                "share {number} is of set {}, those before it of set {}",
                share.set, first.set
            ));
        }
        self.shares.push(share);
        if self.shares.len() < NEEDED {
            return Said::Taken(number);
        }
        match combine(&self.shares) {
            Ok(secret) => Said::Whole(secret, std::mem::take(&mut self.shares)),
            Err(error) => {
                self.shares.clear();
                let all = if error == CombineError::Wrong { "; all three are asked for again" } else { "" };
                Said::Refused(format!("{error}{all}"))
            }
        }
    }
}

/// Room for the longest share, so that it never grows and leaves a part behind.
fn fresh() -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(MAX_SHARE_TEXT_BYTES))
}

#[cfg(test)]
mod tests {
    use super::{Dialogue, Said};
    use custodians::{RecoverySecret, Share, split};
    use vocab::Secret;

    fn set(byte: u8) -> (RecoverySecret, [Share; 5]) {
        let secret = RecoverySecret::new(Secret::new([byte; 32]));
        let shares = split(&secret, &Secret::new([[0x57; 32], [0x83; 32]]));
        (secret, shares)
    }

    fn give(dialogue: &mut Dialogue, share: &Share) -> Said {
        dialogue.line(&share.to_text().expose().replace('\n', " ").chars().take(79).collect::<String>())
    }

    fn refused(said: Said) -> String {
        match said {
            Said::Refused(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn enc_05_three_shares_of_the_box_give_its_secret_and_two_give_nothing() {
        let (secret, shares) = set(1);
        let mut dialogue = Dialogue::new(vec![secret.set()]);
        assert!(matches!(give(&mut dialogue, &shares[4]), Said::Taken(5)));
        assert!(matches!(give(&mut dialogue, &shares[0]), Said::Taken(1)));
        assert_eq!(dialogue.given(), 2);
        match give(&mut dialogue, &shares[2]) {
            Said::Whole(found, given) => assert_eq!((found, given.len()), (secret, 3)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_share_may_be_typed_as_it_stands_on_paper_line_by_line() {
        let (secret, shares) = set(1);
        let mut dialogue = Dialogue::new(vec![secret.set()]);
        let text = shares[1].to_text();
        let mut lines = text.expose().lines().map(|line| dialogue.line(&line.to_lowercase()));
        assert!(matches!(lines.next(), Some(Said::More(48))));
        assert!(matches!(lines.next(), Some(Said::More(32))));
        assert!(matches!(lines.next(), Some(Said::More(16))));
        assert!(matches!(lines.next(), Some(Said::Taken(2))));
    }

    #[test]
    fn enc_05_a_wrong_share_is_named_and_those_before_it_stay() {
        let ((secret, ours), (_, theirs)) = (set(1), set(2));
        let mut dialogue = Dialogue::new(vec![secret.set()]);
        assert!(matches!(give(&mut dialogue, &ours[0]), Said::Taken(1)));
        assert_eq!(refused(give(&mut dialogue, &ours[0])), "share 1 was given already");
        let other = refused(give(&mut dialogue, &theirs[3]));
        assert!(other.contains("share 4") && other.contains(&theirs[3].set.to_string()), "{other}");
        assert!(refused(dialogue.line("ABCD !BCD")).contains("group 2"));
        let mistyped: String = ours[1].to_text().expose().replace('\n', " ");
        let last = if mistyped.ends_with('0') { "1" } else { "0" };
        let mistyped = format!("{}{last}", &mistyped[..mistyped.len() - 1]);
        assert!(refused(dialogue.line(&mistyped)).contains("mistyped"));
        assert_eq!(dialogue.given(), 1);
    }

    #[test]
    fn an_empty_line_begins_a_share_anew_and_restart_ends() {
        let (secret, _) = set(1);
        let mut dialogue = Dialogue::new(vec![secret.set()]);
        assert!(matches!(dialogue.line("ABCD"), Said::More(60)));
        assert_eq!(refused(dialogue.line("")), "begun anew");
        assert!(matches!(dialogue.line(""), Said::Nothing));
        assert!(matches!(dialogue.line("ABCD"), Said::More(60)));
        assert!(matches!(dialogue.line(" Restart "), Said::Restart));
        assert!(refused(dialogue.line(&"-".repeat(255))).contains("longer"));
    }
}
