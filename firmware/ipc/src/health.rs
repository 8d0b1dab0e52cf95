//! A supervisor's questions, handed to the loop that does the work: a stuck loop is a missing answer. It knows no answer
//! itself.

use crate::{Conn, IpcError, Listener};
use idl::health::{HealthReply, HealthRequest};
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

impl Question {
    /// Hands one supervisor's questions over, and the answers back, until either side is gone.
    pub async fn hand_over<T: From<Self>>(conn: Conn, to: Sender<T>) {
        while let Ok(HealthRequest::Check { serial }) = conn.recv().await {
            let (reply, answer) = oneshot::channel();
            if to.send(Self { serial, reply }.into()).await.is_err() {
                return;
            }
            let Ok(answer) = answer.await else { return };
            if conn.send(&answer).await.is_err() {
                return;
            }
        }
    }

    /// Takes supervisors for ever; `refused` is told of those that were not taken.
    pub async fn take(listener: Listener, to: Sender<Self>, refused: impl Fn(IpcError)) {
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept(), if tasks.len() < MAX_SUPERVISORS => match accepted {
                    Ok((conn, _)) => {
                        tasks.spawn(Self::hand_over(conn, to.clone()));
                    }
                    Err(error) => refused(error),
                },
                Some(_) = tasks.join_next() => {}
            }
        }
    }
}

/// Supervisors connected at once: there is one, and the one before it may not be gone yet.
const MAX_SUPERVISORS: usize = 4;
