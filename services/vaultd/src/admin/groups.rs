//! Line groups: added, changed, removed. What is under way on a trunk goes on; the next call takes the group as it is.

use super::site::{MAX_GROUPS, MAX_TRUNKS, created};
use super::{Actor, Handled, MAX_NAME_CHARS, Refusal, text_within};
use crate::entries::{Event, LineGroupEvent};
use crate::vault::Vault;
use idl::admin::Answer;
use idl::lines::{LineGroup, LineGroupMember};
use idl::spans::MAX_SPANS;
use vocab::LineGroupId;

impl Vault {
    pub(super) fn add_line_group(
        &mut self,
        actor: &Actor,
        name: String,
        members: Vec<LineGroupMember>,
    ) -> Handled {
        if self.state.groups.len() >= MAX_GROUPS {
            return Err(Refusal::too_many("line groups", MAX_GROUPS));
        }
        let id = self.state.next_group();
        self.check_group(id, &name, &members)?;
        self.change_lines(actor, Event::LineGroupAdded { name, members });
        Ok(created(id.0))
    }

    pub(super) fn set_line_group(
        &mut self,
        actor: &Actor,
        group: LineGroupId,
        name: String,
        members: Vec<LineGroupMember>,
    ) -> Handled {
        self.known_group(group)?;
        self.check_group(group, &name, &members)?;
        let event = LineGroupEvent::Set { group, name, members };
        self.change_lines(actor, Event::LineGroup { event });
        self.tell_calld_changed();
        Ok(Some(Answer::Done))
    }

    /// A group that something names stays: its members can be changed.
    pub(super) fn remove_line_group(&mut self, actor: &Actor, group: LineGroupId) -> Handled {
        self.known_group(group)?;
        let by_number = self.state.numbers.values().any(|number| number.groups.contains(&group));
        let by_campaign = self.state.campaigns.values().any(|campaign| campaign.plan.group == group);
        if by_number || by_campaign {
            return Err(Refusal::new(
                "group-in-use",
                "A campaign or a caller number names this line group. Change its members instead.",
                "有外呼活动或主叫号码使用此线路组：请改为更改其成员。",
            ));
        }
        let event = LineGroupEvent::Removed { group };
        self.change_lines(actor, Event::LineGroup { event });
        Ok(Some(Answer::Done))
    }

    fn known_group(&self, group: LineGroupId) -> Result<(), Refusal> {
        self.state.groups.get(&group).map(|_| ()).ok_or_else(|| Refusal::unknown("line group"))
    }

    fn check_group(&self, id: LineGroupId, name: &str, members: &[LineGroupMember]) -> Result<(), Refusal> {
        text_within(name, MAX_NAME_CHARS)?;
        if members.is_empty() || members.len() > MAX_TRUNKS + MAX_SPANS {
            return Err(Refusal::bounds("A line group has members.", "线路组必须有成员。"));
        }
        if members.iter().any(|member| self.state.trunk_name(member.trunk).is_none()) {
            return Err(Refusal::unknown("trunk"));
        }
        let mut trunks: Vec<_> = members.iter().map(|member| member.trunk).collect();
        trunks.sort_unstable();
        trunks.dedup();
        if trunks.len() != members.len() {
            return Err(Refusal::bounds(
                "A trunk is in a line group once.",
                "同一中继在线路组中只能出现一次。",
            ));
        }
        self.lines_fit(|site| {
            site.groups.retain(|other| other.id != id);
            site.groups.push(LineGroup { id, name: name.to_owned(), members: members.to_vec() });
        })
    }
}
