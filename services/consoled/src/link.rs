//! The way to `vaultd`: one connection that is made again for as long as we live. What was asked when it broke, or is
//! not answered in time, is told as lost; nothing is asked twice.

use crate::console::Ask;
use idl::admin::{AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::{Backoff, Conn, IpcError};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What the link tells.
#[derive(Debug)]
pub enum News {
    /// `vaultd` is connected, or not any more.
    Connected(bool),
    /// The answer to a request; `None`: there will be none.
    Answer(u64, Option<Box<Answer>>),
}

/// Keeps the connection; ends when nobody asks any more.
pub async fn keep(path: PathBuf, mut asks: Receiver<Ask>, news: Sender<News>) {
    let mut backoff = Backoff::default();
    loop {
        let connecting = Conn::connect(&path, Process::Consoled, Process::Vaultd);
        match timeout(REACH_TIMEOUT, connecting).await {
            Ok(Ok(conn)) => {
                backoff.reached();
                log::info!("connected to vaultd");
                if news.send(News::Connected(true)).await.is_err() {
                    return;
                }
                let going_on = talk(&conn, &mut asks, &news).await;
                if !going_on || news.send(News::Connected(false)).await.is_err() {
                    return;
                }
                log::warn!("the connection to vaultd is lost");
            }
            Ok(Err(IpcError::OtherBuild(_))) => log::error!("vaultd is of another build: restart both"),
            Ok(Err(error)) => log::debug!("vaultd is not reached: {error}"),
            Err(_elapsed) => log::debug!("vaultd does not greet"),
        }
        // Nobody is reached: what is asked meanwhile has no answer.
        let wait = sleep(backoff.next_wait());
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => break,
                ask = asks.recv() => match ask {
                    Some(ask) => if news.send(News::Answer(ask.id, None)).await.is_err() { return },
                    None => return,
                },
            }
        }
    }
}

/// Talks until the connection ends; false if nobody asks any more.
async fn talk(conn: &Conn, asks: &mut Receiver<Ask>, news: &Sender<News>) -> bool {
    let mut waiting: BTreeMap<u64, Instant> = BTreeMap::new();
    let going_on = loop {
        let late = waiting.values().min().copied();
        tokio::select! {
            ask = asks.recv() => {
                let Some(ask) = ask else { break false };
                let id = ask.id;
                match conn.send(&request(ask)).await {
                    Ok(()) => { waiting.insert(id, Instant::now() + ANSWER_TIMEOUT); }
                    Err(error) => {
                        log::debug!("vaultd takes nothing: {error}");
                        waiting.insert(id, Instant::now());
                        break true;
                    }
                }
            }
            heard = conn.recv::<AdminReply>() => match heard {
                Ok(AdminReply { answer: Answer::Progress { .. }, .. }) => {}
                Ok(AdminReply { id, answer }) => {
                    if waiting.remove(&id).is_some()
                        && news.send(News::Answer(id, Some(Box::new(answer)))).await.is_err()
                    {
                        break false;
                    }
                }
                Err(error) => {
                    log::debug!("vaultd speaks no more: {error}");
                    break true;
                }
            },
            () = async { sleep_until(late.unwrap_or_else(Instant::now)).await }, if late.is_some() => {
                let now = Instant::now();
                let over: Vec<u64> = waiting.iter().filter(|(_, at)| **at <= now).map(|(id, _)| *id).collect();
                for id in over {
                    waiting.remove(&id);
                    if news.send(News::Answer(id, None)).await.is_err() {
                        return false;
                    }
                }
            }
        }
    };
    for id in waiting.into_keys() {
        if news.send(News::Answer(id, None)).await.is_err() {
            return false;
        }
    }
    going_on
}

fn request(ask: Ask) -> AdminRequest {
    let Ask { id, session, passive, what } = ask;
    AdminRequest { id, actor: None, session, source: None, passive, what }
}

const REACH_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an answer may take: an order to a card takes five seconds at most.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
