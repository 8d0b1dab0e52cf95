//! What is ordered of the box. Each order is asked for on a page of its own, which says what it does; what destroys
//! wants a word typed, by the one who orders it and by the one who agrees.

use super::part::by;
use super::words::{self, hash, short};
use super::{HERE, look};
use crate::fault::Fault;
use crate::form::Form;
use crate::format::bytes;
use crate::looks::Lang;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use idl::admin::Admin;
use idl::host::HostOrder;
use idl::views::{BoxAsk, BoxOrder, BoxView};
use rights::{Request, request_of};

/// An order by its word in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Install([u8; 32]),
    Restart,
    PowerOff,
    Diagnostics,
    Reset,
    Agree(u64),
    Withdraw(u64),
}

impl Wish {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "restart" => Self::Restart,
            "power-off" => Self::PowerOff,
            "diagnostics" => Self::Diagnostics,
            "reset" => Self::Reset,
            _ => match word.split_once('-')? {
                ("install", bundle) => Self::Install(hash(bundle)?),
                ("agree", order) => Self::Agree(order.parse().ok()?),
                ("withdraw", order) => Self::Withdraw(order.parse().ok()?),
                _ => return None,
            },
        })
    }

    const fn ask(self, older: bool) -> BoxAsk {
        match self {
            Self::Install(bundle) => BoxAsk::Order(HostOrder::Install { bundle, downgrade: older }),
            Self::Restart => BoxAsk::Order(HostOrder::Restart),
            Self::PowerOff => BoxAsk::Order(HostOrder::PowerOff),
            Self::Diagnostics => BoxAsk::Order(HostOrder::Diagnostics),
            Self::Reset => BoxAsk::Order(HostOrder::FactoryReset),
            Self::Agree(order) => BoxAsk::Agree { order },
            Self::Withdraw(order) => BoxAsk::Withdraw { order },
        }
    }

    const fn done(self, t: &Texts, older: bool) -> &'static str {
        match self {
            Self::Install(_) if older => t.boxes.done_waits,
            Self::Install(_) => t.boxes.done_install,
            Self::Restart => t.boxes.done_restart,
            Self::PowerOff => t.boxes.done_power_off,
            Self::Diagnostics => t.boxes.done_diagnostics,
            Self::Reset => t.boxes.done_waits,
            Self::Agree(_) => t.boxes.done_agree,
            Self::Withdraw(_) => t.boxes.done_withdraw,
        }
    }
}

#[derive(Template)]
#[template(path = "settings/box_sure.html")]
struct Sure {
    page: Page,
    t: &'static Texts,
    form: Form,
    action: String,
    text: String,
    warning: &'static str,
    /// What is lost, if it destroys.
    lost: Vec<String>,
    /// The choice of an older update.
    older: bool,
    calls: u64,
    button: &'static str,
    danger: bool,
}

/// Asks whether it is meant.
pub(super) async fn ask(visit: Visit, Path(word): Path<String>) -> Result<Html<String>, Fault> {
    let wish = Wish::parse(&word).ok_or(Fault::NotFound)?;
    allowed(&visit, wish)?;
    let view = look(&visit).await?;
    render(&sure(&visit, &view, &word, wish, Form::default())?)
}

/// Orders it.
pub(super) async fn give(visit: Visit, Path(word): Path<String>, mut form: Form) -> Result<Response, Fault> {
    let wish = Wish::parse(&word).ok_or(Fault::NotFound)?;
    allowed(&visit, wish)?;
    let older = form.has("older", "yes");
    // To agree is to know to what; to order a reset is to know what it destroys.
    if matches!(wish, Wish::Agree(_) | Wish::Reset) {
        let view = look(&visit).await?;
        if destroys(&view, wish) && !is_the_word(form.value("word")) {
            form.fail("word", visit.t.boxes.word_wrong);
            return visit.again(&sure(&visit, &view, &word, wish, form)?);
        }
    }
    visit.ordered(Admin::Box(wish.ask(older)), HERE, wish.done(visit.t, older)).await
}

/// Who may not do it is told so before anything is looked at.
fn allowed(visit: &Visit, wish: Wish) -> Result<(), Fault> {
    let request: Request = request_of(&Admin::Box(wish.ask(false)));
    if visit.may(request) { Ok(()) } else { Err(Fault::Forbidden) }
}

