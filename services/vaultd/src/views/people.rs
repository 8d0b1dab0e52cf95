//! Persons' names: opened once and kept in memory, bounded; never in the state or a log.

use super::sight::Eyes;
use crate::entries::Sealed;
use crate::seal::Purpose;
use crate::vault::Vault;
use rights::{Field, Sight};
use std::collections::BTreeMap;
use vocab::{AgentId, CampaignId, DepartmentId, PersonId, Pii};

/// Opened names with what they were opened from.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<PersonId, (Sealed, Pii<String>)>);

impl Names {
    fn get(&self, person: PersonId, sealed: &Sealed) -> Option<&str> {
        let (from, name) = self.0.get(&person)?;
        (from == sealed).then(|| name.reveal().as_str())
    }

    fn keep(&mut self, person: PersonId, sealed: Sealed, name: String) {
        // Names are asked for again and again by the same pages: what is dropped comes back at once.
        if self.0.len() >= MAX_NAMES {
            self.0.clear();
        }
        self.0.insert(person, (sealed, Pii::new(name)));
    }
}

impl Vault {
    /// A colleague's name as it was entered; empty where the person's key is gone.
    pub(crate) fn staff_name(&mut self, person: PersonId) -> String {
        let Some(known) = self.state.people.get(&person) else {
            return String::new();
        };
        if let Some(name) = self.names.get(person, &known.name) {
            return name.to_owned();
        }
        let (subject, sealed) = (known.subject, known.name.clone());
        let name: String = self.open_of(subject, Purpose::Name, &sealed).unwrap_or_default();
        self.names.keep(person, sealed, name.clone());
        name
    }

    /// A colleague as the asker may see them: the name, or the login where names are hidden. One's own name is
    /// always clear.
    pub(crate) fn colleague(&mut self, eyes: Eyes, person: PersonId) -> (PersonId, String) {
        if person == eyes.id {
            return (person, self.staff_name(person));
        }
        let shown = match rights::sight(eyes.role, Field::StaffName) {
            Sight::Hidden => eyes.text(Field::StaffLogin, &self.login_of(person)),
            Sight::Masked | Sight::Clear => {
                let name = self.staff_name(person);
                eyes.name(Field::StaffName, &name)
            }
        };
        (person, shown)
    }

    /// An agent as the asker may see them.
    pub(crate) fn agent_seen(&mut self, eyes: Eyes, agent: AgentId) -> (AgentId, String) {
        (agent, self.colleague(eyes, PersonId(agent.0)).1)
    }

    /// Login name; empty where there is no account.
    pub(crate) fn login_of(&self, person: PersonId) -> String {
        self.state.accounts.each.get(&person).map_or_else(String::new, |account| account.login.clone())
    }

    /// Whether an agent's phone is registered; `None`: not known.
    pub(crate) fn phone_registered(&self, agent: AgentId) -> Option<bool> {
        self.phones_now.get(&agent).copied()
    }

    pub(crate) fn department_seen(&self, department: DepartmentId) -> (DepartmentId, String) {
        (department, self.state.departments.get(&department).cloned().unwrap_or_default())
    }

    pub(crate) fn campaign_name(&self, campaign: CampaignId) -> String {
        self.state.campaigns.get(&campaign).map_or_else(String::new, |known| known.plan.name.clone())
    }

    /// Whether the asker may see anything of a campaign.
    pub(crate) fn campaign_reached(&self, eyes: Eyes, campaign: CampaignId) -> bool {
        match self.state.campaigns.get(&campaign) {
            Some(known) => eyes.reaches(known.plan.department),
            None => !eyes.bound(),
        }
    }
}

/// Names kept opened.
const MAX_NAMES: usize = 2_048;
