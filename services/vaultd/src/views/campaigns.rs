//! Campaigns: the list, one of them with what keeps it from dialling, what a new one may be made of, and the
//! contacts the gate refused.

use super::page::Page;
use super::scripts::good;
use super::sight::Eyes;
use crate::admin::{Actor, Handled, Refusal};
use crate::state::{Campaign, Counts, Queue, RefusalKept};
use crate::vault::Vault;
use idl::admin::{Answer, Figures, Role};
use idl::views::{CampaignDetail, CampaignRow, Choices, DayFigures, RefusalRow};
use rights::Request;
use vocab::{CampaignId, CampaignMode, DepartmentId};

impl Vault {
    pub(super) fn departments(&self, eyes: Eyes) -> Vec<(DepartmentId, String)> {
        let mut page = Page::of(idl::MAX_PAGE_ITEMS);
        for (id, name) in &self.state.departments {
            if eyes.reaches(*id) && !page.push((*id, name.clone())) {
                break;
            }
        }
        page.into_rows()
    }

    pub(super) fn campaigns(&self, eyes: Eyes, after: Option<CampaignId>) -> Vec<CampaignRow> {
        let from = CampaignId(after.map_or(0, |id| id.0.saturating_add(1)));
        let mut page = Page::of(CAMPAIGNS_A_PAGE);
        for (id, known) in self.state.campaigns.range(from..) {
            if eyes.reaches(known.plan.department) && !page.push(self.campaign_row(*id, known)) {
                break;
            }
        }
        page.into_rows()
    }

    fn campaign_row(&self, id: CampaignId, known: &Campaign) -> CampaignRow {
        let queue = self.state.queues.get(&id);
        let counts = self.state.counts.get(&id);
        CampaignRow {
            id,
            name: known.plan.name.clone(),
            class: known.plan.class,
            mode: known.plan.mode,
            running: known.running,
            purpose: known.plan.purpose.clone(),
            department: self.department_seen(known.plan.department),
            contacts: queue.map_or(0, Queue::total),
            left: queue.map_or(0, Queue::left),
            figures: counts.map_or_else(DayFigures::default, figures_of),
            open: counts.map_or(0, Counts::open),
            hold_until: self.held_until(known),
        }
    }

    pub(super) fn campaign(&mut self, eyes: Eyes, id: CampaignId) -> Handled {
        let known = self.state.campaigns.get(&id).ok_or_else(|| Refusal::unknown("campaign"))?.clone();
        eyes.reach(known.plan.department, "campaign")?;
        let row = self.campaign_row(id, &known);
        let mut figures = Figures { contacts_left: row.left, ..Figures::default() };
        if let Some(counts) = self.state.counts.get(&id) {
            counts.add_to(&mut figures);
        }
        figures.ledger_entries = self.state.applied_seq;
        let script = self.state.scripts.get(&known.plan.script).cloned();
        let script = script.ok_or_else(|| Refusal::unknown("script"))?;
        let plan = &known.plan;
        let group = self.state.groups.get(&plan.group).map_or_else(String::new, |group| group.name.clone());
        let detail = CampaignDetail {
            row,
            figures,
            group: (plan.group, group),
            caller: eyes.own_number(&known.caller),
            script: self.script_view(eyes, plan.script, &script),
            batches: plan.batches.clone(),
            max_calls: plan.max_calls,
            calls_per_minute: plan.calls_per_minute,
            wrap_up_s: plan.wrap_up_s,
            attempts: plan.attempts,
            obstacles: self.obstacles(id, &known),
        };
        Ok(Some(Answer::Campaign(Box::new(detail))))
    }