/// Whether data is lost by it.
fn destroys(view: &BoxView, wish: Wish) -> bool {
    match wish {
        Wish::Reset => true,
        Wish::Agree(id) => ordered(view, id).is_some_and(|order| order.what == HostOrder::FactoryReset),
        _ => false,
    }
}

fn ordered(view: &BoxView, id: u64) -> Option<&BoxOrder> {
    view.orders.iter().find(|order| order.order == id)
}

/// The word of either language counts.
fn is_the_word(typed: &str) -> bool {
    [Lang::Zh, Lang::En].iter().any(|lang| typed.trim().eq_ignore_ascii_case(Texts::of(*lang).boxes.word))
}

fn lost(visit: &Visit, view: &BoxView) -> Vec<String> {
    let t = &visit.t.boxes;
    let used =
        view.status.as_ref().map_or(0, |status| status.data_bytes.saturating_sub(status.data_free_bytes));
    let rest = [t.lost_customers, t.lost_records, t.lost_people, t.lost_site, t.lost_keys];
    std::iter::once(fill(t.lost_data, &[&bytes(used)])).chain(rest.map(str::to_owned)).collect()
}

fn sure(visit: &Visit, view: &BoxView, word: &str, wish: Wish, form: Form) -> Result<Sure, Fault> {
    let t = &visit.t.boxes;
    let to = view.status.as_ref().map_or("–", |status| status.running.other().name());
    let (title, text, button) = match wish {
        Wish::Install(bundle) => {
            if !view.bundles.iter().any(|known| known.bundle == bundle) {
                return Err(Fault::NotFound);
            }
            let title = fill(t.sure_install_title, &[&short(&bundle)]);
            (title, fill(t.sure_install_text, &[&to]), t.install)
        }
        Wish::Restart => (t.sure_restart_title.to_owned(), t.sure_restart_text.to_owned(), t.restart),
        Wish::PowerOff => (t.sure_power_off_title.to_owned(), t.sure_power_off_text.to_owned(), t.power_off),
        Wish::Diagnostics => {
            (t.sure_diagnostics_title.to_owned(), t.diagnostics_text.to_owned(), t.diagnostics_collect)
        }
        Wish::Reset => (t.sure_reset_title.to_owned(), String::new(), t.reset),
        Wish::Agree(id) => {
            let order = ordered(view, id).ok_or(Fault::NotFound)?;
            let text = fill(t.sure_agree_text, &[&by(visit, order.by), &visit.zone.minute(order.at)]);
            (fill(t.sure_agree_title, &[&words::order(visit.t, &order.what)]), text, t.agree)
        }
        Wish::Withdraw(id) => {
            let order = ordered(view, id).ok_or(Fault::NotFound)?;
            let title = fill(t.sure_withdraw_title, &[&words::order(visit.t, &order.what)]);
            (title, t.sure_withdraw_text.to_owned(), t.withdraw)
        }
    };
    let destroying = destroys(view, wish);
    let agrees_to_older = matches!(wish, Wish::Agree(_)) && !destroying;
    let calm = matches!(wish, Wish::Diagnostics | Wish::Withdraw(_));
    Ok(Sure {
        page: visit.page(&title, HERE),
        t: visit.t,
        form,
        action: format!("{HERE}/order/{word}"),
        text,
        warning: if agrees_to_older { t.sure_agree_older } else { "" },
        lost: if destroying { lost(visit, view) } else { Vec::new() },
        older: matches!(wish, Wish::Install(_)),
        calls: if calm { 0 } else { view.open_calls },
        button,
        danger: !calm && !matches!(wish, Wish::Install(_)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Wish, is_the_word};

    #[test]
    fn an_order_is_one_word_and_anything_else_is_none() {
        let hex = "07".repeat(32);
        assert_eq!(Wish::parse(&format!("install-{hex}")), Some(Wish::Install([7; 32])));
        assert_eq!(Wish::parse("agree-12"), Some(Wish::Agree(12)));
        assert_eq!(Wish::parse("power-off"), Some(Wish::PowerOff));
        for bad in
            ["", "install", "install-", "install-07", "agree-", "agree--1", "agree-x", "reset-1", "boot"]
        {
            assert_eq!(Wish::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_word_of_either_language_counts_and_nothing_like_it() {
        assert!(is_the_word("恢复出厂") && is_the_word(" Factory reset "));
        assert!(!is_the_word("") && !is_the_word("yes") && !is_the_word("恢复"));
    }
}
