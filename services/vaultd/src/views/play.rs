//! Hearing recordings and prompts (REC-05, REC-06): purpose asked, look written down, pieces handed out once and no
//! faster than they can be heard.

use super::calls::held;
use super::civil::minute_at;
use super::sight::Eyes;
use crate::admin::{Actor, Handled, Refusal, purpose_of_hearing};
use crate::command::{Job, ReadJob, ReplyTo};
use crate::plays::{Listener, SEGMENT_MS};
use crate::sound::Heard;
use crate::vault::Vault;
use idl::admin::Answer;
use idl::views::{PlayId, Playing};
use rights::{Field, Request};
use vocab::{CallId, ObjectHash, Secret};

impl Vault {
    pub(super) fn play(&mut self, actor: &Actor, eyes: Eyes, call: CallId, purpose: &str) -> Handled {
        purpose_of_hearing(purpose)?;
        let key = self.key_to_hear(eyes, call)?;
        let campaign = self.calls.get(call).map(|record| record.intent.campaign);
        self.look(actor, Request::Play.name(), Some(call), campaign, purpose);
        self.work(Job::Read(ReadJob::Peaks { reply: actor.reply(), call, key }));
        Ok(None)
    }

    /// The recording was read through: the play begins.
    pub(crate) fn peaks_read(&mut self, reply: ReplyTo, call: CallId, heard: Option<Heard>) {
        let Some(actor) = self.actor_of(reply) else {
            return;
        };
        let answer = match heard {
            None => no_recording().into_answer(),
            Some(heard) => {
                let play = self.plays.next();
                let now = self.clock.boot_ms;
                self.plays.begin(play, call, listener(&actor), heard.duration_ms, now);
                Answer::Playing(Box::new(Playing {
                    play,
                    duration_ms: heard.duration_ms,
                    segment_ms: SEGMENT_MS,
                    peaks_customer: heard.customer,
                    peaks_agent: heard.agent,
                    watermark: self.watermark(&actor),
                }))
            }
        };
        self.answer(reply.conn, reply.id, answer);
    }

    /// Who listens, and when: it stands over the player.
    fn watermark(&mut self, actor: &Actor) -> String {
        let name = self.staff_name(actor.id);
        let login = self.login_of(actor.id);
        let at = minute_at(&self.state.policy.zone, self.clock.now);
        [name, login, at].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    pub(super) fn play_segment(&mut self, actor: &Actor, eyes: Eyes, play: PlayId, index: u32) -> Handled {
        let (listener, now) = (listener(actor), self.clock.boot_ms);
        let call = self.plays.call_of(play, listener, now)?;
        // Asked anew for each piece: the key may have been destroyed, the person moved.
        let key = self.key_to_hear(eyes, call)?;
        let (from_ms, to_ms) = self.plays.give(play, listener, index, now)?;
        self.work(Job::Read(ReadJob::Piece { reply: actor.reply(), call, key, from_ms, to_ms }));
        Ok(None)
    }

    fn key_to_hear(&self, eyes: Eyes, call: CallId) -> Result<Secret<[u8; 32]>, Refusal> {
        let unknown = || Refusal::unknown("call");
        let record = self.calls.get(call).ok_or_else(unknown)?;
        let campaign = self.state.campaigns.get(&record.intent.campaign).ok_or_else(unknown)?;
        eyes.reach(campaign.plan.department, "call")?;
        if !eyes.clear(Field::Recording) || !held(&record.recording) {
            return Err(no_recording());
        }
        self.recording_key(&record).ok_or_else(Refusal::erased)
    }

    pub(super) fn prompt_audio(&mut self, actor: &Actor, object: ObjectHash) -> Handled {
        let stored = self.state.prompts.get(&object).ok_or_else(|| Refusal::unknown("prompt"))?;
        let object = stored.object.clone();
        self.work(Job::Read(ReadJob::Prompt { reply: actor.reply(), object }));
        Ok(None)
    }
}

const fn listener(actor: &Actor) -> Listener {
    Listener { person: actor.id, session: actor.session }
}

fn no_recording() -> Refusal {
    Refusal::new("no-recording", "There is no recording of it.", "该通话没有录音。")
}
