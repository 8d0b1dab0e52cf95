//! Before anybody has signed in: what a blank box shows so that it can be claimed, and the sign-in for a ticket.

use super::{Page, Step};
use crate::clean::clean;
use crate::console::{Console, Out};
use crate::session::For;
use crate::sheet::{Prompt, Sheet, Tone};
use idl::account::ServiceTicket;
use idl::admin::Admin;

impl Console {
    pub(super) fn welcome(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.console);
        match &self.told.door {
            None => sheet.say(Tone::Warn, w.starting),
            Some(door) if door.commissioned => {
                sheet.row(Tone::Plain, w.owner, clean(&door.company, 50));
                sheet.say(Tone::Plain, w.closed_1);
            }
            Some(door) => {
                sheet.title = format!("{}  {}", w.console, w.blank_title);
                sheet.say(Tone::Plain, w.blank_1);
                if door.tpm_kept {
                    sheet.say(Tone::Bad, w.tpm_kept);
                    sheet.say(Tone::Bad, w.tpm_kept_next);
                }
            }
        }
        sheet.say(Tone::Plain, "");
        sheet.row(Tone::Plain, w.version, self.facts.version.clone());
        self.addresses(&mut sheet);
        self.fingerprint(&mut sheet);
        if let Some(code) = &self.told.claim {
            sheet.say(Tone::Plain, "");
            sheet.row(Tone::Head, w.claim_code, code.expose().as_str());
        }
        if !self.terminal.is_known() {
            sheet.say(Tone::Plain, "");
            sheet.prompt = Some(Prompt { label: w.press_enter.to_owned(), hidden: false });
            return sheet;
        }
        if self.told.door.as_ref().is_some_and(|door| door.commissioned) {
            sheet.choice('s', w.sign_in);
        }
        if self.terminal.utf8() {
            sheet.choice('g', w.language);
        }
        sheet.choice('m', w.mode);
        sheet.choice('v', w.redraw);
        sheet
    }

    /// The addresses by which a browser reaches the page.
    pub(super) fn addresses(&self, sheet: &mut Sheet) {
        let w = self.w();
        if self.facts.addresses.is_empty() {
            sheet.row(Tone::Warn, w.address, w.no_address);
        }
        for (port, address) in &self.facts.addresses {
            let address = if address.contains(':') { format!("[{address}]") } else { address.clone() };
            sheet.row(Tone::Plain, w.address, format!("https://{address}/  ({port})"));
        }
    }

    /// The fingerprint in two rows, as it fits.
    pub(super) fn fingerprint(&self, sheet: &mut Sheet) {
        let w = self.w();
        let all = &self.facts.fingerprint;
        if all.is_empty() {
            sheet.row(Tone::Warn, w.fingerprint, w.no_fingerprint);
            return;
        }
        let (first, second) = all.split_at_checked(FINGERPRINT_HALF).unwrap_or((all, ""));
        sheet.row(Tone::Plain, w.fingerprint, first);
        sheet.row(Tone::Plain, " ", second);
    }

    pub(super) fn sign_in(&self, step: Step) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.sign_in);
        sheet.say(Tone::Plain, w.closed_1);
        sheet.say(Tone::Plain, w.recorded_1);
        sheet.say(Tone::Plain, "");
        if let Some(ticket) = self.typed.ticket {
            sheet.row(Tone::Plain, w.ticket, ticket.to_string());
        }
        if !self.typed.login.is_empty() {
            sheet.row(Tone::Plain, w.login, clean(&self.typed.login, 40));
        }
        let (label, hidden) = match step {
            Step::Ticket => (w.ticket, false),
            Step::Login => (w.login, false),
            Step::Password => (w.password, true),
            Step::Code => (w.code, true),
        };
        sheet.prompt = Some(Prompt { label: label.to_owned(), hidden });
        sheet
    }

    pub(super) fn typed_at_sign_in(&mut self, step: Step, out: &mut Out) {
        match step {
            Step::Ticket => match ServiceTicket::parse(&self.line.take()) {
                Some(ticket) => {
                    self.typed.ticket = Some(ticket);
                    self.go(Page::SignIn(Step::Login), out);
                }
                None => self.note(Tone::Warn, self.w().bad_ticket),
            },
            Step::Login => {
                let login = self.line.take();
                if login.is_empty() {
                    self.note(Tone::Warn, self.w().bad_login);
                } else {
                    self.typed.login = login;
                    self.go(Page::SignIn(Step::Password), out);
                }
            }
            Step::Password => {
                self.typed.password = Some(self.line.take_secret());
                self.go(Page::SignIn(Step::Code), out);
            }
            Step::Code => {
                let code = self.line.take_secret();
                let (Some(ticket), Some(password)) = (self.typed.ticket, self.typed.password.take()) else {
                    self.back(out);
                    return;
                };
                let login = self.typed.login.clone();
                let what = Admin::SignInConsole { login, password, code, ticket };
                self.ask_and_wait(For::SignIn, what, out);
            }
        }
    }
}

/// Sixteen pairs with the colons after them.
const FINGERPRINT_HALF: usize = 48;
