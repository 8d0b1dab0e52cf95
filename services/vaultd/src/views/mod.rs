//! What the pages show: every list and card, masked within the asker's sight.
//!
//! Each file answers the requests of one area. Every look at a customer's data is an entry before it is an
//! answer (AUD-01); figures and settings are none.

mod attention;
mod calls;
mod campaigns;
mod civil;
mod contacts;
mod host_words;
mod ledger;
mod ledger_words;
mod lines;
mod live;
mod network_words;
mod number;
mod overview;
mod page;
mod people;
mod play;
mod scripts;
mod series;
mod settings;
mod sight;
mod span_words;
mod spans;

pub(crate) use people::Names;
pub(crate) use sight::{Eyes, cut};

use crate::admin::{Actor, Handled, Refusal};
use crate::vault::Vault;
use idl::admin::{Admin, Answer};

impl Vault {
    pub(crate) fn look_request(&mut self, actor: &Actor, what: Admin) -> Handled {
        let eyes = Eyes::of(actor);
        match what {
            Admin::Overview => Ok(Some(Answer::Overview(Box::new(self.overview(eyes))))),
            Admin::Series { campaign, hours } => self.series(eyes, campaign, hours),
            Admin::Departments => Ok(Some(Answer::Departments(self.departments(eyes)))),
            Admin::Campaigns { after } => Ok(Some(Answer::Campaigns(self.campaigns(eyes, after)))),
            Admin::Campaign { campaign } => self.campaign(eyes, campaign),
            Admin::CampaignChoices => Ok(Some(Answer::Choices(Box::new(self.choices(eyes))))),
            Admin::Refusals { campaign, before } => self.refusals(actor, eyes, campaign, before),
            Admin::Batches { before } => Ok(Some(Answer::Batches(self.batches(eyes, before)))),
            Admin::Contacts { batch, from_row, only } => self.contacts(actor, eyes, batch, from_row, only),
            Admin::Lookup { number } => self.lookup(actor, eyes, &number),
            Admin::DoNotCall { before } => Ok(Some(self.do_not_call(actor, eyes, before))),
            Admin::Scripts { after } => Ok(Some(Answer::Scripts(self.scripts(eyes, after)))),
            Admin::Prompts { before } => Ok(Some(Answer::Prompts(self.prompts(eyes, before)))),
            Admin::CallsPage { filter, before } => self.calls_page(actor, eyes, &filter, before),
            Admin::CallCard { call } => self.call_card(actor, eyes, call),
            Admin::Play { call, purpose } => self.play(actor, eyes, call, &purpose),
            Admin::PlaySegment { play, index } => self.play_segment(actor, eyes, play, index),
            Admin::PromptAudio { object } => self.prompt_audio(actor, object),
            Admin::LedgerPage { filter, before } => self.ledger_page(actor, filter, before),
            Admin::Lines => Ok(Some(Answer::Lines(Box::new(self.lines_view(eyes))))),
            Admin::Settings => Ok(Some(Answer::Settings(Box::new(self.settings(eyes))))),
            Admin::Live => Ok(Some(Answer::Live(Box::new(self.live(eyes))))),
            other => Err(Refusal::unknown(rights::request_of(&other).name())),
        }
    }
}
