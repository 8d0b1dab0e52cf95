//! What happened, in order, with microseconds; and the counters of the final report.
//!
//! The journal carries full synthetic numbers. Nothing else that leaves the program does: the
//! report masks them.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A new call came in.
    Invite,
    /// 100, 183 or another provisional response but 180; `code` says which.
    Progress,
    /// 180 went out.
    Ringing,
    /// A reliable provisional response was acknowledged.
    Prack,
    /// 200 to the INVITE went out.
    Answered,
    /// A refusal went out; `code` says which.
    Refused,
    /// A challenge went out.
    Challenged,
    /// The 200 was acknowledged.
    Ack,
    /// A CANCEL came in.
    Cancel,
    /// A BYE came in.
    ByeReceived,
    /// A BYE went out.
    ByeSent,
    /// Our BYE was answered; `code` says how.
    ByeAnswered,
    /// A re-INVITE or UPDATE came in.
    ReinviteReceived,
    /// A re-INVITE went out; `detail` says why.
    ReinviteSent,
    /// Our re-INVITE was answered; `code` says how.
    ReinviteAnswered,
    /// A key press began to go out; `detail` says how.
    DtmfSent,
    /// A key press of the peer came in.
    DtmfReceived,
    /// The first RTP packet of the peer came in.
    RtpFirst,
    /// The first audible frame of the peer came in.
    AudioFirst,
    /// The first frames of an agent's tone came in; `detail` names the tone.
    AgentAudioFirst,
    /// Counters of the call's media at its end.
    RtpSummary,
    /// The dialog is over.
    Ended,
    /// A registration succeeded.
    Registered,
    /// A registration was refused; `code` says how.
    RegisterRefused,
    /// The peer broke a rule; `detail` names it.
    Violation,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Microseconds since the UNIX epoch, from one monotonic clock.
    pub t_us: u64,
    /// What.
    pub event: EventKind,
    /// Which call, counted from one; zero for none.
    pub call: u64,
    /// The dialled number, or the agent's user name on a phone.
    pub number: String,
    /// A response code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Packets sent, in a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtp_sent: Option<u64>,
    /// Packets received, in a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtp_received: Option<u64>,
    /// Packets that were no valid RTP or SRTP of this call, in a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtp_rejected: Option<u64>,
}

/// The counters.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// New calls, challenged and retried ones counted once.
    pub invites: u64,
    /// Different numbers called.
    pub distinct_numbers: u64,
    /// How many numbers were called how many times.
    pub numbers_by_calls: BTreeMap<u64, u64>,
    /// The numbers called most, masked.
    pub called_most: Vec<(String, u64)>,
    /// Calls answered with 200.
    pub answered: u64,
    /// Calls refused, by code.
    pub refused: BTreeMap<u16, u64>,
    /// CANCELs.
    pub cancelled: u64,
    /// Key presses sent.
    pub dtmf_sent: u64,
    /// Key presses received.
    pub dtmf_received: u64,
    /// Successful registrations, refreshes included.
    pub registrations: u64,
    /// Registrations refused to a phone for good or for now.
    pub registrations_refused: u64,
    /// Dialogs up now.
    pub active_dialogs: u64,
    /// Most dialogs up at once.
    pub max_simultaneous: u64,
    /// RTP packets sent by calls that are over.
    pub rtp_sent: u64,
    /// RTP packets received by calls that are over.
    pub rtp_received: u64,
    /// Calls in which an agent's tone was heard.
    pub agent_audio_heard: u64,
    /// Rules broken by the peer, by name.
    pub violations: BTreeMap<String, u64>,
    /// Journal events not kept in memory for want of room.
    pub journal_dropped: u64,
}

/// The shared journal: cheap to clone, written from the signalling and the media thread.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<(Mutex<Inner>, Condvar)>,
    epoch: Instant,
    epoch_us: u64,
}

struct Inner {
    events: Vec<Event>,
    file: Option<BufWriter<File>>,
    report: Report,
    calls: HashMap<String, u64>,
}

