//! What the supervisor is told. The answer comes from the loop that serves the line: a stuck loop is a missing answer.

use idl::health::{Alarm, HealthReply, HealthRequest, HealthState};
use ipc::Listener;
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A question, to the loop.
#[derive(Debug)]
pub struct Question {
    /// Its serial.
    pub serial: u64,
    /// Where the answer goes.
    pub reply: oneshot::Sender<HealthReply>,
}

/// The answer.
#[must_use]
pub fn answer(serial: u64, connected: bool, signed_in: bool) -> HealthReply {
    let alone = Alarm {
        code: "console-alone".to_owned(),
        text_en: "the serial console cannot reach the records process; it is being restarted".to_owned(),
        text_zh: "串口控制台无法连接记录进程，正在重启".to_owned(),
    };
    HealthReply {
        serial,
        state: if connected { HealthState::Ready } else { HealthState::Degraded },
        gauges: vec![("sessions".to_owned(), u64::from(signed_in))],
        alarms: if connected { Vec::new() } else { vec![alone] },
    }
}

/// Takes supervisors for ever.
pub async fn serve(listener: Listener, questions: Sender<Question>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if tasks.len() < MAX_SUPERVISORS => match accepted {
                Ok((conn, _)) => {
                    let questions = questions.clone();
                    tasks.spawn(async move {
                        while let Ok(HealthRequest::Check { serial }) = conn.recv().await {
                            let (reply, answer) = oneshot::channel();
                            if questions.send(Question { serial, reply }).await.is_err() {
                                return;
                            }
                            let Ok(answer) = answer.await else { return };
                            if conn.send(&answer).await.is_err() {
                                return;
                            }
                        }
                    });
                }
                Err(error) => log::warn!("a peer was refused: {error}"),
            },
            Some(_) = tasks.join_next() => {}
        }
    }
}

const MAX_SUPERVISORS: usize = 4;

#[cfg(test)]
mod tests {
    use super::answer;
    use idl::health::HealthState;

    #[test]
    fn a_console_that_cannot_reach_the_vault_raises_an_alarm() {
        let well = answer(7, true, true);
        assert_eq!((well.serial, well.state, well.gauges[0].1), (7, HealthState::Ready, 1));
        let alone = answer(8, false, false);
        assert_eq!((alone.state, alone.alarms[0].code.as_str()), (HealthState::Degraded, "console-alone"));
    }
}
