//! Where the open calls stand, as the facts of `lined` tell it: for people who watch. Nothing is decided by it,
//! and it is made anew from the call records at a start.

use crate::entries::StoredFact;
use crate::vault::Vault;
use idl::lines::LiveState;
use vocab::{AgentId, CallId, UnixMs};

impl Vault {
    /// A start: what the records of the open calls say.
    pub(crate) fn know_live_calls(&mut self) {
        let open: Vec<CallId> = self.state.open_calls.iter().copied().collect();
        for call in open {
            let Some(record) = self.calls.get(call) else {
                continue;
            };
            let (state, since) = match (record.agent, record.answered_at) {
                (Some(_), Some(answered)) => (LiveState::Talking, answered),
                (None, Some(answered)) => (LiveState::Announcing, answered),
                (_, None) => (LiveState::Dialling, record.at),
            };
            let state = if record.opted_out { LiveState::OptedOut } else { state };
            self.call_lives(call, record.agent.or(record.intent.agent), state, since);
        }
    }

    pub(crate) fn call_lives(
        &mut self,
        call: CallId,
        agent: Option<AgentId>,
        state: LiveState,
        since: UnixMs,
    ) {
        self.live_now.insert(call, (state, since));
        if let Some(agent) = agent {
            self.desks.calls.insert(agent, call);
        }
    }

    pub(crate) fn call_is_over(&mut self, call: CallId) {
        self.live_now.remove(&call);
        self.desks.calls.retain(|_, known| *known != call);
    }

    pub(crate) fn note_live(&mut self, call: CallId, at: UnixMs, fact: &StoredFact) {
        let state = match fact {
            StoredFact::Dialling(_) => LiveState::Dialling,
            StoredFact::Ringing => LiveState::Ringing,
            StoredFact::Answered(..) => LiveState::Announcing,
            StoredFact::AgentConnected(agent, _) => {
                self.desks.calls.insert(*agent, call);
                LiveState::Talking
            }
            StoredFact::OptOut(_) => LiveState::OptedOut,
            StoredFact::NoticeHeard(..) | StoredFact::MediaFault(_) => return,
            StoredFact::Ended(_) => return self.call_is_over(call),
        };
        if let Some(live) = self.live_now.get_mut(&call).filter(|(known, _)| *known != state) {
            *live = (state, at);
        }
    }
}