impl Journal {
    /// An empty journal, also written to a file if one is given.
    pub fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let file = path.map(File::create).transpose()?.map(BufWriter::new);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let inner = Inner { events: Vec::new(), file, report: Report::default(), calls: HashMap::new() };
        Ok(Self {
            inner: Arc::new((Mutex::new(inner), Condvar::new())),
            epoch: Instant::now(),
            epoch_us: since.as_micros() as u64,
        })
    }

    /// A new entry, to be completed and handed to [`Journal::write`].
    pub fn entry(&self, event: EventKind, call: u64, number: &str) -> Event {
        Event {
            t_us: self.epoch_us + self.epoch.elapsed().as_micros() as u64,
            event,
            call,
            number: number.to_owned(),
            code: None,
            detail: None,
            rtp_sent: None,
            rtp_received: None,
            rtp_rejected: None,
        }
    }

    /// Notes an event that needs no more words.
    pub fn note(&self, event: EventKind, call: u64, number: &str) {
        self.write(self.entry(event, call, number));
    }

    /// Notes an event with a response code.
    pub fn note_code(&self, event: EventKind, call: u64, number: &str, code: u16) {
        let mut entry = self.entry(event, call, number);
        entry.code = Some(code);
        self.write(entry);
    }

    /// Notes an event with words.
    pub fn note_detail(&self, event: EventKind, call: u64, number: &str, detail: &str) {
        let mut entry = self.entry(event, call, number);
        entry.detail = Some(detail.to_owned());
        self.write(entry);
    }

    /// Adds an event and counts it.
    pub fn write(&self, event: Event) {
        let mut inner = self.lock();
        inner.count(&event);
        if let Some(file) = &mut inner.file
            && serde_json::to_writer(&mut *file, &event).is_ok()
        {
            // A full disk shows as a short journal; the counters do not depend on it.
            let _ = file.write_all(b"\n");
        }
        if inner.events.len() < JOURNAL_LIMIT {
            inner.events.push(event);
        } else {
            inner.report.journal_dropped += 1;
        }
        self.inner.1.notify_all();
    }

    /// Sets the number of dialogs that are up.
    pub fn set_active(&self, active: u64) {
        let report = &mut self.lock().report;
        report.active_dialogs = active;
        report.max_simultaneous = report.max_simultaneous.max(active);
        self.inner.1.notify_all();
    }

    /// Waits until the counters (those of numbers left out) are as wanted; false when time runs out.
    pub fn wait_until(&self, limit: Duration, wanted: impl Fn(&Report) -> bool) -> bool {
        let waiting = self.inner.1.wait_timeout_while(self.lock(), limit, |inner| !wanted(&inner.report));
        !waiting.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// How often each number was called, unmasked.
    pub fn calls_per_number(&self) -> BTreeMap<String, u64> {
        self.lock().calls.iter().map(|(number, calls)| (number.clone(), *calls)).collect()
    }

    /// The counters so far; also flushes the file.
    pub fn report(&self) -> Report {
        let mut inner = self.lock();
        if let Some(file) = &mut inner.file {
            let _ = file.flush();
        }
        let mut report = inner.report.clone();
        report.distinct_numbers = inner.calls.len() as u64;
        for calls in inner.calls.values() {
            *report.numbers_by_calls.entry(*calls).or_default() += 1;
        }
        let mut most: Vec<_> = inner.calls.iter().collect();
        most.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        report.called_most = most.into_iter().take(CALLED_MOST_LIMIT).map(|(n, c)| (mask(n), *c)).collect();
        report
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A writer that panicked left at worst one event half counted.
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn count(&mut self, event: &Event) {
        let report = &mut self.report;
        match event.event {
            EventKind::Invite => {
                report.invites += 1;
                *self.calls.entry(event.number.clone()).or_default() += 1;
            }
            EventKind::Answered => report.answered += 1,
            EventKind::Refused => *report.refused.entry(event.code.unwrap_or(0)).or_default() += 1,
            EventKind::Cancel => report.cancelled += 1,
            EventKind::DtmfSent => report.dtmf_sent += 1,
            EventKind::DtmfReceived => report.dtmf_received += 1,
            EventKind::Registered => report.registrations += 1,
            EventKind::RegisterRefused => report.registrations_refused += 1,
            EventKind::AgentAudioFirst => report.agent_audio_heard += 1,
            EventKind::RtpSummary => {
                report.rtp_sent += event.rtp_sent.unwrap_or(0);
                report.rtp_received += event.rtp_received.unwrap_or(0);
            }
            EventKind::Violation => {
                let rule = event.detail.clone().unwrap_or_default();
                *report.violations.entry(rule).or_default() += 1;
            }
            EventKind::Progress
            | EventKind::Ringing
            | EventKind::Prack
            | EventKind::Challenged
            | EventKind::Ack
            | EventKind::ByeReceived
            | EventKind::ByeSent
            | EventKind::ByeAnswered
            | EventKind::ReinviteReceived
            | EventKind::ReinviteSent
            | EventKind::ReinviteAnswered
            | EventKind::RtpFirst
            | EventKind::AudioFirst
            | EventKind::Ended => {}
        }
    }
}

/// A number with all but its last two characters hidden.
pub fn mask(number: &str) -> String {
    let count = number.chars().count();
    number.chars().enumerate().map(|(i, c)| if i + 2 < count { '*' } else { c }).collect()
}

const JOURNAL_LIMIT: usize = 1_000_000;
const CALLED_MOST_LIMIT: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_calls_per_number_and_shows_no_number() {
        let journal = Journal::open(None).expect("in memory");
        for number in ["13800138001", "13800138001", "13800138002"] {
            journal.note(EventKind::Invite, 1, number);
        }
        let report = journal.report();
        assert_eq!((report.invites, report.distinct_numbers), (3, 2));
        assert_eq!(report.numbers_by_calls, BTreeMap::from([(1, 1), (2, 1)]));
        let text = serde_json::to_string(&report).expect("serialises");
        assert!(!text.contains("138001"), "{text}");
        assert_eq!(report.called_most[0], ("*********01".to_owned(), 2));
    }
}