    /// What the gate would refuse to every contact of it now, and what is missing to dial at all.
    fn obstacles(&self, id: CampaignId, known: &Campaign) -> Vec<String> {
        let mut found: Vec<String> =
            self.campaign_refusals(id, known).into_iter().map(|rule| rule.id().to_owned()).collect();
        let mut lacks = |code: &str, missing: bool| {
            if missing {
                found.push(code.to_owned());
            }
        };
        lacks("lined", !self.lined_ready());
        lacks("group", self.state.groups.get(&known.plan.group).is_none_or(|group| group.members.is_empty()));
        if known.plan.mode != CampaignMode::Announcement {
            let people = self.state.people.iter();
            let agents: Vec<u32> = people
                .filter(|(_, person)| {
                    person.role == Role::Agent && person.department == Some(known.plan.department)
                })
                .map(|(id, _)| id.0)
                .collect();
            lacks("agent", agents.is_empty());
            let has_phone = |id: &u32| self.state.has_phone(vocab::AgentId(*id));
            lacks("phone", !agents.is_empty() && !agents.iter().any(has_phone));
        }
        found
    }

    pub(super) fn choices(&self, eyes: Eyes) -> Choices {
        let state = &self.state;
        let mut batches = Page::within(MAX_CHOICES, super::page::MAX_PAGE_BYTES / 2);
        for (id, batch) in state.batches.iter().rev() {
            let entry = &batch.entry;
            if batch.released_by.is_none() || !eyes.reaches(entry.department) {
                continue;
            }
            let row = (*id, entry.file.clone(), entry.purpose.clone(), entry.rows, entry.department);
            if !batches.push(row) {
                break;
            }
        }
        let mut scripts = Page::within(MAX_CHOICES, super::page::MAX_PAGE_BYTES / 8);
        for (id, script) in state.scripts.iter().rev() {
            if !scripts.push((*id, script.name.clone(), good(self, script))) {
                break;
            }
        }
        let mut numbers = Page::within(MAX_CHOICES, super::page::MAX_PAGE_BYTES / 8);
        for (number, known) in &state.numbers {
            let fit = known.approved_by.is_some() && known.valid_to > self.clock.now;
            if fit && !numbers.push((eyes.own_number(number), known.groups.clone())) {
                break;
            }
        }
        let mut departments = Page::within(MAX_CHOICES, super::page::MAX_PAGE_BYTES / 8);
        for row in self.departments(eyes) {
            if !departments.push(row) {
                break;
            }
        }
        Choices {
            departments: departments.into_rows(),
            groups: state.groups.values().map(|group| (group.id, group.name.clone())).collect(),
            numbers: numbers.into_rows(),
            scripts: scripts.into_rows(),
            batches: batches.into_rows(),
        }
    }

    pub(super) fn refusals(
        &mut self,
        actor: &Actor,
        eyes: Eyes,
        campaign: CampaignId,
        before: Option<u64>,
    ) -> Handled {
        let known = self.state.campaigns.get(&campaign).ok_or_else(|| Refusal::unknown("campaign"))?;
        eyes.reach(known.plan.department, "campaign")?;
        let before = before.unwrap_or(u64::MAX);
        let kept: Vec<RefusalKept> =
            self.state.seen.refusals_before(campaign, before).take(REFUSALS_A_PAGE).cloned().collect();
        let mut page = Page::of(REFUSALS_A_PAGE);
        for refusal in kept {
            let person = self.person_of(refusal.contact);
            let number = eyes.number(person.as_ref().map(|person| &person.number));
            let words = refusal.rules.iter().map(|(rule, why)| (*rule, why.text_en(), why.text_zh()));
            let row = RefusalRow {
                seq: refusal.seq,
                at: refusal.at,
                contact: refusal.contact,
                number,
                rules: words.collect(),
                again_at: refusal.again_at,
            };
            if !page.push(row) {
                break;
            }
        }
        self.look(actor, Request::Refusals.name(), None, Some(campaign), "");
        Ok(Some(Answer::Refusals(page.into_rows())))
    }
}

fn figures_of(counts: &Counts) -> DayFigures {
    DayFigures {
        placed: counts.placed,
        answered: counts.answered,
        refused: counts.refused.values().sum(),
        opted_out: counts.opted_out,
    }
}

const CAMPAIGNS_A_PAGE: usize = 64;
const REFUSALS_A_PAGE: usize = 50;
/// Things of one kind to choose from; the newest ones.
const MAX_CHOICES: usize = 256;
